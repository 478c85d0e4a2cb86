"""The JSON routers under /api/v1."""

from app.access.entry import Router
from app.audit.routes import router as audit
from app.codes.routes import router as codes
from app.identity.routes import router as identity
from app.instruments.booking.routes import router as bookings
from app.instruments.importing.routes import router as instrument_imports
from app.instruments.policies.routes import router as booking_policies
from app.instruments.qualifications.routes import router as qualifications
from app.instruments.registry.bulk.routes import router as instrument_bulk
from app.instruments.registry.families.routes import router as instrument_families
from app.instruments.registry.files.routes import router as instrument_files
from app.instruments.registry.routes import router as instruments
from app.operations.routes import router as operations
from app.organisations.routes import router as organisations
from app.tasks.routes import router as tasks

router = Router(prefix="/api/v1")
for part in (
    identity,
    organisations,
    booking_policies,
    instruments,
    instrument_families,
    instrument_bulk,
    instrument_files,
    instrument_imports,
    bookings,
    qualifications,
    tasks,
    audit,
    codes,
    operations,
):
    router.include_router(part)
