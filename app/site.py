"""The page routers under /."""

from fastapi import APIRouter

from app.identity.pages import pages as identity_pages
from app.identity.protocol import protocol
from app.web.pages import home
from app.web.pages import pages as platform_pages

router = APIRouter()
router.include_router(home())
router.include_router(platform_pages)
router.include_router(identity_pages)
router.include_router(protocol)
