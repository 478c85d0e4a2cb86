"""Signing in at a provider: code with PKCE, nonce and state, and the ID token, by the standards alone."""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any
from urllib.parse import quote
from uuid import UUID

import httpx2
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from fastapi import FastAPI

from app.core.clock import now
from app.core.crypto import new_token
from app.core.i18n import msg
from app.identity.federation import tokens
from app.identity.federation.cache import FRESH_SECONDS, Cache, cache_of
from app.identity.federation.claims import Facts, facts_of, methods_of
from app.identity.federation.fetching import Guarded
from app.identity.federation.metadata import (
    NOT_A_PROVIDER,
    Metadata,
    PublicKey,
    discovered,
    ensure_trusted,
    issuer_of,
    json_of,
    published_keys,
    written_down,
)
from app.identity.federation.models import SELF, IdentityProvider
from app.identity.federation.problems import ProviderUnreachable, SignInFailed
from app.identity.federation.secrets import client_secret
from app.identity.federation.state import Purpose, SignInState
from app.settings import Settings

CALLBACK = "/sign-in/callback"
TIMEOUT_SECONDS = 5.0
LONGEST_SESSION = 255
Verified = tuple[Mapping[str, Any], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Vouched:
    """A person, as a provider vouched for them at one sign-in."""

    subject: str
    facts: Facts
    methods: Sequence[str]
    authenticated_at: datetime
    provider_session: str | None
    claims: Mapping[str, Any]
    """All it said, for the test of its claim map."""


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """This platform as a client of one provider. Nothing here runs inside a transaction: all of it may wait for a network."""

    provider: IdentityProvider
    settings: Settings
    app: FastAPI
    cache: Cache

    @classmethod
    def of(cls, app: FastAPI, provider: IdentityProvider) -> "RelyingParty":
        """The application as a client of a provider."""
        return cls(provider, app.state.settings, app, cache_of(app))

    @property
    def issuer(self) -> str:
        """The provider's issuer identifier."""
        return issuer_of(self.provider, self.settings)

    async def start(
        self,
        next_path: str,
        *,
        purpose: Purpose = "sign_in",
        session_id: UUID | None = None,
        anew: bool = False,
    ) -> tuple[str, SignInState]:
        """Where to send the browser, and what it keeps meanwhile; `anew` asks for the person's proof once more.

        The provider is asked for a sign of life first, so that nobody is sent to one that is down.

        Raises:
            ProviderUnreachable: it gives none.
        """
        kept = SignInState(
            tenant_id=self.provider.tenant_id,
            provider_id=str(self.provider.id),
            state=new_token(),
            nonce=new_token(),
            verifier=new_token(),
            next=next_path,
            purpose=purpose,
            session_id=session_id,
            anew=anew,
        )
        async with self.client() as client:
            metadata = written_down(self.provider)
            if metadata is None:
                metadata = await self.cache.renew(self._key("metadata"), partial(self._discovered, client))
            else:
                await self._keys(client, metadata, within=0)
            url, _ = client.create_authorization_url(
                metadata.authorization_endpoint,
                state=kept.state,
                nonce=kept.nonce,
                code_verifier=kept.verifier,
                **({"prompt": "login", "max_age": "0"} if anew else {}),
            )
        return url, kept

    async def finish(self, kept: SignInState, answer: Mapping[str, str]) -> Vouched:
        """The person the provider vouches for.

        Raises:
            SignInFailed: the answer is not to our question, or the provider said no.
            ProviderUnreachable: the provider does not answer.
        """
        if not hmac.compare_digest(answer.get("state", "").encode(), kept.state.encode()):
            raise SignInFailed
        async with self.client() as client:
            metadata = await self._metadata(client)
            self._ensure_it_answered(metadata, answer.get("iss"))
            if "error" in answer or "code" not in answer:
                raise SignInFailed(msg("身份提供方拒绝了登录请求"))
            given = await self._exchange(client, metadata, answer["code"], kept.verifier)
            try:
                header, claims = await self._verified(
                    client, metadata, given.get("id_token"), unseen_within=0
                )
                tokens.ensure_id_token(
                    claims,
                    issuer=self.issuer,
                    client_id=self.provider.client_id,
                    nonce=kept.nonce,
                    skew=self.provider.clock_skew_seconds,
                )
                tokens.ensure_access_token_meant(header, claims, given.get("access_token"))
            except tokens.BadToken as error:
                raise SignInFailed from error
            about = await self._about(client, metadata, given.get("access_token"), claims["sub"])
        return self._vouched(claims, {**about, **claims}, started_anew=kept.anew)

    async def logout_token(self, value: str) -> Mapping[str, Any]:
        """The claims of a logout token of this provider (OpenID Connect Back-Channel Logout 1.0 §2.6).

        Raises:
            BadToken: it is not one.
            ProviderUnreachable: its keys cannot be had.
        """
        async with self.client() as client:
            metadata = await self._metadata(client)
            # Anyone may send one: forged names of keys make no more requests than one in half a minute.
            header, claims = await self._verified(client, metadata, value, unseen_within=30)
        tokens.ensure_logout_token(
            header,
            claims,
            issuer=self.issuer,
            client_id=self.provider.client_id,
            skew=self.provider.clock_skew_seconds,
        )
        return claims

    async def end_session_endpoint(self) -> str | None:
        """Where the provider ends its own session, if it does.

        Raises:
            ProviderUnreachable: the provider does not answer.
        """
        async with self.client() as client:
            return (await self._metadata(client)).end_session_endpoint

    def _ensure_it_answered(self, metadata: Metadata, named: str | None) -> None:
        """RFC 9207 §2.4: the answer is of the provider that was asked, not of another (mix-up)."""
        wanted = self.provider.iss_required or metadata.authorization_response_iss_parameter_supported
        if named != self.issuer and (named is not None or wanted):
            raise SignInFailed

    async def _exchange(self, client: Any, metadata: Metadata, code: str, verifier: str) -> Mapping[str, Any]:
        try:
            given = await client.fetch_token(
                metadata.token_endpoint,
                auth=self._basic(),
                grant_type="authorization_code",
                code=code,
                code_verifier=verifier,
            )
        except OAuthError as error:
            raise SignInFailed from error
        except NOT_A_PROVIDER as error:
            raise ProviderUnreachable from error
        return dict(given)

    async def _verified(
        self, client: Any, metadata: Metadata, value: object, *, unseen_within: float
    ) -> Verified:
        """Header and claims; a token by a key we have not seen makes us ask for the keys once more."""
        try:
            return tokens.verified(value, await self._keys(client, metadata))
        except tokens.UnknownKey:
            return tokens.verified(value, await self._keys(client, metadata, within=unseen_within))

    async def _about(
        self, client: Any, metadata: Metadata, access_token: object, subject: str
    ) -> dict[str, Any]:
        """What userinfo says of this very person (OpenID Connect Core 1.0 §5.3); nothing where no claim is wanted."""
        wanted = any((self.provider.name_claim, self.provider.unit_claim, self.provider.uscc_claim))
        if metadata.userinfo_endpoint is None or not (wanted or self.provider.assurance_claim):
            return {}
        bearer = {"Authorization": f"Bearer {access_token}"}
        about: dict[str, Any] = await json_of(
            lambda url: client.request("GET", url, headers=bearer, withhold_token=True),
            metadata.userinfo_endpoint,
        )
        if about.get("sub") != subject:
            raise SignInFailed
        return about

    def _vouched(self, claims: Mapping[str, Any], about: Mapping[str, Any], *, started_anew: bool) -> Vouched:
        said = claims.get("auth_time")
        told = isinstance(said, int | float) and 0 < said < now().timestamp()
        at = datetime.fromtimestamp(said, UTC) if told and said else now()
        skew = self.provider.clock_skew_seconds + tokens.LOGOUT_SECONDS
        if started_anew and (not told or (now() - at).total_seconds() > skew):
            raise SignInFailed(msg("身份提供方没有重新验证您的身份"))
        sid = claims.get("sid")
        usable = isinstance(sid, str) and 0 < len(sid) <= LONGEST_SESSION and sid.isprintable()
        return Vouched(
            subject=claims["sub"],
            facts=facts_of(self.provider, about),
            methods=methods_of(self.provider, claims),
            authenticated_at=at,
            provider_session=str(sid) if usable else None,
            claims=about,
        )

    def _basic(self) -> httpx2.BasicAuth | None:
        """RFC 6749 §2.3.1: both parts are form-encoded first, which Authlib leaves out."""
        kept = self.provider.client_secret
        if self.provider.token_auth_method != "client_secret_basic" or kept is None:  # noqa: S105 - a method's name
            return None
        secret = client_secret(self.settings, kept)
        return httpx2.BasicAuth(quote(self.provider.client_id, safe=""), quote(secret, safe=""))

    def client(self) -> Any:
        """What asks the provider: with our credentials there, and within the bounds of `fetching`."""
        kept = self.provider.client_secret
        inside = self.provider.issuer == SELF
        return AsyncOAuth2Client(
            self.provider.client_id,
            client_secret(self.settings, kept) if kept else None,
            token_endpoint_auth_method=self.provider.token_auth_method,
            scope=" ".join(self.provider.scopes),
            redirect_uri=self.settings.base_url + CALLBACK,
            code_challenge_method="S256",
            timeout=TIMEOUT_SECONDS,
            transport=httpx2.ASGITransport(self.app) if inside else Guarded(self.settings),
        )

    async def _metadata(self, client: Any) -> Metadata:
        known = written_down(self.provider)
        if known is None:
            known = await self.cache.get(self._key("metadata"), partial(self._discovered, client))
        return known

    async def _discovered(self, client: Any) -> Metadata:
        try:
            metadata = await discovered(
                lambda url: client.request("GET", url, withhold_token=True), self.issuer
            )
        except ValueError as error:
            raise ProviderUnreachable from error
        ensure_trusted(metadata, self.provider, self.settings)
        return metadata

    async def _keys(
        self, client: Any, metadata: Metadata, *, within: float = FRESH_SECONDS
    ) -> list[PublicKey]:
        return await self.cache.get(
            self._key("keys"),
            lambda: published_keys(
                lambda url: client.request("GET", url, withhold_token=True), metadata.jwks_uri
            ),
            within=within,
        )

    def _key(self, kind: Any) -> Any:
        return (self.provider.id, self.provider.version, kind)
