"""What other features use of instruments."""

from app.instruments import personal
from app.instruments.models import Booking, Instrument, InstrumentUnit, OpeningRule
from app.instruments.policies.models import BookingPolicy
from app.instruments.registry.choices import suggestions
from app.instruments.registry.queries import shared_by_province
from app.instruments.registry.telling import JOURNAL_SUBJECTS, instruments_named

__all__ = [
    "JOURNAL_SUBJECTS",
    "Booking",
    "BookingPolicy",
    "Instrument",
    "InstrumentUnit",
    "OpeningRule",
    "instruments_named",
    "personal",
    "shared_by_province",
    "suggestions",
]
