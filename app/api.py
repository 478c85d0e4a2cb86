"""The JSON routers under /api/v1."""

from fastapi import APIRouter

from app.instruments.booking.routes import router as bookings
from app.organisations.routes import router as organisations

router = APIRouter(prefix="/api/v1")
for part in (organisations, bookings):
    router.include_router(part)
