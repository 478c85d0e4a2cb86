"""The page routers under /."""

from fastapi import APIRouter

from app.audit.integrity_pages import pages as integrity
from app.audit.pages import pages as audit
from app.audit.public import tell
from app.identity.appointments.naming import tell_instruments
from app.identity.pages import pages as identity
from app.identity.protocol import protocol
from app.instruments.booking.list_pages import pages as booking_lists
from app.instruments.booking.pages import pages as bookings
from app.instruments.importing.pages import pages as instrument_imports
from app.instruments.policies.pages import pages as booking_rules
from app.instruments.public import JOURNAL_SUBJECTS, instruments_named, shared_by_province, suggestions
from app.instruments.qualifications.grant_pages import pages as qualification_grants
from app.instruments.qualifications.pages import pages as qualifications
from app.instruments.qualifications.request_pages import pages as qualification_requests
from app.instruments.qualifications.type_pages import pages as qualification_types
from app.instruments.registry.bulk.pages import pages as instrument_bulk
from app.instruments.registry.families.pages import pages as instrument_families
from app.instruments.registry.files.pages import pages as instrument_files
from app.instruments.registry.labels import pages as instrument_labels
from app.instruments.registry.labels import units
from app.instruments.registry.manage import pages as instrument_management
from app.instruments.registry.pages import pages as instruments
from app.operations.pages import pages as operations
from app.organisations.pages import pages as organisations
from app.tasks.pages import pages as tasks
from app.web.pages import home
from app.web.pages import pages as platform
from app.web.well_known import well_known

tell(JOURNAL_SUBJECTS)
tell_instruments(instruments_named)
router = APIRouter()
parts = (
    home(shared_by_province, suggestions),
    platform,
    well_known,
    protocol,
    instrument_imports,
    instrument_families,
    instrument_files,
    instrument_bulk,
    instrument_labels,
    units,
    instrument_management,
    instruments,
    booking_rules,
    qualification_types,
    qualification_grants,
    qualification_requests,
    qualifications,
    booking_lists,
    bookings,
    identity,
    organisations,
    tasks,
    integrity,
    audit,
    operations,
)
for part in parts:
    router.include_router(part)
