"""How an application goes from state to state, and what a file is by its first bytes."""

from enum import StrEnum
from typing import Literal

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
_SIGNATURES = (
    (b"%PDF-", "application/pdf"),  # ISO 32000-2 §7.5.2
    (b"\x89PNG\r\n\x1a\n", "image/png"),  # PNG specification §5.2
    (b"\xff\xd8\xff", "image/jpeg"),  # ITU-T T.81 §B.1.1.3: SOI, then a marker
)
HEAD_BYTES = max(len(signature) for signature, _ in _SIGNATURES)
MEDIA_TYPES = tuple(kind for _, kind in _SIGNATURES)


def may(step: Step, state: State) -> bool:
    """Whether an application in this state can take the step."""
    return state in TRANSITIONS[step][0]


def media_type(head: bytes) -> str | None:
    """The type of a file by its first bytes, or None when it is none that we take."""
    return next((kind for signature, kind in _SIGNATURES if head.startswith(signature)), None)
