"""What whoever runs the platform is told of signing in: keys without their secrets, counts without names."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from app.core.db import ReadSession
from app.identity.models import LoginAttempt
from app.identity.provider.models import SigningKey


@dataclass(frozen=True, slots=True)
class PublishedKey:
    """A key that signs our tokens, or did."""

    kid: str
    state: str
    created_at: datetime


async def signing_keys(session: ReadSession) -> Sequence[PublishedKey]:
    """The published keys, the newest first. Runs in the sign-in context."""
    rows = await session.scalars(select(SigningKey).order_by(SigningKey.created_at.desc()))
    return [PublishedKey(row.kid, row.state, row.created_at) for row in rows]


async def slowed(session: ReadSession) -> int:
    """How many names and addresses must wait before the next try to sign in. Runs in the sign-in context."""
    waiting = select(func.count()).where(LoginAttempt.free_at > func.clock_timestamp())
    return int(await session.scalar(waiting))
