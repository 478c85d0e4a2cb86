"""How an application goes from state to state, and what a file is by its first bytes."""

from enum import StrEnum
from typing import Literal

from app.core import media

State = Literal["draft", "submitted", "returned", "approved", "rejected", "withdrawn"]


class Step(StrEnum):
    """What is done with an application."""

    SUBMIT = "submit"
    WITHDRAW = "withdraw"
    RETURN = "return"
    APPROVE = "approve"
    REJECT = "reject"


TRANSITIONS: dict[Step, tuple[frozenset[State], State]] = {
    Step.SUBMIT: (frozenset({"draft", "returned"}), "submitted"),
    Step.WITHDRAW: (frozenset({"draft", "submitted", "returned"}), "withdrawn"),
    Step.RETURN: (frozenset({"submitted"}), "returned"),
    Step.APPROVE: (frozenset({"submitted"}), "approved"),
    Step.REJECT: (frozenset({"submitted"}), "rejected"),
}
"""From which states a step leads, and to which."""
EDITABLE: frozenset[State] = frozenset({"draft", "returned"})
"""While the applicant may change it."""
MOST_FILES = 5
MOST_BYTES = 10 * 1024 * 1024
"""Of one file."""
MEDIA_TYPES = ("application/pdf", "image/png", "image/jpeg")


def may(step: Step, state: State) -> bool:
    """Whether an application in this state can take the step."""
    return state in TRANSITIONS[step][0]


def media_type(head: bytes) -> str | None:
    """The type of a file by its first bytes, or None when it is none that we take."""
    kind = media.media_type(head)
    return kind if kind in MEDIA_TYPES else None
