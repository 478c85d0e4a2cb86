"""The public keys of applications that sign, as they are registered: what counts as one."""

from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import Key, KeySet, RSAKey

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
        meant = [m for m in members if m.get("kty") != "oct" and m.get("use", "sig") == "sig"]
        keys = KeySet.import_key_set({"keys": meant}).keys
    except (JoseError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    return [k for k in keys if not isinstance(k, RSAKey) or k.raw_value.key_size >= RSA_BITS] or None
