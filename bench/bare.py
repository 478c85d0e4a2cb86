"""The peer: the same two statements behind a bare Starlette handler, without people, rules, journal or errors."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import UUID

import asyncpg
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from app.settings import settings_from_environment
from bench.world import COLUMNS

OPEN = "SELECT set_config('app.tenant_id', $1, true)"
BOOK = f"""
INSERT INTO booking ({COLUMNS}, during, occupied, setup_min, teardown_min, status, blocking)
SELECT {COLUMNS}, tstzrange($2, $3), tstzrange($2, $3), 0, 0, 'confirmed', true FROM bench_unit WHERE unit_id = $1
ON CONFLICT ON CONSTRAINT ex_booking_unit_id_occupied DO NOTHING
RETURNING id
"""
WEEK = """
SELECT occupied_from, occupied_to FROM booking
WHERE unit_id = $1 AND blocking AND occupied_from < $3 AND occupied_from > $2::timestamptz - interval '32 days' AND occupied_to > $2
ORDER BY occupied_from
"""


async def healthz(_request: Request) -> JSONResponse:
    return JSONResponse({"status": "ok"})


async def book(request: Request) -> JSONResponse:
    body = await request.json()
    span = (datetime.fromisoformat(body["starts_at"]), datetime.fromisoformat(body["ends_at"]))
    async with request.app.state.pool.acquire() as connection, connection.transaction():
        await connection.execute(OPEN, "310000")
        made = await connection.fetchval(BOOK, UUID(body["unit_id"]), *span)
    return JSONResponse({"id": str(made)}, status_code=201 if made else 409)


async def week(request: Request) -> JSONResponse:
    query = request.query_params
    span = (datetime.fromisoformat(query["since"]), datetime.fromisoformat(query["until"]))
    async with request.app.state.pool.acquire() as connection, connection.transaction(readonly=True):
        await connection.execute(OPEN, "330000")
        rows = await connection.fetch(WEEK, UUID(query["unit_id"]), *span)
    return JSONResponse({"busy": [[start.isoformat(), end.isoformat()] for start, end in rows]})


def create_app() -> Starlette:
    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        url = settings_from_environment().url_for("app").replace("+asyncpg", "", 1)
        size = int(os.environ["DATABASE_POOL_SIZE"])
        async with asyncpg.create_pool(url, min_size=size, max_size=size) as pool:
            app.state.pool = pool
            yield

    return Starlette(
        routes=[
            Route("/healthz", healthz),
            Route("/api/v1/bookings", book, methods=["POST"]),
            Route("/api/v1/instruments/{id}/availability", week),
        ],
        lifespan=lifespan,
    )
