"""Disabling a provider signs out whom it signed in, and lets nobody slip in meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from app.access.permissions import Role
from app.core.clock import now
from app.core.crypto import token_digest
from app.core.db import Database
from app.core.errors import NotFound
from app.identity.devices import Device
from app.identity.federation.claims import Facts
from app.identity.federation.models import IdentityProvider
from app.identity.federation.relying_party import Vouched
from app.identity.public import Origin, open_session, sign_in_context
from app.identity.sign_in import Opened, open_for_vouched
from app.main import create_app
from app.settings import Settings
from app.tenancy.context import TenantContext
from tests.support import forms
from tests.support.idp import add_provider
from tests.support.oauth import as_sign_in
from tests.support.people import Person, make_person, sign_in

API = "/api/v1/identity-providers"
DEVICE = Device("tests", "127.0.0.1")
ZHEJIANG = "330000"


@asynccontextmanager
async def browser(app: FastAPI) -> AsyncIterator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://testserver") as made:
        yield made


async def admin_of(database: Database, settings: Settings) -> Person:
    return await make_person(
        database, settings, tenant_id=ZHEJIANG, login_name="zj.admin", roles=[Role.PROVINCE_ADMIN]
    )


async def opened_through(
    database: Database, settings: Settings, person: Person, provider_id: UUID | None
) -> bytes:
    """A session of a person that a provider opened; its digest."""
    async with database.transaction(sign_in_context(settings).info()) as session:
        token = await open_session(
            session,
            tenant_id=person.tenant_id,
            account_id=person.id,
            device=DEVICE,
            origin=Origin(identity_provider_id=provider_id),
        )
    return token_digest(token)


async def live(database: Database, settings: Settings, digest: bytes) -> bool:
    found = "SELECT revoked_at IS NULL FROM browser_session WHERE digest = :digest"
    return bool(await as_sign_in(database, settings, found, digest=digest))


async def disable(admin: httpx2.AsyncClient, provider_id: UUID) -> httpx2.Response:
    return await admin.post(f"{API}/{provider_id}/disable", headers={"If-Match": '"v1"'})


async def test_whom_it_signed_in_is_signed_out(
    app: FastAPI, client: httpx2.AsyncClient, database: Database, settings: Settings
) -> None:
    provider_id = await add_provider(database, settings, "https://id.zj.example")
    admin = await admin_of(database, settings)
    await sign_in(client, app, admin)
    own = "SELECT id FROM identity_provider WHERE tenant_id = '330000' AND issuer = 'self'"
    builtin = await as_sign_in(database, settings, own)
    person = await make_person(database, settings, tenant_id=ZHEJIANG)
    other = await make_person(database, settings, tenant_id="320000")
    through = [await opened_through(database, settings, person, provider_id) for _ in range(2)]
    stay = [
        await opened_through(database, settings, person, builtin),
        await opened_through(database, settings, person, None),
        await opened_through(database, settings, other, provider_id),
    ]
    address = f"/identity-providers/{provider_id}/disable"
    page = await client.get(address, headers=forms.HTML)
    assert "经它登录的会话现有 2 个，将立即结束" in page.text
    assert (await forms.submit(client, address, address)).status_code == 303
    assert [await live(database, settings, digest) for digest in through] == [False, False]
    assert [await live(database, settings, digest) for digest in stay] == [True, True, True]
    told = text("SELECT after FROM journal_event WHERE kind = 'identity_provider.disabled'")
    async with database.transaction(TenantContext(ZHEJIANG).info()) as session:
        assert await session.scalar(told) == {"sessions_ended": 2}


async def test_who_disables_it_stays_and_can_enable_it_again(
    app: FastAPI, client: httpx2.AsyncClient, database: Database, settings: Settings
) -> None:
    provider_id = await add_provider(database, settings, "https://id.zj.example")
    await sign_in(client, app, await admin_of(database, settings))
    mine = "UPDATE browser_session SET identity_provider_id = :provider"
    await as_sign_in(database, settings, mine, provider=provider_id)
    assert (await disable(client, provider_id)).status_code == 200
    again = await client.post(f"{API}/{provider_id}/enable", headers={"If-Match": '"v2"'})
    assert again.json()["enabled"] is True


@pytest.mark.parametrize("first", ["the sign-in", "the admin"])
async def test_nobody_slips_in_meanwhile(
    fresh_database: Database, fresh_settings: Settings, first: str
) -> None:
    """Whichever is first, the other waits for it: no session is left that the disabled provider opened."""
    database, settings = fresh_database, fresh_settings
    app = create_app(settings, database)
    provider_id = await add_provider(database, settings, "https://id.zj.example")
    admin = await admin_of(database, settings)
    vouched = Vouched("u-1", Facts(name="陆之遥"), ("pwd",), now(), None, {})
    context = sign_in_context(settings).info()

    async def enter() -> Opened:
        async with database.transaction(context) as session:
            provider = await session.get_one(IdentityProvider, provider_id)
            return await open_for_vouched(session, provider, vouched, device=DEVICE, replaces=None)

    async with browser(app) as client:
        await sign_in(client, app, admin)
        if first == "the sign-in":
            async with database.transaction(context) as session:
                provider = await session.get_one(IdentityProvider, provider_id)
                opened = await open_for_vouched(session, provider, vouched, device=DEVICE, replaces=None)
                disabling = asyncio.create_task(disable(client, provider_id))
                assert not (await asyncio.wait([disabling], timeout=0.5))[0]
            assert (await disabling).status_code == 200
            assert not await live(database, settings, token_digest(opened.token))
        else:
            held = text("SELECT FROM identity_provider WHERE id = :id FOR UPDATE")
            off = text("UPDATE identity_provider SET enabled = false WHERE id = :id")
            async with database.transaction(context) as session:
                await session.execute(held, {"id": provider_id})
                entering = asyncio.create_task(enter())
                assert not (await asyncio.wait([entering], timeout=0.5))[0]
                await session.execute(off, {"id": provider_id})
            with pytest.raises(NotFound):
                await entering
