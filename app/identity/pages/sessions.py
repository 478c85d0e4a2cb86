"""The browsers in which a person is signed in."""

from typing import Annotated
from uuid import UUID

from fastapi import Request, Response

from app.access.entry import Reads, Writes
from app.access.guards import requires
from app.access.permissions import Permission
from app.access.principal import Principal
from app.core.i18n import msg
from app.identity import cookies
from app.identity.context import settings_of
from app.identity.labels import methods_words
from app.identity.sessions import own_sessions, revoke_other_sessions, revoke_session
from app.identity.user_agents import device_name
from app.web.public import Pages, render, see_other

pages = Pages(prefix="/account/sessions")
Self = Annotated[Principal, requires(Permission.ACCOUNT_MANAGE)]


@pages.get("")
async def show(request: Request, db: Reads, caller: Self) -> Response:
    """Where I am signed in, since when, and how."""
    sessions = await own_sessions(db, caller=caller)
    return render(
        request,
        "identity/sessions.html",
        caller=caller,
        sessions=[
            (s, device_name(s.device.user_agent), methods_words(s.methods))
            for s in sorted(sessions, key=lambda s: not s.current)
        ],
    )


@pages.post("/revoke-others")
async def end_others(request: Request, db: Writes, caller: Self) -> Response:
    """Sign out everywhere but here."""
    ended = await revoke_other_sessions(db, caller=caller)
    return see_other(request, "/account/sessions", notice=msg("已结束其他 {count} 处登录", count=ended))


@pages.post("/{session_id}/revoke")
async def end(request: Request, db: Writes, caller: Self, session_id: UUID) -> Response:
    """Sign one browser out; the current one too."""
    await revoke_session(db, caller=caller, session_id=session_id)
    if session_id != caller.session_id:
        return see_other(request, "/account/sessions", notice=msg("该设备已退出登录"))
    response = see_other(request, "/", notice=msg("您已退出登录"))
    cookies.forget_session(response, settings_of(request))
    return response
