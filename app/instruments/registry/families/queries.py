"""Every select of families."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, exists, func, or_, select

from app.access.principal import Principal
from app.core.db import ReadSession
from app.core.keyset import Order
from app.instruments.models import Instrument
from app.instruments.registry.families.schemas import FamilyQuery
from app.instruments.registry.models import InstrumentFamily
from app.instruments.registry.schemas import InstrumentFilter
from app.instruments.visibility import WHOLE_PROVINCE, visible_to
from app.organisations import public as organisations
from app.organisations.public import Organisation

BY_NAME = Order((InstrumentFamily.organisation_id, InstrumentFamily.name, InstrumentFamily.id))


def known_to(caller: Principal) -> ColumnElement[bool]:
    """Who sees the organisation and an instrument of the family, belongs to the organisation, or oversees its province."""
    theirs = (
        exists()
        .where(Organisation.id == InstrumentFamily.organisation_id, organisations.visible_to(caller))
        .correlate(InstrumentFamily)
    )
    member = and_(
        Instrument.family_id == InstrumentFamily.id,
        Instrument.service_status != "retired",
        visible_to(caller),
    )
    insiders: list[ColumnElement[bool]] = [InstrumentFamily.organisation_id.in_(caller.organisations)]
    if caller.roles & WHOLE_PROVINCE or caller.acts_for_province:
        insiders.append(InstrumentFamily.tenant_id == caller.tenant_id)
    return and_(theirs, or_(*insiders, exists().where(member).correlate(InstrumentFamily)))


def families(caller: Principal, wanted: FamilyQuery) -> Select[InstrumentFamily]:
    """The families the caller knows and asks for."""
    found = select(InstrumentFamily).where(known_to(caller))
    if wanted.province:
        found = found.where(InstrumentFamily.tenant_id == wanted.province)
    if wanted.organisation:
        found = found.where(InstrumentFamily.organisation_id == wanted.organisation)
    return found


async def family(db: ReadSession, caller: Principal, family_id: UUID) -> Row[Any] | None:
    """One family the caller knows, and its organisation's name."""
    statement = select(InstrumentFamily, Organisation.name.label("organisation_name")).join(
        Organisation, Organisation.id == InstrumentFamily.organisation_id
    )
    wanted = statement.where(InstrumentFamily.id == family_id, known_to(caller))
    return (await db.execute(wanted.execution_options(populate_existing=True))).one_or_none()


async def counts(db: ReadSession, caller: Principal, ids: Collection[UUID]) -> Mapping[UUID, int]:
    """How many instruments in use the caller sees of each family."""
    members = (Instrument.family_id.in_(ids), Instrument.service_status != "retired", visible_to(caller))
    counted = select(Instrument.family_id, func.count().label("total")).where(*members)
    return {row.family_id: row.total for row in await db.execute(counted.group_by(Instrument.family_id))}


async def of_organisations(db: ReadSession, ids: Collection[UUID]) -> Sequence[Row[Any]]:
    """The families of these organisations by name."""
    named = select(InstrumentFamily.id, InstrumentFamily.name, InstrumentFamily.organisation_id)
    found = named.where(InstrumentFamily.organisation_id.in_(ids))
    return (await db.execute(found.order_by(InstrumentFamily.name, InstrumentFamily.id))).all()


def locked(family_id: UUID, version: int) -> Select[UUID]:
    """A family of this version, locked."""
    mine = (InstrumentFamily.id == family_id, InstrumentFamily.version == version)
    return select(InstrumentFamily.id).where(*mine).with_for_update()


def is_used(family_id: UUID) -> Select[bool]:
    """Whether an instrument is in the family."""
    return select(exists().where(Instrument.family_id == family_id))


def members(family_id: UUID) -> InstrumentFilter:
    """The filter of the register that gives a family's instruments."""
    return InstrumentFilter(family=family_id, sort="name", limit=100)
