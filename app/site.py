"""The page routers under /."""

from fastapi import APIRouter

from app.instruments.booking.pages import pages as bookings
from app.organisations.pages import pages as organisations
from app.web.pages import home
from app.web.pages import pages as platform

router = APIRouter()
for part in (home(), platform, organisations, bookings):
    router.include_router(part)
