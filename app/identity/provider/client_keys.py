"""The public keys of applications that sign, as they are registered: what counts as one."""

import base64
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import Key, KeySet

ALGORITHMS = ("ES256", "ES384", "Ed25519", "EdDSA", "PS256", "RS256")
"""What a client may sign with; asymmetric, so that our copy of its key signs nothing."""
RSA_BITS = 2048
"""NIST SP 800-131A: shorter keys are no longer allowed."""
MOST_KEYS = 20
_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})


def public_keys(jwks: Any) -> list[Key] | None:
    """The signing keys of a JWK set, or None where it is none: symmetric and short keys are left out.

    A set that shows a private key is none: its signatures prove nothing any more.
    """
    try:
        members = jwks["keys"]
        if not isinstance(members, list) or len(members) > MOST_KEYS or any(_PRIVATE & {*m} for m in members):
            return None
        return KeySet.import_key_set({"keys": [m for m in members if _signs(m)]}).keys
    except (JoseError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def _signs(member: dict[str, Any]) -> bool:
    if member["kty"] == "RSA":
        modulus = int.from_bytes(base64.urlsafe_b64decode(member["n"] + "=="))
        if modulus.bit_length() < RSA_BITS:
            return False
    return bool(member["kty"] != "oct" and member.get("use", "sig") == "sig")
