"""WebAuthn challenges (Web Authentication Level 3 §13.4.3): ours, for one purpose and person, five minutes, once."""

import secrets
from datetime import UTC, datetime, timedelta

from sqlalchemy.dialects.postgresql import insert

from app.core.clock import now
from app.core.crypto import sign, token_digest, verify
from app.core.db import Session
from app.identity.factors.models import SpentChallenge
from app.settings import Settings

LIFETIME = timedelta(minutes=5)
_SIGNED = "webauthn-challenge"


def new_challenge(settings: Settings, purpose: str, bound_to: object) -> bytes:
    """A challenge to sign for this purpose: `<seconds>.<random>.<signature>`."""
    told = f"{int((now() + LIFETIME).timestamp())}.{secrets.token_urlsafe(16)}"
    return f"{told}.{sign(settings.secret, _SIGNED, _message(told, purpose, bound_to))}".encode()


async def spend(
    session: Session, settings: Settings, challenge: bytes, *, purpose: str, bound_to: object
) -> bool:
    """Whether the challenge is ours, for this purpose and person, in time, and spent here for the first time."""
    told, _, signature = challenge.decode("ascii", "replace").rpartition(".")
    if not verify(settings.secret, _SIGNED, _message(told, purpose, bound_to), signature):
        return False
    expires_at = datetime.fromtimestamp(int(told.partition(".")[0]), UTC)
    if expires_at <= now():
        return False
    spent = insert(SpentChallenge).values(digest=token_digest(told), expires_at=expires_at)
    first = spent.on_conflict_do_nothing().returning(SpentChallenge.digest)
    return await session.scalar(first) is not None


def _message(told: str, purpose: str, bound_to: object) -> bytes:
    return f"{told}|{purpose}|{bound_to}".encode()
