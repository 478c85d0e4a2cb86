"""What other packages use of the journal."""

from app.journal.anchors import Anchor, anchor, anchors, public_key
from app.journal.models import JournalEvent, JournalSeal
from app.journal.noting import note, write_tallies
from app.journal.sealing import head, provinces, seal
from app.journal.verifying import Fault, Finding, Verdict, verify
from app.journal.writing import Event, record, record_all

__all__ = [
    "Anchor",
    "Event",
    "Fault",
    "Finding",
    "JournalEvent",
    "JournalSeal",
    "Verdict",
    "anchor",
    "anchors",
    "head",
    "note",
    "provinces",
    "public_key",
    "record",
    "record_all",
    "seal",
    "verify",
    "write_tallies",
]
