"""A provider that lies, or an attacker in its place: nobody is signed in by what is not signed, meant and asked for."""

import base64
import hmac
import json
from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import UUID

import httpx2
import pytest
from fastapi import FastAPI

from app.core.db import Database
from app.identity.federation.cache import OUTAGE_SECONDS, Cache, cache_of
from app.settings import Settings
from tests.support.idp import CLIENT, add_provider
from tests.support.oauth import as_sign_in
from tests.support.rogue import Rogue, new_key, rogue


@pytest.fixture
async def told() -> AsyncIterator[Rogue]:
    async with rogue() as made:
        yield made


@pytest.fixture
async def provider_id(told: Rogue, database: Database, settings: Settings) -> UUID:
    return await add_provider(database, settings, told.issuer)


async def begun(client: httpx2.AsyncClient, provider_id: UUID) -> httpx2.QueryParams:
    sent = await client.get(f"/sign-in/330000/{provider_id}")
    assert sent.status_code == 303, sent.text
    return httpx2.URL(sent.headers["location"]).params


async def answered(
    client: httpx2.AsyncClient, told: Rogue, asked: httpx2.QueryParams, **changes: str
) -> httpx2.Response:
    answer = {"code": "c", "state": asked["state"], "iss": told.issuer} | changes
    return await client.get("/sign-in/callback", params=answer)


async def signed_in(client: httpx2.AsyncClient) -> bool:
    return (await client.get("/api/v1/me")).status_code == 200


async def test_the_request_has_what_protects_it(client: httpx2.AsyncClient, provider_id: UUID) -> None:
    asked = await begun(client, provider_id)
    assert asked["code_challenge_method"] == "S256"
    assert asked["redirect_uri"] == "http://testserver/sign-in/callback"
    assert len(asked["code_challenge"]) == 43
    assert len(asked["state"]) == len(asked["nonce"]) == 43
    assert (await begun(client, provider_id))["state"] != asked["state"]


def none(told: Rogue, nonce: str) -> str:
    parts = (json.dumps(part).encode() for part in ({"alg": "none"}, told.claims(nonce=nonce)))
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts) + "."


def by_public_key(told: Rogue, nonce: str) -> str:
    """HS256 with the public key for the secret (RFC 8725 §2.1)."""
    head = {"alg": "HS256", "kid": told.key.kid}
    parts = (json.dumps(part).encode() for part in (head, told.claims(nonce=nonce)))
    signed = ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)
    mac = hmac.digest(told.key.as_pem(private=False), signed.encode(), "sha256")
    return f"{signed}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"


def own_key_in_header(told: Rogue, nonce: str) -> str:
    key = new_key()
    return told.sign(key=key, header={"jwk": key.as_dict(private=False), "kid": None}, nonce=nonce)


def by_another_key(told: Rogue, nonce: str) -> str:
    return told.sign(key=new_key(), nonce=nonce)


def by_another_key_under_its_name(told: Rogue, nonce: str) -> str:
    return told.sign(key=new_key(), header={"kid": told.key.kid}, nonce=nonce)


def key_of_a_file(told: Rogue, nonce: str) -> str:
    return told.sign(key=new_key(), header={"kid": "../../../../dev/null"}, nonce=nonce)


def key_of_an_address(told: Rogue, nonce: str) -> str:
    return told.sign(key=new_key(), header={"kid": f"{told.issuer}/jwks"}, nonce=nonce)


def of_another_sign_in(told: Rogue, _nonce: str) -> str:
    return told.sign(nonce="of another sign-in")


def without_nonce(told: Rogue, _nonce: str) -> str:
    return told.sign()


def no_token(_told: Rogue, _nonce: str) -> str:
    return "a.b.c"


def saying(**claims: Any) -> Callable[[Rogue, str], str]:
    return lambda told, nonce: told.sign(nonce=nonce, **claims)


@pytest.mark.parametrize(
    "forge",
    [
        none,
        by_public_key,
        own_key_in_header,
        by_another_key,
        by_another_key_under_its_name,
        key_of_a_file,
        key_of_an_address,
        of_another_sign_in,
        without_nonce,
        no_token,
        saying(aud="another client"),
        saying(aud=[CLIENT, "another"]),
        saying(azp="another client"),
        saying(iss="https://id.example"),
        saying(exp=1),
        saying(at_hash="AAAAAAAAAAAAAAAAAAAAAA"),
        saying(sub="a\0b"),
    ],
)
async def test_a_forged_token_signs_nobody_in(
    client: httpx2.AsyncClient,
    told: Rogue,
    provider_id: UUID,
    database: Database,
    settings: Settings,
    forge: Callable[[Rogue, str], str],
) -> None:
    asked = await begun(client, provider_id)
    told.give(forge(told, asked["nonce"]))
    refused = await answered(client, told, asked)
    assert (refused.status_code, refused.json()["code"]) == (400, "identity.sign_in_failed")
    assert not await signed_in(client)
    assert await as_sign_in(database, settings, "SELECT count(*) FROM external_identity") == 0


async def test_the_honest_token_signs_in(client: httpx2.AsyncClient, told: Rogue, provider_id: UUID) -> None:
    asked = await begun(client, provider_id)
    told.give(told.sign(nonce=asked["nonce"]))
    assert (await answered(client, told, asked)).status_code == 303
    assert await signed_in(client)


@pytest.mark.parametrize(
    "changes", [{"state": "x"}, {"iss": "https://evil.example"}, {"iss": ""}, {"error": "no"}]
)
async def test_an_answer_that_was_not_asked_for_is_refused(
    client: httpx2.AsyncClient, told: Rogue, provider_id: UUID, changes: dict[str, str]
) -> None:
    asked = await begun(client, provider_id)
    told.give(told.sign(nonce=asked["nonce"]))
    assert (await answered(client, told, asked, **changes)).status_code == 400
    assert "/token" not in told.asked


@pytest.mark.parametrize("subject", ["u-2", "", None, ["u-1"]])
async def test_what_userinfo_says_of_another_person_signs_nobody_in(
    client: httpx2.AsyncClient, told: Rogue, provider_id: UUID, subject: object
) -> None:
    """OpenID Connect Core 1.0 §5.3.2: an access token of somebody else, put beside this ID token."""
    _, _, body = told.answers["/.well-known/openid-configuration"]
    told.say(
        "/.well-known/openid-configuration",
        json.loads(body) | {"userinfo_endpoint": f"{told.issuer}/userinfo"},
    )
    asked = await begun(client, provider_id)
    told.give(told.sign(nonce=asked["nonce"]))
    told.say("/userinfo", {"sub": subject, "name": "别人"})
    assert (await answered(client, told, asked)).status_code == 400
    assert "/userinfo" in told.asked
    assert not await signed_in(client)


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/jwks", (302, {"Location": "http://127.0.0.1:1/"}, b"")),
        ("/jwks", (200, {}, b"x" * 300_000)),
        ("/jwks", (200, {"Content-Encoding": "gzip"}, b"x")),
        ("/jwks", (200, {}, b"[]")),
        ("/jwks", (200, {}, b"[" * 100_000)),
        ("/jwks", (500, {}, b"{}")),
        ("/token", (302, {"Location": "http://127.0.0.1:1/"}, b"")),
        ("/token", (200, {}, b"<html>")),
        ("/token", (503, {}, b"{}")),
    ],
)
async def test_answers_that_are_none_are_a_provider_that_is_down(
    client: httpx2.AsyncClient,
    told: Rogue,
    provider_id: UUID,
    path: str,
    answer: tuple[int, dict[str, str], bytes],
) -> None:
    asked = await begun(client, provider_id)
    told.give(told.sign(nonce=asked["nonce"]))
    told.answers[path] = answer
    refused = await answered(client, told, asked)
    assert (refused.status_code, refused.json()["code"]) == (503, "identity.provider_unreachable")


@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": "https://other.example"},
        {"token_endpoint": "http://id.example/token"},
        {"jwks_uri": "file:///etc/passwd"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"token_endpoint": "https://user@id.example/"},
        {"jwks_uri": 7},
    ],
)
async def test_a_document_that_is_not_the_providers_is_refused(
    client: httpx2.AsyncClient, told: Rogue, provider_id: UUID, changes: dict[str, Any]
) -> None:
    _, _, body = told.answers["/.well-known/openid-configuration"]
    told.say("/.well-known/openid-configuration", json.loads(body) | changes)
    assert (await client.get(f"/sign-in/330000/{provider_id}")).status_code == 503


async def test_known_keys_serve_through_an_outage_and_a_poisoned_answer(
    app: FastAPI, client: httpx2.AsyncClient, told: Rogue, provider_id: UUID
) -> None:
    times = [0.0]
    app.state.provider_cache = Cache(clock=lambda: times[0])

    async def tries() -> int:
        asked = await begun(client, provider_id)
        told.give(told.sign(nonce=asked["nonce"]))
        return (await answered(client, told, asked)).status_code

    assert await tries() == 303
    poisoned: list[tuple[int, dict[str, str], bytes]] = [
        (503, {}, b""),
        (200, {}, b'{"keys": []}'),
        (200, {}, b'{"keys": [{"kty": "oct", "k": "AAAA"}]}'),
    ]
    for answer in poisoned:
        told.answers["/jwks"] = answer
        times[0] += 400
        assert await tries() == 303
    times[0] += OUTAGE_SECONDS
    assert await tries() == 503
    told.publish(told.key)
    assert await tries() == 303
    assert cache_of(app) is app.state.provider_cache


async def test_a_key_that_was_taken_back_is_forgotten(
    app: FastAPI, client: httpx2.AsyncClient, told: Rogue, provider_id: UUID
) -> None:
    times = [0.0]
    app.state.provider_cache = Cache(clock=lambda: times[0])
    stolen = told.key
    asked = await begun(client, provider_id)
    told.give(told.sign(nonce=asked["nonce"]))
    assert (await answered(client, told, asked)).status_code == 303
    client.cookies.clear()
    told.publish(new_key())
    times[0] += 301
    asked = await begun(client, provider_id)
    told.give(told.sign(key=stolen, nonce=asked["nonce"]))
    assert (await answered(client, told, asked)).status_code == 400
    assert not await signed_in(client)
