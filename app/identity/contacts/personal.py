"""What the platform keeps about a person, table by table: the one list that exports and erasure follow.

A package says it of its own tables: `holds(Held("booking", "requester_id = :id", msg("预约"), kept=msg("…")))`. A test
asks it of every table with a foreign key to an account.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import LargeBinary, Table, func, select, text

from app.access.principal import Principal
from app.core.db import Base, ReadSession, Session
from app.core.i18n import Message

PSEUDONYM = "已注销用户"
"""What others see in place of a name."""
SECRETS = frozenset({"password_hash", "private_jwk", "secret"})
Reasons = Callable[[ReadSession, Principal], Awaitable[list[Message]]]


@dataclass(frozen=True, slots=True)
class Held:
    """The rows of one table that are about a person."""

    table: str
    where: str
    """The condition on a row, with the account's id as `:id`."""
    title: Message
    kept: Message | None = None
    """Why the rows stay when the account closes; None: they are deleted."""
    masked: Mapping[str, Any] = field(default_factory=dict)
    """What is put in place of personal data in rows that stay."""
    signs_in: bool = False
    """Only the sign-in code may read and write the table."""

    @property
    def of(self) -> Table:
        """The table itself."""
        return Base.metadata.tables[self.table]


HELD: dict[str, Held] = {}
REASONS: list[Reasons] = []


def holds(*tables: Held) -> None:
    """Say what tables keep about a person."""
    HELD.update({held.table: held for held in tables})


def holds_back(*reasons: Reasons) -> None:
    """Say what can stand against closing an account; asked in the person's own context."""
    REASONS.extend(reason for reason in reasons if reason not in REASONS)


async def reasons_against(session: ReadSession, caller: Principal) -> list[Message]:
    """Why the caller's account cannot be closed now."""
    return [message for reasons in REASONS for message in await reasons(session, caller)]


def in_order() -> list[Held]:
    """The tables, each after those it refers to."""
    return [HELD[table.name] for table in Base.metadata.sorted_tables if table.name in HELD]


async def rows_of(session: ReadSession, held: Held, account_id: object) -> list[dict[str, Any]]:
    """The person's rows of a table as JSON, without secrets, which are no information about them."""
    shown = [
        column
        for column in held.of.columns
        if column.name not in SECRETS and not isinstance(column.type, LargeBinary)
    ]
    pairs = [part for column in shown for part in (column.name, column)]
    first = list(held.of.primary_key.columns)
    query = select(func.jsonb_build_object(*_literal(pairs))).where(text(held.where)).order_by(*first)
    return list((await session.execute(query, {"id": account_id})).scalars())


def _literal(pairs: list[Any]) -> list[Any]:
    return [text(f"'{part}'") if isinstance(part, str) else part for part in pairs]


async def erase(session: Session, held: Held, account_id: object) -> None:
    """Delete the person's rows, or put what is masked in their place."""
    values = {"id": account_id}
    if held.kept is None:
        await session.execute(held.of.delete().where(text(held.where)), values)
    elif held.masked:
        parts = ", ".join(f"{name} = :new_{name}" for name in held.masked)
        statement = text(f"UPDATE {held.table} SET {parts} WHERE {held.where}")  # noqa: S608 - words of ours
        await session.execute(statement, values | {f"new_{n}": v for n, v in held.masked.items()})
