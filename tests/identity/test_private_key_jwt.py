"""A client that signs who it is (RFC 7523): every field of its assertion counts, and each assertion counts once."""

import asyncio
import base64
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import httpx2
import pytest
from joserfc.jwk import ECKey, OctKey

from app.core.db import Database
from app.core.errors import Invalid
from app.identity.public import Credentials
from app.main import create_app
from app.settings import Settings
from tests.support.jose import (
    ASSERTION_TYPE,
    BASE,
    assertion_claims,
    assertion_form,
    jwks_of,
    new_key,
    signed,
)
from tests.support.oauth import make_client

KEY, STRANGER = new_key(), new_key()
SCOPES = ("organisations.read",)


@pytest.fixture
async def system(database: Database, settings: Settings) -> Credentials:
    return await make_client(database, settings, "system", scopes=SCOPES, jwks=jwks_of(KEY))


async def ask(client: httpx2.AsyncClient, form: dict[str, str]) -> httpx2.Response:
    return await client.post("/oauth/token", data={"grant_type": "client_credentials", **form})


def error_of(answer: httpx2.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]


async def test_a_signature_is_proof_enough(client: httpx2.AsyncClient, system: Credentials) -> None:
    assert system.secret is None
    for audience in (BASE, f"{BASE}/oauth/token", [BASE]):
        answer = await ask(client, assertion_form(system.client_id, KEY, aud=audience))
        assert answer.status_code == 200, answer.text
    named = assertion_form(system.client_id, KEY) | {"client_id": system.client_id}
    assert (await ask(client, named)).status_code == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "another"},
        {"sub": "another"},
        {"aud": "https://other.example"},
        {"aud": [BASE, "https://other.example"]},
        {"aud": f"{BASE}/api/v1"},
        {"aud": None},
        {"exp": None},
        {"exp": int(time.time()) - 120},
        {"exp": int(time.time()) + 3600},
        {"exp": "soon"},
        {"exp": True},
        {"iat": int(time.time()) + 600},
        {"nbf": int(time.time()) + 600},
        {"jti": None},
        {"jti": ""},
        {"jti": "x" * 201},
        {"jti": "\ud800"},
        {"jti": 7},
    ],
)
async def test_every_claim_counts(
    client: httpx2.AsyncClient, system: Credentials, changes: dict[str, Any]
) -> None:
    refused = await ask(client, assertion_form(system.client_id, KEY, **changes))
    assert error_of(refused) == (401, "invalid_client")


def unsigned(claims: dict[str, Any]) -> str:
    parts = (json.dumps(part).encode() for part in ({"alg": "none"}, claims))
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts) + "."


@pytest.mark.parametrize(
    "forge",
    [
        lambda claims: signed({"kid": STRANGER.kid}, claims, STRANGER),
        lambda claims: signed({"kid": KEY.kid}, claims, STRANGER),
        lambda claims: signed({}, claims, STRANGER),
        lambda claims: signed({"kid": "../../etc/passwd"}, claims, KEY),
        lambda claims: signed({"jwk": STRANGER.as_dict(private=False)}, claims, STRANGER),
        lambda claims: signed(
            {"kid": KEY.kid}, claims, OctKey.import_key(json.dumps(KEY.as_dict(private=False))), "HS256"
        ),
        unsigned,
        lambda _: "a.b.c",
        lambda _: "x" * 9000,
        lambda _: "é",
    ],
)
async def test_only_its_own_key_signs_for_it(
    client: httpx2.AsyncClient, system: Credentials, forge: Callable[[dict[str, Any]], str]
) -> None:
    value = forge(assertion_claims(system.client_id))
    refused = await ask(client, {"client_assertion_type": ASSERTION_TYPE, "client_assertion": value})
    assert error_of(refused) == (401, "invalid_client")


async def test_one_way_of_authentication_only(
    client: httpx2.AsyncClient, database: Database, settings: Settings, system: Credentials
) -> None:
    form = assertion_form(system.client_id, KEY)
    assert error_of(await ask(client, form | {"client_secret": "x"})) == (400, "invalid_request")
    assert error_of(await ask(client, form | {"client_id": "another"})) == (401, "invalid_client")
    assert error_of(await ask(client, {"client_id": system.client_id})) == (401, "invalid_client")
    with_secret = await make_client(database, settings, "system", scopes=SCOPES)
    as_secret = assertion_form(with_secret.client_id, KEY)
    assert error_of(await ask(client, as_secret)) == (401, "invalid_client")
    wrong_type = form | {"client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"}
    assert error_of(await ask(client, wrong_type)) == (401, "invalid_client")


async def test_an_assertion_counts_once_in_all_processes(
    fresh_database: Database, fresh_settings: Settings
) -> None:
    system = await make_client(fresh_database, fresh_settings, "system", scopes=SCOPES, jwks=jwks_of(KEY))
    apps = [create_app(fresh_settings, fresh_database) for _ in range(2)]
    clients = [httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=BASE) for app in apps]
    for _ in range(5):
        form = assertion_form(system.client_id, KEY)
        answers = await asyncio.gather(*(ask(one, form) for one in clients * 3))
        assert Counter(answer.status_code for answer in answers) == {200: 1, 401: 5}
    for one in clients:
        await one.aclose()


class Publisher(BaseHTTPRequestHandler):
    """The address where a client publishes its keys."""

    answer: ClassVar[tuple[int, bytes, dict[str, str]]] = (200, b"{}", {})
    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        status, body, headers = self.answer
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        return


@pytest.fixture
def published() -> Iterator[str]:
    Publisher.asked.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Publisher)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/jwks"
    server.shutdown()
    server.server_close()


def publish(*keys: ECKey) -> None:
    Publisher.answer = (200, json.dumps(jwks_of(*keys)).encode(), {})


async def test_keys_are_read_where_the_client_publishes_them(
    client: httpx2.AsyncClient, database: Database, settings: Settings, published: str
) -> None:
    system = await make_client(database, settings, "system", scopes=SCOPES, jwks_uri=published)
    publish(KEY)
    for _ in range(3):
        assert (await ask(client, assertion_form(system.client_id, KEY))).status_code == 200
    assert Publisher.asked == ["/jwks"], "asked once, then kept"
    Publisher.answer = (503, b"", {})
    assert (await ask(client, assertion_form(system.client_id, KEY))).status_code == 200
    assert (await ask(client, assertion_form(system.client_id, STRANGER))).status_code == 401


@pytest.mark.parametrize(
    "answer",
    [
        (404, b"", {}),
        (302, b"", {"Location": "/elsewhere"}),
        (200, b"not json", {}),
        (200, b"[]", {}),
        (200, b'{"keys": [1]}', {}),
        (200, b'{"keys": ' + b"[" * 5000 + b"]" * 5000 + b"}", {}),
        (200, json.dumps(jwks_of(KEY) | {"x": "y" * 300_000}).encode(), {}),
        (200, json.dumps({"keys": [KEY.as_dict(private=True)]}).encode(), {}),
    ],
)
async def test_what_is_no_key_set_lets_nobody_in(
    client: httpx2.AsyncClient,
    database: Database,
    settings: Settings,
    published: str,
    answer: tuple[int, bytes, dict[str, str]],
) -> None:
    system = await make_client(database, settings, "system", scopes=SCOPES, jwks_uri=published)
    Publisher.answer = answer
    refused = await ask(client, assertion_form(system.client_id, KEY))
    assert error_of(refused) == (401, "invalid_client")
    assert Publisher.asked == ["/jwks"]


@pytest.mark.parametrize(
    "values",
    [
        {"jwks": {"keys": []}},
        {"jwks": {"keys": [KEY.as_dict(private=True)]}},
        {"jwks": {"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}},
        {"jwks": {"keys": [{"kty": "RSA", "n": "A" * 200 + "_" * 171, "e": "AQAB"}]}},
        {"jwks": {"keys": "x"}},
        {"jwks_uri": "http://client.example/jwks"},
        {"jwks_uri": "file:///etc/passwd"},
        {"jwks": jwks_of(KEY), "jwks_uri": "https://client.example/jwks"},
    ],
)
async def test_registration_refuses_keys_that_prove_nothing(
    database: Database, settings: Settings, values: dict[str, Any]
) -> None:
    with pytest.raises(Invalid):
        await make_client(database, settings, "system", scopes=SCOPES, **values)
