"""Signed out by the province's provider, and there on signing out here."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest

from app.core.db import Database
from app.identity.federation.tokens import LOGOUT_EVENT
from app.settings import Settings
from tests.support.forms import HTML
from tests.support.idp import CLIENT, Person, add_provider, idp, path_of
from tests.support.oauth import as_sign_in, journal
from tests.support.processes import free_port, start
from tests.support.rogue import Rogue, new_key, rogue


@pytest.fixture
async def told() -> AsyncIterator[Rogue]:
    async with rogue() as made:
        yield made


@pytest.fixture
async def provider_id(told: Rogue, database: Database, settings: Settings) -> UUID:
    return await add_provider(database, settings, told.issuer)


async def enter(client: httpx2.AsyncClient, told: Rogue, provider_id: UUID, **claims: Any) -> None:
    sent = await client.get(f"/sign-in/330000/{provider_id}")
    asked = httpx2.URL(sent.headers["location"]).params
    told.give(told.sign(nonce=asked["nonce"], **claims))
    answer = {"code": "c", "state": asked["state"], "iss": told.issuer}
    assert (await client.get("/sign-in/callback", params=answer)).status_code == 303


def logout_token(told: Rogue, **changes: Any) -> str:
    header = {"typ": "logout+jwt"} | changes.pop("header", {})
    given: dict[str, Any] = {
        "jti": uuid4().hex,
        "events": {LOGOUT_EVENT: {}},
        "sid": "s-1",
        "sub": None,
        "name": None,
    }
    return told.sign(header=header, key=changes.pop("key", None), **(given | changes))


async def send(client: httpx2.AsyncClient, provider_id: UUID, token: str) -> int:
    address = f"/sign-in/330000/{provider_id}/logout"
    answer = await client.post(address, data={"logout_token": token}, headers={"cookie": ""})
    assert answer.headers["cache-control"] == "no-store"
    return answer.status_code


async def signed_in(client: httpx2.AsyncClient) -> bool:
    return (await client.get("/api/v1/me")).status_code == 200


@pytest.mark.parametrize(
    "named",
    [{"sid": "s-1"}, {"sid": None, "sub": "u-1"}, {"sid": "s-1", "sub": "u-1"}, {"header": {"typ": None}}],
)
async def test_the_session_named_ends(
    client: httpx2.AsyncClient, told: Rogue, provider_id: UUID, database: Database, named: dict[str, Any]
) -> None:
    await enter(client, told, provider_id, sid="s-1")
    assert await send(client, provider_id, logout_token(told, **named)) == 200
    assert not await signed_in(client)
    assert (await journal(database, "330000"))[-1] == "identity.ended_by_provider"


@pytest.mark.parametrize("named", [{"sid": "s-2"}, {"sid": None, "sub": "u-2"}, {"sid": "s-1", "sub": "u-2"}])
async def test_other_sessions_stay(
    client: httpx2.AsyncClient, told: Rogue, provider_id: UUID, named: dict[str, Any]
) -> None:
    await enter(client, told, provider_id, sid="s-1")
    assert await send(client, provider_id, logout_token(told, **named)) == 200
    assert await signed_in(client)


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "another client"},
        {"iss": "https://id.example"},
        {"nonce": "n"},
        {"events": {}},
        {"events": {LOGOUT_EVENT: "x"}},
        {"events": None},
        {"jti": None},
        {"iat": None},
        {"exp": None},
        {"exp": 1},
        {"exp": float("nan")},
        {"iat": float("nan")},
        {"iat": int(time.time()) - 3600},
        {"sid": None},
        {"sid": 7},
        {"key": new_key()},
        {"header": {"typ": "at+jwt"}},
    ],
)
async def test_a_token_that_is_none_ends_nothing(
    client: httpx2.AsyncClient, told: Rogue, provider_id: UUID, changes: dict[str, Any]
) -> None:
    await enter(client, told, provider_id, sid="s-1")
    assert await send(client, provider_id, logout_token(told, **dict(changes))) == 400
    assert await signed_in(client)


async def test_an_id_token_is_no_logout_token(
    client: httpx2.AsyncClient, told: Rogue, provider_id: UUID
) -> None:
    await enter(client, told, provider_id, sid="s-1")
    assert await send(client, provider_id, told.sign(nonce="n", sid="s-1", jti="j")) == 400
    assert await signed_in(client)


async def test_a_token_counts_once(client: httpx2.AsyncClient, told: Rogue, provider_id: UUID) -> None:
    await enter(client, told, provider_id, sid="s-1")
    token = logout_token(told, sid=None, sub="u-1")
    assert await send(client, provider_id, token) == 200
    await enter(client, told, provider_id, sid="s-1")
    assert await send(client, provider_id, token) == 400
    assert await signed_in(client)


async def test_forged_names_of_keys_make_no_requests(
    client: httpx2.AsyncClient, told: Rogue, provider_id: UUID
) -> None:
    await enter(client, told, provider_id, sid="s-1")
    before = told.asked.count("/jwks")
    for _ in range(5):
        assert await send(client, provider_id, logout_token(told, key=new_key())) == 400
    assert told.asked.count("/jwks") == before


async def test_other_addresses_have_nothing(
    client: httpx2.AsyncClient, told: Rogue, provider_id: UUID, database: Database, settings: Settings
) -> None:
    token = {"logout_token": logout_token(told)}
    assert (await client.post(f"/sign-in/320000/{provider_id}/logout", data=token)).status_code == 404
    assert (await client.post(f"/sign-in/330000/{uuid4()}/logout", data=token)).status_code == 404
    assert (await client.post(f"/sign-in/330000/{provider_id}/logout", content=b"x")).status_code == 400
    await as_sign_in(
        database, settings, "UPDATE identity_provider SET enabled = false WHERE issuer <> 'self'"
    )
    assert (await client.post(f"/sign-in/330000/{provider_id}/logout", data=token)).status_code == 404


async def test_signing_out_at_the_certified_provider_ends_both(
    fresh_database: Database, fresh_settings: Settings
) -> None:
    """RP-initiated: our sign-out leads there; back-channel: what is ended there ends our other session too."""
    port, provider_id = free_port(), uuid4()
    platform = f"http://127.0.0.1:{port}"
    address = f"{platform}/sign-in/330000/{provider_id}/logout"
    with idp(
        claims=["name"],
        accounts={"xu": {"name": "许清禾"}},
        platform=platform,
        userinfo_only=True,
        backchannel_logout_uri=address,
        backchannel_logout_session_required=True,
    ) as zj:
        await add_provider(fresh_database, fresh_settings, zj.issuer, id=provider_id, signs_out_there=True)
        served = start(fresh_settings, port=port)
        try:
            async with (
                httpx2.AsyncClient(base_url=platform) as one,
                httpx2.AsyncClient(base_url=platform) as other,
            ):
                person = Person("xu")
                for browser in (one, other):
                    sent = await browser.get(f"/sign-in/330000/{provider_id}")
                    back = await person.sign_in(sent.headers["location"], until=platform)
                    assert (await browser.get(path_of(back))).status_code == 303
                page = await one.get("/account", headers=HTML)
                csrf = page.text.partition('name="csrf_token" value="')[2].partition('"')[0]
                out = await one.post("/sign-out", data={"csrf_token": csrf}, headers=HTML)
                assert out.status_code == 200
                assert not await signed_in(one)
                url = out.headers["refresh"].removeprefix("0; url=")
                assert url.startswith(zj.issuer)
                assert httpx2.URL(url).params["client_id"] == CLIENT
                done = await person.sign_in(url, until=platform)
                assert (await one.get(path_of(done))).headers["location"] == "/"
                for _ in range(50):
                    if not await signed_in(other):
                        break
                    await asyncio.sleep(0.1)
                assert not await signed_in(other)
        finally:
            served.process.terminate()
            served.process.wait(timeout=20)
