"""Personal data in what an event says, masked for all callers in one place.

Two nets: fields that hold such data by their name, whatever they hold; and e-mail addresses, mobile numbers of the mainland
and identity numbers (GB 11643) wherever they stand in a text. Enough is left to tell two people apart.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

Mask = Callable[[str], str]


def _name(value: str) -> str:
    return value[:1] + "**"


def _number(value: str) -> str:
    return f"{value[:3]}****{value[-2:]}" if len(value) > len("000****00") else "****"


def _email(value: str) -> str:
    local, at, host = value.partition("@")
    return f"{local[:1]}***{at}{host}" if at else _name(value)


FIELDS: dict[str, Mask] = {
    "display_name": _name,
    "real_name": _name,
    "full_name": _name,
    "given_name": _name,
    "family_name": _name,
    "nickname": _name,
    "contact": _name,
    "contact_name": _name,
    "person_name": _name,
    "applicant_name": _name,
    "login_name": _name,
    "preferred_username": _name,
    "username": _name,
    "email": _email,
    "phone": _number,
    "phone_number": _number,
    "mobile": _number,
    "telephone": _number,
    "id_number": _number,
    "identity_number": _number,
}
"""By the field's name, or what it ends with after an underscore (contact_email)."""

_SUSPECT = re.compile(r"@|\d{11}")
_EMAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_MOBILE = re.compile(r"(?<![0-9A-Za-z-])(?:\+?86[- ]?)?1[3-9]\d{9}(?![0-9A-Za-z-])")
_IDENTITY = re.compile(
    r"(?<![0-9A-Za-z-])[1-9]\d{5}(?:18|19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[0-9Xx](?![0-9A-Za-z-])"
)


def masked(values: Mapping[str, Any]) -> dict[str, Any]:
    """The same facts with personal data masked; `values` is ready for JSON."""
    return {name: _masked(value, _mask_of(name)) for name, value in values.items()}


def masked_text(value: str) -> str:
    """A text with the addresses and numbers of people in it masked."""
    if not _SUSPECT.search(value):
        return value
    for pattern, mask in ((_EMAIL, _email), (_IDENTITY, _number), (_MOBILE, _number)):
        value = pattern.sub(lambda found, mask=mask: mask(found[0]), value)  # type: ignore[misc] # mypy takes no default
    return value


def _mask_of(name: str) -> Mask | None:
    return FIELDS.get(name) or next((FIELDS[end] for end in _ENDS if name.endswith(f"_{end}")), None)


_ENDS = ("email", "phone", "mobile", "telephone", "id_number")


def _masked(value: Any, mask: Mask | None) -> Any:
    if isinstance(value, str):
        return mask(value) if mask and value else masked_text(value)
    if isinstance(value, Mapping):
        return masked(value)
    if isinstance(value, list):
        return [_masked(one, mask) for one in value]
    return value
