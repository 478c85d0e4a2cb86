"""Signing out on behalf of another application (OpenID Connect RP-Initiated Logout 1.0)."""

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from fastapi import Request, Response

from app.access.entry import Writes
from app.access.guards import requires
from app.access.permissions import Permission
from app.access.principal import Principal
from app.core.db import Session
from app.identity import cookies
from app.identity.context import settings_of, sign_in_transaction
from app.identity.provider.authorization import UnknownClient
from app.identity.provider.client_authentication import find_client
from app.identity.provider.keys import key_ring
from app.identity.provider.tokens import BadToken, read_id_token_hint
from app.identity.sessions import revoke_session
from app.web.public import Pages, render, see_other

LOGOUT = "/oauth/logout"
DECISION = "/oauth/logout/decision"
"""Where the person answers; a form sent to the first is an application's."""
pages = Pages()
Visitor = Annotated[Principal, requires(Permission.PUBLIC)]

LOGOUT = "/oauth/logout"
DECISION = "/oauth/logout/decision"


@dataclass(frozen=True, slots=True)
class Ending:
    """What the application asks: where to go afterwards, and about whom it speaks."""

    target: str
    subject: str | None


@pages.get(LOGOUT)
async def ask(request: Request, db: Writes, caller: Visitor) -> Response:
    """End the session at once when the application shows an ID token of this very person; ask the person else."""
    ending = await _ending(request)
    if caller.session_id is None:
        return see_other(request, ending.target)
    if ending.subject == str(caller.id):
        return await _end(request, db, caller, ending)
    action = f"{DECISION}?{request.url.query}"
    return render(request, "identity/logout.html", caller=caller, action=action, form_action=_origin(ending))


@pages.get(DECISION)
async def again(request: Request, _caller: Visitor) -> Response:
    """A page shown again after a fault is loaded anew: ask the same question."""
    return see_other(request, f"{LOGOUT}?{request.url.query}")


@pages.post(DECISION)
async def confirm(request: Request, db: Writes, caller: Visitor) -> Response:
    """The person said yes."""
    return await _end(request, db, caller, await _ending(request))


async def _end(request: Request, db: Session, caller: Principal, ending: Ending) -> Response:
    if caller.session_id is not None:
        await revoke_session(db, caller=caller, session_id=caller.session_id)
    response = see_other(request, ending.target)
    cookies.forget_session(response, settings_of(request))
    return response


async def _ending(request: Request) -> Ending:
    """The request, understood; it goes nowhere but to a registered address.

    Raises:
        UnknownClient: the application or the address is not known.
    """
    given = dict(parse_qsl(request.url.query))
    client_id, subject = given.get("client_id"), None
    if "id_token_hint" in given:
        try:
            named, subject = await read_id_token_hint(
                given["id_token_hint"], key_ring(request.app), settings_of(request)
            )
        except BadToken as error:
            raise UnknownClient from error
        if client_id not in {None, named}:
            raise UnknownClient
        client_id = named
    target = given.get("post_logout_redirect_uri")
    if target is None:
        return Ending("/", subject)
    async with sign_in_transaction(request) as session:
        client = await find_client(session, client_id)
    if client is None or target not in client.post_logout_redirect_uris:
        raise UnknownClient
    return Ending(_with_state(target, given.get("state")), subject)


def _with_state(target: str, state: str | None) -> str:
    if state is None:
        return target
    parts = urlsplit(target)
    query = [*parse_qsl(parts.query, keep_blank_values=True), ("state", state)]
    return urlunsplit(parts._replace(query=urlencode(query)))


def _origin(ending: Ending) -> list[str]:
    parts = urlsplit(ending.target)
    return [f"{parts.scheme}://{parts.netloc}"] if parts.netloc else []
