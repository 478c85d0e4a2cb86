"""The guard every endpoint names, and the verdict of a policy."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal

from fastapi import Depends, Request

from app.access.limits.charges import Charges
from app.access.permissions import Permission, holders
from app.access.principal import Principal
from app.core.errors import Forbidden, Unauthorized
from app.core.i18n import Message, msg

Authenticate = Callable[[Request], Awaitable[Principal]]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A policy's no, with the reason the caller is told."""

    reason: Message

    def __bool__(self) -> Literal[False]:
        return False


Verdict = Literal[True] | Refusal


class SecondFactorRequired(Forbidden):
    """The caller's role counts once they have shown a second factor; a browser is sent to do so."""

    code = "identity.second_factor_required"
    title = msg("此操作需要先完成第二重验证")


class ReauthenticationRequired(Forbidden):
    """The act is sensitive, and the caller showed who they are too long ago; a browser is sent to do so again."""

    code = "identity.reauthentication_required"
    title = msg("为确认是您本人，请再次验证身份")


def ensure(verdict: Verdict) -> None:
    """Go on, or refuse with the policy's reason.

    Raises:
        Forbidden: the policy said no.
    """
    if isinstance(verdict, Refusal):
        raise Forbidden(verdict.reason)


async def caller_of(request: Request) -> Principal:
    """The caller, recognised and counted once a request; `create_app` says how.

    Raises:
        TooManyRequests: the caller's quota is used up.
    """
    principal: Principal | None = getattr(request.state, "principal", None)
    if principal is None:
        authenticate: Authenticate = request.app.state.authenticate
        principal = request.state.principal = await authenticate(request)
        charges: Charges | None = getattr(request.state, "charges", None)
        if charges is not None:
            await charges.caller(principal)
    return principal


class Guard:
    """The dependency that lets a caller in, or not."""

    def __init__(self, permission: Permission) -> None:
        self.permission = permission

    async def __call__(self, request: Request) -> Principal:
        """The caller, when they hold the permission.

        Raises:
            Unauthorized: nobody is signed in.
            SecondFactorRequired: a role that would cover it is withheld.
            Forbidden: the caller's roles or token scopes do not cover it.
        """
        principal = await caller_of(request)
        if principal.may(self.permission):
            return principal
        if principal.kind == "visitor":
            raise Unauthorized(headers={"WWW-Authenticate": "Bearer"})
        if principal.awaits_factor_for(self.permission):
            raise SecondFactorRequired
        if self.permission in principal.held:
            raise Forbidden(msg("访问令牌没有「{scope}」授权", scope=self.permission.scope))
        raise Forbidden(msg("此操作仅限{roles}", roles=holders(self.permission)))


def requires(permission: Permission) -> Any:
    """What an endpoint asks of its caller: a dependency that gives the `Principal`."""
    return Depends(Guard(permission))


class _Unguarded:
    """Named so that the list of routes without a guard stays empty: the endpoint is for everyone and asks nobody."""

    permission = Permission.PUBLIC

    async def __call__(self) -> None:
        return None


def unguarded() -> Any:
    """For endpoints that must answer without asking who calls (health, discovery)."""
    return Depends(_Unguarded())
