"""What may be registered, who may use it before it is reviewed, and how its secret and its end are kept."""

import logging
from typing import Any

import httpx2
import pytest

from tests.identity.oauth_applications.conftest import API, OWN, Bench, Made, application, version
from tests.support.clients import statements_on
from tests.support.database import RolledBackDatabase
from tests.support.forms import HTML
from tests.support.oauth import as_sign_in, tokens_for

TRICKS = (
    "https://good.example@evil.example/",
    "https://@evil.example/",
    "https://good.example/#here",
    "https://good.example\\@evil.example/",
    "https://good.example\\evil",
    "https://例子.example/",
    "https://good。example/",
    "https://*.example.com/",
    "https://good.example:port/",
    "https://[::1",
    "https://a b.example/",
    "https:///nowhere",
    "//good.example/",
    "http://good.example/",
    "http://127.0.0.1.evil.example/",
    "javascript:alert(1)",
    "https://good.example/" + "a" * 2000,
)


@pytest.mark.parametrize("address", TRICKS)
async def test_tricks_with_redirect_uris_are_refused(bench: Bench, address: str) -> None:
    developer = await bench.developer()
    for field in ("redirect_uris", "post_logout_redirect_uris"):
        given = application(**{field: [address]})
        refused = await developer.post(OWN, json=given)
        assert refused.status_code == 422, address
        assert {one["field"].split(".")[0] for one in refused.json()["errors"]} == {field}


async def test_addresses_are_needed_but_not_more_than_fifty(bench: Bench) -> None:
    developer = await bench.developer()
    addresses = [f"https://client.example/{n}" for n in range(51)]
    for wrong in (addresses, []):
        refused = await developer.post(OWN, json=application(redirect_uris=wrong))
        assert [one["field"] for one in refused.json()["errors"]] == ["redirect_uris"]
    await bench.registered(developer, redirect_uris=addresses[:50])
    await bench.registered(developer, redirect_uris=[], kind="public", device_grant=True)


async def test_the_province_is_the_callers_and_others_find_nothing(bench: Bench) -> None:
    developer = await bench.developer()
    made = await bench.registered(developer)
    seen = version(await developer.get(f"{API}/{made.id}"))
    for stranger in (
        await bench.developer("许清禾"),
        await bench.admin("320000"),
        await bench.admin("310000"),
    ):
        missing = await stranger.get(f"{API}/{made.id[:-4]}0000")
        for answer in (
            await stranger.get(f"{API}/{made.id}"),
            await stranger.put(
                f"{API}/{made.id}",
                json={k: v for k, v in application().items() if k != "kind"},
                headers=seen,
            ),
            await stranger.post(f"{API}/{made.id}/secret", json={}, headers=seen),
            await stranger.post(f"{API}/{made.id}/disable", headers=seen),
        ):
            assert answer.status_code == 404, answer.text
            assert answer.json()["code"] == missing.json()["code"]
        assert (await stranger.get(made.page, headers=HTML)).status_code == 404


async def test_an_admin_does_not_change_a_developers_application_or_review_their_own(bench: Bench) -> None:
    admin = await bench.admin()
    made = await bench.registered(await bench.developer())
    seen = version(await admin.get(f"{API}/{made.id}"))
    assert (await admin.post(f"{API}/{made.id}/secret", json={}, headers=seen)).status_code == 403
    own = await bench.registered(admin)
    refused = await admin.post(f"{API}/{own.id}/review", json={"decision": "approve"}, headers=seen)
    assert refused.status_code == 403


async def test_a_secret_is_told_once_and_never_again(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    developer, admin = await bench.developer(), await bench.admin()
    made = await bench.registered(developer)
    secret = made.credentials.secret
    assert secret is not None
    seen = version(await developer.get(f"{API}/{made.id}"))
    rotated = await developer.post(f"{API}/{made.id}/secret", json={"keep_old": True}, headers=seen)
    secrets = (secret, rotated.json()["secret"])
    shown = [(await developer.get(path)).text for path in (made.page, OWN, "/developer/applications")]
    shown += [(await admin.get(path)).text for path in (f"/applications/{made.id}", API, "/applications")]
    shown += [str(row) for row in await bench.journal()] + [caplog.text]
    for one in secrets:
        assert not [text for text in shown if one in text]


async def can_sign_in(http: httpx2.AsyncClient, made: Made, secret: str | None) -> bool:
    """Whether the token endpoint knows the application by this secret: the code is wrong either way."""
    form = {"grant_type": "authorization_code", "code": "x", "redirect_uri": "x", "code_verifier": "x" * 43}
    answer = await http.post("/oauth/token", data=form, auth=(made.credentials.client_id, secret or ""))
    return bool(answer.json()["error"] != "invalid_client")


async def test_rotation_ends_the_old_secret_now_or_in_a_day(
    bench: Bench, client: httpx2.AsyncClient, settings: Any
) -> None:
    developer = await bench.developer()
    made = await bench.registered(developer)
    secrets = [made.credentials.secret]
    for keep_old in (True, False):
        seen = version(await developer.get(f"{API}/{made.id}"))
        answer = await developer.post(f"{API}/{made.id}/secret", json={"keep_old": keep_old}, headers=seen)
        stale = await developer.post(f"{API}/{made.id}/secret", json={}, headers=seen)
        assert stale.status_code == 412, stale.text
        secrets.append(answer.json()["secret"])
        assert [await can_sign_in(client, made, one) for one in secrets[-2:]] == [keep_old, True]
    kept = version(await developer.get(f"{API}/{made.id}"))
    await developer.post(f"{API}/{made.id}/secret", json={"keep_old": True}, headers=kept)
    passed = "UPDATE oauth_client SET previous_until = clock_timestamp() - interval '1 second' WHERE previous_until > now()"
    await as_sign_in(bench.database, settings, passed)
    assert not await can_sign_in(client, made, secrets[-1])


async def test_an_application_without_a_secret_has_none_to_replace(bench: Bench) -> None:
    developer = await bench.developer()
    made = await bench.registered(developer, kind="public")
    seen = version(await developer.get(f"{API}/{made.id}"))
    refused = await developer.post(f"{API}/{made.id}/secret", json={}, headers=seen)
    assert refused.json()["code"] == "identity.application_without_secret"


async def test_a_disabled_application_is_refused_at_once(bench: Bench, client: httpx2.AsyncClient) -> None:
    developer = await bench.developer()
    made = await bench.approved(developer)
    tokens = await bench.tokens(await bench.clients.of("310000"), made)
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert (await client.get("/api/v1/me", headers=bearer)).status_code == 200
    seen = version(await developer.get(f"{API}/{made.id}"))
    ended = await developer.post(f"{API}/{made.id}/disable", headers=seen)
    assert ended.json()["status"] == "disabled"
    assert (await client.get("/api/v1/me", headers=bearer)).status_code == 401
    refresh = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    assert (await tokens_for(client, made.credentials, **refresh)).json()["error"] == "invalid_client"
    again = await developer.post(f"{API}/{made.id}/disable", headers=version(ended))
    assert again.json()["code"] == "identity.application_status_unchanged"
    assert (await developer.post(f"{API}/{made.id}/enable", headers=version(ended))).status_code == 403
    admin = await bench.admin()
    enabled = await admin.post(f"{API}/{made.id}/enable", headers=version(ended))
    assert enabled.status_code == 200
    assert (await client.get("/api/v1/me", headers=bearer)).status_code == 200
    by_admin = await admin.post(f"{API}/{made.id}/disable", headers=version(enabled))
    assert by_admin.json()["status"] == "disabled"
    assert (await client.get("/api/v1/me", headers=bearer)).status_code == 401


async def test_a_system_gets_tokens_and_never_with_a_private_key(
    bench: Bench, client: httpx2.AsyncClient
) -> None:
    admin = await bench.admin()
    system = {"name": "设备处接口", "purpose": "每晚同步", "scopes": ["instruments.read"]}
    private = {"kty": "EC", "crv": "P-256", "x": "a", "y": "b", "d": "c"}
    refused = await admin.post(API, json=system | {"jwks": {"keys": [private]}})
    assert [one["code"] for one in refused.json()["errors"]] == ["jwks_refused"]
    made = await admin.post(API, json=system)
    assert made.status_code == 201, made.text
    told = made.json()["application"]
    answer = await client.post(
        "/oauth/token",
        data={"grant_type": "client_credentials"},
        auth=(told["client_id"], made.json()["secret"]),
    )
    assert answer.json()["scope"] == "instruments.read"
    shown = await admin.get(f"{API}/{told['id']}")
    assert shown.json()["last_used_on"] is not None
    member = await bench.developer()
    assert (await member.post(API, json=system)).status_code == 403


async def test_who_signed_in_long_ago_is_asked_again(bench: Bench, settings: Any) -> None:
    admin, developer = await bench.admin(), await bench.developer()
    made = await bench.registered(developer)
    seen = version(await developer.get(f"{API}/{made.id}"))
    await as_sign_in(
        bench.database,
        settings,
        "UPDATE browser_session SET authenticated_at = now() - interval '16 minutes'",
    )
    for answer in (
        await developer.post(OWN, json=application()),
        await developer.post(f"{API}/{made.id}/secret", json={}, headers=seen),
        await admin.post(API, json={"name": "a", "purpose": "b", "scopes": ["instruments.read"]}),
        await admin.post(f"{API}/{made.id}/review", json={"decision": "approve"}, headers=seen),
    ):
        assert answer.json()["code"] == "identity.reauthentication_required", answer.text
    for person, path in ((developer, "/developer/applications/new"), (admin, "/applications/new")):
        sent = await person.get(path, headers=HTML)
        assert sent.headers["location"].startswith("/sign-in/again?")


async def test_lists_ask_as_often_for_many_as_for_few(bench: Bench, database: RolledBackDatabase) -> None:
    admin, developers = await bench.admin(), [await bench.developer(f"人{n}") for n in range(4)]
    counts: list[list[int]] = []
    for some in (developers[:1], developers[1:]):
        made = [await bench.approved(developer) for developer in some for _ in range(2)]
        for one in made:
            await bench.tokens(developers[0], one)
        counts.append([])
        for person, path in (
            (admin, "/applications"),
            (admin, API),
            (developers[0], OWN),
            (developers[0], "/account/applications"),
        ):
            with statements_on(database.connection) as statements:
                assert (await person.get(path)).status_code == 200
            counts[-1].append(len(statements))
    assert counts[0] == counts[1]
