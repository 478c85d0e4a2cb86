"""Recovery codes: look-up secrets (NIST SP 800-63B-4 §3.1.2) of 120 bits, so that their digests need no salt or work."""

import base64
import secrets
from uuid import UUID

from sqlalchemy import delete, func, insert, update

from app.core.crypto import token_digest
from app.core.db import Session
from app.identity.factors.models import RecoveryCode
from app.identity.models import Account
from app.journal.public import record

COUNT = 10
BYTES = 15
GROUP = 4
LONGEST = 60
"""Characters of a typed code, with room for blanks."""


def new_code() -> str:
    """`ABCD-EFGH-…`, 24 letters and digits."""
    letters = base64.b32encode(secrets.token_bytes(BYTES)).decode()
    return "-".join(letters[at : at + GROUP] for at in range(0, len(letters), GROUP))


def digest_of(account_id: UUID, code: str) -> bytes:
    """What the table keeps of a code, however it was typed."""
    letters = "".join(c for c in code.upper() if c.isalnum())
    return token_digest(f"{account_id}:{letters}")


async def replace(session: Session, account: Account) -> tuple[str, ...]:
    """New codes for an account; the old ones are dead. The caller holds the account's lock."""
    codes = tuple(new_code() for _ in range(COUNT))
    await session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account.id))
    rows = [
        {"tenant_id": account.tenant_id, "account_id": account.id, "digest": digest_of(account.id, code)}
        for code in codes
    ]
    await session.execute(insert(RecoveryCode), rows)
    await record(
        session,
        "identity.recovery_codes_made",
        subject=("account", account.id),
        tenant_id=account.tenant_id,
        after={"count": COUNT},
    )
    return codes


async def use(session: Session, account: Account, code: str) -> bool:
    """Use a code up; whether it was good. Of two requests at once, one wins."""
    spend = (
        update(RecoveryCode)
        .where(
            RecoveryCode.account_id == account.id,
            RecoveryCode.digest == digest_of(account.id, code),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=func.clock_timestamp())
        .returning(RecoveryCode.digest)
    )
    if await session.scalar(spend) is None:
        return False
    await record(
        session,
        "identity.recovery_code_used",
        subject=("account", account.id),
        tenant_id=account.tenant_id,
        actor_id=account.id,
    )
    return True
