"""The JSON routers under /api/v1."""

from fastapi import APIRouter

from app.audit.routes import router as audit
from app.identity.routes import router as identity
from app.instruments.booking.routes import router as bookings
from app.organisations.routes import router as organisations
from app.tasks.routes import router as tasks

router = APIRouter(prefix="/api/v1")
for part in (identity, organisations, bookings, tasks, audit):
    router.include_router(part)
