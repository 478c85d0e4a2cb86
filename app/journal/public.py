"""What other packages use of the journal."""

from app.journal.anchors import Anchor, anchor, anchors, public_key
from app.journal.chain import who_digest
from app.journal.models import JournalEvent, JournalSeal
from app.journal.noting import note, write_tallies
from app.journal.sealing import head, provinces, seal
from app.journal.verifying import Fault, Finding, Progress, Verdict, links, verify
from app.journal.writing import Event, record, record_all

__all__ = [
    "Anchor",
    "Event",
    "Fault",
    "Finding",
    "JournalEvent",
    "JournalSeal",
    "Progress",
    "Verdict",
    "anchor",
    "anchors",
    "head",
    "links",
    "note",
    "provinces",
    "public_key",
    "record",
    "record_all",
    "seal",
    "verify",
    "who_digest",
    "write_tallies",
]
