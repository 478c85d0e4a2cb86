"""The page routers under /."""

from fastapi import APIRouter

from app.audit.pages import pages as audit
from app.identity.pages import pages as identity
from app.identity.protocol import protocol
from app.instruments.booking.pages import pages as bookings
from app.organisations.pages import pages as organisations
from app.tasks.pages import pages as tasks
from app.web.pages import home
from app.web.pages import pages as platform

router = APIRouter()
for part in (home(), platform, identity, protocol, organisations, bookings, tasks, audit):
    router.include_router(part)
