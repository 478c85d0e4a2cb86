"""A platform of pages only: no database, a caller of one's choice. What the tests of this package render with."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

from app.access.permissions import Permission, Role
from app.access.principal import VISITOR, Principal
from app.core.db import Database
from app.core.errors import Problem
from app.core.i18n import msg
from app.core.requests import RequestLog
from app.settings import Settings
from app.tenancy.models import Province
from app.web.pages import pages as platform_pages
from app.web.public import SHANGHAI, Entry, Pages, SecurityHeaders, Shared, problem_page, render, static_files
from app.web.styleguide import next_monday

SECRET = "a-secret-of-these-tests-and-nothing-else"
RESEARCHER = Principal(
    kind="person",
    id=UUID("01930000-0000-7000-8000-000000000001"),
    tenant_id="310000",
    name="林知远",
    roles=frozenset({Role.PROVINCE_ADMIN}),
    session_id=UUID("01930000-0000-7000-8000-0000000000aa"),
)
SHARED = {
    code: Shared(instruments, owners)
    for code, instruments, owners in (
        ("310000", 61, 9),
        ("320000", 54, 8),
        ("330000", 58, 7),
        ("340000", 39, 1),
    )
}
PROVINCES = [
    Province(code=code, name_zh=name, short_zh=short, name_en=english, position=place)
    for place, (code, name, short, english) in enumerate(
        (
            ("310000", "上海市", "上海", "Shanghai"),
            ("320000", "江苏省", "江苏", "Jiangsu"),
            ("330000", "浙江省", "浙江", "Zhejiang"),
            ("340000", "安徽省", "安徽", "Anhui"),
        )
    )
]
MONDAY = datetime.combine(next_monday(), time(), SHANGHAI)
"""Midnight at the start of the week the style guide shows."""
MINE = "01930000-0000-7000-8000-0000000000b1"


def _slot(start: float, end: float, **what: Any) -> dict[str, Any]:
    """A span in hours after `MONDAY`."""
    bounds = {"starts_at": MONDAY + timedelta(hours=start), "ends_at": MONDAY + timedelta(hours=end)}
    return {name: at.astimezone(UTC).isoformat() for name, at in bounds.items()} | what


def availability() -> dict[str, Any]:
    """Monday morning is someone's, Wednesday afternoon the caller's, the weekend closed.

    Bookings of half an hour to four hours, on the quarter; fifteen minutes of clean-up; from Monday 8:30 to Friday.
    """
    return {
        "busy": [
            _slot(9, 11.5, label=None, mine=False, booking_id=None),
            _slot(
                48 + 14, 48 + 16.25, booked=_slot(48 + 14, 48 + 16), label=None, mine=True, booking_id=MINE
            ),
        ],
        "closed": [_slot(5 * 24, 7 * 24)],
        "bookable_from": _slot(8.5, 9)["starts_at"],
        "bookable_until": _slot(4 * 24, 5 * 24)["starts_at"],
        "step_min": 15,
        "min_min": 30,
        "max_min": 240,
        "setup_min": 0,
        "teardown_min": 15,
    }


def platform(caller: Principal = VISITOR, *, routers: tuple[Pages, ...] = (), **options: Any) -> FastAPI:
    """The pages' application, as `caller` sees it."""
    settings = Settings(secret_key=SECRET, **options)
    app = FastAPI(docs_url=None, redoc_url=None)
    app.state.settings = settings
    # Nobody answers there: what would be noted of a refusal is not, as when the database is away.
    app.state.database = Database("postgresql+asyncpg://nobody@127.0.0.1:1/none", pool_size=1)

    async def authenticate(_request: Request) -> Principal:
        return caller

    async def show(request: Request, problem: Exception) -> Response:
        assert isinstance(problem, Problem)
        return await problem_page(request, problem)

    app.state.authenticate = authenticate
    app.add_exception_handler(Problem, show)
    app.add_middleware(SecurityHeaders, settings=settings)
    app.add_middleware(RequestLog)
    app.mount("/static", static_files())
    for router in (_home(), platform_pages, *routers):
        app.include_router(router)
    return app


def _home() -> Pages:
    router = Pages(
        entries=[
            Entry(msg("仪器预约"), "/instruments", Permission.INSTRUMENTS_READ, position=10),
            Entry(msg("我的预约"), "/bookings", Permission.BOOKINGS_READ, "account", "calendar-check", 10),
            Entry(
                msg("导入仪器"),
                "/manage/imports",
                Permission.INSTRUMENTS_IMPORT,
                "manage",
                "file-spreadsheet",
                10,
            ),
        ]
    )

    @router.get("/")
    async def home(request: Request) -> Response:
        caller = await request.app.state.authenticate(request)
        return render(
            request,
            "home.html",
            caller=caller,
            provinces=PROVINCES,
            shared=SHARED,
            suggestions=[],
            invites_to_join=False,
        )

    @router.get("/styleguide/availability", response_class=JSONResponse)
    async def week() -> dict[str, Any]:
        return availability()

    return router
