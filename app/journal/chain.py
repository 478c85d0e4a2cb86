"""The canonical form of an event, and the links of a province's chain; whoever has an export can compute the same.

- `what` is PostgreSQL's text of a JSON array: id, tenant_id, at (UTC, microseconds, no offset), kind, subject_type,
  subject_id, actor_tenant_id, request_id, before and after (each as the text of its JSON, in a string), txid.
- `who` likewise: actor_id, client_id, acting_for, session_id, address, salt. It has a digest of its own, so that an event
  can be proved to an auditor who may not know who acted.
- event digest = SHA-256 of the lines what, hex SHA-256 of who, joined by a line feed; all UTF-8.
- link digest = SHA-256 of the lines tenant_id, sequence, event_id, txid, hex event digest, hex digest of the link before
  (64 zeros before the first), joined by a line feed.
"""

import hashlib
from uuid import UUID

from sqlalchemy import Text, cast, func

from app.journal.models import JournalEvent

GENESIS = bytes(32)
"""What stands before the first link."""

WHAT = cast(
    func.jsonb_build_array(
        JournalEvent.id,
        JournalEvent.tenant_id,
        func.timezone("UTC", JournalEvent.at),
        JournalEvent.kind,
        JournalEvent.subject_type,
        JournalEvent.subject_id,
        JournalEvent.actor_tenant_id,
        JournalEvent.request_id,
        # As text, so that no value at all and the value null are told apart.
        cast(JournalEvent.before, Text),
        cast(JournalEvent.after, Text),
        JournalEvent.txid,
    ),
    Text,
)
WHO = cast(
    func.jsonb_build_array(
        JournalEvent.actor_id,
        JournalEvent.client_id,
        JournalEvent.acting_for,
        JournalEvent.session_id,
        JournalEvent.address,
        JournalEvent.salt,
    ),
    Text,
)


def who_digest(who: str) -> str:
    """The digest of who acted, 64 hexadecimal digits."""
    return hashlib.sha256(who.encode()).hexdigest()


def event_digest(what: str, who: str) -> bytes:
    """The digest of an event in its canonical form."""
    return hashlib.sha256(f"{what}\n{who_digest(who)}".encode()).digest()


def link_digest(
    tenant_id: str, sequence: int, event_id: UUID, txid: int, event: bytes, previous: bytes
) -> bytes:
    """The digest of a link: of its place, its event, and through `previous` of all links before."""
    lines = (tenant_id, str(sequence), str(event_id), str(txid), event.hex(), previous.hex())
    return hashlib.sha256("\n".join(lines).encode()).digest()
