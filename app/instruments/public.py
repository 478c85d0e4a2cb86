"""What other features use of instruments."""

from app.instruments import personal
from app.instruments.models import Booking, Instrument, InstrumentUnit, OpeningRule
from app.instruments.policies.models import BookingPolicy
from app.instruments.qualifications import public as qualifications
from app.instruments.registry.bulk.schemas import BulkChange
from app.instruments.registry.bulk.service import apply as apply_bulk
from app.instruments.registry.choices import suggestions
from app.instruments.registry.families.schemas import FamilyIn
from app.instruments.registry.families.service import create as create_family
from app.instruments.registry.files.receiving import receive as receive_files
from app.instruments.registry.files.service import add as add_files
from app.instruments.registry.queries import shared_by_province
from app.instruments.registry.telling import JOURNAL_SUBJECTS, instruments_named

__all__ = [
    "JOURNAL_SUBJECTS",
    "Booking",
    "BookingPolicy",
    "BulkChange",
    "FamilyIn",
    "Instrument",
    "InstrumentUnit",
    "OpeningRule",
    "add_files",
    "apply_bulk",
    "create_family",
    "instruments_named",
    "personal",
    "qualifications",
    "receive_files",
    "shared_by_province",
    "suggestions",
]
