"""The life of a request: recognise the caller, open one transaction, handle, commit, then answer.

Nothing below commits, rolls back or opens a session. A serialization failure or deadlock runs the whole request again
in a fresh transaction. A change with an Idempotency-Key is carried out once; its answer is kept in the same transaction,
and given again only to a caller whom the guard still lets in.
"""

from collections.abc import Callable, Coroutine, Iterator, Sequence
from http import HTTPStatus
from itertools import count
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel
from sqlalchemy.exc import DBAPIError
from starlette.datastructures import UploadFile
from starlette.routing import Match
from starlette.types import Scope

from app.access import idempotency, noting
from app.access.guards import Guard, SecondFactorRequired, caller_of
from app.access.permissions import MATRIX, Role
from app.core.db import Database, ReadSession, Session
from app.core.errors import AWAY, Forbidden, Problem, problem_of, retryable, sqlstate
from app.core.logs import logger
from app.core.metrics import TRANSACTION_RETRIES
from app.core.openapi import for_visitors
from app.core.problems import LANGUAGE
from app.core.requests import SAFE_METHODS, address_of

ATTEMPTS = 4
"""The first try and three more."""
log = logger(__name__)
Mark = TypeVar("Mark")
Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class UnitOfWork:
    """The one transaction of a request, opened when first asked for."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._session: Session | None = None

    async def session(self, request: Request, *, read_only: bool) -> Session:
        """The request's session; the first to ask decides whether it may write."""
        if self._session is None:
            caller = await caller_of(request)
            context = caller.context(
                request_id=request.state.request_id, address=address_of(request), read_only=read_only
            )
            self._session = self._database.session(context.info())
        return self._session

    async def commit(self) -> None:
        """Make it last."""
        if self._session is not None:
            await self._session.commit()

    async def close(self) -> None:
        """Give the connection back; what was not committed is gone."""
        if self._session is not None:
            await self._session.close()


async def _reads(request: Request) -> ReadSession:
    work: UnitOfWork = request.state.work
    return await work.session(request, read_only=request.method in SAFE_METHODS)


async def _writes(request: Request) -> Session:
    work: UnitOfWork = request.state.work
    return await work.session(request, read_only=False)


Reads = Annotated[ReadSession, Depends(_reads)]
"""A handler's session that reads."""
Writes = Annotated[Session, Depends(_writes)]
"""A handler's session that writes."""


class EntryRoute(APIRoute):
    """A route whose handler runs in one transaction; its description says whether visitors may call it."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        asked = {guard.permission for guard in _marks(self.dependant, Guard)}
        if asked <= MATRIX[Role.VISITOR]:
            self.openapi_extra = {**(self.openapi_extra or {}), "security": for_visitors()}

    def get_route_handler(self) -> Handler:
        handle = super().get_route_handler()
        guards = list(_marks(self.dependant, Guard))
        reads = list(_marks(self.dependant, noting.Personal))

        async def run(request: Request) -> Response:
            for attempt in count(1):
                try:
                    return await _noted(request, handle, guards, reads)
                except DBAPIError as error:
                    if attempt == ATTEMPTS or not retryable(error):
                        raise (problem_of(error) or error) from error
                    log.info("transaction_retried", attempt=attempt, state=sqlstate(error))
                except AWAY as error:
                    log.warning("database_away", reason=type(error).__name__)
                    raise (problem_of(error) or error) from error
                TRANSACTION_RETRIES.inc()
                await _rewind(request)
            raise AssertionError  # pragma: no cover - `count` has no end

        return run


def _marks(dependant: Dependant, kind: type[Mark]) -> Iterator[Mark]:
    """What of one kind stands among a route's dependencies."""
    if isinstance(dependant.call, kind):
        yield dependant.call
    for inner in dependant.dependencies:
        yield from _marks(inner, kind)


async def _noted(
    request: Request, handle: Handler, guards: Sequence[Guard], reads: Sequence[noting.Personal]
) -> Response:
    try:
        response = await _once(request, handle, guards)
    except Problem as problem:
        await noting.refused(request, problem.status, problem.code)
        raise
    await noting.answered(request, response, reads)
    return response


async def _once(request: Request, handle: Handler, guards: Sequence[Guard]) -> Response:
    work = request.state.work = UnitOfWork(request.app.state.database)
    try:
        for guard in guards:
            # Before the body is read: a stranger's upload is not worth keeping.
            await guard(request)
        key = None if request.method in SAFE_METHODS else request.headers.get(idempotency.HEADER)
        if key is None or (await caller_of(request)).id is None:
            response = await _handled(request, handle)
        else:
            session = await work.session(request, read_only=False)
            response = await idempotency.once(session, request, key, lambda: _handled(request, handle))
        if response.status_code < HTTPStatus.BAD_REQUEST:
            await work.commit()
        # Else it is a refusal, even where it is a form shown again: nothing of it lasts.
        return response
    finally:
        await work.close()


async def _handled(request: Request, handle: Handler) -> Response:
    """The handler's answer; a policy's no to someone whose role is withheld says what would help."""
    try:
        return await handle(request)
    except Forbidden as refusal:
        if type(refusal) is Forbidden and (await caller_of(request)).withheld:
            raise SecondFactorRequired from refusal
        raise


async def _rewind(request: Request) -> None:
    """Let the next attempt read uploads from their start."""
    for _, value in (await request.form()).multi_items():
        if isinstance(value, UploadFile):
            await value.seek(0)


def _query_fields(dependant: Dependant) -> Iterator[Any]:
    """The query parameters of a route and of its dependencies."""
    yield from dependant.query_params
    for inner in dependant.dependencies:
        yield from _query_fields(inner)


def _is_model(annotation: object) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


class StrictQuery(APIRoute):
    """A route that refuses query parameters it does not know, as bodies refuse unknown fields."""

    def get_route_handler(self) -> Handler:
        handle = super().get_route_handler()
        fields = list(_query_fields(self.dependant))
        # The reader's language may be asked for at any address.
        known = {LANGUAGE, *(field.alias for field in fields)}
        # A model of all parameters refuses others by itself, together with its other faults.
        modelled = any(_is_model(field.field_info.annotation) for field in fields)

        async def run(request: Request) -> Response:
            given = request.query_params
            unknown = [] if modelled else [name for name in given if name not in known]
            if unknown:
                raise RequestValidationError(
                    [
                        {"type": "extra_forbidden", "loc": ("query", name), "input": given[name]}
                        for name in unknown
                    ]
                )
            return await handle(request)

        return run


class JsonRoute(EntryRoute, StrictQuery):
    """A route of the API: strict inside the transaction, so that the guard speaks first."""


class Router(APIRouter):
    """A router whose every route is one transaction.

    Only addresses with the fixed part of its prefix in them are looked for in it: matching hundreds of routes one by one
    would cost a request more than its statements do.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(route_class=JsonRoute, **options)
        self._fixed = self.prefix.partition("{")[0]

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether one of the routes is meant."""
        return super().matches(scope) if self._fixed in scope["path"] else (Match.NONE, {})
