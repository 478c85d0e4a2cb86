"""Invitations and requests in the browser: for managers, and for who joins."""

from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import Request, Response
from pydantic import Field

from app.access.entry import Reads, Writes
from app.access.guards import ensure, requires
from app.access.permissions import Permission, Role
from app.access.principal import Principal
from app.core.db import ReadSession
from app.core.errors import Conflict, Problem
from app.core.i18n import Message, msg
from app.core.problems import locale_of
from app.core.schema import Input
from app.identity import labels as identity_labels
from app.identity import members
from app.identity.accounts import account_names
from app.identity.context import settings_of, sign_in_transaction
from app.identity.joining import invitations, labels, requests
from app.identity.joining.invitations import Sender
from app.identity.joining.schemas import DeclineIn, InvitationIn, JoinRequestIn
from app.identity.policy import may_appoint
from app.organisations.public import get
from app.web.public import Form, Pages, render, see_other

pages = Pages(prefix="/organisations/{organisation_id}")
Manager = Annotated[Principal, requires(Permission.ORGANISATIONS_MANAGE)]
Joiner = Annotated[Principal, requires(Permission.ORGANISATIONS_JOIN)]


class BulkForm(Input):
    """The requests that are let in together."""

    request: list[UUID] = Field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one request."""

    name: str
    refused: Message | None


async def account_of(request: Request, caller: Principal, new: InvitationIn) -> UUID | None:
    """Whoever of the caller's province has the sign-in name; asked for an address as well, so that both take as long.

    In a transaction of its own that ends before the request's begins: only its role sees sign-in names.
    """
    async with sign_in_transaction(request) as session:
        found = await members.account_named(session, tenant_id=str(caller.tenant_id), login_name=new.invitee)
    return found if new.by == "login_name" else None


@pages.get("/invitations/new")
async def invite_page(organisation_id: UUID, request: Request, db: Reads, caller: Manager) -> Response:
    """Whom to invite."""
    form: Form[InvitationIn] = Form.filled({"by": "email", "role": "member"})
    return await _invite_page(request, db, caller, organisation_id, form)


@pages.post("/invitations/new")
async def invite(organisation_id: UUID, request: Request, db: Writes, caller: Manager) -> Response:
    """Invite."""
    form: Form[InvitationIn] = await Form.read(request, InvitationIn)
    known = await account_of(request, caller, form.value) if form.valid else None
    sender = Sender(settings_of(request), locale_of(request))
    sent = await form.submit(
        db,
        lambda typed: invitations.send(
            db, sender, caller=caller, organisation_id=organisation_id, new=typed, account_id=known
        ),
    )
    if sent is None:
        return await _invite_page(request, db, caller, organisation_id, form)
    return see_other(request, _members(organisation_id), notice=msg("已邀请 {invitee}", invitee=sent.invitee))


@pages.post("/invitations/{invitation_id}/resend")
async def resend(
    organisation_id: UUID, invitation_id: UUID, request: Request, db: Writes, caller: Manager
) -> Response:
    """Send it again."""
    sender = Sender(settings_of(request), locale_of(request))
    again = await invitations.resend(
        db, sender, caller=caller, organisation_id=organisation_id, invitation_id=invitation_id
    )
    notice = msg("已重新邀请 {invitee}", invitee=again.invitee)
    return see_other(request, _members(organisation_id), notice=notice)


@pages.post("/invitations/{invitation_id}/revoke")
async def revoke(
    organisation_id: UUID, invitation_id: UUID, request: Request, db: Writes, caller: Manager
) -> Response:
    """Take it back."""
    await invitations.revoke(db, caller=caller, organisation_id=organisation_id, invitation_id=invitation_id)
    return see_other(request, _members(organisation_id), notice=msg("邀请已撤回"))


@pages.get("/join")
async def ask_page(organisation_id: UUID, request: Request, db: Reads, caller: Joiner) -> Response:
    """Ask to join."""
    return await _ask_page(request, db, caller, organisation_id, Form({}))


@pages.post("/join")
async def ask(organisation_id: UUID, request: Request, db: Writes, caller: Joiner) -> Response:
    """Send the request."""
    form: Form[JoinRequestIn] = await Form.read(request, JoinRequestIn)
    asked = await form.submit(
        db,
        lambda typed: requests.ask(db, caller=caller, organisation_id=organisation_id, message=typed.message),
    )
    if asked is None:
        return await _ask_page(request, db, caller, organisation_id, form)
    return see_other(request, "/account", notice=msg("申请已发出，单位管理员会审核"))


@pages.post("/join-requests/approve")
async def approve(organisation_id: UUID, request: Request, db: Writes, caller: Manager) -> Response:
    """Let several in; what cannot be done is told for each."""
    form: Form[BulkForm] = await Form.read(request, BulkForm)
    waiting = await requests.waiting(db, caller=caller, organisation_id=organisation_id)
    names = await account_names(db, [one.account_id for one in waiting])
    people = {one.id: names.get(one.account_id, "") for one in waiting}
    results = []
    for request_id in form.value.request:
        refused: Problem | None = None
        try:
            async with db.begin_nested():
                await requests.approve(
                    db, caller=caller, organisation_id=organisation_id, request_id=request_id
                )
        except Conflict as problem:
            refused = problem
        results.append(Result(people.get(request_id, ""), refused.title if refused else None))
    if not any(result.refused for result in results):
        notice = msg("已同意 {count} 份申请", count=len(results))
        return see_other(request, _members(organisation_id), notice=notice)
    organisation = await get(db, caller=caller, organisation_id=organisation_id)
    return render(
        request,
        "joining/results.html",
        organisation=organisation,
        results=results,
        url=_members(organisation_id),
    )


@pages.get("/join-requests/{request_id}/decline")
async def decline_page(
    organisation_id: UUID, request_id: UUID, request: Request, db: Reads, caller: Manager
) -> Response:
    """Why somebody is not let in."""
    return await _decline_page(request, db, caller, organisation_id, request_id, Form({}))


@pages.post("/join-requests/{request_id}/decline")
async def decline(
    organisation_id: UUID, request_id: UUID, request: Request, db: Writes, caller: Manager
) -> Response:
    """Keep somebody out."""
    form: Form[DeclineIn] = await Form.read(request, DeclineIn)
    done = await form.submit(
        db,
        lambda typed: requests.decline(
            db,
            caller=caller,
            organisation_id=organisation_id,
            request_id=request_id,
            reason=typed.reason,
        ),
    )
    if done is None:
        return await _decline_page(request, db, caller, organisation_id, request_id, form)
    return see_other(request, _members(organisation_id), notice=msg("已谢绝该申请"))


@pages.get("/leave")
async def leave_page(organisation_id: UUID, request: Request, db: Reads, caller: Joiner) -> Response:
    """What leaving means, before it is done."""
    organisation = await get(db, caller=caller, organisation_id=organisation_id)
    return render(
        request,
        "joining/confirm.html",
        title=msg("退出单位"),
        text=msg(
            "您将不再是「{name}」的成员，不能再以该单位的名义预约仪器；已有的预约保留。",
            name=organisation.name,
        ),
        trail=[(msg("我的账户"), "/account")],
        action=f"/organisations/{organisation_id}/leave",
        label=msg("确认退出"),
        back="/account",
    )


@pages.post("/leave")
async def leave(organisation_id: UUID, request: Request, db: Writes, caller: Joiner) -> Response:
    """Leave after the confirmation."""
    await members.leave(db, caller=caller, organisation_id=organisation_id)
    return see_other(request, "/account", notice=msg("您已退出该单位"))


def _members(organisation_id: UUID) -> str:
    return f"/organisations/{organisation_id}/members"


async def _invite_page(
    request: Request, db: ReadSession, caller: Principal, organisation_id: UUID, form: Form[Any]
) -> Response:
    organisation = await get(db, caller=caller, organisation_id=organisation_id)
    ensure(may_appoint(caller, organisation, Role.MEMBER))
    return render(
        request,
        "joining/invite.html",
        status_code=form.status,
        organisation=organisation,
        form=form,
        may_add_managers=bool(may_appoint(caller, organisation, Role.MANAGER)),
        url=_members(organisation_id),
        roles=identity_labels.MEMBER_ROLES,
        labels=labels,
    )


async def _ask_page(
    request: Request, db: ReadSession, caller: Principal, organisation_id: UUID, form: Form[Any]
) -> Response:
    organisation = await requests.joinable(db, caller=caller, organisation_id=organisation_id)
    return render(request, "joining/ask.html", status_code=form.status, organisation=organisation, form=form)


async def _decline_page(
    request: Request,
    db: ReadSession,
    caller: Principal,
    organisation_id: UUID,
    request_id: UUID,
    form: Form[Any],
) -> Response:
    organisation = await get(db, caller=caller, organisation_id=organisation_id)
    row = await requests.waiting_one(
        db, caller=caller, organisation_id=organisation_id, request_id=request_id
    )
    return render(
        request,
        "joining/decline.html",
        status_code=form.status,
        organisation=organisation,
        name=(await account_names(db, [row.account_id])).get(row.account_id, ""),
        form=form,
        url=_members(organisation_id),
        action=f"/organisations/{organisation_id}/join-requests/{request_id}/decline",
    )
