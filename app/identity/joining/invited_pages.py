"""The invited person's pages: the link of an invitation, and what waits in one's own account."""

from typing import Annotated
from uuid import UUID

from fastapi import Request, Response

from app.access.entry import Reads, Writes
from app.access.guards import requires
from app.access.permissions import Permission
from app.access.principal import Principal
from app.core.i18n import msg
from app.identity import labels
from app.identity.joining import invitations, requests
from app.web.public import Pages, render, see_other

pages = Pages()
Visitor = Annotated[Principal, requires(Permission.PUBLIC)]
Joiner = Annotated[Principal, requires(Permission.ORGANISATIONS_JOIN)]


@pages.get("/join/{token}")
async def show(token: str, request: Request, db: Reads, caller: Visitor) -> Response:
    """What the invitation says; whoever is not signed in learns nothing of it, not even that there is one."""
    here = f"/join/{token}"
    if caller.id is None:
        response = render(request, "joining/invited_visitor.html", here=here)
    else:
        invited = await invitations.behind(db, caller=caller, token=token)
        response = render(
            request, "joining/invited.html", invited=invited, here=here, roles=labels.MEMBER_ROLES
        )
    # The address is a secret: no other site is to learn it.
    response.headers["referrer-policy"] = "no-referrer"
    return response


@pages.post("/join/{token}")
async def accept(token: str, request: Request, db: Writes, caller: Joiner) -> Response:
    """Join."""
    organisation_id = await invitations.accept(db, caller=caller, token=token)
    return see_other(request, f"/organisations/{organisation_id}", notice=msg("您已加入该单位"))


@pages.post("/join/{token}/decline")
async def decline(token: str, request: Request, db: Writes, caller: Joiner) -> Response:
    """Say no."""
    await invitations.decline(db, caller=caller, token=token)
    return see_other(request, "/account", notice=msg("已谢绝邀请"))


@pages.post("/account/invitations/{invitation_id}/accept")
async def accept_mine(invitation_id: UUID, request: Request, db: Writes, caller: Joiner) -> Response:
    """Join by an invitation to one's sign-in name."""
    organisation_id = await invitations.accept(db, caller=caller, invitation_id=invitation_id)
    return see_other(request, f"/organisations/{organisation_id}", notice=msg("您已加入该单位"))


@pages.post("/account/invitations/{invitation_id}/decline")
async def decline_mine(invitation_id: UUID, request: Request, db: Writes, caller: Joiner) -> Response:
    """Say no to one."""
    await invitations.decline(db, caller=caller, invitation_id=invitation_id)
    return see_other(request, "/account", notice=msg("已谢绝邀请"))


@pages.post("/account/join-requests/{request_id}/withdraw")
async def withdraw(request_id: UUID, request: Request, db: Writes, caller: Joiner) -> Response:
    """Take one's own request back."""
    await requests.withdraw(db, caller=caller, request_id=request_id)
    return see_other(request, "/account", notice=msg("申请已撤回"))
