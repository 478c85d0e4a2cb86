"""A province's admins set up where its people sign in."""

from typing import Any
from uuid import UUID

import httpx2
import pytest
from fastapi import FastAPI

from app.access.permissions import Role
from app.core.db import Database
from app.settings import Settings
from tests.support import forms
from tests.support.idp import SECRET, add_provider
from tests.support.oauth import as_sign_in, journal
from tests.support.people import make_person, sign_in
from tests.support.rogue import rogue

API = "/api/v1/identity-providers"
NEW = {
    "name_zh": "浙江统一认证",
    "name_en": "Zhejiang identity",
    "issuer": "https://id.zj.example",
    "client_id": "commons",
    "client_secret": "s3cret",
    "scopes": ["profile"],
    "first_sign_in": "create",
    "name_claim": "name",
}


@pytest.fixture
async def admin(
    app: FastAPI, client: httpx2.AsyncClient, database: Database, settings: Settings
) -> httpx2.AsyncClient:
    person = await make_person(
        database, settings, tenant_id="330000", login_name="zj.admin", roles=[Role.PROVINCE_ADMIN]
    )
    await sign_in(client, app, person)
    return client


async def made(admin: httpx2.AsyncClient, **changes: Any) -> dict[str, Any]:
    answer = await admin.post(API, json=NEW | changes)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def at(provider: dict[str, Any]) -> dict[str, str]:
    return {"If-Match": f'"v{provider["version"]}"'}


async def test_one_is_added_disabled_and_its_secret_never_told(
    admin: httpx2.AsyncClient, database: Database
) -> None:
    provider = await made(admin)
    assert (provider["enabled"], provider["has_secret"], provider["scopes"]) == (
        False,
        True,
        ["openid", "profile"],
    )
    for address in (
        API,
        f"{API}/{provider['id']}",
        "/identity-providers",
        f"/identity-providers/{provider['id']}",
    ):
        shown = await admin.get(address)
        assert shown.status_code == 200
        assert "s3cret" not in shown.text
    assert "identity_provider.created" in await journal(database, "330000")


async def test_a_change_keeps_the_secret_it_does_not_give(
    admin: httpx2.AsyncClient, database: Database, settings: Settings
) -> None:
    provider = await made(admin)
    kept = await as_sign_in(
        database, settings, "SELECT client_secret FROM identity_provider WHERE issuer <> 'self'"
    )
    said = {name: value for name, value in NEW.items() if name != "client_secret"} | {
        "unit_claim": "org.name"
    }
    changed = await admin.put(f"{API}/{provider['id']}", json=said, headers=at(provider))
    assert (changed.status_code, changed.json()["unit_claim"], changed.json()["version"]) == (
        200,
        "org.name",
        2,
    )
    now = await as_sign_in(
        database, settings, "SELECT client_secret FROM identity_provider WHERE issuer <> 'self'"
    )
    assert now == kept
    stale = await admin.put(f"{API}/{provider['id']}", json=said | {"name_en": "X"}, headers=at(provider))
    assert stale.status_code == 412
    public = await admin.put(
        f"{API}/{provider['id']}", json=said | {"token_auth_method": "none"}, headers=at(changed.json())
    )
    assert public.json()["has_secret"] is False


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"issuer": "http://id.zj.example"}, {"issuer"}),
        ({"issuer": "ftp://id.zj.example"}, {"issuer"}),
        ({"name_claim": None, "client_secret": None}, {"name_claim", "client_secret"}),
        ({"vouches_for_units": True}, {"uscc_claim"}),
        ({"token_endpoint": "https://id.zj.example/t"}, {"authorization_endpoint", "jwks_uri"}),
        (
            {"userinfo_endpoint": "https://id.zj.example/u"},
            {"authorization_endpoint", "token_endpoint", "jwks_uri"},
        ),
        ({"clock_skew_seconds": 301}, {"clock_skew_seconds"}),
        ({"scopes": ["a b\tc", 'x"y']}, {"scopes.3"}),
        ({"enabled": True}, {"enabled"}),
    ],
)
async def test_what_does_not_fit_is_named(
    admin: httpx2.AsyncClient, changes: dict[str, Any], fields: set[str]
) -> None:
    refused = await admin.post(API, json=NEW | changes)
    assert refused.status_code == 422
    assert {error["field"] for error in refused.json()["errors"]} == fields


async def test_twice_the_same_and_another_issuer_are_refused(admin: httpx2.AsyncClient) -> None:
    provider = await made(admin)
    again = await admin.post(API, json=NEW)
    assert (again.status_code, again.json()["code"]) == (409, "identity.provider_exists")
    moved = await admin.put(
        f"{API}/{provider['id']}", json=NEW | {"issuer": "https://x.example"}, headers=at(provider)
    )
    assert moved.json()["errors"][0]["code"] == "identity.issuer_changed"


async def test_the_last_way_in_stays(
    admin: httpx2.AsyncClient, database: Database, settings: Settings
) -> None:
    builtin = (await admin.get(API)).json()[0]
    assert (builtin["issuer"], builtin["people"]) == ("self", 1)
    for enabled in (False, True):
        # Another one that is enabled is no way in while no admin is linked with it.
        if enabled:
            other = await made(admin)
            await admin.post(f"{API}/{other['id']}/enable", headers=at(other))
        refused = await admin.post(f"{API}/{builtin['id']}/disable", headers=at(builtin))
        assert (refused.status_code, refused.json()["code"]) == (409, "identity.last_way_to_sign_in")
    link = (
        "INSERT INTO external_identity (tenant_id, account_id, issuer, subject, identity_provider_id) "
        "SELECT '330000', id, 'https://id.zj.example', 'a', :provider FROM account"
    )
    await as_sign_in(database, settings, link, provider=UUID(other["id"]))
    done = await admin.post(f"{API}/{builtin['id']}/disable", headers=at(builtin))
    assert (done.status_code, done.json()["enabled"]) == (200, False)
    used = await admin.delete(f"{API}/{other['id']}", headers={"If-Match": '"v2"'})
    assert (used.status_code, used.json()["code"]) == (409, "identity.provider_in_use")


async def test_the_built_in_one_is_neither_changed_nor_deleted(admin: httpx2.AsyncClient) -> None:
    builtin = (await admin.get(API)).json()[0]
    for refused in (
        await admin.put(f"{API}/{builtin['id']}", json=NEW, headers=at(builtin)),
        await admin.delete(f"{API}/{builtin['id']}", headers=at(builtin)),
    ):
        assert (refused.status_code, refused.json()["code"]) == (409, "identity.provider_built_in")


async def test_the_order_is_that_of_the_sign_in_page(admin: httpx2.AsyncClient) -> None:
    provider = await made(admin)
    await admin.post(f"{API}/{provider['id']}/enable", headers=at(provider))
    ids = [one["id"] for one in (await admin.get(API)).json()]
    assert ids[-1] == provider["id"]
    assert (await admin.put(f"{API}/order", json={"ids": ids[:1]})).status_code == 422
    assert (await admin.put(f"{API}/order", json={"ids": ids[::-1]})).status_code == 204
    assert [one["id"] for one in (await admin.get(API)).json()] == ids[::-1]
    page = (await admin.get("/sign-in")).text
    assert 0 < page.index(f"/sign-in/330000/{ids[1]}") < page.index(f"/sign-in/330000/{ids[0]}")
    moved = await forms.submit(
        admin, "/identity-providers", f"/identity-providers/{ids[1]}/move", {"direction": "down"}
    )
    assert moved.status_code == 303
    assert [one["id"] for one in (await admin.get(API)).json()] == ids


async def test_only_the_provinces_admins(
    app: FastAPI, admin: httpx2.AsyncClient, database: Database, settings: Settings
) -> None:
    provider = await made(admin)
    for tenant, roles, statuses in (
        ("320000", [Role.PROVINCE_ADMIN], {404}),
        ("330000", [Role.AUDITOR], {403}),
        ("330000", [], {403}),
    ):
        await sign_in(admin, app, await make_person(database, settings, tenant_id=tenant, roles=roles))
        address = f"{API}/{provider['id']}"
        answers = [
            await admin.get(address),
            await admin.put(address, json=NEW, headers=at(provider)),
            await admin.post(f"{address}/enable", headers=at(provider)),
            await admin.post(f"{address}/test"),
            await admin.delete(address, headers=at(provider)),
            await admin.get(f"/identity-providers/{provider['id']}"),
            await admin.get(f"/identity-providers/{provider['id']}/test"),
        ]
        assert {answer.status_code for answer in answers} == statuses
    changed = "SELECT version::text || enabled FROM identity_provider WHERE issuer <> 'self'"
    assert await as_sign_in(database, settings, changed) == "1false"


async def test_by_its_pages(admin: httpx2.AsyncClient, database: Database) -> None:
    typed = {name: value for name, value in NEW.items() if isinstance(value, str)}
    typed |= {
        "scopes": "openid profile",
        "token_auth_method": "client_secret_basic",
        "clock_skew_seconds": "30",
    }
    added = await forms.submit(admin, "/identity-providers/new", "/identity-providers/new", typed)
    assert added.status_code == 303, added.text
    address = added.headers["location"].removesuffix("/test")
    shown = await admin.get(address, headers=forms.HTML)
    assert "/logout" in shown.text
    refused = await forms.submit(admin, address, address, {"name_claim": ""})
    assert refused.status_code == 422
    assert forms.faults_of(refused.text)
    changed = await forms.submit(
        admin, address, address, {"verified_assurances": "L2 L3", "trusts_factors": "true"}
    )
    assert changed.status_code == 303
    provider = (await admin.get(API)).json()[-1]
    assert (provider["verified_assurances"], provider["trusts_factors"]) == (["L2", "L3"], True)
    for deed in ("enable", "disable", "delete"):
        done = await forms.submit(admin, f"{address}/{deed}", f"{address}/{deed}")
        assert (done.status_code, done.headers["location"]) == (303, "/identity-providers")
    kinds = [kind for kind in await journal(database, "330000") if kind.startswith("identity_provider")]
    assert kinds == [
        f"identity_provider.{deed}" for deed in ("created", "changed", "enabled", "disabled", "deleted")
    ]


async def test_the_test_shows_each_step_and_stores_nothing(
    admin: httpx2.AsyncClient, database: Database, settings: Settings
) -> None:
    async with rogue() as told:
        provider_id = await add_provider(
            database, settings, told.issuer, enabled=False, uscc_claim="org.code"
        )
        address = f"/identity-providers/{provider_id}/test"
        steps = (await admin.post(f"{API}/{provider_id}/test")).json()
        assert {step["step"]: step["outcome"] for step in steps} == {
            "discovery": "ok",
            "issuer": "ok",
            "https": "ok",
            "pkce": "warning",
            "client_authentication": "ok",
            "scopes": "ok",
            "iss": "ok",
            "keys": "ok",
        }
        page = await forms.submit(admin, address, address)
        url = next(word for word in page.text.split('"') if "/authorize?" in word).replace("&amp;", "&")
        asked = httpx2.URL(url).params
        told.give(told.sign(nonce=asked["nonce"], sub="tester", org={"code": "91330000X"}))
        answer = {"code": "c", "state": asked["state"], "iss": told.issuer}
        shown = await admin.get("/sign-in/callback", params=answer, headers=forms.HTML)
        assert shown.status_code == 200
        for word in ("tester", "许清禾", "91330000X", "org.code"):
            assert word in shown.text
        assert (
            await as_sign_in(
                database, settings, "SELECT count(*) FROM external_identity WHERE issuer <> 'self'"
            )
            == 0
        )
        told.say("/jwks", {"keys": []})
        assert (await admin.post(f"{API}/{provider_id}/test")).json()[-1]["outcome"] == "failed"
    gone = (await admin.post(f"{API}/{provider_id}/test")).json()
    assert [(step["step"], step["outcome"]) for step in gone] == [("discovery", "failed")]
    assert SECRET not in str(gone)
