"""The token endpoint: a code, a refresh token, a device's or a system's own word against an access token."""

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

from app.core.clock import now, today
from app.core.crypto import new_token, token_digest
from app.core.db import Session
from app.identity.provider import queries
from app.identity.provider.answers import INVALID_GRANT, Denied, Tokens
from app.identity.provider.authorization import SignedIn
from app.identity.provider.clients import DEVICE_GRANT, allowed_scopes
from app.identity.provider.devices import redeem
from app.identity.provider.dpop import BadProof, Proof
from app.identity.provider.grants import LIFETIME, open_grant, revoke_grant
from app.identity.provider.models import OAuthClient, OAuthCode, RefreshToken
from app.identity.provider.tokens import ACCESS_SECONDS, access_token, id_token
from app.settings import Settings

REFRESH_LIFETIME = timedelta(days=30)
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


@dataclass(frozen=True, slots=True)
class Exchange:
    """One authenticated call of the token endpoint."""

    session: Session
    settings: Settings
    key: ECKey
    client: OAuthClient
    form: Mapping[str, str]
    proof: Proof | None = None

    async def answer(self) -> Tokens | Denied:
        """Tokens, or why not."""
        kinds = {
            "authorization_code": self._code,
            "refresh_token": self._refresh,
            "client_credentials": self._system,
            DEVICE_GRANT: self._device,
        }
        kind = self.form.get("grant_type")
        if kind is None:
            return Denied("invalid_request", "grant_type is missing.")
        if kind not in kinds:
            return Denied("unsupported_grant_type", "This grant type is not supported.")
        if kind not in self.client.grant_types:
            return Denied("unauthorized_client", "This client may not use this grant type.")
        if self.proof is None and self.client.dpop_bound:
            return Denied(BadProof.error, "This client must prove that it holds a key.")
        if self.proof is not None and not await self.proof.first_use(self.session):
            return Denied(BadProof.error, "The proof was used before.")
        answer = await kinds[kind]()
        if isinstance(answer, Tokens):
            await self._note_use()
        return answer

    async def _note_use(self) -> None:
        """On what day the application was last used; once a day."""
        if self.client.last_used_on != (day := today()):
            used = update(OAuthClient).where(OAuthClient.id == self.client.id)
            await self.session.execute(used.values(last_used_on=day))

    @property
    def _jkt(self) -> str | None:
        return self.proof.jkt if self.proof else None

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
        if not row.in_time or not fits or code.jkt not in {None, self._jkt}:
            return INVALID_GRANT
        person = SignedIn(
            code.tenant_id,
            code.account_id,
            tuple(code.methods),
            code.authenticated_at,
            code.browser_session_id,
        )
        opened = await self._open(person, code.scopes, nonce=code.nonce)
        if opened is None:
            return INVALID_GRANT
        grant_id, tokens = opened
        await self._use(code, grant_id=grant_id)
        return tokens

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

    async def _device(self) -> Tokens | Denied:
        allowed = await redeem(self.session, self.client, self.form.get("device_code", ""))
        if isinstance(allowed, Denied):
            return allowed
        opened = await self._open(allowed.person, allowed.scopes, device=True)
        return INVALID_GRANT if opened is None else opened[1]

    async def _open(
        self, person: SignedIn, scopes: Sequence[str], *, nonce: str | None = None, device: bool = False
    ) -> tuple[UUID, Tokens] | None:
        """A grant by a person and its first tokens, while the person's account is active."""
        if await self.session.scalar(queries.active_account(person.account_id)) is None:
            return None
        refreshable = "refresh_token" in self.client.grant_types
        grant_id = await open_grant(
            self.session,
            self.client,
            scopes=scopes,
            person=person,
            lifetime=LIFETIME if refreshable else timedelta(seconds=ACCESS_SECONDS),
            device=device,
        )
        signed = id_token(
            self.key,
            self.settings,
            client_id=self.client.client_id,
            subject=str(person.account_id),
            nonce=nonce,
            authenticated_at=person.authenticated_at,
            methods=person.methods,
            session_id=person.session_id,
        )
        return grant_id, self._tokens(
            grant_id,
            subject=str(person.account_id),
            scopes=scopes,
            refresh_token=await self._new_refresh_token(person.tenant_id, grant_id) if refreshable else None,
            id_token=signed if "openid" in scopes else None,
        )

    async def _refresh(self) -> Tokens | Denied:
        digest = token_digest(self.form.get("refresh_token", ""))
        row = (await self.session.execute(queries.locked_refresh_token(digest))).one_or_none()
        if row is None or row.OAuthGrant.client_id != self.client.id or not row.in_time:
            return INVALID_GRANT
        if row.RefreshToken.jkt not in {None, self._jkt}:
            return INVALID_GRANT
        grant = row.OAuthGrant
        if row.RefreshToken.used_at is not None:
            # Sent twice by mistake or by a thief: nobody can tell which, so both are out (RFC 9700 §4.14.2).
            await revoke_grant(self.session, grant.id, reason="refresh_token_reused")
            return INVALID_GRANT
        if await self.session.scalar(queries.active_account(grant.account_id)) is None:
            return INVALID_GRANT
        # What the application lost since, at a review, it gets no more.
        left = [scope for scope in grant.scopes if scope in allowed_scopes(self.client)]
        scopes = self.form["scope"].split() if "scope" in self.form else left
        if not scopes or not set(scopes) <= set(left):
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
                jkt=self._jkt if self.client.auth_method == "none" else None,
                expires_at=now() + REFRESH_LIFETIME,
            )
        )
        return token

    async def _system(self) -> Tokens | Denied:
        allowed = allowed_scopes(self.client)
        asked = self.form["scope"].split() if "scope" in self.form else allowed
        scopes = [scope for scope in asked if scope in allowed]
        if not scopes:
            return Denied("invalid_scope", "This client has none of these scopes.")
        lifetime = timedelta(seconds=ACCESS_SECONDS)
        grant_id = await open_grant(self.session, self.client, scopes=scopes, lifetime=lifetime)
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
            jkt=self._jkt,
        )
        kind = "Bearer" if self.proof is None else "DPoP"
        return Tokens(signed, ACCESS_SECONDS, " ".join(scopes), refresh_token, id_token, kind)
