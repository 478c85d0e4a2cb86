"""The one way a wish for time is judged: for a new booking, another time, a look ahead, a file, a person at the door."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Row

from app.core.db import ReadSession
from app.core.errors import FieldError
from app.core.i18n import Message, msg
from app.instruments.booking import queries
from app.instruments.qualifications.standing import days_of, demands
from app.instruments.rules import policies, qualified, quotas
from app.instruments.rules.opening import OpeningHours, Span
from app.instruments.rules.policies import Policy, Resolved
from app.instruments.rules.terms import Terms, faults


@dataclass(frozen=True, slots=True)
class Ruled:
    """What holds for somebody on an instrument, or one of its units."""

    terms: Terms
    resolved: Resolved

    @property
    def versions(self) -> list[str]:
        """The policies that had a say, as a booking keeps them."""
        return [str(version) for version in self.resolved.versions]


@dataclass(frozen=True, slots=True)
class Wish:
    """A time somebody wants on a unit; `besides` is their booking that it replaces."""

    span: Span
    requester: tuple[str, UUID | None]
    """Province and account."""
    payer_id: UUID
    besides: UUID | None = None


def ruled(row: Row[Any], *, unit_id: UUID | None = None, payer_id: UUID | None = None) -> Ruled:
    """What a row of `queries.unit_terms` or `instrument_terms` means for a payer; without one, for anybody."""
    rules = row.rules
    known = [
        Policy(
            UUID(one["id"]),
            one["place"],
            one["audience"],
            one["settings"],
            UUID(one["unit_id"]) if one["unit_id"] else None,
            one["reason"],
        )
        for one in rules["policies"]
    ]
    audience = frozenset({policies.EVERYBODY})
    if row.payer_kind:
        audience = policies.audiences(
            kind=row.payer_kind,
            province=row.payer_tenant_id,
            owner_province=row.tenant_id,
            internal=payer_id == row.owner_id,
        )
    resolved = policies.resolve(known, unit_id=unit_id, audience=audience)
    days = {date.fromisoformat(day): acts_as for day, acts_as in rules["days"].items()}
    return Ruled(Terms.of(resolved, zone=ZoneInfo(row.tz), hours=_hours(row), days=days), resolved)


def _hours(row: Row[Any]) -> tuple[OpeningHours, ...]:
    return tuple(
        OpeningHours(weekday, *(datetime.strptime(text, "%H:%M:%S").time() for text in (opens, closes)))  # noqa: DTZ007 - a time of day
        for weekday, opens, closes in row.hours or ()
    )


async def judge(session: ReadSession, row: Row[Any], under: Ruled, wish: Wish) -> list[FieldError]:
    """Every rule that a wish breaks on a unit whose row is locked, each with a stable code.

    Where a quota is set, whoever may hold some of it is locked too, so that two wishes at once cannot share what is left.
    """
    start, end = wish.span
    moving = wish.besides is not None
    found = faults(under.terms, start, end, now=row.now, moving=moving)
    if refusing := under.resolved.refusing:
        reason = Message(refusing.reason) if refusing.reason else msg("预约规则不接受该单位的预约")
        found.append(FieldError("organisation_id", "not_for_you", reason))
    if start < end:
        found += qualified.faults(demands(row.demands), *days_of(start, end, row.tz))
    if under.terms.quotas and start < end:
        await queries.lock_holders(session, _holders(wish))
        found += quotas.quota_faults(under.terms, wish.span, await _held(session, row, under.terms, wish))
    return found


async def _held(session: ReadSession, row: Row[Any], terms: Terms, wish: Wish) -> Sequence[quotas.Held]:
    since, until = quotas.window(terms, wish.span)
    by_payer = any(name.startswith("payer_") for name in terms.quotas)
    return await queries.held(
        session,
        row,
        requester=wish.requester,
        payer_id=wish.payer_id if by_payer else None,
        since=since,
        until=until,
        besides=wish.besides,
    )


def _holders(wish: Wish) -> list[int]:
    """Locks of the person and of the payer, in one order for everybody."""
    names = (f"user {wish.requester[0]} {wish.requester[1]}", f"payer {wish.payer_id}")
    return sorted(
        int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), signed=True) for name in names
    )


def days_around(
    start: datetime, end: datetime, *, besides: timedelta = timedelta(days=16)
) -> tuple[date, date]:
    """The days whose hours can matter to a wish for [start, end) and to what is offered instead."""
    return (start - besides).date(), (end + besides).date()
