"""The journal says of what a person does with their own account who did it, in which session, and from where."""

from collections.abc import Sequence
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import Row, text

from app.access.permissions import Role
from app.core.db import Database
from app.settings import Settings
from app.tenancy.context import TenantContext
from tests.support.accounts import PASSWORD as NEW
from tests.support.accounts import with_address
from tests.support.clients import clients_of
from tests.support.factors import give_totp
from tests.support.forms import submit
from tests.support.oauth import as_sign_in
from tests.support.people import PASSWORD, make_person, sign_in

SECURITY, DATA, FACTOR = "/account/security", "/account/data", "/account/factors/{factor}"
DEEDS: dict[str, tuple[str, str, dict[str, str]]] = {
    "account.password_changed": (
        SECURITY,
        f"{SECURITY}/password",
        {"old_password": PASSWORD, "new_password": NEW},
    ),
    "account.email_change_asked": (
        SECURITY,
        f"{SECURITY}/email",
        {"email": "shen@zju.example", "email_password": PASSWORD},
    ),
    "account.mobile_asked": (
        SECURITY,
        f"{SECURITY}/mobile",
        {"mobile": "13800138000", "mobile_password": PASSWORD},
    ),
    "identity.sign_in_failed": (
        SECURITY,
        f"{SECURITY}/password",
        {"old_password": "wrong wrong", "new_password": NEW},
    ),
    "identity.factor_renamed": (FACTOR, f"{FACTOR}/name", {"name": "手机"}),
    "identity.factor_removed": (FACTOR, f"{FACTOR}/remove", {}),
    "identity.recovery_codes_made": (
        "/account/factors/recovery-codes",
        "/account/factors/recovery-codes",
        {},
    ),
    "account.data_exported": (DATA, f"{DATA}/export", {}),
    "account.closing_asked": (f"{DATA}/close", f"{DATA}/close", {"password": PASSWORD, "words": "注销账号"}),
}


async def events(database: Database, kind: str) -> Sequence[Row[Any]]:
    async with database.transaction(TenantContext("310000").info()) as session:
        found = "SELECT actor_id, acting_for, session_id, address, request_id FROM journal_event WHERE kind = :kind"
        return (await session.execute(text(found), {"kind": kind})).all()


@pytest.mark.parametrize("kind", DEEDS)
async def test_ones_own_deed(
    app: FastAPI, client: httpx2.AsyncClient, database: Database, settings: Settings, kind: str
) -> None:
    person = await with_address(database, settings)
    await give_totp(database, settings, person)
    await sign_in(client, app, person)
    held = await as_sign_in(database, settings, "SELECT id FROM browser_session")
    factor = await as_sign_in(database, settings, "SELECT id FROM authenticator")
    where, action, form = DEEDS[kind]
    await submit(client, where.format(factor=factor), action.format(factor=factor), form)
    (event,) = await events(database, kind)
    assert (event.actor_id, event.session_id, event.acting_for) == (person.id, held, None)
    assert (event.address, bool(event.request_id)) == ("127.0.0.1", True)


async def test_a_deputys_deed_names_whom_it_was_for(
    app: FastAPI, database: Database, settings: Settings
) -> None:
    lost = await make_person(database, settings)
    await give_totp(database, settings, lost)
    admin = await make_person(database, settings, roles=[Role.PROVINCE_ADMIN])
    deputy = await make_person(database, settings)
    lent = """
        INSERT INTO delegation (tenant_id, account_id, deputy_id, role, reason, starts_at, ends_at, confirmed_at)
        VALUES ('310000', :admin, :deputy, 'province_admin', '出差', clock_timestamp(),
                clock_timestamp() + interval '1 day', clock_timestamp())
    """
    async with database.transaction(TenantContext("310000").info()) as session:
        await session.execute(text(lent), {"admin": admin.id, "deputy": deputy.id})
    async with clients_of(app) as clients:
        browser = await clients.of("310000")
        await sign_in(browser, app, deputy)
        reset = f"/people/{lost.id}/factors/reset"
        assert (await submit(browser, reset, reset)).status_code == 303
    (event,) = await events(database, "identity.factors_reset")
    assert (event.actor_id, event.acting_for) == (deputy.id, admin.id)
