"""What can be done with organisations."""

from collections.abc import Mapping
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import func, insert, update

from app.access.guards import ensure
from app.access.principal import Principal
from app.core.db import ReadSession, Session
from app.core.errors import FieldError, Invalid, NotFound, Stale
from app.core.keyset import Part, Slice, fetch, fetch_all
from app.journal.public import record
from app.organisations.models import Organisation, name_key
from app.organisations.places import is_place_of
from app.organisations.policy import may_manage, may_register
from app.organisations.problems import StatusUnchanged, UsccTaken, adcode_unknown, uscc_doubtful
from app.organisations.queries import (
    ORDERS,
    is_registered,
    organisation_by_id,
    organisation_by_uscc,
    organisations,
)
from app.organisations.rules.uscc import Standing, examine
from app.organisations.schemas import OrganisationChange, OrganisationCreate, OrganisationQuery

SUBJECT = "organisation"


async def find(
    db: ReadSession, *, caller: Principal, wanted: OrganisationQuery, part: Part
) -> Slice[Organisation]:
    """A page of the organisations the caller may see."""
    bound_to = [SUBJECT, wanted.filters()]
    return await fetch(db, organisations(caller, wanted), ORDERS[wanted.sort], part, bound_to=bound_to)


async def every(db: ReadSession, *, caller: Principal, wanted: OrganisationQuery) -> list[Organisation]:
    """All the organisations the caller may see and asks for.

    Raises:
        ExportTooLarge: they are more than a file holds.
    """
    return await fetch_all(db, organisations(caller, wanted), ORDERS[wanted.sort])


async def get(db: ReadSession, *, caller: Principal, organisation_id: UUID) -> Organisation:
    """One organisation.

    Raises:
        NotFound: there is none, or the caller may not see it.
    """
    organisation: Organisation | None = await db.scalar(organisation_by_id(caller, organisation_id))
    if organisation is None:
        raise NotFound
    return organisation


async def get_to_manage(db: ReadSession, *, caller: Principal, organisation_id: UUID) -> Organisation:
    """One organisation of the province the caller administers.

    Raises:
        NotFound: as `get`.
        Forbidden: the caller may see it, but not manage it.
    """
    organisation = await get(db, caller=caller, organisation_id=organisation_id)
    ensure(may_manage(caller, organisation))
    return organisation


async def ensure_registrable(
    db: ReadSession, *, tenant_id: str, uscc: str, adcode: str, override_reason: str | None
) -> None:
    """That an organisation with this code and place could be registered in a province.

    Raises:
        Invalid: the code is doubtful and no reason is given, or the place is not in the province.
    """
    faults: list[FieldError] = []
    if examine(uscc) is not Standing.VALID and not override_reason:
        faults += uscc_doubtful(uscc).errors
    if not await is_place_of(db, adcode, tenant_id):
        faults += adcode_unknown(adcode).errors
    if faults:
        raise Invalid(errors=faults)


async def find_registered(db: ReadSession, *, caller: Principal, uscc: str) -> Organisation | None:
    """The organisation of a code, where the caller may see it.

    Raises:
        UsccTaken: it is registered and the caller may not see it.
    """
    organisation: Organisation | None = await db.scalar(organisation_by_uscc(caller, uscc))
    if organisation is None and await db.scalar(is_registered(uscc)):
        raise UsccTaken
    return organisation


async def register(db: Session, *, caller: Principal, new: OrganisationCreate) -> Organisation:
    """Register an organisation in the caller's province.

    Raises:
        Forbidden: the caller is no province admin.
        Invalid: the code is doubtful and no reason is given, or the place is not in the province.
        UsccTaken: the code is registered (by the constraint's name, at the statement).
    """
    ensure(may_register(caller))
    values = new.model_dump()
    await ensure_registrable(
        db,
        tenant_id=str(caller.tenant_id),
        uscc=new.uscc,
        adcode=new.adcode,
        override_reason=new.uscc_override_reason,
    )
    created = insert(Organisation).values(**values, tenant_id=caller.tenant_id).returning(Organisation)
    organisation = (await db.scalars(created)).one()
    await record(db, "organisation.registered", subject=(SUBJECT, organisation.id), after=values)
    return organisation


async def change(
    db: Session, *, caller: Principal, organisation_id: UUID, version: int, changes: OrganisationChange
) -> Organisation:
    """Change what is given in `changes`.

    Raises:
        NotFound: as `get`.
        Forbidden: it is another province's, or the caller is no admin.
        Stale: `version` is no longer current.
        Invalid, UsccTaken: as `register`.
    """
    organisation = await get_to_manage(db, caller=caller, organisation_id=organisation_id)
    given = changes.model_dump(exclude_unset=True)
    after = {name: value for name, value in given.items() if value != getattr(organisation, name)}
    if not after:
        _ensure_current(organisation, version)
        return organisation
    current = {name: getattr(organisation, name) for name in OrganisationChange.model_fields} | after
    _ensure_code(current["uscc"], current["uscc_override_reason"])
    if "adcode" in after:
        await _ensure_place(db, after["adcode"], tenant_id=organisation.tenant_id)
    before = {name: getattr(organisation, name) for name in after}
    return await _write(db, organisation, version, "organisation.changed", before=before, after=after)


async def set_status(
    db: Session,
    *,
    caller: Principal,
    organisation_id: UUID,
    version: int,
    status: Literal["active", "suspended"],
) -> Organisation:
    """Suspend an organisation, or make it active again.

    Raises:
        NotFound, Forbidden, Stale: as `change`.
        StatusUnchanged: it has that status already.
    """
    organisation = await get_to_manage(db, caller=caller, organisation_id=organisation_id)
    _ensure_current(organisation, version)
    if organisation.status == status:
        raise StatusUnchanged
    kind = "organisation.suspended" if status == "suspended" else "organisation.reactivated"
    before = {"status": organisation.status}
    return await _write(db, organisation, version, kind, before=before, after={"status": status})


def _ensure_code(uscc: str, reason: str | None) -> None:
    if examine(uscc) is not Standing.VALID and not reason:
        raise uscc_doubtful(uscc)


async def _ensure_place(db: ReadSession, adcode: str, *, tenant_id: str) -> None:
    if not await is_place_of(db, adcode, tenant_id):
        raise adcode_unknown(adcode)


async def _write(
    db: Session,
    organisation: Organisation,
    version: int,
    kind: str,
    *,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
) -> Organisation:
    keys = {"name_key": name_key(after["name"])} if "name" in after else {}
    changed = (
        update(Organisation)
        .where(Organisation.id == organisation.id, Organisation.version == version)
        .values(**after, **keys, version=Organisation.version + 1, updated_at=func.clock_timestamp())
        .returning(Organisation)
        .execution_options(populate_existing=True)
    )
    current = await db.scalar(changed)
    if current is None:
        raise Stale
    subject = (SUBJECT, organisation.id)
    await record(db, kind, subject=subject, tenant_id=organisation.tenant_id, before=before, after=after)
    return organisation


def _ensure_current(organisation: Organisation, version: int) -> None:
    if organisation.version != version:
        raise Stale
