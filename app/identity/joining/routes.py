"""Invitations and requests over the API."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request

from app.access.entry import Reads, Router, Writes
from app.access.guards import requires
from app.access.noting import personal
from app.access.permissions import Permission
from app.access.principal import Principal
from app.core.db import ReadSession
from app.core.problems import locale_of
from app.identity import members
from app.identity.accounts import account_names
from app.identity.context import settings_of
from app.identity.joining import application_routes, invitations, requests
from app.identity.joining.invitations import Invited, Sender
from app.identity.joining.models import JoinRequest
from app.identity.joining.pages import account_of
from app.identity.joining.schemas import (
    DeclineIn,
    InvitationIn,
    InvitationOut,
    JoinedOut,
    JoinRequestIn,
    JoinRequestOut,
    MyInvitationOut,
    TokenIn,
)

of_organisation = Router(prefix="/organisations/{organisation_id}", tags=["organisations"])
mine = Router(prefix="/me", tags=["me"])
Manager = Annotated[Principal, requires(Permission.ORGANISATIONS_MANAGE)]
Joiner = Annotated[Principal, requires(Permission.ORGANISATIONS_JOIN)]


@of_organisation.get(
    "/invitations", operation_id="listInvitations", dependencies=[personal("read.members", "organisation_id")]
)
async def list_invitations(organisation_id: UUID, db: Reads, caller: Manager) -> list[InvitationOut]:
    """The open invitations of an organisation, expired ones too, the latest first."""
    found = await invitations.sent(db, caller=caller, organisation_id=organisation_id)
    return [InvitationOut.model_validate(row) for row in found]


@of_organisation.post("/invitations", status_code=201, operation_id="createInvitation")
async def invite(
    organisation_id: UUID, new: InvitationIn, request: Request, db: Writes, caller: Manager
) -> InvitationOut:
    """Invite by e-mail address or sign-in name; the answer is the same whether or not somebody has that name."""
    made = await invitations.send(
        db,
        Sender(settings_of(request), locale_of(request)),
        caller=caller,
        organisation_id=organisation_id,
        new=new,
        account_id=await account_of(request, caller, new),
    )
    return InvitationOut.model_validate(made)


@of_organisation.post("/invitations/{invitation_id}/resend", operation_id="resendInvitation")
async def resend(
    organisation_id: UUID, invitation_id: UUID, request: Request, db: Writes, caller: Manager
) -> InvitationOut:
    """Send it again, with a new link and a new term."""
    sender = Sender(settings_of(request), locale_of(request))
    again = await invitations.resend(
        db, sender, caller=caller, organisation_id=organisation_id, invitation_id=invitation_id
    )
    return InvitationOut.model_validate(again)


@of_organisation.delete("/invitations/{invitation_id}", status_code=204, operation_id="revokeInvitation")
async def revoke(organisation_id: UUID, invitation_id: UUID, db: Writes, caller: Manager) -> None:
    """Take an invitation back."""
    await invitations.revoke(db, caller=caller, organisation_id=organisation_id, invitation_id=invitation_id)


@of_organisation.get(
    "/join-requests",
    operation_id="listJoinRequests",
    dependencies=[personal("read.members", "organisation_id")],
)
async def list_requests(organisation_id: UUID, db: Reads, caller: Manager) -> list[JoinRequestOut]:
    """Who waits to be let in, the oldest first."""
    found = await requests.waiting(db, caller=caller, organisation_id=organisation_id)
    names = await account_names(db, [row.account_id for row in found])
    return [_shown(row, names.get(row.account_id)) for row in found]


@of_organisation.post("/join-requests", status_code=201, operation_id="createJoinRequest")
async def ask(organisation_id: UUID, new: JoinRequestIn, db: Writes, caller: Joiner) -> JoinRequestOut:
    """Ask to join an organisation of one's own province."""
    made = await requests.ask(db, caller=caller, organisation_id=organisation_id, message=new.message)
    return _shown(made, caller.name)


@of_organisation.post("/join-requests/{request_id}/approve", operation_id="approveJoinRequest")
async def approve(organisation_id: UUID, request_id: UUID, db: Writes, caller: Manager) -> JoinRequestOut:
    """Let somebody in as a member."""
    row = await requests.approve(db, caller=caller, organisation_id=organisation_id, request_id=request_id)
    return await _of_other(db, row)


@of_organisation.post("/join-requests/{request_id}/decline", operation_id="declineJoinRequest")
async def decline(
    organisation_id: UUID, request_id: UUID, body: DeclineIn, db: Writes, caller: Manager
) -> JoinRequestOut:
    """Keep somebody out."""
    row = await requests.decline(
        db, caller=caller, organisation_id=organisation_id, request_id=request_id, reason=body.reason
    )
    return await _of_other(db, row)


@of_organisation.post("/leave", status_code=204, operation_id="leaveOrganisation")
async def leave(organisation_id: UUID, db: Writes, caller: Joiner) -> None:
    """End one's own membership."""
    await members.leave(db, caller=caller, organisation_id=organisation_id)


@mine.get("/invitations", operation_id="listMyInvitations")
async def my_invitations(db: Reads, caller: Joiner) -> list[MyInvitationOut]:
    """The invitations to the caller's sign-in name."""
    return [_invited(one) for one in await invitations.waiting(db, caller=caller)]


@mine.post("/invitations/accept", operation_id="acceptInvitationByToken")
async def accept_token(body: TokenIn, db: Writes, caller: Joiner) -> JoinedOut:
    """Join by the token of an invitation's link."""
    return JoinedOut(organisation_id=await invitations.accept(db, caller=caller, token=body.token))


@mine.post("/invitations/{invitation_id}/accept", operation_id="acceptInvitation")
async def accept(invitation_id: UUID, db: Writes, caller: Joiner) -> JoinedOut:
    """Join by an invitation to the caller's sign-in name."""
    joined = await invitations.accept(db, caller=caller, invitation_id=invitation_id)
    return JoinedOut(organisation_id=joined)


@mine.post("/invitations/{invitation_id}/decline", status_code=204, operation_id="declineInvitation")
async def decline_invitation(invitation_id: UUID, db: Writes, caller: Joiner) -> None:
    """Say no to an invitation."""
    await invitations.decline(db, caller=caller, invitation_id=invitation_id)


@mine.get("/join-requests", operation_id="listMyJoinRequests")
async def my_requests(db: Reads, caller: Joiner) -> list[JoinRequestOut]:
    """What the caller asked for, the latest first."""
    return [_shown(row, caller.name) for row in await requests.mine(db, caller=caller)]


@mine.post("/join-requests/{request_id}/withdraw", operation_id="withdrawJoinRequest")
async def withdraw(request_id: UUID, db: Writes, caller: Joiner) -> JoinRequestOut:
    """Take one's own request back."""
    return _shown(await requests.withdraw(db, caller=caller, request_id=request_id), caller.name)


def _invited(one: Invited) -> MyInvitationOut:
    row = one.row
    return MyInvitationOut(
        id=row.id,
        organisation_id=one.organisation_id,
        organisation_name=one.organisation_name,
        role=row.role,
        message=row.message,
        expires_at=row.expires_at,
    )


async def _of_other(db: ReadSession, row: JoinRequest) -> JoinRequestOut:
    return _shown(row, (await account_names(db, [row.account_id])).get(row.account_id))


def _shown(row: JoinRequest, name: str | None) -> JoinRequestOut:
    own = JoinRequestOut.model_fields.keys() - {"account_name"}
    return JoinRequestOut(**{field: getattr(row, field) for field in own}, account_name=name)


router = APIRouter()
router.include_router(application_routes.router)
router.include_router(of_organisation)
router.include_router(mine)
