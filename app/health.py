"""Is the process up, is the platform ready, and its figures."""

import hmac
from typing import Any

from fastapi import APIRouter, Request, Response
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app.access.guards import unguarded
from app.core import revisions
from app.core.db import Database
from app.core.errors import NotFound, Unavailable
from app.core.metrics import exposition
from app.settings import Settings

router = APIRouter(tags=["health"], dependencies=[unguarded()])
HEARTBEAT_SECONDS = 30
LOOPBACK = frozenset({"127.0.0.1", "::1"})
STATE = text(
    """
    SELECT (SELECT version_num FROM alembic_version) AS revision,
           EXISTS (SELECT 1 FROM worker_heartbeat
                   WHERE seen_at > clock_timestamp() - make_interval(secs => :seconds)) AS worker
    """
)


@router.get("/healthz", operation_id="getHealth", openapi_extra={"security": []})
async def healthz() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@router.get("/readyz", operation_id="getReadiness", openapi_extra={"security": []})
async def readyz(request: Request) -> dict[str, Any]:
    """Database reachable, migrations at head, a worker alive; 503 names what is not."""
    checks = {"database": False, "migrations": False, "worker": False}
    database: Database = request.app.state.database
    try:
        async with database.statements() as connection:
            state = (await connection.execute(STATE, {"seconds": HEARTBEAT_SECONDS})).one()
            checks = {
                "database": True,
                "migrations": state.revision == revisions.head(),
                "worker": state.worker,
            }
    except (SQLAlchemyError, OSError, TimeoutError):
        # The driver raises OSError and TimeoutError bare while the server is away.
        pass
    if not all(checks.values()):
        raise Unavailable(checks=checks)
    return {"status": "ready", "checks": checks}


@router.get("/metrics", operation_id="getMetrics", openapi_extra={"security": []})
async def metrics(request: Request) -> Response:
    """Prometheus figures, for this machine or a bearer of the metrics token."""
    settings: Settings = request.app.state.settings
    token = settings.metrics_token.get_secret_value() if settings.metrics_token else None
    given = request.headers.get("authorization", "").removeprefix("Bearer ")
    local = request.client is not None and request.client.host in LOOPBACK
    if not (local if token is None else hmac.compare_digest(given.encode(), token.encode())):
        raise NotFound
    return Response(exposition(), media_type="text/plain; version=0.0.4")
