"""What a person is asked before another application acts for them, in plain words."""

from collections.abc import Sequence

from app.access.permissions import MATRIX, SCOPES, Permission, Role
from app.access.permissions import WORDS as WORDS_OF
from app.access.principal import Principal
from app.core.db import Session
from app.core.i18n import Message, msg
from app.identity.provider import queries
from app.identity.provider.authorization import AuthorizationRequest
from app.identity.provider.clients import IDENTITY_SCOPES
from app.identity.provider.models import OAuthClient

WORDS: dict[str, Message] = {
    "openid": msg("确认您的身份"),
    **{permission.value: WORDS_OF[permission] for permission in Permission if permission.scope},
}
SYSTEM_SCOPES = [(scope, WORDS[scope]) for scope in SCOPES if Permission(scope) in MATRIX[Role.SYSTEM]]
"""What a system can be let do at all."""


def scope_words(scopes: Sequence[str]) -> list[Message]:
    """What the scopes let an application do."""
    return [WORDS[scope] for scope in scopes]


def scopes_for(scopes: Sequence[str], caller: Principal) -> list[tuple[Message, bool]]:
    """What the scopes let an application do, and whether the person can do that: it never can more than they."""
    held = {permission.scope for permission in caller.held} | {*IDENTITY_SCOPES}
    return [(WORDS[scope], scope in held) for scope in scopes]


async def maker_of(session: Session, client: OAuthClient) -> str | None:
    """The name of the developer who answers for an application; none where its province does."""
    name: str | None = await session.scalar(queries.name_of_account(client.owner_id))
    return name


async def consented(session: Session, asked: AuthorizationRequest, caller: Principal) -> bool:
    """Whether the person allowed this application as much before; an application without a secret always asks."""
    if asked.client.auth_method == "none" or caller.id is None:
        return False
    allowed = await session.scalars(queries.allowed_before(caller.id, asked.client.id))
    return any(set(asked.scopes) <= set(scopes) for scopes in allowed)
