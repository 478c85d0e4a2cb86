"""The token endpoint: a code, a refresh token or a system's own secret against an access token."""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from joserfc.jwk import ECKey
from sqlalchemy import func, insert, update

from app.core.clock import now
from app.core.crypto import new_token, token_digest
from app.core.db import Session
from app.identity.provider import queries
from app.identity.provider.answers import INVALID_GRANT, Denied, Tokens
from app.identity.provider.grants import LIFETIME, open_grant, revoke_grant
from app.identity.provider.models import OAuthClient, OAuthCode, RefreshToken
from app.identity.provider.tokens import ACCESS_SECONDS, access_token, id_token
from app.settings import Settings

REFRESH_LIFETIME = timedelta(days=30)
GRACE = timedelta(seconds=5)
"""A refresh token sent twice within this time is a double submit, later it is theft."""
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


@dataclass(frozen=True, slots=True)
class Exchange:
    """One authenticated call of the token endpoint."""

    session: Session
    settings: Settings
    key: ECKey
    client: OAuthClient
    form: Mapping[str, str]

    async def answer(self) -> Tokens | Denied:
        """Tokens, or why not."""
        kinds = {
            "authorization_code": self._code,
            "refresh_token": self._refresh,
            "client_credentials": self._system,
        }
        kind = self.form.get("grant_type")
        if kind is None:
            return Denied("invalid_request", "grant_type is missing.")
        if kind not in kinds:
            return Denied("unsupported_grant_type", "This grant type is not supported.")
        if kind not in self.client.grant_types:
            return Denied("unauthorized_client", "This client may not use this grant type.")
        return await kinds[kind]()

    async def _code(self) -> Tokens | Denied:
        row = (
            await self.session.execute(queries.locked_code(token_digest(self.form.get("code", ""))))
        ).one_or_none()
        if row is None or row.OAuthCode.client_id != self.client.id:
            return INVALID_GRANT
        code: OAuthCode = row.OAuthCode
        if code.used_at is not None:
            if code.grant_id is not None:
                await revoke_grant(self.session, code.grant_id, reason="code_replayed")
            return INVALID_GRANT
        await self._use(code)
        fits = self.form.get("redirect_uri") == code.redirect_uri and self._holds_verifier(code.challenge)
        if (
            not (row.in_time and fits)
            or await self.session.scalar(queries.active_account(code.account_id)) is None
        ):
            return INVALID_GRANT
        refreshable = "refresh_token" in self.client.grant_types
        grant_id = await open_grant(
            self.session,
            self.client,
            tenant_id=code.tenant_id,
            account_id=code.account_id,
            scopes=code.scopes,
            authenticated_at=code.authenticated_at,
            methods=code.methods,
            lifetime=LIFETIME if refreshable else timedelta(seconds=ACCESS_SECONDS),
        )
        await self._use(code, grant_id=grant_id)
        signed = id_token(
            self.key,
            self.settings,
            client_id=self.client.client_id,
            subject=str(code.account_id),
            nonce=code.nonce,
            authenticated_at=code.authenticated_at,
            methods=code.methods,
        )
        return self._tokens(
            grant_id,
            subject=str(code.account_id),
            scopes=code.scopes,
            refresh_token=await self._new_refresh_token(code.tenant_id, grant_id) if refreshable else None,
            id_token=signed if "openid" in code.scopes else None,
        )

    async def _use(self, code: OAuthCode, **values: Any) -> None:
        used = update(OAuthCode).where(OAuthCode.digest == code.digest)
        await self.session.execute(used.values(used_at=func.clock_timestamp(), **values))

    def _holds_verifier(self, challenge: str) -> bool:
        """PKCE S256 (RFC 7636 §4.6)."""
        verifier = self.form.get("code_verifier", "")
        if not _VERIFIER.fullmatch(verifier):
            return False
        digest = hashlib.sha256(verifier.encode()).digest()
        return hmac.compare_digest(base64.urlsafe_b64encode(digest).decode().rstrip("="), challenge)

    async def _refresh(self) -> Tokens | Denied:
        digest = token_digest(self.form.get("refresh_token", ""))
        row = (await self.session.execute(queries.locked_refresh_token(digest, GRACE))).one_or_none()
        if row is None or row.OAuthGrant.client_id != self.client.id or not row.in_time:
            return INVALID_GRANT
        grant = row.OAuthGrant
        if row.RefreshToken.used_at is not None:
            if not row.just_used:
                await revoke_grant(self.session, grant.id, reason="refresh_token_reused")
            return INVALID_GRANT
        if await self.session.scalar(queries.active_account(grant.account_id)) is None:
            return INVALID_GRANT
        scopes = self.form["scope"].split() if "scope" in self.form else grant.scopes
        if not set(scopes) <= set(grant.scopes):
            return Denied("invalid_scope", "The scope exceeds what was granted.")
        used = update(RefreshToken).where(RefreshToken.digest == digest)
        await self.session.execute(used.values(used_at=func.clock_timestamp()))
        return self._tokens(
            grant.id,
            subject=str(grant.account_id),
            scopes=scopes,
            refresh_token=await self._new_refresh_token(grant.tenant_id, grant.id),
        )

    async def _new_refresh_token(self, tenant_id: str, grant_id: UUID) -> str:
        token = new_token()
        await self.session.execute(
            insert(RefreshToken).values(
                tenant_id=tenant_id,
                digest=token_digest(token),
                grant_id=grant_id,
                expires_at=now() + REFRESH_LIFETIME,
            )
        )
        return token

    async def _system(self) -> Tokens | Denied:
        asked = self.form["scope"].split() if "scope" in self.form else self.client.scopes
        scopes = [scope for scope in asked if scope in self.client.scopes]
        if not scopes:
            return Denied("invalid_scope", "This client has none of these scopes.")
        grant_id = await open_grant(
            self.session,
            self.client,
            tenant_id=self.client.tenant_id,
            account_id=None,
            scopes=scopes,
            authenticated_at=now(),
            lifetime=timedelta(seconds=ACCESS_SECONDS),
        )
        return self._tokens(grant_id, subject=self.client.client_id, scopes=scopes)

    def _tokens(
        self,
        grant_id: UUID,
        *,
        subject: str,
        scopes: Sequence[str],
        refresh_token: str | None = None,
        id_token: str | None = None,
    ) -> Tokens:
        signed = access_token(
            self.key,
            self.settings,
            grant_id=grant_id,
            client_id=self.client.client_id,
            subject=subject,
            scopes=scopes,
        )
        return Tokens(signed, ACCESS_SECONDS, " ".join(scopes), refresh_token, id_token)
