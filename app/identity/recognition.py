"""Who calls: a browser by its session cookie, an API client by its access token."""

from typing import Any
from uuid import UUID

from fastapi import Request
from sqlalchemy import ARRAY, Text, Uuid, column, text
from sqlalchemy.dialects.postgresql import JSONB

from app.access.permissions import STRONG, Role
from app.access.principal import TWO_FACTORS, VISITOR, Principal
from app.core.crypto import token_digest
from app.core.db import Database
from app.core.errors import Unauthorized
from app.core.i18n import msg
from app.core.requests import SAFE_METHODS
from app.identity.context import settings_of
from app.identity.provider.dpop import (
    HEADER,
    NONCE_HEADER,
    BadProof,
    NonceWanted,
    challenge,
    new_nonce,
    read_proof,
)
from app.identity.provider.keys import key_ring
from app.identity.provider.tokens import BadToken, read_access_token
from app.settings import Settings
from app.web.csrf import from_here
from app.web.public import CsrfFailed, cookie_of
from app.web.public import cookie_name as host_cookie

SESSION_COOKIE = "commons_session"
MAXIMUM_COOKIE = 100
_COLUMNS = (
    column("kind", Text),
    column("id", Uuid),
    column("tenant_id", Text),
    column("name", Text),
    column("roles", ARRAY(Text)),
    column("organisations", JSONB),
    column("stewardships", ARRAY(Uuid)),
    column("session_id", Uuid),
    column("methods", JSONB),
    column("client_id", Uuid),
    column("acting_for", Uuid),
)
_OF_SESSION = text("SELECT * FROM identity_principal_of_session(:key)").columns(*_COLUMNS)
_OF_GRANT = text("SELECT * FROM identity_principal_of_grant(:key)").columns(*_COLUMNS)


class InvalidToken(Unauthorized):
    """The access token is not good (RFC 6750 §3.1)."""

    code = "invalid_token"
    title = msg("访问令牌无效或已过期")

    def __init__(self, scheme: str = "bearer") -> None:
        error = self.code
        value = f'Bearer error="{error}"' if scheme == "bearer" else challenge(error)
        super().__init__(headers={"WWW-Authenticate": value})


class InvalidProof(Unauthorized):
    """The proof of possession is not good (RFC 9449 §7.1)."""

    code = BadProof.error
    title = msg("持有证明（DPoP）无效或已被使用")

    def __init__(self) -> None:
        super().__init__(headers={"WWW-Authenticate": challenge(self.code)})


class ProofNonceWanted(Unauthorized):
    """The proof must carry the nonce given here (RFC 9449 §9)."""

    code = NonceWanted.error
    title = msg("持有证明（DPoP）须包含服务器给出的 nonce")

    def __init__(self, settings: Settings) -> None:
        super().__init__(
            headers={"WWW-Authenticate": challenge(self.code), NONCE_HEADER: new_nonce(settings)}
        )


def cookie_name(settings: Settings) -> str:
    """The name of the session's cookie."""
    return host_cookie(settings, SESSION_COOKIE)


async def authenticate(request: Request) -> Principal:
    """The caller of a request, for one database statement; a visitor without cookie or token costs none.

    A signing key that this process has not seen, or not for a minute, costs one more. A bearer token counts before a
    cookie. A cookie that is unknown, expired or revoked makes a visitor.

    Raises:
        Unauthorized: there is an access token and it is not good, or not proved to be the caller's.
        CsrfFailed: another site's page makes a signed-in browser change something.
    """
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() in {"bearer", "dpop"}:
        return await _of_token(request, scheme.lower(), credentials.strip())
    token = cookie_of(request, SESSION_COOKIE)
    if not token or len(token) > MAXIMUM_COOKIE:
        return VISITOR
    principal = await _recognised(request, _OF_SESSION, token_digest(token))
    if principal is None:
        return VISITOR
    if request.method not in SAFE_METHODS and not from_here(request):
        raise CsrfFailed
    return principal


async def _of_token(request: Request, scheme: str, value: str) -> Principal:
    try:
        token = await read_access_token(value, key_ring(request.app), settings_of(request))
    except BadToken as error:
        raise InvalidToken(scheme) from error
    if (token.jkt is None) != (scheme == "bearer"):
        # A token bound to a key is no bearer token (RFC 9449 §7.1), nor the other way round.
        raise InvalidToken(scheme)
    if token.jkt is not None:
        await _prove_possession(request, value, token.jkt)
    principal = await _recognised(request, _OF_GRANT, token.grant_id, frozenset(token.scopes))
    if principal is None:
        raise InvalidToken(scheme)
    return principal


async def _prove_possession(request: Request, access_token: str, jkt: str) -> None:
    settings = settings_of(request)
    shown = request.headers.getlist(HEADER)
    path = request.scope["raw_path"].decode("ascii", "replace")
    try:
        proof = read_proof(shown, settings, method=request.method, path=path, access_token=access_token)
    except NonceWanted as error:
        raise ProofNonceWanted(settings) from error
    except BadProof as error:
        raise InvalidProof from error
    if proof is None:
        raise InvalidProof
    if proof.jkt != jkt:
        raise InvalidToken("dpop")
    database: Database = request.app.state.database
    async with database.statements() as connection:
        if not await proof.first_use(connection):
            raise InvalidProof


async def _recognised(
    request: Request, statement: Any, key: object, scopes: frozenset[str] | None = None
) -> Principal | None:
    database: Database = request.app.state.database
    async with database.statements() as connection:
        row = (await connection.execute(statement, {"key": key})).one_or_none()
    if row is None:
        return None
    roles = frozenset(Role(role) for role in row.roles)
    # A system has no fingers: it proves itself by its secret or key.
    weak = row.kind == "person" and TWO_FACTORS not in row.methods
    withheld = roles & STRONG if weak else frozenset()
    return Principal(
        kind=row.kind,
        id=row.id,
        tenant_id=row.tenant_id,
        name=row.name,
        roles=roles - withheld,
        withheld=withheld,
        organisations={
            UUID(organisation): Role(role) for organisation, role in (row.organisations or {}).items()
        },
        stewardships=frozenset(row.stewardships),
        scopes=scopes,
        session_id=row.session_id,
        methods=frozenset(row.methods),
        client_id=row.client_id,
        acting_for=row.acting_for,
    )
