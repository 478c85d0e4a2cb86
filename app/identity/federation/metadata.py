"""Where a provider's endpoints are: discovered (OpenID Connect Discovery 1.0), or written down by its province."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx2
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, OKPKey, RSAKey
from pydantic import BaseModel

from app.identity.federation.fetching import addressable
from app.identity.federation.models import SELF, IdentityProvider
from app.identity.federation.problems import ProviderUnreachable
from app.settings import Settings

NOT_A_PROVIDER = (
    httpx2.HTTPError,
    httpx2.InvalidURL,
    ValueError,
    TypeError,
    AttributeError,
    KeyError,
    RecursionError,
)
"""What goes wrong when nobody answers, or answers with something else than the standard's JSON."""
MOST_KEYS = 100
SHORTEST_RSA = 2048
"""Bits (RFC 7518 §3.3)."""
KINDS = frozenset({"EC", "RSA", "OKP"})
PublicKey = ECKey | RSAKey | OKPKey
Get = Callable[[str], Awaitable[httpx2.Response]]


class Metadata(BaseModel):
    """The part of a provider's discovery document that a sign-in needs, or its test shows."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None = None
    end_session_endpoint: str | None = None
    authorization_response_iss_parameter_supported: bool = False
    code_challenge_methods_supported: list[str] | None = None
    token_endpoint_auth_methods_supported: list[str] | None = None
    scopes_supported: list[str] | None = None
    backchannel_logout_supported: bool = False

    @property
    def endpoints(self) -> dict[str, str]:
        """The addresses, by their names in the standard."""
        named = {
            "authorization_endpoint": self.authorization_endpoint,
            "token_endpoint": self.token_endpoint,
            "jwks_uri": self.jwks_uri,
            "userinfo_endpoint": self.userinfo_endpoint,
            "end_session_endpoint": self.end_session_endpoint,
        }
        return {name: url for name, url in named.items() if url is not None}


def written_down(provider: IdentityProvider) -> Metadata | None:
    """The endpoints the province gave; none where they are discovered."""
    if (
        provider.authorization_endpoint is None
        or provider.token_endpoint is None
        or provider.jwks_uri is None
    ):
        return None
    return Metadata(
        issuer=provider.issuer,
        authorization_endpoint=provider.authorization_endpoint,
        token_endpoint=provider.token_endpoint,
        jwks_uri=provider.jwks_uri,
        userinfo_endpoint=provider.userinfo_endpoint,
        end_session_endpoint=provider.end_session_endpoint,
    )


async def discovered(get: Get, issuer: str) -> Metadata:
    """The discovery document of an issuer.

    Raises:
        ProviderUnreachable: it does not answer, or not with such a document.
    """
    address = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
    return Metadata.model_validate(await json_of(get, address))


async def published_keys(get: Get, address: str) -> list[PublicKey]:
    """The keys at a provider's `jwks_uri` that sign.

    Raises:
        ProviderUnreachable: it does not answer, or with no key that can be used.
    """
    keys = usable_keys(await json_of(get, address))
    if not keys:
        raise ProviderUnreachable
    return keys


async def json_of(get: Get, address: str) -> Any:
    """The JSON object at an address.

    Raises:
        ProviderUnreachable: there is none.
    """
    try:
        answer = (await get(address)).raise_for_status()
        value = answer.json()
    except NOT_A_PROVIDER as error:
        raise ProviderUnreachable from error
    if not isinstance(value, dict):
        raise ProviderUnreachable
    return value


def ensure_trusted(metadata: Metadata, provider: IdentityProvider, settings: Settings) -> None:
    """The document is that of the provider meant, and every address in it may be asked.

    Raises:
        ProviderUnreachable: it is not.
    """
    if metadata.issuer != issuer_of(provider, settings):
        raise ProviderUnreachable
    if not all(trusted(url, provider, settings) for url in metadata.endpoints.values()):
        raise ProviderUnreachable


def trusted(url: str, provider: IdentityProvider, settings: Settings) -> bool:
    """Whether an address may be one of the provider's."""
    if provider.issuer == SELF:
        return url.startswith(f"{settings.base_url}/")
    return addressable(settings, url)


def issuer_of(provider: IdentityProvider, settings: Settings) -> str:
    """The provider's issuer identifier."""
    return settings.base_url if provider.issuer == SELF else provider.issuer


def usable_keys(document: Any) -> list[PublicKey]:
    """The keys of a JWK set (RFC 7517) that verify signatures; others, and those nobody understands, are left out."""
    given = document.get("keys") if isinstance(document, dict) else None
    found = (_key(entry) for entry in given[:MOST_KEYS]) if isinstance(given, list) else ()
    return [key for key in found if key is not None]


def _key(entry: Any) -> PublicKey | None:
    try:
        if entry.get("use", "sig") != "sig" or "verify" not in entry.get("key_ops", ["verify"]):
            return None
        if entry["kty"] not in KINDS or (entry["kty"] == "RSA" and len(entry["n"]) * 6 < SHORTEST_RSA):
            return None
        key = JWKRegistry.import_key(entry)
    except (JoseError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    return key if isinstance(key, ECKey | RSAKey | OKPKey) else None
