"""What the journal is told by the entry point itself: refusals, and reads of personal data.

Both are written after the answer is decided, in a transaction of their own: a refused request rolls back, and one that
reads cannot write. They go to the caller's own province only, so that a refusal at another province's thing tells its
auditors nothing they could not ask; a visitor has no province, and the request's log line and figures tell of them.
"""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any
from uuid import UUID

from fastapi import Depends, Request, Response
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from app.access.principal import Principal
from app.core.db import Database
from app.core.logs import logger
from app.core.requests import SAFE_METHODS, address_of, route_of
from app.journal.public import Event, note

log = logger(__name__)


class Personal:
    """Says of a route that it shows personal data: each answer is an event of this kind."""

    def __init__(self, kind: str, parameter: str | None) -> None:
        self.kind = kind
        self.parameter = parameter

    async def __call__(self) -> None:
        """Nothing: the entry point reads it off the route."""


def personal(kind: str, parameter: str | None = None) -> Any:
    """A route's dependency: an answer is noted as `kind` ("read.people").

    The event is about the thing that the path's `parameter` ("organisation_id") names, or the whole province.
    """
    return Depends(Personal(kind, parameter))


async def answered(request: Request, response: Response, reads: Iterable[Personal]) -> None:
    """Note the personal data that an answer shows; where that cannot be noted, it is not shown."""
    if response.status_code >= HTTPStatus.BAD_REQUEST:
        # A form shown again, with the reason.
        await refused(request, response.status_code, None)
        return
    for read in reads:
        caller = _known(request)
        if caller is not None and response.status_code == HTTPStatus.OK:
            await _note(request, caller, Event(read.kind, _subject(request, caller, read.parameter)))


async def refused(request: Request, status: int, code: str | None) -> None:
    """Note that a known caller was refused: what they see but may not do, or change and may not know of."""
    hidden = status == HTTPStatus.NOT_FOUND and request.method not in SAFE_METHODS
    caller = _known(request)
    if caller is None or not (status == HTTPStatus.FORBIDDEN or hidden):
        return
    await note_refusal(request, caller, _subject(request, caller, *request.path_params), status, code)


async def note_refusal(
    request: Request, caller: Principal, subject: tuple[str, UUID | str], status: int, code: str | None
) -> None:
    """Note a refusal in the journal of the caller's province; where that fails, the log says so."""
    asked = {
        "request": f"{request.method} {route_of(request.scope)}",
        "status": int(status),
        "code": code,
    }
    try:
        await _note(request, caller, Event("access.refused", subject, after=asked))
    except (DBAPIError, ConnectionError, PoolTimeoutError) as error:
        log.warning("refusal_not_noted", reason=type(error).__name__)


def _known(request: Request) -> Principal | None:
    caller: Principal | None = getattr(request.state, "principal", None)
    return caller if caller and caller.id and caller.tenant_id else None


def _subject(request: Request, caller: Principal, *parameters: str | None) -> tuple[str, str]:
    """The innermost thing that the address names by an id, as it was given; else the caller's province."""
    for name in reversed(parameters):
        value = str(request.path_params.get(name or "", ""))
        if name and name.endswith("_id") and _is_id(value):
            return name.removesuffix("_id"), value
    return "province", str(caller.tenant_id)


def _is_id(value: str) -> bool:
    try:
        UUID(value)
    except ValueError:
        return False
    return True


async def _note(request: Request, caller: Principal, event: Event) -> None:
    database: Database = request.app.state.database
    context = caller.context(request_id=request.state.request_id, address=address_of(request))
    async with database.transaction(context.info()) as session:
        await note(session, event)
