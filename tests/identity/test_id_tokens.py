"""What the platform believes of a provider's ID token (OpenID Connect Core 1.0 §3.1.3.7)."""

import base64
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from app.identity.federation.metadata import usable_keys
from app.identity.federation.problems import ProviderUnreachable
from app.identity.federation.secrets import client_secret
from app.identity.federation.tokens import BadToken, ensure_id_token, verified
from app.settings import Settings

ISSUER = "https://id.zj.example"
KEY = ECKey.generate_key("P-256", {"use": "sig"}, auto_kid=True)
RSA = RSAKey.generate_key(2048, {"use": "sig"}, auto_kid=True)
STRANGER = ECKey.generate_key("P-256", {"use": "sig"}, auto_kid=True)
ENCRYPTION = ECKey.generate_key("P-256", auto_kid=True)
JWKS = {
    "keys": [
        KEY.as_dict(private=False),
        RSA.as_dict(private=False) | {"alg": "RS256"},
        ENCRYPTION.as_dict(private=False) | {"use": "enc"},
    ]
}
SHARED = OctKey.import_key("s" * 32, {"kid": str(KEY.kid)})


def subject(token: str, keys: Any = JWKS, *, skew: int = 60) -> Any:
    """Whom the platform takes a token for."""
    _, given = verified(token, usable_keys(keys))
    ensure_id_token(given, issuer=ISSUER, client_id="commons", nonce="n", skew=skew)
    return given["sub"]


def claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    given = {"iss": ISSUER, "aud": "commons", "sub": "u-1", "iat": now, "exp": now + 60, "nonce": "n"}
    return {name: value for name, value in (given | changes).items() if value is not None}


def signed(key: Any = KEY, algorithm: str = "ES256", kid: str | None = None, **changes: Any) -> str:
    return jwt.encode({"alg": algorithm, "kid": kid or key.kid}, claims(**changes), key, [algorithm])


def unsigned() -> str:
    parts = (json.dumps(part).encode() for part in ({"alg": "none"}, claims()))
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts) + "."


@pytest.mark.parametrize(
    "token",
    [
        signed,
        lambda: signed(RSA, "RS256"),
        lambda: signed(aud=["commons"]),
        lambda: signed(aud=["commons", "other"], azp="commons"),
        lambda: signed(exp=int(time.time()) - 30),
    ],
)
def test_a_good_token_names_its_subject(token: Callable[[], str]) -> None:
    assert subject(token()) == "u-1"


@pytest.mark.parametrize(
    "token",
    [
        lambda: signed(iss="https://evil.example"),
        lambda: signed(aud="another"),
        lambda: signed(aud=["commons", "other"]),
        lambda: signed(aud=["commons", "other"], azp="other"),
        lambda: signed(azp="other"),
        lambda: signed(exp=int(time.time()) - 61),
        lambda: signed(exp=None),
        lambda: signed(iat=None),
        lambda: signed(iat=int(time.time()) + 3600),
        lambda: signed(nonce="another"),
        lambda: signed(nonce=None),
        lambda: signed(sub=None),
        lambda: signed(sub="a\0b"),
        lambda: signed(sub="x" * 256),
        lambda: signed(sub=7),
        lambda: signed(STRANGER),
        lambda: signed(ENCRYPTION),
        lambda: signed(SHARED, "HS256"),
        lambda: signed(RSA, "PS256"),
        lambda: signed(KEY, kid=RSA.kid),
        unsigned,
        lambda: "not.a.token",
        lambda: "None",
    ],
)
def test_a_bad_token_signs_nobody_in(token: Callable[[], str]) -> None:
    with pytest.raises(BadToken):
        subject(token())


@pytest.mark.parametrize(
    "keys", [None, [], {}, {"keys": None}, {"keys": []}, {"keys": [1]}, {"keys": [{"kty": "XX"}]}]
)
def test_keys_that_are_none_sign_nobody_in(keys: Any) -> None:
    with pytest.raises(BadToken):
        subject(signed(), keys)


def test_a_secret_kept_under_another_key_is_asked_anew(settings: Settings) -> None:
    with pytest.raises(ProviderUnreachable):
        client_secret(settings, b"kept under another key")
