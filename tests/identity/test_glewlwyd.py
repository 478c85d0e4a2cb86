"""A province whose provider is Glewlwyd: people sign in, and go on when it has changed its keys."""

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from joserfc.jwk import RSAKey

from app.core.db import Database
from app.identity.federation.secrets import keep_client_secret
from app.settings import Settings
from tests.support.glewlwyd import SECRET, Glewlwyd, glewlwyd
from tests.support.idp import add_provider, path_of
from tests.support.oauth import as_sign_in

PLATFORM = "http://testserver"
LU = ("lu", "a password of Lu's")

pytestmark = pytest.mark.full


def new_key() -> RSAKey:
    return RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256"}, auto_kid=True)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Glewlwyd]:
    people = {LU[0]: ("陆之遥", LU[1])}
    with glewlwyd(tmp_path, platform=PLATFORM, people=people) as made:
        made.sign_with(new_key(), new=True)
        yield made


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
async def test_a_person_of_it_signs_in(
    running: Glewlwyd, client: httpx2.AsyncClient, database: Database, settings: Settings, method: str
) -> None:
    provider_id = await add_provider(
        database,
        settings,
        running.issuer,
        scopes=["openid"],
        token_auth_method=method,
        client_secret=keep_client_secret(settings, SECRET),
    )

    async def sign_in() -> str:
        client.cookies.clear()
        sent = await client.get(f"/sign-in/330000/{provider_id}?next=/bookings")
        assert sent.status_code == 303, sent.text
        answer = running.sign_in(sent.headers["location"], login=LU[0], password=LU[1])
        back = await client.get(path_of(answer))
        assert (back.status_code, back.headers["location"]) == (303, "/bookings"), back.text
        me = (await client.get("/api/v1/me")).json()
        assert (me["name"], me["province"]) == ("陆之遥", "330000")
        return str(me["id"])

    first = await sign_in()
    running.sign_with(new_key())
    assert await sign_in() == first
    kept = "SELECT count(*) || ' ' || max(issuer) FROM external_identity WHERE issuer <> 'self'"
    assert await as_sign_in(database, settings, kept) == f"1 {running.issuer}"
