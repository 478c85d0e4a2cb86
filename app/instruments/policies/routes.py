"""Booking policies and special days over the API."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request
from pydantic import Field

from app.access.entry import Reads, Router, Writes
from app.access.guards import requires
from app.access.permissions import Permission
from app.access.principal import Principal
from app.core import clock
from app.core.problems import locale_of
from app.instruments.booking.service import payer
from app.instruments.policies import queries, service
from app.instruments.policies.schemas import (
    At,
    CalendarDayIn,
    CalendarDayOut,
    FaultOut,
    PolicyIn,
    PolicyOut,
    RuleOut,
    TrialIn,
)
from app.instruments.rules.overrides import BY

router = Router(tags=["instruments"])
Reader = Annotated[Principal, requires(Permission.INSTRUMENTS_READ)]
Booker = Annotated[Principal, requires(Permission.BOOKINGS_CREATE)]
Manager = Annotated[Principal, requires(Permission.INSTRUMENTS_MANAGE)]
YEAR = timedelta(days=366)


class DaysIn(At):
    """Special days of a place."""

    days: Annotated[list[CalendarDayIn], Field(max_length=400)]


@router.get("/instruments/{instrument_id}/rules", operation_id="getBookingRules")
async def get_rules(
    instrument_id: UUID, db: Reads, caller: Reader, organisation_id: UUID | None = None
) -> list[RuleOut]:
    """What holds for bookings in an organisation's name (none: for everybody), each setting with the policy it comes from."""
    found = await service.rules_for(db, caller=caller, instrument_id=instrument_id, payer_id=organisation_id)
    source = found.resolved.source
    return [
        RuleOut(
            name=name,
            value=value,
            place=source[name].place if name in source else None,
            audience=source[name].audience if name in source else None,
            policy_id=source[name].id if name in source else None,
        )
        for name, value in found.resolved.settings.items()
    ]


@router.post("/instruments/rules/trial", operation_id="tryBooking")
async def try_booking(body: TrialIn, request: Request, db: Writes, caller: Booker) -> list[FaultOut]:
    """Every rule a booking would break; nothing is booked, and whether the time is taken is not looked at."""
    payer_id = payer(caller, body.organisation_id)
    found = await service.trial(
        db, caller=caller, unit_id=body.unit_id, span=(body.starts_at, body.ends_at), payer_id=payer_id
    )
    locale = locale_of(request)
    return [
        FaultOut(field=f.field, code=f.code, message=f.message.text(locale), may_be_set_aside=f.code in BY)
        for f in found
    ]


@router.get("/booking-policies", operation_id="listBookingPolicies")
async def list_policies(db: Reads, caller: Manager, where: Annotated[At, Query()]) -> list[PolicyOut]:
    """The policies in force at a place itself, for those who set its rules."""
    tenant_id = await service.at(db, caller, where)
    return [PolicyOut.model_validate(row) for row in await queries.in_force(db, tenant_id, **where.columns())]


@router.get("/booking-policies/history", operation_id="listBookingPolicyVersions")
async def list_versions(db: Reads, caller: Manager, where: Annotated[At, Query()]) -> list[PolicyOut]:
    """Every version there was at a place, the newest first."""
    tenant_id = await service.at(db, caller, where)
    return [PolicyOut.model_validate(row) for row in await queries.history(db, tenant_id, **where.columns())]


@router.post("/booking-policies", operation_id="setBookingPolicy", status_code=201)
async def set_policy(body: PolicyIn, db: Writes, caller: Manager) -> PolicyOut:
    """Let a new version of a policy hold; empty settings take it away. Bookings made before keep theirs."""
    return PolicyOut.model_validate(await service.put(db, caller=caller, new=body))


@router.get("/calendar-days", operation_id="listCalendarDays")
async def list_days(db: Reads, caller: Manager, where: Annotated[At, Query()]) -> list[CalendarDayOut]:
    """Special days of a place from a year ago to a year ahead."""
    tenant_id = await service.at(db, caller, where)
    today = clock.now().date()
    place = {name: value for name, value in where.columns().items() if name != "unit_id"}
    rows = await queries.days(db, tenant_id, today - YEAR, today + YEAR, **place)
    return [CalendarDayOut.model_validate(row) for row in rows]


@router.post("/calendar-days", operation_id="setCalendarDays", status_code=201)
async def set_days(body: DaysIn, db: Writes, caller: Manager) -> dict[str, int]:
    """Set special days; those there already take their new meaning."""
    where = At(**body.columns())
    return {"days": await service.set_days(db, caller=caller, where=where, days=body.days)}
