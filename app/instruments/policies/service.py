"""Setting booking policies and special days, and judging a booking that is not made."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, update
from sqlalchemy.dialects.postgresql import insert

from app.access.guards import Refusal, Verdict, ensure
from app.access.principal import Principal
from app.core.db import ReadSession, Session
from app.core.errors import FieldError, Invalid, NotFound, Stale
from app.core.i18n import msg
from app.instruments.booking import queries as booking_queries
from app.instruments.booking.judging import Ruled, Wish, days_around, judge, ruled
from app.instruments.policies import queries
from app.instruments.policies.models import BookingPolicy, CalendarDay
from app.instruments.policies.schemas import At, CalendarDayIn, PolicyIn
from app.instruments.rules.opening import Span
from app.instruments.rules.policies import DEFAULTS
from app.instruments.visibility import runs
from app.journal.public import record


async def at(session: ReadSession, caller: Principal, where: At) -> str:
    """The province of a place whose rules the caller may set.

    Raises:
        NotFound: the caller sees no such place.
        Forbidden: they see it, and others set its rules.
    """
    if where.organisation_id:
        found = await queries.organisation(session, where.organisation_id)
        verdict = found and _of_organisation(caller, found.id, found.tenant_id)
    elif where.instrument_id or where.unit_id:
        if where.unit_id:
            found = await queries.owner_of_unit(session, caller, where.unit_id)
        else:
            found = await queries.owner_of_instrument(session, caller, UUID(str(where.instrument_id)))
        verdict = found and _of_instrument(caller, found)
    else:
        verdict = _of_province(caller)
        ensure(verdict)
        return str(caller.tenant_id)
    if found is None or verdict is None:
        raise NotFound
    ensure(verdict)
    return str(found.tenant_id)


def _of_province(caller: Principal) -> Verdict:
    if caller.tenant_id is not None and caller.administers(caller.tenant_id):
        return True
    return Refusal(msg("全省的预约规则由省级管理员设定"))


def _of_organisation(caller: Principal, organisation_id: UUID, tenant_id: str) -> Verdict:
    if caller.manages(organisation_id) or caller.administers(tenant_id):
        return True
    return Refusal(msg("单位的预约规则由单位管理员设定"))


def _of_instrument(caller: Principal, row: Any) -> Verdict:
    if runs(caller, instrument_id=row.id, owner_id=row.organisation_id, tenant_id=row.tenant_id):
        return True
    return Refusal(msg("仪器的预约规则由机组管理员和单位管理员设定"))


async def put(session: Session, *, caller: Principal, new: PolicyIn) -> BookingPolicy:
    """Let a new version of a policy hold from now on; empty settings take the policy away. Bookings made before stay.

    Raises:
        NotFound, Forbidden: as `at`.
        Invalid: the settings contradict each other.
        Stale: `version` is not that of the policy in force.
    """
    tenant_id = await at(session, caller, new)
    settings = new.settings.given()
    errors = faults(settings)
    if not settings and not new.version:
        errors.append(FieldError("settings", "empty", msg("至少设定一项规则")))
    if errors:
        raise Invalid(errors=errors)
    place = {"tenant_id": tenant_id, **new.columns(), "audience": new.audience}
    before = await _supersede(session, place, new.version)
    added = insert(BookingPolicy).values(
        **place,
        settings=settings,
        reason=new.reason,
        version=new.version + 1,
        superseded_at=None if settings else func.clock_timestamp(),
    )
    made = await session.scalar(added.on_conflict_do_nothing().returning(BookingPolicy))
    if made is None:
        raise Stale
    subject = subject_of(new, tenant_id)
    after = {"audience": new.audience, **settings}
    old = {"audience": new.audience, **before} if before is not None else None
    await record(session, "booking_policy.set", subject=subject, tenant_id=tenant_id, before=old, after=after)
    policy: BookingPolicy = made
    return policy


async def _supersede(session: Session, place: dict[str, Any], version: int) -> dict[str, Any] | None:
    """End the version in force; what it said. None when there was none and none was expected.

    Raises:
        Stale: another one is in force than the one expected.
    """
    if version == 0:
        return None
    ended = (
        update(BookingPolicy)
        .where(
            *(getattr(BookingPolicy, name).is_not_distinct_from(value) for name, value in place.items()),
            BookingPolicy.superseded_at.is_(None),
            BookingPolicy.version == version,
        )
        .values(superseded_at=func.clock_timestamp())
        .returning(BookingPolicy.settings)
        .execution_options(synchronize_session=False)
    )
    settings: dict[str, Any] | None = await session.scalar(ended)
    if settings is None:
        raise Stale
    return settings


def faults(settings: dict[str, Any]) -> list[FieldError]:
    """How lengths contradict each other, the usual ones taken for what is not set."""
    whole = {**DEFAULTS, **settings}
    found = []
    if "min_min" in settings or "step_min" in settings:
        step, shortest = whole["step_min"], whole["min_min"]
        if "min_min" in settings and shortest % step:
            reason = msg("最短时长须为时间粒度（{step} 分钟）的整数倍", step=step)
            found.append(FieldError("settings.min_min", "off_grid", reason))
    if "min_min" in settings and "max_min" in settings and settings["min_min"] > settings["max_min"]:
        found.append(FieldError("settings.max_min", "below_minimum", msg("最长时长不能小于最短时长")))
    return found


def _may_ask(caller: Principal, payer_id: UUID | None, row: Any) -> Verdict:
    """What holds for an organisation tells what kind it is: its own people ask, and for the owner those who run the instrument."""
    if payer_id is None or payer_id in caller.organisations:
        return True
    owner_id = row.owner_id
    if payer_id == owner_id and runs(
        caller, instrument_id=row.instrument_id, owner_id=owner_id, tenant_id=row.tenant_id
    ):
        return True
    return Refusal(msg("您不是该单位的成员，不能以其名义预约"))


async def rules_for(
    session: ReadSession, *, caller: Principal, instrument_id: UUID, payer_id: UUID | None = None
) -> Ruled:
    """What holds on an instrument for a payer.

    Raises:
        NotFound: the caller sees no such instrument.
        Forbidden: the payer is none of the caller's organisations.
    """
    now = await session.scalar(func.clock_timestamp())
    row = await booking_queries.instrument_terms(
        session, caller, instrument_id, days_around(now, now), payer_id=payer_id
    )
    if row is None:
        raise NotFound
    ensure(_may_ask(caller, payer_id, row))
    return ruled(row, payer_id=payer_id)


async def trial(
    session: ReadSession, *, caller: Principal, unit_id: UUID, span: Span, payer_id: UUID
) -> Sequence[FieldError]:
    """Every rule that a booking by the caller would break; whether the time is taken is not looked at.

    Raises:
        NotFound: the caller sees no such unit.
        Forbidden: the payer is none of the caller's organisations.
    """
    around = days_around(*span)
    row = await booking_queries.unit_terms(
        session, caller, unit_id, around, person_id=caller.id, payer_id=payer_id
    )
    if row is None:
        raise NotFound
    ensure(_may_ask(caller, payer_id, row))
    under = ruled(row, unit_id=unit_id, payer_id=payer_id)
    return await judge(session, row, under, Wish(span, (str(caller.tenant_id), caller.id), payer_id))


async def set_days(session: Session, *, caller: Principal, where: At, days: Sequence[CalendarDayIn]) -> int:
    """Set special days of a place; a day that is there already takes its new meaning. The number of days set.

    Raises:
        NotFound, Forbidden: as `at`.
        Invalid: a day is named twice, or the place is a unit.
    """
    if where.unit_id:
        raise Invalid(errors=[FieldError("unit_id", "not_of_a_unit", msg("特殊日期按仪器、单位或全省设定"))])
    tenant_id = await at(session, caller, where)
    twice = [place for place, one in enumerate(days) if one.day in {other.day for other in days[:place]}]
    if errors := [FieldError(f"days.{place}.day", "repeated", msg("有重复的项")) for place in twice]:
        raise Invalid(errors=errors)
    if not days:
        return 0
    mine = {
        "tenant_id": tenant_id,
        "organisation_id": where.organisation_id,
        "instrument_id": where.instrument_id,
    }
    rows = insert(CalendarDay).values([{**mine, **one.model_dump()} for one in days])
    same = ["tenant_id", "organisation_id", "instrument_id", "day"]
    changed = rows.on_conflict_do_update(
        index_elements=same, set_={"acts_as": rows.excluded.acts_as, "name": rows.excluded.name}
    )
    await session.execute(changed)
    after = {"days": [f"{one.day} {one.acts_as} {one.name}" for one in days]}
    await record(
        session, "calendar_days.set", subject=subject_of(where, tenant_id), tenant_id=tenant_id, after=after
    )
    return len(days)


async def forget_day(session: Session, *, caller: Principal, where: At, day_id: UUID) -> None:
    """Let a day be what its weekday says again.

    Raises:
        NotFound: there is no such special day at that place.
        Forbidden: as `at`.
    """
    tenant_id = await at(session, caller, where)
    gone = (
        delete(CalendarDay)
        .where(
            CalendarDay.id == day_id,
            CalendarDay.tenant_id == tenant_id,
            CalendarDay.organisation_id.is_not_distinct_from(where.organisation_id),
            CalendarDay.instrument_id.is_not_distinct_from(where.instrument_id),
        )
        .returning(CalendarDay.day, CalendarDay.acts_as, CalendarDay.name)
    )
    found = (await session.execute(gone)).one_or_none()
    if found is None:
        raise NotFound
    before = {"days": [f"{found.day} {found.acts_as} {found.name}"]}
    subject = subject_of(where, tenant_id)
    await record(session, "calendar_days.forgotten", subject=subject, tenant_id=tenant_id, before=before)


def subject_of(where: At, tenant_id: str) -> tuple[str, UUID | str]:
    """What the journal names: the place."""
    named = ((name, value) for name, value in where.columns().items() if value)
    name, value = next(named, ("province", tenant_id))
    return name.removesuffix("_id"), value
