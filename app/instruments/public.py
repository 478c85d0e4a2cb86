"""What other features use of instruments."""

from app.instruments.models import Booking, Instrument, InstrumentUnit, OpeningRule

__all__ = ["Booking", "Instrument", "InstrumentUnit", "OpeningRule"]
