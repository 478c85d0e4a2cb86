"""Two live keys: one signs, the next is already known; rotation while processes run."""

import asyncio
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from joserfc import jws

from app.core.db import Database
from app.identity.context import sign_in_context
from app.identity.jobs import rotate_keys
from app.identity.provider.keys import KeyRing, TooSoon, key_ring, rotate
from app.jobs.public import Job
from app.settings import Settings
from tests.support.oauth import as_sign_in, make_client, tokens_for

AGED = "UPDATE signing_key SET since = since - interval '1 hour'"


async def turn(database: Database, settings: Settings, *, at_once: bool = False) -> str:
    async with database.transaction(sign_in_context(settings).info()) as session:
        return await rotate(session, settings, at_once=at_once)


async def states(database: Database, settings: Settings) -> dict[str, list[str]]:
    found = await as_sign_in(
        database,
        settings,
        "SELECT jsonb_object_agg(state, kids) FROM "
        "(SELECT state, jsonb_agg(kid) AS kids FROM signing_key GROUP BY state) by_state",
    )
    return dict(found)


async def own_token(client: httpx2.AsyncClient, database: Database, settings: Settings) -> str:
    system = await make_client(database, settings, "system", scopes=("organisations.read",))
    answer = await tokens_for(client, system, grant_type="client_credentials")
    return str(answer.json()["access_token"])


async def opens(client: httpx2.AsyncClient, token: str) -> bool:
    answer = await client.get("/api/v1/organisations", headers={"Authorization": f"Bearer {token}"})
    return answer.status_code == 200


def kid_of(token: str) -> Any:
    return jws.extract_compact(token.encode()).headers()["kid"]


async def test_two_keys_are_published_and_one_signs(
    client: httpx2.AsyncClient, database: Database, settings: Settings
) -> None:
    published = {key["kid"] for key in (await client.get("/oauth/jwks")).json()["keys"]}
    kept = await states(database, settings)
    assert {state: len(kids) for state, kids in kept.items()} == {"active": 1, "next": 1}
    assert published == {*kept["active"], *kept["next"]}
    assert [kid_of(await own_token(client, database, settings))] == kept["active"]


async def test_the_next_key_signs_only_once_it_is_known(database: Database, settings: Settings) -> None:
    with pytest.raises(TooSoon):
        await turn(database, settings)
    await KeyRing(database, settings).jwks()
    before = await states(database, settings)
    with pytest.raises(TooSoon):
        await turn(database, settings)
    assert await states(database, settings) == before
    await as_sign_in(database, settings, AGED)
    assert [await turn(database, settings)] == before["next"]
    after = await states(database, settings)
    assert after["active"] == before["next"]
    assert after["retiring"] == before["active"]


async def test_no_token_is_refused_when_the_key_turns_while_we_run(
    app: FastAPI, client: httpx2.AsyncClient, database: Database, settings: Settings
) -> None:
    """One process signs with the new key while ours still holds its copy, and the other way round."""
    before = await own_token(client, database, settings)
    kept = key_ring(app)
    await as_sign_in(database, settings, AGED)
    signing = await turn(database, settings)
    meanwhile = await own_token(client, database, settings)
    assert kid_of(meanwhile) == kid_of(before), "our copy is not a minute old"
    app.state.key_ring = KeyRing(database, settings)
    elsewhere = await own_token(client, database, settings)
    assert kid_of(elsewhere) == signing
    assert [await opens(client, token) for token in (before, meanwhile, elsewhere)] == [True] * 3
    app.state.key_ring = kept
    assert [await opens(client, token) for token in (before, meanwhile, elsewhere)] == [True] * 3


async def test_keys_forgotten_at_once_sign_nothing_any_more(
    app: FastAPI, client: httpx2.AsyncClient, database: Database, settings: Settings
) -> None:
    before = await own_token(client, database, settings)
    await turn(database, settings, at_once=True)
    app.state.key_ring = KeyRing(database, settings)
    assert not await opens(client, before)
    assert set(await states(database, settings)) == {"active", "next"}


async def test_two_rotations_at_once_keep_one_key_that_signs(
    fresh_database: Database, fresh_settings: Settings
) -> None:
    await KeyRing(fresh_database, fresh_settings).jwks()
    await as_sign_in(fresh_database, fresh_settings, AGED)
    turned = await asyncio.gather(
        *(turn(fresh_database, fresh_settings) for _ in range(4)), return_exceptions=True
    )
    assert sum(isinstance(one, TooSoon) for one in turned) == 3
    kept = await states(fresh_database, fresh_settings)
    assert {state: len(kids) for state, kids in kept.items()} == {"active": 1, "next": 1, "retiring": 1}


async def test_the_job_turns_by_age_and_forgets_old_keys(database: Database, settings: Settings) -> None:
    job = Job(1, "identity.rotate_keys", {}, 1, last_attempt=False, database=database, settings=settings)
    await KeyRing(database, settings).jwks()
    first = await states(database, settings)
    await rotate_keys(job)
    assert await states(database, settings) == first
    await as_sign_in(database, settings, "UPDATE signing_key SET since = since - interval '91 days'")
    await rotate_keys(job)
    second = await states(database, settings)
    assert (second["active"], second["retiring"]) == (first["next"], first["active"])
    await as_sign_in(database, settings, "UPDATE signing_key SET since = since - interval '16 days'")
    await rotate_keys(job)
    assert "retiring" not in await states(database, settings)


async def test_a_new_secret_key_makes_new_keys_and_keeps_the_old_ones_published(
    database: Database, settings: Settings
) -> None:
    before = await KeyRing(database, settings).jwks()
    other = settings.model_copy(update={"secret_key": type(settings.secret_key)("x" * 64)})
    after = await KeyRing(database, other).jwks()
    assert {key["kid"] for key in before["keys"]} < {key["kid"] for key in after["keys"]}
    assert len(after["keys"]) == 4
