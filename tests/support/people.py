"""People for tests: made in one call, signed in without a form."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

import httpx2
from fastapi import FastAPI

from app.access.permissions import Role
from app.core.db import Database
from app.identity import public as identity
from app.identity.appointments.operators import add_operator
from app.settings import Settings
from app.tenancy.policies import PLATFORM

PASSWORD = "correct horse battery"
PASSWORD_HASH = (
    "$argon2id$v=19$m=65536,t=3,p=4$ucjcLq5wUWieQcDDdWCfHA$IwzWsILTVnKoinHkx8vC/SjXFYyaGFOymHZWvutycTc"
)
"""Of PASSWORD; hashing it anew would cost each test 0.1 s."""

TWO_FACTORS = ("mfa", "otp", "pwd")


@dataclass(frozen=True, slots=True)
class Person:
    """An account made for a test."""

    id: UUID
    tenant_id: str
    name: str
    login_name: str | None


async def make_person(
    database: Database,
    settings: Settings,
    *,
    tenant_id: str = "310000",
    name: str = "沈知行",
    login_name: str | None = None,
    roles: Iterable[Role] = (),
    organisations: Mapping[UUID, Role] | None = None,
) -> Person:
    """An account with these roles; with a login name it signs in with PASSWORD."""
    context = identity.sign_in_context(settings, tenant_id=tenant_id)
    async with database.transaction(context.info()) as session:
        account_id = await identity.create_account(
            session,
            tenant_id=tenant_id,
            display_name=name,
            login_name=login_name,
            password_hash=PASSWORD_HASH if login_name else None,
        )
        for role in roles:
            await identity.grant_role(session, tenant_id=tenant_id, account_id=account_id, role=role)
        for organisation_id, role in (organisations or {}).items():
            await identity.add_membership(
                session,
                tenant_id=tenant_id,
                account_id=account_id,
                organisation_id=organisation_id,
                role=role,
            )
    return Person(account_id, tenant_id, name, login_name)


async def sign_in(
    client: httpx2.AsyncClient, app: FastAPI, person: Person, methods: Collection[str] = TWO_FACTORS
) -> str:
    """Give the client a browser session of this person, a real one; its token. `methods=("pwd",)` makes it weak."""
    settings: Settings = app.state.settings
    database: Database = app.state.database
    async with database.transaction(identity.sign_in_context(settings).info()) as session:
        token = await identity.open_session(
            session,
            tenant_id=person.tenant_id,
            account_id=person.id,
            device=identity.Device("tests", "127.0.0.1"),
            origin=identity.Origin(methods=methods),
        )
    host = client.base_url.host
    # Cookie jars file a name without dots under `.local`; elsewhere a later sign-in would not replace this one.
    domain = host if "." in host else f"{host}.local"
    client.cookies.set(identity.cookie_name(settings), token, domain=domain)
    return token


async def make_operator(settings: Settings, login_name: str) -> Person:
    """An operator, as `commons operator add` makes one."""
    database = Database(settings.url_for("app"), pool_size=1)
    try:
        async with database.transaction(identity.sign_in_context(settings).info()) as session:
            account_id = await add_operator(
                session, login_name=login_name, display_name="运维员", password_hash=PASSWORD_HASH
            )
    finally:
        await database.close()
    return Person(account_id, PLATFORM, "运维员", login_name)
