"""From a provider's subject to an account: by (issuer, sub), never by anything a provider could make up for somebody else."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any
from uuid import UUID

import httpx2
import pytest
from fastapi import FastAPI

from app.access.permissions import Role
from app.core.clock import now
from app.core.db import Database
from app.identity import public as identity
from app.identity.federation.claims import Facts
from app.identity.federation.linking import account_of
from app.identity.federation.models import IdentityProvider
from app.identity.federation.relying_party import Vouched
from app.settings import Settings
from tests.support import forms
from tests.support.idp import add_provider
from tests.support.oauth import as_sign_in, journal
from tests.support.people import make_person, sign_in
from tests.support.places import make_organisation, valid_uscc
from tests.support.rogue import Rogue, rogue


@pytest.fixture
async def told() -> AsyncIterator[Rogue]:
    async with rogue() as made:
        yield made


async def come_back(client: httpx2.AsyncClient, told: Rogue, url: str, **claims: Any) -> httpx2.Response:
    """Follow the way to the provider, which vouches for whom it likes."""
    asked = httpx2.URL(url).params
    told.give(told.sign(nonce=asked["nonce"], **claims))
    return await client.get(
        "/sign-in/callback", params={"code": "c", "state": asked["state"], "iss": told.issuer}
    )


async def enter(
    client: httpx2.AsyncClient, told: Rogue, provider_id: UUID, province: str = "330000", **claims: Any
) -> httpx2.Response:
    sent = await client.get(f"/sign-in/{province}/{provider_id}")
    return await come_back(client, told, sent.headers["location"], **claims)


async def test_an_email_links_nothing(
    client: httpx2.AsyncClient, told: Rogue, database: Database, settings: Settings
) -> None:
    """An account whose login name is an address is not that of whoever a provider says has it."""
    owner = await make_person(database, settings, tenant_id="330000", login_name="xu@zj.example")
    provider_id = await add_provider(database, settings, told.issuer)
    await enter(
        client,
        told,
        provider_id,
        email="xu@zj.example",
        email_verified=True,
        preferred_username="xu@zj.example",
    )
    me = (await client.get("/api/v1/me")).json()
    assert me["id"] != str(owner.id)


async def test_a_province_that_refuses_makes_no_account(
    client: httpx2.AsyncClient, told: Rogue, database: Database, settings: Settings
) -> None:
    provider_id = await add_provider(database, settings, told.issuer, first_sign_in="refuse")
    refused = await enter(client, told, provider_id)
    assert (refused.status_code, refused.json()["code"]) == (403, "identity.account_not_linked")
    assert await as_sign_in(database, settings, "SELECT count(*) FROM account") == 0


async def test_without_a_name_no_account_is_made(
    client: httpx2.AsyncClient, told: Rogue, database: Database, settings: Settings
) -> None:
    provider_id = await add_provider(database, settings, told.issuer)
    assert (await enter(client, told, provider_id, name=None)).status_code == 400
    assert await as_sign_in(database, settings, "SELECT count(*) FROM account") == 0


async def test_a_suspended_account_is_not_opened(
    client: httpx2.AsyncClient, told: Rogue, database: Database, settings: Settings
) -> None:
    provider_id = await add_provider(database, settings, told.issuer)
    await enter(client, told, provider_id)
    await as_sign_in(database, settings, "UPDATE account SET status = 'suspended'")
    client.cookies.clear()
    assert (await enter(client, told, provider_id)).status_code == 403
    assert await as_sign_in(database, settings, "SELECT count(*) FROM account") == 1


async def test_one_subject_of_two_issuers_is_two_people(
    client: httpx2.AsyncClient, told: Rogue, database: Database, settings: Settings
) -> None:
    async with rogue() as other:
        met = []
        providers = {one.issuer: await add_provider(database, settings, one.issuer) for one in (told, other)}
        for one in (told, other, told):
            client.cookies.clear()
            await enter(client, one, providers[one.issuer], sub="u-1")
            met.append((await client.get("/api/v1/me")).json()["id"])
    assert met[0] == met[2] != met[1]


async def test_one_subject_of_one_issuer_is_another_person_in_each_province(
    client: httpx2.AsyncClient, told: Rogue, database: Database, settings: Settings
) -> None:
    """A province that sets up another's issuer gains none of its accounts, and takes none away."""
    ours = await add_provider(database, settings, told.issuer)
    theirs = await add_provider(database, settings, told.issuer, tenant_id="340000")
    await enter(client, told, theirs, "340000")
    squatter = (await client.get("/api/v1/me")).json()
    await enter(client, told, ours)
    me = (await client.get("/api/v1/me")).json()
    assert (squatter["province"], me["province"]) == ("340000", "330000")
    assert squatter["id"] != me["id"]


@pytest.mark.parametrize("vouches", [True, False])
async def test_the_unit_vouched_for_is_joined(
    client: httpx2.AsyncClient, told: Rogue, database: Database, settings: Settings, vouches: bool
) -> None:
    code = valid_uscc("330000")
    organisation = await make_organisation(database, "330000", uscc=code)
    provider_id = await add_provider(
        database, settings, told.issuer, uscc_claim="org.code", vouches_for_units=vouches
    )
    for _ in range(2):
        await enter(client, told, provider_id, org={"code": code.lower()})
    memberships = (await client.get("/api/v1/me")).json()["memberships"]
    assert [m["organisation_id"] for m in memberships] == ([str(organisation)] if vouches else [])
    assert (await journal(database, "330000")).count("membership.added") == int(vouches)


async def test_a_unit_of_another_province_or_suspended_is_not_joined(
    client: httpx2.AsyncClient, told: Rogue, database: Database, settings: Settings
) -> None:
    elsewhere, gone = valid_uscc("320000"), valid_uscc("330000")
    await make_organisation(database, "320000", uscc=elsewhere)
    await make_organisation(database, "330000", uscc=gone, status="suspended")
    provider_id = await add_provider(
        database, settings, told.issuer, uscc_claim="org", vouches_for_units=True
    )
    for code in (elsewhere, gone):
        assert (await enter(client, told, provider_id, org=code)).status_code == 303
    assert (await client.get("/api/v1/me")).json()["memberships"] == []


async def test_a_manager_stays_one(
    client: httpx2.AsyncClient, told: Rogue, database: Database, settings: Settings
) -> None:
    code = valid_uscc("330000")
    await make_organisation(database, "330000", uscc=code)
    provider_id = await add_provider(
        database, settings, told.issuer, uscc_claim="org", vouches_for_units=True
    )
    await enter(client, told, provider_id, org=code)
    await as_sign_in(database, settings, "UPDATE membership SET role = 'manager'")
    await enter(client, told, provider_id, org=code)
    assert (await client.get("/api/v1/me")).json()["memberships"][0]["role"] == "manager"


async def test_first_sign_ins_at_once_make_one_account(
    fresh_database: Database, fresh_settings: Settings
) -> None:
    provider_id = await add_provider(fresh_database, fresh_settings, "https://id.zj.example")
    context = identity.sign_in_context(fresh_settings)

    async def once(subject: str) -> UUID:
        vouched = Vouched(subject, Facts(name="许清禾"), (), now(), None, {})
        async with fresh_database.transaction(context.info()) as session:
            provider = await session.get_one(IdentityProvider, provider_id)
            return (await account_of(session, provider, vouched)).id

    for round_ in range(20):
        made = await asyncio.gather(*(once(f"u-{round_}") for _ in range(6)))
        assert len(set(made)) == 1
    assert await as_sign_in(fresh_database, fresh_settings, "SELECT count(*) FROM account") == 20


@pytest.mark.parametrize(
    ("columns", "claims", "methods"),
    [
        ({}, {"amr": ["pwd", "mfa", "otp"]}, ["otp", "pwd"]),
        ({"trusts_factors": True}, {"amr": ["pwd", "mfa"]}, ["mfa", "pwd"]),
        ({"trusts_factors": True, "two_factor_acrs": ["L3"]}, {"acr": "L3"}, ["mfa"]),
        ({"trusts_factors": True, "two_factor_acrs": ["L3"]}, {"acr": ["L3"]}, []),
        ({"trusts_factors": True}, {"amr": "mfa"}, []),
    ],
)
async def test_two_factors_count_where_the_province_trusts_them(
    client: httpx2.AsyncClient,
    told: Rogue,
    database: Database,
    settings: Settings,
    columns: Mapping[str, Any],
    claims: Mapping[str, Any],
    methods: list[str],
) -> None:
    provider_id = await add_provider(database, settings, told.issuer, **columns)
    await enter(client, told, provider_id, sid="s-1", **claims)
    row = "SELECT jsonb_build_array(methods, identity_provider_id, provider_session) FROM browser_session"
    assert await as_sign_in(database, settings, row) == [methods, str(provider_id), "s-1"]


async def linking_url(client: httpx2.AsyncClient, provider_id: UUID) -> str:
    page = await client.get(f"/account/identities/link/{provider_id}", headers=forms.HTML)
    assert page.status_code == 200, page.text
    found = next(word for word in page.text.split('"') if "/authorize?" in word)
    return found.replace("&amp;", "&")


async def test_a_second_provider_is_linked_from_inside_a_session_and_unlinked(
    app: FastAPI, client: httpx2.AsyncClient, told: Rogue, database: Database, settings: Settings
) -> None:
    person = await make_person(database, settings, tenant_id="330000", login_name="xu.qinghe")
    provider_id = await add_provider(database, settings, told.issuer, first_sign_in="refuse")
    await sign_in(client, app, person)
    assert f"/account/identities/link/{provider_id}" in (await client.get("/account/identities/link")).text
    url = await linking_url(client, provider_id)
    assert httpx2.URL(url).params["prompt"] == "login"
    back = await come_back(client, told, url, auth_time=int(now().timestamp()))
    assert (back.status_code, back.headers["location"]) == (303, "/account")
    client.cookies.clear()
    assert (await enter(client, told, provider_id)).status_code == 303
    assert (await client.get("/api/v1/me")).json()["id"] == str(person.id)
    page = await client.get("/account", headers=forms.HTML)
    link = next(word for word in page.text.split('"') if word.endswith("/unlink"))
    gone = await forms.submit(client, link, link)
    assert gone.status_code == 303
    kinds = await journal(database, "330000")
    assert [kind for kind in kinds if kind.startswith("identity.")][-1] == "identity.unlinked"
    client.cookies.clear()
    assert (await enter(client, told, provider_id)).status_code == 403


async def test_the_last_identity_stays(
    client: httpx2.AsyncClient, told: Rogue, database: Database, settings: Settings
) -> None:
    provider_id = await add_provider(database, settings, told.issuer)
    await enter(client, told, provider_id)
    only = await as_sign_in(database, settings, "SELECT id FROM external_identity")
    refused = await client.get(f"/account/identities/{only}/unlink")
    assert (refused.status_code, refused.json()["code"]) == (409, "identity.last_identity")


async def test_anothers_identity_is_refused_without_telling_whose(
    app: FastAPI, client: httpx2.AsyncClient, told: Rogue, database: Database, settings: Settings
) -> None:
    provider_id = await add_provider(database, settings, told.issuer)
    await enter(client, told, provider_id, name="许清禾")
    person = await make_person(database, settings, tenant_id="330000", name="李四", roles=[Role.AUDITOR])
    client.cookies.clear()
    await sign_in(client, app, person)
    url = await linking_url(client, provider_id)
    refused = await come_back(client, told, url, auth_time=int(now().timestamp()))
    assert (refused.status_code, refused.json()["code"]) == (409, "identity.identity_taken")
    assert "许清禾" not in refused.text
    assert (await client.get("/api/v1/me")).json()["id"] == str(person.id)


async def test_an_identity_is_linked_only_in_the_session_that_asked(
    app: FastAPI, client: httpx2.AsyncClient, told: Rogue, database: Database, settings: Settings
) -> None:
    provider_id = await add_provider(database, settings, told.issuer, first_sign_in="refuse")
    attacker = await make_person(database, settings, tenant_id="330000")
    await sign_in(client, app, attacker)
    url = await linking_url(client, provider_id)
    await sign_in(client, app, await make_person(database, settings, tenant_id="330000"))
    refused = await come_back(client, told, url, auth_time=int(now().timestamp()))
    assert refused.status_code == 400
    assert await as_sign_in(database, settings, "SELECT count(*) FROM external_identity") == 0


async def test_an_old_session_is_asked_again_first(
    app: FastAPI, client: httpx2.AsyncClient, told: Rogue, database: Database, settings: Settings
) -> None:
    provider_id = await add_provider(database, settings, told.issuer)
    await enter(client, told, provider_id)
    old = "UPDATE browser_session SET authenticated_at = clock_timestamp() - interval '16 minutes'"
    await as_sign_in(database, settings, old)
    asked = await client.get("/account/identities/link", headers=forms.HTML)
    assert asked.headers["location"] == "/sign-in/again?next=%2Faccount%2Fidentities%2Flink"
    sent = await client.get(asked.headers["location"])
    params = httpx2.URL(sent.headers["location"]).params
    assert (params["prompt"], params["max_age"]) == ("login", "0")
    stale = await come_back(client, told, sent.headers["location"], auth_time=int(now().timestamp()) - 3600)
    assert stale.status_code == 400
    sent = await client.get(asked.headers["location"])
    back = await come_back(client, told, sent.headers["location"], auth_time=int(now().timestamp()))
    assert back.headers["location"] == "/account/identities/link"
