"""The booking's states and the events that lead from one to another (§2.3 of the domain); attendance follows."""

from datetime import datetime
from typing import Literal

from app.instruments.rules.terms import MINUTE, Terms

Status = Literal["requested", "confirmed", "rejected", "withdrawn", "expired", "superseded", "cancelled"]
Event = Literal["cancel", "move", "approve", "reject", "expire", "supersede"]

TRANSITIONS: dict[tuple[str, Event], Status] = {
    ("requested", "approve"): "confirmed",
    ("requested", "reject"): "rejected",
    ("requested", "cancel"): "withdrawn",
    ("requested", "expire"): "expired",
    ("requested", "supersede"): "superseded",
    ("requested", "move"): "requested",
    ("confirmed", "cancel"): "cancelled",
    ("confirmed", "move"): "confirmed",
}
LIVE: frozenset[str] = frozenset({"requested", "confirmed"})
"""States in which a booking is still to be."""
COUNTED = LIVE
"""States whose time counts against a quota."""


def after(status: str, event: Event) -> Status | None:
    """The state an event leads to, or None when it may not happen."""
    return TRANSITIONS.get((status, event))


def waiting(terms: Terms, start: datetime, now: datetime) -> tuple[datetime, datetime | None]:
    """When a request made now ends undecided, and until when it holds the unit, if at all.

    Nobody approves after the start, nor after the time that approvers have; the hold ends early enough for others to
    book the time under the same notice (§2.1: min(now + ttl, start - lead)).
    """
    due = min(now + terms.approval_sla_min * MINUTE, start)
    if not terms.pending_holds_slot:
        return due, None
    ends = [due]
    if terms.hold_ttl_min is not None:
        ends.append(now + terms.hold_ttl_min * MINUTE)
    if (bookable_until := start - terms.lead_min * MINUTE) > now:
        ends.append(bookable_until)
    return due, min(ends)
