"""Registering applications, changing them, and their secrets."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import func, update

from app.access.guards import ensure
from app.access.principal import Principal
from app.core.crypto import new_token, token_digest
from app.core.db import ReadSession, Session
from app.core.errors import NotFound, Stale
from app.core.keyset import Part, Slice, fetch
from app.identity.factors.recency import ensure_recently_authenticated
from app.identity.oauth_applications import queries
from app.identity.oauth_applications.news import ask, tell
from app.identity.oauth_applications.policy import may_change, may_disable, may_manage
from app.identity.oauth_applications.problems import NoSecret, StatusUnchanged, TooManyApplications
from app.identity.oauth_applications.schemas import (
    OAuthApplicationChange,
    OAuthApplicationIn,
    OAuthApplicationQuery,
    SystemApplicationIn,
)
from app.identity.provider.clients import Registration, ensure_sound, register_client
from app.identity.provider.models import OAuthClient
from app.journal.public import record
from app.organisations.public import get as get_organisation

SUBJECT = "oauth_client"
MOST_OWN = 20
"""Applications a person may have at a time."""
OVERLAP = timedelta(hours=24)
"""How long the secret before a rotation still holds, when that was asked for."""
REVIEWED = ("name", "redirect_uris", "post_logout_redirect_uris", "scopes")
"""What an admin approved, so that a change of it waits for one."""


@dataclass(frozen=True, slots=True)
class Registered:
    """A new application, and the secret that is told once."""

    client: OAuthClient
    secret: str | None


async def find(
    db: ReadSession, *, caller: Principal, wanted: OAuthApplicationQuery, part: Part
) -> Slice[OAuthClient]:
    """A page of the province's applications, the newest first.

    Raises:
        Forbidden: the caller is no admin.
    """
    ensure(may_manage(caller))
    bound_to = [SUBJECT, caller.tenant_id, wanted.filters()]
    return await fetch(db, queries.of_province(caller, wanted), queries.NEWEST_FIRST, part, bound_to=bound_to)


async def own(db: ReadSession, *, caller: Principal) -> list[OAuthClient]:
    """What the caller registered, the newest first."""
    return list(await db.scalars(queries.owned_by(caller.id)))


async def organisations(db: ReadSession, *, caller: Principal) -> list[tuple[str, str]]:
    """For whom a system of the province may act: id and name."""
    return [(str(row.id), row.name) for row in await db.execute(queries.active_organisations(caller))]


async def get(db: ReadSession, *, caller: Principal, application_id: UUID) -> OAuthClient:
    """One's own application, or for an admin one of the province's.

    Raises:
        NotFound: there is none.
    """
    found: OAuthClient | None = await db.scalar(queries.application(caller, application_id))
    if found is None:
        raise NotFound
    return found


async def register_own(db: Session, *, caller: Principal, new: OAuthApplicationIn) -> Registered:
    """Register an application of the caller's; it waits for an admin, and works for the caller meanwhile.

    Raises:
        ReauthenticationRequired: the caller showed who they are too long ago.
        TooManyApplications: the caller has as many as they may.
        Invalid: an address or a scope is refused.
    """
    await ensure_recently_authenticated(db, caller=caller)
    assert caller.tenant_id is not None
    await db.execute(queries.locked_account(caller.id))
    if (await db.scalar(queries.number_owned_by(caller.id)) or 0) >= MOST_OWN:
        raise TooManyApplications
    registered = await _register(
        db,
        caller,
        Registration(tenant_id=caller.tenant_id, owner_id=caller.id, reviewed=False, **new.model_dump()),
    )
    await ask(db, registered.client)
    return registered


async def register_system(db: Session, *, caller: Principal, new: SystemApplicationIn) -> Registered:
    """Register a system that acts for an organisation of the province, or the province.

    Raises:
        ReauthenticationRequired: the caller showed who they are too long ago.
        Forbidden: the caller is no admin.
        NotFound: no such organisation in the province.
        Invalid: a scope or a key is refused.
    """
    await ensure_recently_authenticated(db, caller=caller)
    ensure(may_manage(caller))
    assert caller.tenant_id is not None
    if new.organisation_id is not None:
        organisation = await get_organisation(db, caller=caller, organisation_id=new.organisation_id)
        if organisation.tenant_id != caller.tenant_id:
            raise NotFound
    return await _register(
        db, caller, Registration(tenant_id=caller.tenant_id, kind="system", **new.model_dump())
    )


async def _register(db: Session, caller: Principal, wanted: Registration) -> Registered:
    credentials = await register_client(db, wanted)
    return Registered(await get(db, caller=caller, application_id=credentials.id), credentials.secret)


async def change(
    db: Session, *, caller: Principal, application_id: UUID, version: int, changes: OAuthApplicationChange
) -> OAuthClient:
    """Change an application. Of a developer's approved one, what an admin approved waits for an admin again.

    Raises:
        NotFound: as `get`.
        Forbidden: it is somebody else's.
        Stale: `version` is no longer current.
        Invalid: an address or a scope is refused.
    """
    client = await get(db, caller=caller, application_id=application_id)
    ensure(may_change(caller, client))
    wanted = changes.model_dump()
    ensure_sound(_as_registration(client, wanted))
    waits = client.owner_id is not None and client.review == "approved"
    asked = {name: wanted[name] for name in REVIEWED if wanted[name] != getattr(client, name)}
    at_once = {name: value for name, value in wanted.items() if name not in REVIEWED or not waits}
    values = {**at_once, "proposed": (asked or None) if waits else None}
    if client.review == "refused":
        values["review"] = "pending"
    before = {name: getattr(client, name) for name in values if getattr(client, name) != values[name]}
    if not before:
        return client
    waited = _waits(client)
    changed = await write(db, client, version, "oauth_client.changed", before=before, **values)
    if _waits(changed) and not waited:
        await ask(db, changed)
    return changed


def _waits(client: OAuthClient) -> bool:
    return client.review == "pending" or client.proposed is not None


def _as_registration(client: OAuthClient, wanted: Mapping[str, Any]) -> Registration:
    """The application as it would be, to be judged by the rules of registration."""
    kind: Any = client.kind
    return Registration(
        tenant_id=client.tenant_id, kind=kind, jwks=client.jwks, jwks_uri=client.jwks_uri, **wanted
    )


async def rotate(
    db: Session, *, caller: Principal, application_id: UUID, version: int, keep_old: bool
) -> str:
    """A new secret, told this once; the old one ends now, or after a day.

    Raises:
        ReauthenticationRequired: the caller showed who they are too long ago.
        NotFound, Forbidden, Stale: as `change`.
        NoSecret: it has none.
    """
    await ensure_recently_authenticated(db, caller=caller)
    client = await get(db, caller=caller, application_id=application_id)
    ensure(may_change(caller, client))
    if client.auth_method != "client_secret":
        raise NoSecret
    secret = new_token()
    await write(
        db,
        client,
        version,
        "oauth_client.rotated",
        after={"keep_old": keep_old},
        secret_digest=token_digest(secret),
        previous_digest=client.secret_digest if keep_old else None,
        previous_until=func.clock_timestamp() + OVERLAP if keep_old else None,
    )
    return secret


async def set_status(
    db: Session,
    *,
    caller: Principal,
    application_id: UUID,
    version: int,
    status: Literal["active", "disabled"],
) -> OAuthClient:
    """Disable an application, with every token it has, or enable it again. Its developer may close it, not reopen it.

    Raises:
        NotFound, Stale: as `change`.
        Forbidden: the caller is no admin, or its developer would reopen it.
        StatusUnchanged: it is so already.
    """
    client = await get(db, caller=caller, application_id=application_id)
    ensure(may_disable(caller, client) if status == "disabled" else may_manage(caller))
    if client.status == status:
        raise StatusUnchanged
    kind = "oauth_client.disabled" if status == "disabled" else "oauth_client.enabled"
    changed = await write(db, client, version, kind, before={"status": client.status}, status=status)
    await tell(db, changed, "disabled" if status == "disabled" else "enabled", by=caller.id)
    return changed


async def write(
    db: Session,
    client: OAuthClient,
    version: int,
    kind: str,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    **values: Any,
) -> OAuthClient:
    """Change the row that was read, and say so in the journal: `after` where the values are not for it.

    Raises:
        Stale: somebody was faster.
    """
    changed = (
        update(OAuthClient)
        .where(OAuthClient.id == client.id, OAuthClient.version == version)
        .values(**values, version=OAuthClient.version + 1)
        .returning(OAuthClient)
        .execution_options(populate_existing=True)
    )
    tenant_id = client.tenant_id
    current = await db.scalar(changed)
    if current is None:
        raise Stale
    told = after if after is not None else {name: values[name] for name in before or values}
    subject = (SUBJECT, current.id)
    await record(db, kind, subject=subject, tenant_id=tenant_id, before=before, after=told)
    result: OAuthClient = current
    return result
