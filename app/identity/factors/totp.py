"""Codes of an authenticator app: TOTP (RFC 6238) with the figures every app knows, SHA-1, 30 seconds, six digits."""

import hmac
from datetime import datetime

import segno
from cryptography.fernet import InvalidToken
from pyotp import random_base32
from pyotp.totp import TOTP

from app.core.crypto import box
from app.settings import Settings

STEP_SECONDS = 30
SKEW = 1
"""Steps a clock may be off, before and after (RFC 6238 §5.2)."""
SECRET_LENGTH = 32
"""Base32 characters, 160 bits (RFC 4226 §4 R6)."""
ISSUER = "Delta Commons"
_PURPOSE = "totp"


def new_secret() -> str:
    """A random secret, in base32 as apps take it."""
    return random_base32(SECRET_LENGTH)


def sealed(settings: Settings, secret: str) -> bytes:
    """What the database keeps of a secret."""
    return box(settings.secret, _PURPOSE).encrypt(secret.encode())


def opened(settings: Settings, kept: bytes) -> str | None:
    """The secret that the database keeps; None where it was kept under another SECRET_KEY and no code can match."""
    try:
        return box(settings.secret, _PURPOSE).decrypt(kept).decode()
    except InvalidToken:
        return None


def step_of(at: datetime) -> int:
    """The number of the time step."""
    return int(at.timestamp()) // STEP_SECONDS


def code_of(secret: str, step: int) -> str:
    """The code shown during a time step."""
    return TOTP(secret).generate_otp(step)


def matching_step(secret: str, code: str, *, at: datetime, after: int) -> int | None:
    """The step, later than `after`, whose code this is; None where it is none's."""
    now = step_of(at)
    given = "".join(code.split()).encode()
    steps = range(now - SKEW, now + SKEW + 1)
    matching = [step for step in steps if hmac.compare_digest(code_of(secret, step).encode(), given)]
    return next((step for step in matching if step > after), None)


def qr_code(secret: str, name: str) -> str:
    """The picture an app scans, as the address of an SVG: dark on light, whatever the page's colours."""
    address = TOTP(secret).provisioning_uri(name=name, issuer_name=ISSUER)
    return segno.make(address, error="m").svg_data_uri(scale=4, border=4, dark="black", light="white")
