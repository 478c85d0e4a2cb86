"""Passwords: argon2id with the second recommended option of RFC 9106 §4 (64 MiB, 3 passes, 4 lanes)."""

import anyio
from anyio.to_thread import run_sync
from pwdlib.hashers.argon2 import Argon2Hasher

from app.core.errors import FieldError, Invalid
from app.core.i18n import msg
from app.core.text import normalised

MINIMUM, MAXIMUM = 8, 128
_HASHER = Argon2Hasher(time_cost=3, memory_cost=64 * 1024, parallelism=4)
_AT_ONCE = anyio.CapacityLimiter(2)
"""A process hashes two at a time: each takes 64 MiB."""
_NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$rnU7AJ6h9jEBCUnSOtvWlw$eDbZuxFyj4YgbW2TQqV/JpsJK8NkSMIFAfVmsYMpWFY"
"""The hash of a forgotten random password, so that an unknown login name costs the same work as a known one."""


async def hash_password(password: str) -> str:
    """The hash to store; about 0.1 s of work in a thread.

    Raises:
        Invalid: the password is too short or too long.
    """
    known = _normal(password)
    if not MINIMUM <= len(known) <= MAXIMUM:
        reason = msg("密码须为 {minimum}–{maximum} 个字符", minimum=MINIMUM, maximum=MAXIMUM)
        raise Invalid(errors=[FieldError("password", "password_length", reason)])
    return await run_sync(_HASHER.hash, known, limiter=_AT_ONCE)


async def password_matches(password: str, password_hash: str | None) -> bool:
    """Whether the password belongs to the hash; without a hash the same work is done and the answer is no."""
    known = _normal(password)
    matches = await run_sync(_HASHER.verify, known[:MAXIMUM], password_hash or _NOBODY, limiter=_AT_ONCE)
    return matches and password_hash is not None and len(known) <= MAXIMUM


def _normal(password: str) -> str:
    """One spelling whatever the keyboard (NIST SP 800-63B-4 §3.1.1.2)."""
    return normalised(password, "NFKC")
