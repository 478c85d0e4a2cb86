"""What a person is asked before another application acts for them, in plain words."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.access.permissions import MATRIX, SCOPES, Permission, Role
from app.access.permissions import WORDS as WORDS_OF
from app.access.principal import Principal
from app.core.db import Session
from app.core.i18n import Message, msg
from app.identity.provider.authorization import AuthorizationRequest
from app.identity.provider.clients import EMAIL, IDENTITY_SCOPES
from app.identity.provider.models import OAuthClient
from app.identity.provider.queries import allowed_before, name_of_account

WORDS: dict[str, Message] = {
    "openid": msg("确认您的身份"),
    EMAIL: msg("读取您的邮箱地址"),
    **{permission.value: WORDS_OF[permission] for permission in Permission if permission.scope},
}
SYSTEM_SCOPES = [(scope, WORDS[scope]) for scope in SCOPES if Permission(scope) in MATRIX[Role.SYSTEM]]
"""What a system can be let do at all."""


def scope_words(scopes: Sequence[str]) -> list[Message]:
    """What the scopes let an application do."""
    return [WORDS[scope] for scope in scopes]


@dataclass(frozen=True, slots=True)
class Asked:
    """One thing an application would be let do."""

    words: Message
    held: bool
    """The person can do that: it never can more than they."""
    new: bool
    """It was let do other things before."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a person says yes to: what the application may do from now on, and what no longer."""

    scopes: list[Asked]
    withdrawn: list[Message]


async def question(
    session: Session, client: OAuthClient, scopes: Sequence[str], caller: Principal
) -> Question:
    """What this person is asked, beside what they allowed this application before."""
    assert caller.id is not None
    held = {permission.scope for permission in caller.held} | {*IDENTITY_SCOPES}
    before = {scope for one in await session.scalars(allowed_before(caller.id, client.id)) for scope in one}
    return Question(
        [Asked(WORDS[scope], scope in held, bool(before) and scope not in before) for scope in scopes],
        [words for scope, words in WORDS.items() if scope in before and scope not in scopes],
    )


async def maker_of(session: Session, client: OAuthClient) -> str | None:
    """The name of the developer who answers for an application; none where its province does."""
    name: str | None = await session.scalar(name_of_account(client.owner_id))
    return name


async def consented(session: Session, asked: AuthorizationRequest, caller: Principal) -> bool:
    """Whether the person allowed this application as much before; an application without a secret always asks."""
    if asked.client.auth_method == "none" or caller.id is None:
        return False
    allowed = await session.scalars(allowed_before(caller.id, asked.client.id))
    return any(set(asked.scopes) <= set(scopes) for scopes in allowed)
