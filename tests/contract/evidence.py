"""What shows that a requirement is met: `shown` names tests, `told` the place where a documented decision stands,
`apart` why it is not ours, `missing` what is still to be shown. The sentences are ours.
"""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Requirement:
    """One requirement and its evidence."""

    id: str
    asks: str
    by: Literal["tests", "text", "reason", "missing"]
    evidence: tuple[str, ...]


def shown(id_: str, asks: str, *tests: str) -> Requirement:
    """Tests show it: "folder/test_file.py::test_name" under tests/."""
    return Requirement(id_, asks, "tests", tests)


def told(id_: str, asks: str, file: str, words: str) -> Requirement:
    """A decision that must be written down: the file says these words."""
    return Requirement(id_, asks, "text", (file, words))


def apart(id_: str, asks: str, why: str) -> Requirement:
    """It does not apply, for this reason."""
    return Requirement(id_, asks, "reason", (why,))


def missing(id_: str, asks: str, what: str) -> Requirement:
    """Nothing shows it yet."""
    return Requirement(id_, asks, "missing", (what,))


THROTTLE = "app/identity/throttle.py"
POLICY = "SECURITY.md"
TOKENS = "identity/test_tokens.py::"
FORGED = "identity/test_forged_headers.py::"
SIGN_IN = "identity/test_sign_in.py::"
AUTHORIZE = "identity/test_authorize.py::"
SESSIONS = "identity/test_sessions.py::"
PASSWORDS = "identity/test_passwords.py::"
ID_TOKENS = "identity/test_id_tokens.py::"
ENDPOINTS = "identity/test_provider_endpoints.py::"
