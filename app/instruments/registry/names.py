"""What instruments, units and bookings are called, by id."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Uuid, any_, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import InstrumentedAttribute

from app.access.principal import Principal
from app.instruments.models import Booking, Instrument, InstrumentUnit
from app.instruments.qualifications.models import Qualification, QualificationRequest, QualificationType
from app.instruments.registry.models import InstrumentFamily


def instrument_names(ids: Collection[UUID]) -> Select[UUID, str]:
    """What instruments are called, of those the province may see."""
    return select(Instrument.id, Instrument.name_zh.label("name")).where(_among(Instrument.id, ids))


def family_names(ids: Collection[UUID]) -> Select[UUID, str]:
    """What families are called, of those the province may see."""
    return select(InstrumentFamily.id, InstrumentFamily.name).where(_among(InstrumentFamily.id, ids))


def unit_names(ids: Collection[UUID]) -> Select[UUID, str, str]:
    """What units are called, with their instrument's name."""
    named = select(InstrumentUnit.id, Instrument.name_zh.label("name"), InstrumentUnit.label)
    return named.join(Instrument, Instrument.id == InstrumentUnit.instrument_id).where(
        _among(InstrumentUnit.id, ids)
    )


def booking_names(ids: Collection[UUID]) -> Select[UUID, str, str]:
    """Of which instrument and unit bookings are."""
    named = select(Booking.id, Booking.instrument_name.label("name"), Booking.unit_label.label("label"))
    return named.where(_among(Booking.id, ids))


def type_names(ids: Collection[UUID]) -> Select[UUID, str]:
    """What types of qualification are called, of those the province may see."""
    row = QualificationType
    return select(row.id, row.name_zh.label("name")).where(_among(row.id, ids))


def qualification_names(ids: Collection[UUID]) -> Select[UUID, str]:
    """Of whom and of which type qualifications are."""
    row = Qualification
    return select(row.id, (row.holder_name + " " + row.type_name).label("name")).where(_among(row.id, ids))


def request_names(ids: Collection[UUID]) -> Select[UUID, str]:
    """By whom and for which type requests are."""
    row = QualificationRequest
    return select(row.id, (row.holder_name + " " + row.type_name).label("name")).where(_among(row.id, ids))


def instruments_called(_caller: Principal, text: str) -> Select[UUID]:
    """Instruments with a text in their name, of those the province may see."""
    return select(Instrument.id).where(Instrument.name_zh.icontains(text, autoescape=True))


def bookings_called(_caller: Principal, text: str) -> Select[UUID]:
    """Bookings of instruments with a text in their name, of those the province may see."""
    return select(Booking.id).where(Booking.instrument_name.icontains(text, autoescape=True))


def _among(column: InstrumentedAttribute[UUID], ids: Collection[UUID]) -> ColumnElement[bool]:
    """An array, for a file's rows are more than a statement's parameters may be."""
    given: ColumnElement[bool] = column == any_(literal(list(ids), ARRAY(Uuid)))
    return given
