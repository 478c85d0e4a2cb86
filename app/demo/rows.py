"""Bookings as rows, and what the journal says of them: the service books the future only, and half of these are past."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import Range

from app.core.db import Session
from app.demo.bookings import ZONE, BookingPlan
from app.demo.made import Made
from app.journal.public import record


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


async def record_booking(
    session: Session, plan: BookingPlan, row: Mapping[str, Any], booking_id: UUID
) -> None:
    """The booking's events, by the person who booked."""
    about = {
        "subject": ("booking", booking_id),
        "tenant_id": plan.tenant_id,
        "actor_id": row["requester_id"],
    }
    facts = {
        "unit_id": row["unit_id"],
        "starts_at": plan.starts_at,
        "ends_at": plan.ends_at,
        "purpose": plan.purpose,
        "organisation_id": row["organisation_id"],
    }
    await record(session, "booking.created", **about, after=facts)
    if plan.cancelled_at is not None:
        before, after = {"status": "confirmed"}, {"reason": plan.cancel_reason}
        await record(session, "booking.cancelled", **about, before=before, after=after)
