"""The caller, their sessions, and the members of organisations over the API."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from app.access.entry import Reads, Router, Writes
from app.access.guards import requires
from app.access.noting import personal
from app.access.permissions import Permission, Role
from app.access.principal import Principal
from app.core.keyset import Part, link_next
from app.core.schema import PageOf
from app.identity import members, people
from app.identity.appointments.routes import router as appointments
from app.identity.federation.routes import router as identity_providers
from app.identity.joining.routes import router as joining
from app.identity.me import described
from app.identity.oauth_applications.routes import router as applications
from app.identity.schemas import MemberIn, MemberOut, MemberRoleIn, MeOut, PeopleQuery, PersonOut, SessionOut
from app.identity.sessions import own_sessions, revoke_other_sessions, revoke_session

me = Router(prefix="/me", tags=["me"])
people_router = Router(prefix="/people", tags=["people"])
organisation_members = Router(prefix="/organisations/{organisation_id}/members", tags=["organisations"])
Manager = Annotated[Principal, requires(Permission.ORGANISATIONS_MANAGE)]
Self = Annotated[Principal, requires(Permission.ACCOUNT_MANAGE)]


@me.get("", operation_id="getMe")
async def get_me(db: Reads, caller: Annotated[Principal, requires(Permission.PROFILE_READ)]) -> MeOut:
    """Who the caller is: province, roles, organisations, and what the access token was granted."""
    return MeOut.model_validate(await described(db, caller=caller))


@me.get("/sessions", operation_id="listMySessions")
async def list_my_sessions(db: Reads, caller: Self) -> list[SessionOut]:
    """The browsers in which the caller is signed in, the latest used first."""
    return [
        SessionOut(
            id=session.id,
            user_agent=session.device.user_agent,
            address=session.device.address,
            created_at=session.created_at,
            last_seen_at=session.last_seen_at,
            expires_at=session.expires_at,
            current=session.current,
            methods=sorted(session.methods),
        )
        for session in await own_sessions(db, caller=caller)
    ]


@me.delete("/sessions", status_code=204, operation_id="revokeMyOtherSessions")
async def revoke_my_other_sessions(db: Writes, caller: Self) -> None:
    """Sign out every browser of the caller but the one that asks, which signed in of late; an access token cannot."""
    await revoke_other_sessions(db, caller=caller)


@me.delete("/sessions/{session_id}", status_code=204, operation_id="revokeMySession")
async def revoke_my_session(session_id: UUID, db: Writes, caller: Self) -> None:
    """Sign one of the caller's browsers out."""
    await revoke_session(db, caller=caller, session_id=session_id)


@organisation_members.post("", status_code=201, operation_id="addMember")
async def add_member(organisation_id: UUID, new: MemberIn, db: Writes, caller: Manager) -> MemberOut:
    """Make an account of the organisation's province a member; 409 for who is one, whose role PUT changes."""
    await members.add(
        db, caller=caller, organisation_id=organisation_id, account_id=new.account_id, role=Role(new.role)
    )
    return MemberOut(account_id=new.account_id, organisation_id=organisation_id, role=new.role)


@organisation_members.put("/{account_id}", operation_id="changeMemberRole")
async def change_member(
    organisation_id: UUID, account_id: UUID, wanted: MemberRoleIn, db: Writes, caller: Manager
) -> MemberOut:
    """Make a member the manager of the organisation, or a manager its member."""
    await members.change_role(
        db, caller=caller, organisation_id=organisation_id, account_id=account_id, role=Role(wanted.role)
    )
    return MemberOut(account_id=account_id, organisation_id=organisation_id, role=Role(wanted.role))


@organisation_members.delete("/{account_id}", status_code=204, operation_id="removeMember")
async def remove_member(organisation_id: UUID, account_id: UUID, db: Writes, caller: Manager) -> None:
    """End a membership."""
    await members.dismiss(db, caller=caller, organisation_id=organisation_id, account_id=account_id)


@people_router.get("", operation_id="listPeople", dependencies=[personal("read.people")])
async def list_people(
    request: Request,
    response: Response,
    db: Reads,
    caller: Annotated[Principal, requires(Permission.PEOPLE_READ)],
    wanted: Annotated[PeopleQuery, Query()],
) -> PageOf[PersonOut]:
    """The people of the province for its officers, of their organisations for managers."""
    found = await people.find(db, caller=caller, wanted=wanted, part=Part.of(request, wanted))
    link_next(request, response, found.next)
    return PageOf(items=[PersonOut.model_validate(person) for person in found.items], next=found.next)


@people_router.get(
    "/{account_id}", operation_id="getPerson", dependencies=[personal("read.people", "account_id")]
)
async def get_person(
    account_id: UUID, db: Reads, caller: Annotated[Principal, requires(Permission.PEOPLE_READ)]
) -> PersonOut:
    """A person of the province for its officers, of their organisations for managers."""
    return PersonOut.model_validate(await people.person(db, caller=caller, account_id=account_id))


router = APIRouter()
router.include_router(me)
router.include_router(organisation_members)
router.include_router(people_router)
router.include_router(appointments)
router.include_router(identity_providers)
router.include_router(joining)
router.include_router(applications)
