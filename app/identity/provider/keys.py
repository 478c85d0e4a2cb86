"""The keys that sign tokens: ES256, kept encrypted, published as JWKS.

One is active. The next one is published beside it, so that when it comes to sign every client and process knows it.
"""

import json
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from fastapi import FastAPI
from joserfc.jwk import ECKey
from sqlalchemy import delete, func, insert, select, update

from app.core.crypto import box
from app.core.db import Database, Session
from app.identity.context import sign_in_context
from app.identity.provider.models import SigningKey
from app.settings import Settings

ALGORITHM = "ES256"
FRESH_SECONDS = 60
UNKNOWN_KEY_SECONDS = 10
"""A token that names an unknown key makes us look again, this often at most."""
PUBLISHED = timedelta(minutes=10)
"""How long a key is published before it signs: as long as clients and our own processes keep a copy, twice."""
RETIRING = timedelta(days=15)
"""How long a key is published after it signed: an ID token is shown at logout as long as a session lasts."""
_LOCK = select(func.pg_advisory_xact_lock(func.hashtext("identity-signing-key")))


def _box(settings: Settings) -> Fernet:
    return box(settings.secret, "signing-key")


@dataclass(frozen=True, slots=True)
class Keys:
    """All published keys by id, and the one that signs."""

    public: dict[str, ECKey]
    signing: ECKey


async def load(session: Session, settings: Settings) -> Keys:
    """The keys in the database; the first caller ever makes them."""
    found = await _read(session, settings)
    if found is None:
        await session.execute(_LOCK)
        found = await _read(session, settings)
        if found is None:
            await _make(session, settings)
            found = await _read(session, settings)
    assert found is not None
    return found


async def _read(session: Session, settings: Settings) -> Keys | None:
    """The keys, when one signs and one is next; both must open under our SECRET_KEY."""
    rows = await _rows(session)
    signing, following = (_opened(rows, state, settings) for state in ("active", "next"))
    if signing is None or following is None:
        return None
    return Keys({row.kid: ECKey.import_key(_jwk(row.public_jwk)) for row in rows}, signing)


async def _rows(session: Session) -> Sequence[SigningKey]:
    return (await session.scalars(select(SigningKey).order_by(SigningKey.since.desc(), SigningKey.kid))).all()


def _opened(rows: Iterable[SigningKey], state: str, settings: Settings) -> ECKey | None:
    for row in rows:
        if row.state == state:
            with suppress(InvalidToken):  # made under another SECRET_KEY: still published, no longer of use
                return ECKey.import_key(_jwk(json.loads(_box(settings).decrypt(row.private_jwk))))
    return None


async def _make(session: Session, settings: Settings) -> None:
    """Put a key of ours in each place that has none. Under the lock."""
    rows = await _rows(session)
    for state in ("active", "next"):
        if _opened(rows, state, settings) is None:
            await _move(session, state, "retiring")
            await _insert(session, settings, state)


async def _insert(session: Session, settings: Settings, state: str) -> None:
    key = ECKey.generate_key("P-256", {"use": "sig", "alg": ALGORITHM}, auto_kid=True)
    await session.execute(
        insert(SigningKey).values(
            kid=key.kid,
            public_jwk=key.as_dict(private=False),
            private_jwk=_box(settings).encrypt(json.dumps(key.as_dict(private=True)).encode()),
            state=state,
        )
    )


async def _move(session: Session, state: str, to: str) -> None:
    change = update(SigningKey).where(SigningKey.state == state)
    await session.execute(change.values(state=to, since=func.clock_timestamp()))


class TooSoon(Exception):  # noqa: N818 - a refusal
    """The next key was published so lately that some client may not have seen it."""


async def rotate(session: Session, settings: Settings, *, at_once: bool = False) -> str:
    """Let the next key sign and publish another; the id of the one that signs now.

    `at_once`: the keys until now are forgotten, with every token they signed.

    Raises:
        TooSoon: the next key was published less than `PUBLISHED` ago.
    """
    await load(session, settings)
    await session.execute(_LOCK)
    if not at_once:
        long_enough = SigningKey.since <= func.clock_timestamp() - PUBLISHED
        if not await session.scalar(select(long_enough).where(SigningKey.state == "next")):
            raise TooSoon
    await _move(session, "active", "retiring")
    await _move(session, "next", "active")
    await _insert(session, settings, "next")
    if at_once:
        await session.execute(delete(SigningKey).where(SigningKey.state == "retiring"))
    return (await session.scalars(select(SigningKey.kid).where(SigningKey.state == "active"))).one()


async def rotate_by_age(session: Session, settings: Settings) -> bool:
    """Rotate when the key has signed for `signing_key_days`; whether it was done. Forgets keys long retired."""
    await session.execute(_LOCK)
    old = SigningKey.since < func.clock_timestamp() - timedelta(days=settings.signing_key_days)
    seen = SigningKey.since <= func.clock_timestamp() - PUBLISHED
    due = await session.scalar(select(old).where(SigningKey.state == "active")) and await session.scalar(
        select(seen).where(SigningKey.state == "next")
    )
    if due:
        await rotate(session, settings)
    gone = SigningKey.since < func.clock_timestamp() - RETIRING
    await session.execute(delete(SigningKey).where(SigningKey.state == "retiring", gone))
    return bool(due)


def _jwk(values: dict[str, Any]) -> Any:
    """Joserfc types the members of a key one by one; ours come from JSON."""
    return values


@dataclass(slots=True)
class KeyRing:
    """This process's copy of the keys, read again every minute."""

    database: Database
    settings: Settings
    _keys: Keys | None = None
    _read_at: float = field(default=0.0)

    async def signing(self) -> ECKey:
        """The key that signs. Call it outside a transaction."""
        return (await self._fresh(FRESH_SECONDS)).signing

    async def public(self, kid: str) -> ECKey | None:
        """The published key with this id."""
        keys = await self._fresh(FRESH_SECONDS)
        if kid not in keys.public:
            keys = await self._fresh(UNKNOWN_KEY_SECONDS)
        return keys.public.get(kid)

    async def jwks(self) -> dict[str, Any]:
        """The published keys as a JWK set (RFC 7517)."""
        keys = await self._fresh(UNKNOWN_KEY_SECONDS)
        return {"keys": [key.as_dict(private=False) for key in keys.public.values()]}

    async def _fresh(self, seconds: float) -> Keys:
        if self._keys is None or time.monotonic() - self._read_at > seconds:
            async with self.database.transaction(sign_in_context(self.settings).info()) as session:
                self._keys = await load(session, self.settings)
            self._read_at = time.monotonic()
        return self._keys


def key_ring(app: FastAPI) -> KeyRing:
    """The key ring of an application."""
    if not hasattr(app.state, "key_ring"):
        app.state.key_ring = KeyRing(app.state.database, app.state.settings)
    ring: KeyRing = app.state.key_ring
    return ring
