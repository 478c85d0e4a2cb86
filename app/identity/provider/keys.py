"""The keys that sign tokens: ES256, kept encrypted, published as JWKS."""

import json
import time
from dataclasses import dataclass, field
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from fastapi import FastAPI
from joserfc.jwk import ECKey
from sqlalchemy import func, insert, select

from app.core.crypto import box
from app.core.db import Database, Session
from app.identity.context import sign_in_context
from app.identity.provider.models import SigningKey
from app.settings import Settings

ALGORITHM = "ES256"
FRESH_SECONDS = 300
UNKNOWN_KEY_SECONDS = 10
"""A token that names an unknown key makes us look again, this often at most."""
_LOCK = select(func.pg_advisory_xact_lock(func.hashtext("identity-signing-key")))


def _box(settings: Settings) -> Fernet:
    return box(settings.secret, "signing-key")


@dataclass(frozen=True, slots=True)
class Keys:
    """All published keys by id, and the one that signs."""

    public: dict[str, ECKey]
    signing: ECKey


async def make_key(session: Session, settings: Settings) -> None:
    """Add a new active key; the newest active one signs."""
    key = ECKey.generate_key("P-256", {"use": "sig", "alg": ALGORITHM}, auto_kid=True)
    await session.execute(
        insert(SigningKey).values(
            kid=key.kid,
            public_jwk=key.as_dict(private=False),
            private_jwk=_box(settings).encrypt(json.dumps(key.as_dict(private=True)).encode()),
        )
    )


async def load(session: Session, settings: Settings) -> Keys:
    """The keys in the database; the first caller ever makes one."""
    found = await _read(session, settings)
    if found is None:
        await session.execute(_LOCK)
        found = await _read(session, settings)
        if found is None:
            await make_key(session, settings)
            found = await _read(session, settings)
    assert found is not None
    return found


async def _read(session: Session, settings: Settings) -> Keys | None:
    rows = (
        await session.scalars(select(SigningKey).order_by(SigningKey.created_at.desc(), SigningKey.kid))
    ).all()
    public = {row.kid: ECKey.import_key(_jwk(row.public_jwk)) for row in rows}
    for row in rows:
        if row.state == "active":
            try:
                private = json.loads(_box(settings).decrypt(row.private_jwk))
            except InvalidToken:  # made under another SECRET_KEY: still published, no longer of use
                continue
            return Keys(public, ECKey.import_key(_jwk(private)))
    return None


def _jwk(values: dict[str, Any]) -> Any:
    """Joserfc types the members of a key one by one; ours come from JSON."""
    return values


@dataclass(slots=True)
class KeyRing:
    """This process's copy of the keys, read again every five minutes."""

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
