"""What a client signs: assertions of who it is, proofs that it holds a key."""

import base64
import hashlib
import json
import time
from typing import Any
from uuid import uuid4

from joserfc import jws
from joserfc.jwk import ECKey

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
BASE = "http://testserver"


def new_key() -> ECKey:
    return ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256"}, auto_kid=True)


def jwks_of(*keys: ECKey) -> dict[str, Any]:
    return {"keys": [key.as_dict(private=False) for key in keys]}


def signed(header: dict[str, Any], claims: dict[str, Any], key: Any, algorithm: str = "ES256") -> str:
    """A JWT with nothing added; claims that are None are left out."""
    told = {name: value for name, value in claims.items() if value is not None}
    header = {"typ": "JWT", "alg": algorithm, **header}
    registry = jws.JWSRegistry(algorithms=[algorithm], strict_check_header=False)
    return jws.serialize_compact(header, json.dumps(told).encode(), key, [algorithm], registry=registry)


def assertion_claims(client_id: str, **changes: Any) -> dict[str, Any]:
    now = int(time.time())
    good = {"iss": client_id, "sub": client_id, "aud": BASE, "iat": now, "exp": now + 60, "jti": uuid4().hex}
    return good | changes


def assertion_form(client_id: str, key: ECKey, **changes: Any) -> dict[str, str]:
    """The parameters by which a client says who it is."""
    value = signed({"kid": key.kid}, assertion_claims(client_id, **changes), key)
    return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": value}


def proof(
    key: ECKey, method: str, path: str, *, access_token: str | None = None, header: Any = None, **changes: Any
) -> str:
    """A DPoP proof for a request to the test server."""
    claims: dict[str, Any] = {
        "htm": method,
        "htu": BASE + path,
        "iat": int(time.time()),
        "jti": uuid4().hex,
    }
    if access_token is not None:
        digest = hashlib.sha256(access_token.encode()).digest()
        claims["ath"] = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    jwk = {name: key.as_dict(private=False)[name] for name in ("kty", "crv", "x", "y")}
    return signed({"typ": "dpop+jwt", "jwk": jwk} | (header or {}), claims | changes, key)
