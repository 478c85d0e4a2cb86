"""What other features use of instruments."""

from app.instruments.models import Booking, InstrumentUnit
from app.instruments.registry.parts import add_steward, set_hours
from app.instruments.registry.schemas import HoursIn, InstrumentCreate
from app.instruments.registry.service import create as create_instrument

__all__ = [
    "Booking",
    "HoursIn",
    "InstrumentCreate",
    "InstrumentUnit",
    "add_steward",
    "create_instrument",
    "set_hours",
]
