"""The secrets of second factors: random, and of recovery codes only digests are kept. Changing them offers to sign out elsewhere."""

import random
from uuid import uuid4

import httpx2
import pytest
from fastapi import FastAPI

from app.core.db import Database
from app.identity import public as identity
from app.identity.factors import recovery_codes, totp
from app.identity.models import Account
from app.settings import Settings
from tests.support.factors import give_totp
from tests.support.forms import HTML, submit
from tests.support.oauth import as_sign_in
from tests.support.people import make_person, sign_in

OTHERS = "/account/sessions/revoke-others"


@pytest.mark.parametrize(("make", "bits"), [(recovery_codes.new_code, 120), (totp.new_secret, 160)])
def test_no_seed_of_ours_foretells_them(make: object, bits: int) -> None:
    assert callable(make)
    seen = set()
    for _ in range(20):
        random.seed(1)
        seen.add(make())
    assert len(seen) == 20
    assert all(5 * len(one.replace("-", "")) == bits for one in seen)


async def test_recovery_codes_are_kept_as_digests(database: Database, settings: Settings) -> None:
    person = await make_person(database, settings)
    async with database.transaction(identity.sign_in_context(settings).info()) as session:
        account = await session.get(Account, person.id)
        assert account is not None
        codes = await recovery_codes.replace(session, account)
    kept = await as_sign_in(
        database, settings, "SELECT string_agg(to_jsonb(c)::text, ' ') FROM recovery_code c"
    )
    assert not [one for one in codes if one in kept or one.replace("-", "") in kept]
    lengths = "SELECT array_agg(DISTINCT length(digest)) FROM recovery_code"
    assert await as_sign_in(database, settings, lengths) == [32]
    assert recovery_codes.digest_of(person.id, codes[0]) != recovery_codes.digest_of(uuid4(), codes[0])


async def test_the_page_after_a_change_signs_out_elsewhere(
    app: FastAPI, client: httpx2.AsyncClient, database: Database, settings: Settings
) -> None:
    person = await make_person(database, settings)
    await give_totp(database, settings, person)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://testserver") as other:
        await sign_in(other, app, person)
        await sign_in(client, app, person)
        only = await as_sign_in(database, settings, "SELECT id FROM authenticator")
        removed = await submit(client, f"/account/factors/{only}", f"/account/factors/{only}/remove")
        assert f'action="{OTHERS}"' in (await client.get(removed.headers["location"], headers=HTML)).text
        assert (await other.get("/api/v1/me")).status_code == 200
        await submit(client, removed.headers["location"], OTHERS)
        assert (await other.get("/api/v1/me")).status_code == 401
    assert (await client.get("/api/v1/me")).status_code == 200
