"""Instruments and bookings as rows, and what the journal says of them.

They are written many at a time and not by their services, which take one each, and bookings of the future only. Tests
hold every row to the services' rules.
"""

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import Range

from app.demo.bookings import ZONE, BookingPlan
from app.demo.instruments import InstrumentPlan
from app.demo.made import Made
from app.journal.public import Event

SET_BY_REGIME = ("step_min", "min_min", "max_min", "setup_min", "teardown_min", "lead_min", "horizon_days")


def instrument_row(plan: InstrumentPlan, tenant_id: str, made: Made) -> dict[str, Any]:
    """The register's entry."""
    owner_id = made.organisation(tenant_id, plan.owner)
    return {"tenant_id": tenant_id, "organisation_id": owner_id, **plan.fields}


def instrument_event(row: Mapping[str, Any], instrument_id: UUID) -> Event:
    """That it was registered; whom to ask is personal data and stays out of the journal."""
    facts = {name: value for name, value in row.items() if name not in {"contact_name", "contact_email"}}
    return Event("instrument.created", ("instrument", instrument_id), after=facts)


def unit_rows(plan: InstrumentPlan, tenant_id: str, instrument_id: UUID) -> list[dict[str, Any]]:
    """The instrument's units."""
    return [{"tenant_id": tenant_id, "instrument_id": instrument_id, **unit} for unit in plan.units]


def hours_rows(plan: InstrumentPlan, tenant_id: str, instrument_id: UUID) -> list[dict[str, Any]]:
    """The instrument's opening hours."""
    mine = {"tenant_id": tenant_id, "instrument_id": instrument_id}
    return [
        {**mine, "weekday": weekday, "opens": opens, "closes": closes}
        for weekday, opens, closes in plan.regime.hours
    ]


def policy_row(plan: InstrumentPlan, tenant_id: str, instrument_id: UUID) -> dict[str, Any]:
    """The instrument's own booking policy."""
    settings = {name: getattr(plan.regime, name) for name in SET_BY_REGIME}
    return {"tenant_id": tenant_id, "instrument_id": instrument_id, "settings": settings}


def booking_row(plan: BookingPlan, made: Made) -> dict[str, Any]:
    """The row of a planned booking."""
    instrument, payer = plan.instrument, plan.payer
    cancelled = plan.cancelled_at is not None
    return {
        "tenant_id": plan.tenant_id,
        "instrument_id": made.instrument(plan.tenant_id, instrument.inner_id),
        "unit_id": made.instrument(plan.tenant_id, instrument.inner_id, plan.unit_label),
        "requester_tenant_id": plan.requester_tenant_id,
        "requester_id": made.account(plan.requester_tenant_id, plan.requester),
        "organisation_id": made.organisation(plan.requester_tenant_id, payer),
        "requester_name": plan.requester.name,
        "organisation_name": payer.name,
        "owner_id": made.organisation(plan.tenant_id, instrument.owner),
        "instrument_name": instrument.fields["name_zh"],
        "unit_label": plan.unit_label,
        "tz": ZONE.key,
        "purpose": plan.purpose,
        "project": plan.project,
        "note": plan.note,
        "during": Range(plan.starts_at, plan.ends_at),
        "occupied": Range(*plan.occupied),
        "setup_min": instrument.regime.setup_min,
        "teardown_min": instrument.regime.teardown_min,
        "status": "cancelled" if cancelled else "confirmed",
        "blocking": not cancelled,
        "cancel_reason": plan.cancel_reason,
        "version": 2 if cancelled else 1,
        "created_at": plan.created_at,
        "updated_at": plan.cancelled_at or plan.created_at,
    }


def booking_events(plan: BookingPlan, row: Mapping[str, Any], booking_id: UUID) -> Iterator[Event]:
    """What the journal says of a booking: made by the person who booked, perhaps called off by them."""
    subject, actor = ("booking", booking_id), row["requester_id"]
    facts = {
        "unit_id": row["unit_id"],
        "starts_at": plan.starts_at,
        "ends_at": plan.ends_at,
        "purpose": plan.purpose,
        "organisation_id": row["organisation_id"],
    }
    yield Event("booking.created", subject, plan.tenant_id, actor, after=facts)
    if plan.cancelled_at is not None:
        before, after = {"status": "confirmed"}, {"status": "cancelled", "reason": plan.cancel_reason}
        yield Event("booking.cancelled", subject, plan.tenant_id, actor, before, after)
