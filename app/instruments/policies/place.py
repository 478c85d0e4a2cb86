"""The places whose booking rules somebody sets, as pages show them."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.access.principal import Principal
from app.core.db import ReadSession
from app.core.i18n import Message, msg
from app.instruments.models import Instrument, InstrumentUnit
from app.instruments.policies import service, words
from app.instruments.policies.schemas import At
from app.instruments.rules.units import unit_name
from app.organisations.public import names
from app.web.public import province_name


@dataclass(frozen=True, slots=True)
class Place:
    """A place: what it is called, where it leads back to, and its units where it is an instrument."""

    kind: str
    name: Any
    back: str | None
    units: list[tuple[UUID, Any]]
    payers: list[tuple[UUID, str]]
    """The organisations in whose name the reader may try a booking."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A setting that holds for everybody, and where it comes from."""

    name: str
    label: Message
    value: Message
    source: Message


async def describe(db: ReadSession, caller: Principal, where: At, tenant_id: str) -> Place:
    """A place whose rules the caller sets."""
    if where.organisation_id:
        found = await names(db, caller, [where.organisation_id])
        back = f"/organisations/{where.organisation_id}"
        return Place("organisation", found.get(where.organisation_id, ""), back, [], [])
    if where.unit_id:
        unit = (
            await db.execute(
                select(InstrumentUnit.label, InstrumentUnit.instrument_id, Instrument.name_zh)
                .join(Instrument, Instrument.id == InstrumentUnit.instrument_id)
                .where(InstrumentUnit.id == where.unit_id)
            )
        ).one()
        name = msg("{instrument} · {unit}", instrument=unit.name_zh, unit=unit_name(unit.label))
        return Place("unit", name, f"/booking-rules?instrument_id={unit.instrument_id}", [], [])
    if where.instrument_id:
        rows = (
            await db.execute(
                select(
                    InstrumentUnit.id,
                    InstrumentUnit.label,
                    Instrument.name_zh,
                    Instrument.organisation_id,
                )
                .join(Instrument, Instrument.id == InstrumentUnit.instrument_id)
                .where(Instrument.id == where.instrument_id)
                .order_by(InstrumentUnit.label)
            )
        ).all()
        payers = await names(db, caller, {rows[0].organisation_id, *caller.organisations})
        units = [(row.id, unit_name(row.label)) for row in rows]
        back = f"/instruments/{where.instrument_id}"
        return Place("instrument", rows[0].name_zh, back, units, list(payers.items()))
    return Place("province", province_name(tenant_id), None, [], [])


async def resolved(db: ReadSession, caller: Principal, where: At) -> list[Rule]:
    """What holds on an instrument for everybody, in the order of the form."""
    found = await service.rules_for(db, caller=caller, instrument_id=UUID(str(where.instrument_id)))
    settings, source = found.resolved.settings, found.resolved.source
    return [
        Rule(
            name,
            words.LABELS[name][0],
            words.said(name, settings[name]),
            words.PLACES[source[name].place if name in source else None],
        )
        for name in words.LABELS
        if name in settings
    ]


async def of_caller(db: ReadSession, caller: Principal) -> list[tuple[At, str]]:
    """The organisations and instruments whose rules the caller sets."""
    found = [
        (At(organisation_id=id_), name) for id_, name in (await names(db, caller, caller.managed)).items()
    ]
    rows = select(Instrument.id, Instrument.name_zh).where(Instrument.id.in_(caller.stewardships))
    stewarded = await db.execute(rows.order_by(Instrument.name_key)) if caller.stewardships else ()
    return [*found, *((At(instrument_id=row.id), row.name_zh) for row in stewarded)]
