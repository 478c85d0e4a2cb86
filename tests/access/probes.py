"""Endpoints that do one thing each to a table of their own, to see what the entry point makes of it."""

import asyncio
import json
from typing import Annotated, Any
from uuid import UUID, uuid4

from fastapi import Request, Response, UploadFile
from sqlalchemy import text

from app.access.entry import Reads, Router, Writes
from app.access.guards import Refusal, ensure, requires, unguarded
from app.access.permissions import Permission, Role
from app.access.principal import VISITOR, Principal
from app.core.errors import Conflict, on_violation
from app.core.etag import IfMatch, etag
from app.core.i18n import msg
from app.core.schema import Input
from app.core.text import Line

TABLES = """
CREATE TABLE probe (
    id bigint PRIMARY KEY,
    label text NOT NULL,
    amount bigint NOT NULL DEFAULT 0,
    twin bigint CONSTRAINT uq_probe_twin UNIQUE DEFERRABLE INITIALLY DEFERRED,
    parent bigint CONSTRAINT fk_probe_parent REFERENCES probe DEFERRABLE INITIALLY DEFERRED
)
"""
Caller = Annotated[Principal, requires(Permission.PUBLIC)]
router = Router(prefix="/api/v1/probe")
on_violation("uq_probe_twin", lambda: Conflict(msg("已有一行")))


class RowIn(Input):
    """A row to be made."""

    id: int
    label: Annotated[str, Line(20)] = "行"
    twin: int | None = None
    parent: int | None = None


async def by_header(request: Request) -> Principal:
    """The caller named by the test: a real double of `identity`, which this package knows nothing of."""
    given = request.headers.get("x-caller")
    if given is None:
        return VISITOR
    values: dict[str, Any] = json.loads(given)
    scopes = values.get("scopes")
    return Principal(
        kind="person",
        id=UUID(values["id"]),
        tenant_id=values["tenant_id"],
        roles=frozenset(Role(role) for role in values.get("roles", ())),
        scopes=None if scopes is None else frozenset(scopes),
    )


async def insert_row(db: Writes, row: RowIn) -> None:
    await db.execute(
        text("INSERT INTO probe (id, label, twin, parent) VALUES (:id, :label, :twin, :parent)"),
        row.model_dump(),
    )


@router.get("/rows/{row_id}")
async def _read(row_id: int, db: Reads, caller: Caller) -> dict[str, Any]:
    found = await db.execute(text("SELECT id, label, amount FROM probe WHERE id = :id"), {"id": row_id})
    return dict(found.one()._mapping)


@router.get("/writes-on-get")
async def _write_on_get(db: Reads, caller: Caller) -> None:
    await db.execute(text("UPDATE probe SET amount = amount + 1"))


@router.post("/rows", status_code=201)
async def _create(row: RowIn, db: Writes, reads: Reads, response: Response, caller: Caller) -> dict[str, Any]:
    assert db is reads
    await insert_row(db, row)
    response.headers.update({"ETag": etag(1), "Location": f"/rows/{row.id}", "X-Other": "1"})
    return {"id": row.id, "made": str(uuid4())}


@router.post("/other-rows", status_code=201)
async def _create_other(row: RowIn, db: Writes, caller: Caller) -> dict[str, Any]:
    await insert_row(db, row)
    return {"id": row.id}


@router.post("/refused-after-insert")
async def _refused_after_insert(row: RowIn, db: Writes, caller: Caller) -> None:
    await insert_row(db, row)
    raise Conflict


@router.post("/answers-a-refusal")
async def _answers_a_refusal(row: RowIn, db: Writes, caller: Caller) -> Response:
    """As a form does that is shown again with its errors."""
    await insert_row(db, row)
    return Response("form with errors", status_code=422)


@router.put("/rows/{row_id}")
async def _change(row_id: int, version: IfMatch, caller: Caller) -> dict[str, int]:
    return {"version": version}


@router.post("/add/{row_id}")
async def _add(row_id: int, db: Writes, request: Request, caller: Caller) -> dict[str, int]:
    """Reads, meets the other request, writes what it read plus one."""
    attempt = count_attempt(request)
    amount = await db.scalar(text("SELECT amount FROM probe WHERE id = :id"), {"id": row_id})
    await meet(request, attempt)
    change = text("UPDATE probe SET amount = :amount WHERE id = :id")
    await db.execute(change, {"id": row_id, "amount": amount + 1})
    return {"attempts": attempt}


@router.post("/touch/{first}/{second}")
async def _touch(first: int, second: int, db: Writes, request: Request, caller: Caller) -> dict[str, int]:
    """Locks two rows in the order asked for."""
    attempt = count_attempt(request)
    change = text("UPDATE probe SET amount = amount + 1 WHERE id = :id")
    await db.execute(change, {"id": first})
    await meet(request, attempt)
    await db.execute(change, {"id": second})
    return {"attempts": attempt}


@router.post("/fails-first/{times}")
async def _fails_first(
    times: int, file: UploadFile, note: Annotated[str, Line(20)], db: Writes, request: Request, caller: Caller
) -> dict[str, Any]:
    """Is a deadlock's victim `times` times; reads an upload each time."""
    attempt = count_attempt(request)
    content = await file.read()
    if attempt <= times:
        await db.execute(text("DO $$ BEGIN RAISE deadlock_detected; END $$"))
    return {"attempts": attempt, "bytes": len(content), "note": note}


@router.get("/asks-nobody", dependencies=[unguarded()])
async def _asks_nobody() -> dict[str, str]:
    return {"status": "ok"}


@router.get("/broken")
async def _broken(caller: Caller) -> None:
    raise RuntimeError("机密 canary")


@router.get("/broken-row")
async def _broken_row(db: Writes, caller: Caller) -> None:
    await insert_row(db, RowIn(id=1, label="机密 canary", parent=None))
    await db.execute(text("UPDATE probe SET label = NULL"))


@router.get("/admins")
async def _admins(caller: Annotated[Principal, requires(Permission.ORGANISATIONS_MANAGE)]) -> str:
    return caller.kind


@router.post("/by-admins", status_code=201)
async def _by_admins(
    row: RowIn, db: Writes, caller: Annotated[Principal, requires(Permission.ORGANISATIONS_MANAGE)]
) -> dict[str, Any]:
    await insert_row(db, row)
    return {"id": row.id}


@router.api_route("/rows/{row_id}/amount", methods=["PUT", "PATCH", "DELETE"], status_code=204)
async def _count_up(row_id: int, db: Writes, caller: Caller) -> None:
    await db.execute(text("UPDATE probe SET amount = amount + 1 WHERE id = :id"), {"id": row_id})


@router.get("/judged/{good}")
async def _judged(good: bool, caller: Caller) -> str:
    ensure(True if good else Refusal(msg("已有一行")))
    return "ok"


def count_attempt(request: Request) -> int:
    request.state.attempt = getattr(request.state, "attempt", 0) + 1
    return int(request.state.attempt)


async def meet(request: Request, attempt: int) -> None:
    """Both requests wait here for each other, the first time."""
    barrier: asyncio.Barrier = request.app.state.barrier
    if attempt == 1:
        await barrier.wait()
