"""Proofs of possession (RFC 9449): a client shows with each request that it holds the key its tokens are bound to.

A proof is judged by its own time; a client whose clock is off is given a nonce of ours, and is judged by that instead.
"""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import urlsplit

from joserfc import jws, jwt
from joserfc.errors import JoseError

from app.core.crypto import sign, verify
from app.identity.provider.client_keys import ALGORITHMS, public_keys
from app.identity.provider.proofs import (
    MAXIMUM_LENGTH,
    SKEW_SECONDS,
    Executes,
    first_use,
    identifier,
    now_seconds,
    seconds,
)
from app.settings import Settings

HEADER = "DPoP"
NONCE_HEADER = "DPoP-Nonce"
NONCE_SECONDS = 300
_PURPOSE = "dpop-nonce"


class BadProof(Exception):  # noqa: N818 - a refusal
    """The proof is missing where it is needed, forged, for another request, or was shown before."""

    error: ClassVar[str] = "invalid_dpop_proof"


class NonceWanted(BadProof):
    """The proof must carry a nonce of ours (RFC 9449 §8)."""

    error = "use_dpop_nonce"


@dataclass(frozen=True, slots=True)
class Proof:
    """A good proof by the key with this thumbprint (RFC 7638); whether it is the first use is still open."""

    jkt: str
    id: str

    async def first_use(self, connection: Executes) -> bool:
        """Whether nobody showed it before."""
        until = now_seconds() + NONCE_SECONDS + 2 * SKEW_SECONDS
        return await first_use(connection, "dpop", self.jkt, self.id, until=until)


def read_proof(
    headers: Sequence[str], settings: Settings, *, method: str, path: str, access_token: str | None = None
) -> Proof | None:
    """The proof of a request to one of our addresses, or None where there is none.

    Raises:
        NonceWanted: its time is not ours, or its nonce is not, or no longer.
        BadProof: it is not a proof for this request.
    """
    if not headers:
        return None
    if len(headers) > 1 or len(headers[0]) > MAXIMUM_LENGTH:
        raise BadProof
    try:
        return _read(headers[0], settings, method, path, access_token)
    except (JoseError, ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
        raise BadProof from error


def _read(value: str, settings: Settings, method: str, path: str, access_token: str | None) -> Proof:
    header = jws.extract_compact(value.encode("ascii")).headers()
    algorithm = header["alg"]
    keys = public_keys({"keys": [header["jwk"]]})
    if header["typ"] != "dpop+jwt" or algorithm not in ALGORITHMS or not keys:
        raise BadProof
    claims = jwt.decode(value, keys[0], [algorithm]).claims
    identity = identifier(claims["jti"])
    if identity is None or claims["htm"] != method or not _is_here(claims["htu"], settings, path):
        raise BadProof
    if access_token is not None and claims["ath"] != _hash(access_token):
        raise BadProof
    _judge_time(claims, settings)
    return Proof(keys[0].thumbprint(), identity)


def _is_here(url: object, settings: Settings, path: str) -> bool:
    """Scheme and host in any case, the path exactly; query and fragment do not count (RFC 9449 §4.3)."""
    if not isinstance(url, str):
        return False
    given, ours = urlsplit(url), urlsplit(settings.base_url)
    return (given.scheme.lower(), given.netloc.lower(), given.path) == (
        ours.scheme.lower(),
        ours.netloc.lower(),
        ours.path + path,
    )


def _hash(access_token: str) -> str:
    digest = hashlib.sha256(access_token.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _judge_time(claims: dict[str, Any], settings: Settings) -> None:
    issued = seconds(claims["iat"])
    if issued is None:
        raise BadProof
    if "nonce" in claims:
        if not _fresh(claims["nonce"], settings):
            raise NonceWanted
    elif abs(now_seconds() - issued) > SKEW_SECONDS:
        raise NonceWanted


def new_nonce(settings: Settings) -> str:
    """A nonce of this second; any process knows it again."""
    second = str(now_seconds())
    return f"{second}.{sign(settings.secret, _PURPOSE, second.encode())}"


def _fresh(nonce: object, settings: Settings) -> bool:
    second, _, signature = str(nonce).partition(".")
    ours = bool(signature) and verify(settings.secret, _PURPOSE, second.encode(), signature)
    return ours and now_seconds() - int(second) <= NONCE_SECONDS


def challenge(error: str | None = None) -> str:
    """The value of WWW-Authenticate (RFC 9449 §7.1)."""
    parts = [f'error="{error}"'] if error else []
    return "DPoP " + ", ".join([*parts, f'algs="{" ".join(ALGORITHMS)}"'])
