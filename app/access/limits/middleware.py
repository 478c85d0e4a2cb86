"""Where requests are counted: before anything is done for them. Plain ASGI, so that streams pass untouched."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.access.limits.charges import Charges
from app.access.limits.limiter import Limiter
from app.access.limits.policies import Policy, counted_address, exempt
from app.access.principal import VISITOR
from app.core.errors import Problem, TooManyRequests

Answer = Callable[[Request, Problem], Awaitable[Response]]


class RateLimits:
    """Refuses what is too much by its address, says where everybody stands, and lets guards charge the caller."""

    def __init__(
        self, app: ASGIApp, *, limiter: Limiter, policies: tuple[Policy, ...], answer: Answer
    ) -> None:
        self._app = app
        self._limiter = limiter
        self._policies = policies
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http" or exempt(scope["path"]):
            await self._app(scope, receive, send)
            return
        client = scope.get("client")
        charges = Charges(
            self._limiter,
            self._policies,
            asked=f"{scope['method']} {scope['path']}",
            address=counted_address(client[0] if client else None),
        )
        scope.setdefault("state", {})["charges"] = charges

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *charges.headers()]
            await send(message)

        try:
            await charges.at_the_door()
        except TooManyRequests as problem:
            # Asking who it is would cost what the limit saves.
            scope["state"]["principal"] = VISITOR
            response = await self._answer(Request(scope, receive), problem)
            await response(scope, receive, answer)
            return
        await self._app(scope, receive, answer)
