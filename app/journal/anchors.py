"""Anchors: the head of a chain signed by the platform, to be kept outside.

Who may rewrite the whole database can rewrite a whole chain; without SECRET_KEY they cannot sign its new head, and an
anchor kept elsewhere does not agree with it. The key is an Ed25519 key (RFC 8032) derived from SECRET_KEY, so that anyone
with the public key can check an anchor.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from app.core import clock
from app.core.crypto import derive
from app.core.db import Database, ReadSession
from app.journal.models import JournalAnchor
from app.journal.sealing import head
from app.settings import Settings
from app.tenancy.context import TenantContext

PURPOSE = "journal-anchor"
HEADING = "delta-commons journal anchor 1"


@dataclass(frozen=True, slots=True)
class Anchor:
    """That at `at` the chain of `province` had `sequence` links, the last with `digest`."""

    province: str
    sequence: int
    digest: bytes
    at: datetime
    key: bytes
    signature: bytes

    def message(self) -> bytes:
        """What is signed: the heading, province, sequence, hex digest and instant in lines."""
        at = self.at.astimezone(UTC).isoformat(timespec="microseconds")
        return "\n".join((HEADING, self.province, str(self.sequence), self.digest.hex(), at)).encode()

    def is_signed_by(self, key: bytes) -> bool:
        """Whether the signature is that of a public key."""
        try:
            Ed25519PublicKey.from_public_bytes(key).verify(self.signature, self.message())
        except InvalidSignature:
            return False
        return True

    def as_json(self) -> dict[str, Any]:
        """The anchor as it is kept outside."""
        return {
            "province": self.province,
            "sequence": self.sequence,
            "digest": self.digest.hex(),
            "at": self.at.astimezone(UTC).isoformat(timespec="microseconds"),
            "key": self.key.hex(),
            "signature": self.signature.hex(),
        }

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """An anchor that was kept outside.

        Raises:
            ValueError: it is none.
        """
        try:
            return cls(
                str(value["province"]),
                int(value["sequence"]),
                bytes.fromhex(value["digest"]),
                datetime.fromisoformat(value["at"]),
                bytes.fromhex(value["key"]),
                bytes.fromhex(value["signature"]),
            )
        except (KeyError, TypeError) as error:
            raise ValueError("not an anchor") from error

    @classmethod
    def of(cls, row: JournalAnchor) -> Self:
        """The anchor of a row."""
        return cls(row.tenant_id, row.sequence, row.digest, row.at, row.key, row.signature)


def _private_key(settings: Settings) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(derive(settings.secret, PURPOSE))


def public_key(settings: Settings) -> bytes:
    """The key anchors are checked with, 32 bytes."""
    return _private_key(settings).public_key().public_bytes_raw()


async def anchor(database: Database, settings: Settings, tenant_id: str) -> Anchor | None:
    """Sign the head of a province's chain; the anchor it has when there is one already, None for an empty chain."""
    private = _private_key(settings)
    async with database.transaction(TenantContext(tenant_id).info()) as session:
        last = await head(session, tenant_id)
        if last is None:
            return None
        unsigned = Anchor(
            tenant_id, last.sequence, last.digest, clock.now(), private.public_key().public_bytes_raw(), b""
        )
        values = {
            "tenant_id": tenant_id,
            "sequence": last.sequence,
            "digest": last.digest,
            "at": unsigned.at,
            "key": unsigned.key,
            "signature": private.sign(unsigned.message()),
        }
        await session.execute(insert(JournalAnchor).values(**values).on_conflict_do_nothing())
        mine = (JournalAnchor.tenant_id == tenant_id, JournalAnchor.sequence == last.sequence)
        return Anchor.of((await session.scalars(select(JournalAnchor).where(*mine))).one())


async def anchors(session: ReadSession, tenant_id: str) -> Sequence[Anchor]:
    """A province's anchors, first to last."""
    mine = select(JournalAnchor).where(JournalAnchor.tenant_id == tenant_id)
    return [Anchor.of(row) for row in await session.scalars(mine.order_by(JournalAnchor.sequence))]
