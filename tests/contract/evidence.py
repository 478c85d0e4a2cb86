"""What shows that a requirement is met: `shown` names tests, `told` the section of SECURITY.md that a requirement of
documents asks for, `apart` why it is not ours. The sentences are ours.
"""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Requirement:
    """One requirement and its evidence."""

    id: str
    asks: str
    by: Literal["tests", "section", "reason"]
    evidence: tuple[str, ...]


def shown(id_: str, asks: str, *tests: str) -> Requirement:
    """Tests show it: "folder/test_file.py::test_name" under tests/."""
    return Requirement(id_, asks, "tests", tests)


def told(id_: str, asks: str, heading: str) -> Requirement:
    """It asks for a document: this section of SECURITY.md."""
    return Requirement(id_, asks, "section", (heading,))


def apart(id_: str, asks: str, why: str) -> Requirement:
    """It does not apply, for this reason."""
    return Requirement(id_, asks, "reason", (why,))


TOKENS = "identity/test_tokens.py::"
FORGED = "identity/test_forged_headers.py::"
SIGN_IN = "identity/test_sign_in.py::"
AUTHORIZE = "identity/test_authorize.py::"
SESSIONS = "identity/test_sessions.py::"
PASSWORDS = "identity/test_passwords.py::"
ID_TOKENS = "identity/test_id_tokens.py::"
ENDPOINTS = "identity/test_provider_endpoints.py::"
ACCOUNT = "identity/test_account.py::"
LINKING = "identity/test_linking.py::"
DPOP = "identity/test_dpop.py::"
PROVIDER_LOGOUT = "identity/test_provider_logout.py::"
ROGUE = "identity/test_rogue_provider.py::"
ADDRESSES = "identity/contacts/test_addresses.py::"
MOBILE = "identity/contacts/test_mobile.py::"
RECOVERY = "identity/contacts/test_recovery.py::"
REGISTRATION = "identity/contacts/test_registration.py::"
SECURITY = "identity/contacts/test_security.py::"
STRENGTH = "identity/contacts/test_strength.py::"
FACTORS = "identity/factors/test_managing.py::"
PASSKEYS = "identity/factors/test_passkeys.py::"
RESET = "identity/factors/test_reset.py::"
SECOND_STEP = "identity/factors/test_second_step.py::"
SECRETS = "identity/factors/test_secrets.py::"
STRONG_ROLES = "identity/factors/test_strong_roles.py::"
INVITATIONS = "identity/joining/test_invitations.py::"
