"""What other features use of instruments."""

from app.instruments.models import Booking, Instrument, InstrumentUnit, OpeningRule
from app.instruments.registry.parts import set_hours
from app.instruments.registry.queries import shared_by_province
from app.instruments.registry.schemas import HoursIn, InstrumentCreate, UnitIn
from app.instruments.registry.service import create as create_instrument

__all__ = [
    "Booking",
    "HoursIn",
    "Instrument",
    "InstrumentCreate",
    "InstrumentUnit",
    "OpeningRule",
    "UnitIn",
    "create_instrument",
    "set_hours",
    "shared_by_province",
]
