"""The applications that act for a person, each with what it may do, and its end."""

from typing import Annotated
from uuid import UUID

from fastapi import Request, Response

from app.access.entry import Reads, Writes
from app.access.guards import requires
from app.access.permissions import Permission
from app.access.principal import Principal
from app.core.errors import NotFound
from app.core.i18n import msg
from app.identity.provider.consent import scope_words
from app.identity.provider.grants import disconnect, disconnect_all, own_connections, own_thefts
from app.web.public import Pages, render, see_other

HOME = "/account/applications"
pages = Pages(prefix=HOME)
Self = Annotated[Principal, requires(Permission.ACCOUNT_MANAGE)]


@pages.get("")
async def list_page(request: Request, db: Reads, caller: Self) -> Response:
    """What acts for me, and what was ended because somebody else seemed to hold it."""
    found = await own_connections(db, caller=caller)
    return render(
        request,
        "oauth_applications/connected.html",
        caller=caller,
        connections=[(one, scope_words(one.scopes)) for one in found],
        thefts=await own_thefts(db, caller=caller),
    )


@pages.get("/{grant_id}/end")
async def ask(grant_id: UUID, request: Request, db: Reads, caller: Self) -> Response:
    """Ask whether it is meant."""
    connection = next((one for one in await own_connections(db, caller=caller) if one.id == grant_id), None)
    if connection is None:
        raise NotFound
    return render(request, "oauth_applications/disconnect.html", caller=caller, connection=connection)


@pages.get("/end")
async def ask_for_all(request: Request, caller: Self) -> Response:
    """Ask whether ending them all is meant."""
    return render(request, "oauth_applications/disconnect.html", caller=caller, connection=None)


@pages.post("/{grant_id}/end")
async def end(grant_id: UUID, request: Request, db: Writes, caller: Self) -> Response:
    """Let an application act no more."""
    await disconnect(db, caller=caller, grant_id=grant_id)
    return see_other(request, HOME, notice=msg("已断开该应用，其令牌立即失效"))


@pages.post("/end")
async def end_all(request: Request, db: Writes, caller: Self) -> Response:
    """Let no application act any more."""
    number = await disconnect_all(db, caller=caller)
    return see_other(request, HOME, notice=msg("已断开 {count} 个应用，其令牌立即失效", count=number))
