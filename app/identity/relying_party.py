"""Signing in at a provider: discovery, code with PKCE, nonce and state, and the ID token, by the standards alone.

The built-in provider is asked by the same HTTP messages, only through the application itself, so that no proxy or port
stands between. Nothing is kept of a provider's metadata or keys: a sign-in is rare, and what is asked anew is right.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx2
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from cryptography.fernet import InvalidToken
from fastapi import FastAPI
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from pydantic import BaseModel, ValidationError

from app.core.crypto import box, new_token
from app.core.errors import Problem, Unavailable
from app.core.i18n import msg
from app.identity.models import SELF, IdentityProvider
from app.identity.provider.clients import LOOPBACK
from app.settings import Settings

CALLBACK = "/sign-in/callback"
STATE_SECONDS = 600
TIMEOUT_SECONDS = 5.0
CLOCK_SKEW_SECONDS = 60
LONGEST_SUBJECT = 255
ALGORITHMS = ["ES256", "ES384", "EdDSA", "PS256", "RS256"]
"""Signatures by a public key; `none` and shared secrets are not among them."""
NOT_A_PROVIDER = (httpx2.HTTPError, httpx2.InvalidURL, ValueError, TypeError, AttributeError, KeyError)
"""What goes wrong when nobody answers, or answers with something else than the standard's JSON."""


class ProviderUnreachable(Unavailable):
    """The province's provider does not answer, or not as a provider does."""

    code = "identity.provider_unreachable"
    title = msg("身份提供方暂时无法访问")


class SignInFailed(Problem):
    """The sign-in was not completed."""

    code = "identity.sign_in_failed"
    title = msg("登录未完成，请重新登录")


class SignInState(BaseModel):
    """What the browser keeps, encrypted, while its person is at the provider."""

    tenant_id: str
    provider_id: str
    state: str
    nonce: str
    verifier: str
    next: str

    def sealed(self, settings: Settings) -> str:
        """The cookie's value."""
        return box(settings.secret, "sign-in-state").encrypt(self.model_dump_json().encode()).decode()

    @classmethod
    def opened(cls, value: str, settings: Settings) -> "SignInState":
        """What the cookie holds.

        Raises:
            SignInFailed: it is missing, forged, or older than ten minutes.
        """
        try:
            kept = box(settings.secret, "sign-in-state").decrypt(value.encode(), ttl=STATE_SECONDS)
            return cls.model_validate_json(kept)
        except (InvalidToken, ValidationError) as error:
            raise SignInFailed from error


class Metadata(BaseModel):
    """The part of a provider's discovery document that a sign-in needs."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    authorization_response_iss_parameter_supported: bool = False


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """This platform as a client of one provider."""

    provider: IdentityProvider
    settings: Settings
    app: FastAPI

    @property
    def issuer(self) -> str:
        """The provider's issuer identifier."""
        return self.settings.base_url if self.provider.issuer == SELF else self.provider.issuer

    async def start(self, next_path: str) -> tuple[str, SignInState]:
        """Where to send the browser, and what it keeps meanwhile.

        Raises:
            ProviderUnreachable: discovery failed.
        """
        kept = SignInState(
            tenant_id=self.provider.tenant_id,
            provider_id=str(self.provider.id),
            state=new_token(),
            nonce=new_token(),
            verifier=new_token(),
            next=next_path,
        )
        async with self._client() as client:
            metadata = await self._metadata(client)
            url, _ = client.create_authorization_url(
                metadata.authorization_endpoint,
                state=kept.state,
                nonce=kept.nonce,
                code_verifier=kept.verifier,
            )
        return url, kept

    async def finish(self, kept: SignInState, answer: Mapping[str, str]) -> str:
        """The subject the provider vouches for. Call it outside a transaction.

        Raises:
            SignInFailed: the answer is not to our question, or the provider said no.
            ProviderUnreachable: the provider does not answer.
        """
        if not hmac.compare_digest(answer.get("state", "").encode(), kept.state.encode()):
            raise SignInFailed
        if "error" in answer or "code" not in answer:
            raise SignInFailed(msg("身份提供方拒绝了登录请求"))
        async with self._client() as client:
            metadata = await self._metadata(client)
            named = answer.get("iss")
            if named != self.issuer and (named or metadata.authorization_response_iss_parameter_supported):
                raise SignInFailed  # RFC 9207: the answer of another provider
            try:
                tokens = await client.fetch_token(
                    metadata.token_endpoint,
                    grant_type="authorization_code",
                    code=answer["code"],
                    code_verifier=kept.verifier,
                )
                keys = (
                    (await client.request("GET", metadata.jwks_uri, withhold_token=True))
                    .raise_for_status()
                    .json()
                )
            except OAuthError as error:
                raise SignInFailed from error
            except NOT_A_PROVIDER as error:
                raise ProviderUnreachable from error
        return self._subject(tokens.get("id_token"), keys, kept.nonce)

    def _subject(self, id_token: object, keys: Any, nonce: str) -> str:
        """The subject of an ID token (OpenID Connect Core 1.0 §3.1.3.7)."""
        client_id = self.provider.client_id
        registry = jwt.JWTClaimsRegistry(
            leeway=CLOCK_SKEW_SECONDS,
            iss={"essential": True, "value": self.issuer},
            aud={"essential": True, "value": client_id},
            exp={"essential": True},
            iat={"essential": True},
            sub={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        try:
            usable = [
                key for key in keys["keys"] if key.get("use", "sig") == "sig" and key.get("kty") != "oct"
            ]
            claims = jwt.decode(str(id_token), KeySet.import_key_set({"keys": usable}), ALGORITHMS).claims
            registry.validate(claims)
        except (JoseError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise SignInFailed from error
        shared = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        subject = str(claims["sub"])
        if claims.get("azp", None if shared else client_id) != client_id or not _usable(subject):
            raise SignInFailed
        return subject

    def _client(self) -> Any:
        kept_secret = self.provider.client_secret
        inside = self.provider.issuer == SELF
        return AsyncOAuth2Client(
            self.provider.client_id,
            client_secret(self.settings, kept_secret) if kept_secret else None,
            token_endpoint_auth_method="client_secret_basic" if kept_secret else "none",
            scope="openid",
            redirect_uri=self.settings.base_url + CALLBACK,
            code_challenge_method="S256",
            timeout=TIMEOUT_SECONDS,
            transport=httpx2.ASGITransport(self.app) if inside else None,
        )

    async def _metadata(self, client: Any) -> Metadata:
        address = f"{self.issuer.rstrip('/')}/.well-known/openid-configuration"
        try:
            answer = (await client.request("GET", address, withhold_token=True)).raise_for_status()
            metadata = Metadata.model_validate(answer.json())
        except NOT_A_PROVIDER as error:
            raise ProviderUnreachable from error
        endpoints = (metadata.authorization_endpoint, metadata.token_endpoint, metadata.jwks_uri)
        if metadata.issuer != self.issuer or not all(self._trusted(url) for url in endpoints):
            raise ProviderUnreachable
        return metadata

    def _trusted(self, url: str) -> bool:
        """Endpoints are https; plain http only below our own address and on this machine."""
        parts = urlsplit(url)
        plain = url.startswith(f"{self.settings.base_url}/") or parts.hostname in LOOPBACK
        return parts.scheme == "https" or (parts.scheme == "http" and plain)


def _usable(subject: str) -> bool:
    """At most 255 characters, as the standard says, and none that a database or a log would trip over."""
    return len(subject) <= LONGEST_SUBJECT and subject.isprintable()


def client_secret(settings: Settings, kept: bytes) -> str:
    """The secret we have at a provider.

    Raises:
        ProviderUnreachable: it was kept under another SECRET_KEY and must be entered anew.
    """
    try:
        return box(settings.secret, "identity-provider").decrypt(kept).decode()
    except InvalidToken as error:
        raise ProviderUnreachable from error


def keep_client_secret(settings: Settings, secret: str) -> bytes:
    """What the database keeps of it."""
    return box(settings.secret, "identity-provider").encrypt(secret.encode())
