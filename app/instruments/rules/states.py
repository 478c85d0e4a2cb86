"""The booking's states and the events that lead from one to another; more states follow with approval and use."""

from typing import Literal

Status = Literal["requested", "confirmed", "cancelled"]
Event = Literal["cancel", "move"]

TRANSITIONS: dict[tuple[str, Event], Status] = {
    ("requested", "cancel"): "cancelled",
    ("confirmed", "cancel"): "cancelled",
    ("requested", "move"): "requested",
    ("confirmed", "move"): "confirmed",
}
BLOCKING: frozenset[str] = frozenset({"requested", "confirmed"})
"""States that hold the unit."""
COUNTED: frozenset[str] = frozenset({"requested", "confirmed"})
"""States whose time counts against a quota."""


def after(status: str, event: Event) -> Status | None:
    """The state an event leads to, or None when it may not happen."""
    return TRANSITIONS.get((status, event))
