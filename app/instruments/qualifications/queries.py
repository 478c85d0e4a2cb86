"""Every select of qualifications, but what booking asks: that is `standing`."""

from collections.abc import Collection
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, any_, literal, or_, select
from sqlalchemy import Uuid as UuidType
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import aliased

from app.access.principal import Principal
from app.core import clock
from app.core.keyset import Order
from app.instruments.models import Booking, Instrument
from app.instruments.qualifications import visibility
from app.instruments.qualifications.models import (
    Qualification,
    QualificationEvidence,
    QualificationRecognition,
    QualificationRequest,
    QualificationRequirement,
    QualificationType,
)
from app.instruments.qualifications.schemas import QualificationQuery, RequestQuery
from app.instruments.rules.qualified import REMINDERS
from app.instruments.visibility import run_by, visible_to
from app.organisations import public as organisations
from app.organisations.models import Organisation
from app.web.public import SHANGHAI

NEWEST_FIRST = Order((Qualification.id,), descending=True)
REQUESTS_NEWEST_FIRST = Order((QualificationRequest.id,), descending=True)
REQUESTS_OLDEST_FIRST = Order((QualificationRequest.id,))
TYPES_NEWEST_FIRST = Order((QualificationType.id,), descending=True)
SOON = timedelta(days=max(REMINDERS))


def today() -> date:
    """The day on which terms begin and end: China has one time zone."""
    return clock.now().astimezone(SHANGHAI).date()


def types(caller: Principal) -> Select[QualificationType]:
    """The types the caller runs or trains."""
    day, row = today(), QualificationType
    return select(row).where(or_(visibility.runs(caller, row), visibility.trains(caller, row, day)))


def kind(caller: Principal, type_id: UUID) -> Select[*tuple[Any, ...]]:
    """A type the caller may know of, its organisation's name, and what they are towards it."""
    day, row = today(), QualificationType
    named = and_(Organisation.id == row.organisation_id, organisations.visible_to(caller))
    return (
        select(
            row.id,
            row,
            Organisation.name.label("organisation_name"),
            visibility.runs(caller, row).label("runs"),
            visibility.trains(caller, row, day).label("trains"),
        )
        .outerjoin(Organisation, named)
        .where(row.id == type_id, visibility.type_seen(caller, day))
    )


def requirements(caller: Principal, type_id: UUID) -> Select[*tuple[Any, ...]]:
    """The instruments that require a type, of those the caller sees."""
    return (
        select(
            QualificationRequirement.instrument_id,
            QualificationRequirement.level,
            Instrument.name_zh,
            Instrument.name_en,
            Instrument.inner_id,
        )
        .join(Instrument, Instrument.id == QualificationRequirement.instrument_id)
        .where(QualificationRequirement.type_id == type_id, visible_to(caller))
        .order_by(Instrument.name_key, Instrument.id)
    )


def of_instrument(instrument_id: UUID) -> Select[QualificationRequirement]:
    """What an instrument requires."""
    return select(QualificationRequirement).where(QualificationRequirement.instrument_id == instrument_id)


def to_require(caller: Principal, found: QualificationType) -> Select[*tuple[Any, ...]]:
    """The instruments of a type's organisation that the caller runs and that do not require it yet."""
    required = select(QualificationRequirement.instrument_id).where(
        QualificationRequirement.type_id == found.id
    )
    mine = run_by(
        caller,
        instrument_id=Instrument.id,
        owner_id=Instrument.organisation_id,
        tenant_id=Instrument.tenant_id,
    )
    return (
        select(Instrument.id, Instrument.name_zh, Instrument.name_en, Instrument.inner_id)
        .where(
            Instrument.organisation_id == found.organisation_id,
            Instrument.service_status != "retired",
            Instrument.id.not_in(required),
            mine,
        )
        .order_by(Instrument.name_key, Instrument.id)
    )


def recognitions(caller: Principal, type_id: UUID) -> Select[*tuple[Any, ...]]:
    """What is recognised in place of a type, with the names the caller may see."""
    other, here = aliased(QualificationType), QualificationRecognition
    return (
        select(here.other_type_id, here.other_tenant_id, here.level, other.name_zh, other.name_en)
        .outerjoin(other, and_(other.id == here.other_type_id, visible_to(caller, other)))
        .where(here.type_id == type_id)
        .order_by(here.other_tenant_id, here.other_type_id)
    )


def to_recognise(caller: Principal, found: QualificationType) -> Select[*tuple[Any, ...]]:
    """The other organisations' types that are shared with the caller and not recognised yet."""
    here = QualificationRecognition
    known = select(here.other_type_id).where(here.type_id == found.id)
    row = QualificationType
    return (
        select(row.id, row.tenant_id, row.name_zh, row.name_en, Organisation.name.label("organisation_name"))
        .join(Organisation, Organisation.id == row.organisation_id)
        .where(
            row.organisation_id != found.organisation_id,
            row.active,
            row.id.not_in(known),
            visible_to(caller, row),
        )
        .order_by(row.tenant_id, Organisation.name_key, row.id)
    )


def in_state(state: str, day: date) -> ColumnElement[bool]:
    """`service.state_of` in SQL."""
    row = Qualification
    active, ends = row.status == "active", row.valid_to
    return {
        "valid": and_(active, or_(ends.is_(None), ends > day + SOON)),
        "expiring": and_(active, ends >= day, ends <= day + SOON),
        "expired": and_(active, ends < day),
        "suspended": row.status == "suspended",
        "revoked": row.status == "revoked",
    }[state]


def _with_text(row: Any, text: str) -> ColumnElement[bool]:
    columns = (row.holder_name, row.holder_organisation, row.type_name, row.type_name_en)
    return or_(*(column.icontains(text, autoescape=True) for column in columns))


def qualifications(caller: Principal, wanted: QualificationQuery) -> Select[Qualification]:
    """The caller's own, or those at their desk."""
    day, row = today(), Qualification
    side = visibility.held_by(caller, row) if wanted.side == "mine" else visibility.at_desk(caller, row, day)
    found = select(row).where(side)
    if wanted.type_id:
        found = found.where(row.type_id == wanted.type_id)
    if wanted.level:
        found = found.where(row.level == wanted.level)
    if wanted.state:
        found = found.where(in_state(wanted.state, day))
    return found.where(_with_text(row, wanted.q)) if wanted.q else found


def qualification(caller: Principal, qualification_id: UUID) -> Select[*tuple[Any, ...]]:
    """One the caller may read, and whether they run its type."""
    row = Qualification
    return select(row, visibility.runs(caller, row).label("runs")).where(
        row.id == qualification_id, visibility.readable_by(caller, row, today())
    )


def held_by_person(type_id: UUID, holder_id: UUID) -> Select[Qualification]:
    """What a person has of a type."""
    return select(Qualification).where(Qualification.type_id == type_id, Qualification.holder_id == holder_id)


def bookings_named(caller: Principal, ids: Collection[UUID]) -> Select[*tuple[Any, ...]]:
    """When and of what bookings are, of those the caller made or receives."""
    received = run_by(
        caller, instrument_id=Booking.instrument_id, owner_id=Booking.owner_id, tenant_id=Booking.tenant_id
    )
    wanted = Booking.id == any_(literal(list(ids), ARRAY(UuidType)))
    return (
        select(Booking.id, Booking.starts_at, Booking.ends_at, Booking.tz, Booking.instrument_name)
        .where(wanted, or_(Booking.requester_id == caller.id, received))
        .order_by(Booking.starts_at, Booking.id)
    )


def teaching(caller: Principal) -> Select[*tuple[Any, ...]]:
    """The active organisations whose types the caller defines."""
    mine: list[ColumnElement[bool]] = [Organisation.id.in_(caller.managed)]
    if caller.administers(str(caller.tenant_id)):
        mine.append(Organisation.tenant_id == caller.tenant_id)
    return (
        select(Organisation.id, Organisation.name)
        .where(Organisation.status == "active", or_(*mine))
        .order_by(Organisation.name_key, Organisation.id)
    )


def requests(caller: Principal, wanted: RequestQuery) -> Select[QualificationRequest]:
    """The caller's own, or those at their desk."""
    row = QualificationRequest
    side = (
        visibility.held_by(caller, row) if wanted.side == "mine" else visibility.at_desk(caller, row, today())
    )
    found = select(row).where(side)
    if wanted.type_id:
        found = found.where(row.type_id == wanted.type_id)
    if wanted.status:
        found = found.where(row.status == wanted.status)
    return found.where(_with_text(row, wanted.q)) if wanted.q else found


def request(caller: Principal, request_id: UUID) -> Select[QualificationRequest]:
    """One the caller may read."""
    row = QualificationRequest
    return select(row).where(row.id == request_id, visibility.readable_by(caller, row, today()))


def requests_locked(type_id: UUID, ids: Collection[UUID]) -> Select[QualificationRequest]:
    """Requests of a type, locked in the order of their ids."""
    row = QualificationRequest
    wanted = (row.type_id == type_id, row.id == any_(literal(list(ids), ARRAY(UuidType))))
    return select(row).where(*wanted).order_by(row.id).with_for_update()


def evidence(request_id: UUID) -> Select[QualificationEvidence]:
    """The files of a request."""
    row = QualificationEvidence
    return select(row).where(row.request_id == request_id).order_by(row.id)
