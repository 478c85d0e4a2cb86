"""Appointments, delegations and the state of accounts over the API."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter

from app.access.entry import Reads, Router, Writes
from app.access.guards import requires
from app.access.permissions import Permission, Role
from app.access.principal import Principal
from app.identity.appointments import delegations, proposals, province_roles, suspension
from app.identity.appointments.delegations import Loan, Office
from app.identity.appointments.schemas import (
    AppointmentIn,
    AppointmentOut,
    DelegationIn,
    DelegationOut,
    DelegationsOut,
    NewId,
    ProvinceRole,
    ReasonIn,
    RoleIn,
)

people = Router(prefix="/people/{account_id}", tags=["people"])
appointments = Router(prefix="/appointments", tags=["appointments"])
mine = Router(prefix="/me/delegations", tags=["me"])
Admin = Annotated[Principal, requires(Permission.PEOPLE_MANAGE)]
Self = Annotated[Principal, requires(Permission.DELEGATIONS_MANAGE)]


@people.post("/roles", status_code=204, operation_id="appointPerson")
async def appoint(account_id: UUID, new: RoleIn, db: Writes, caller: Admin) -> None:
    """Make an account of the caller's province an auditor."""
    await province_roles.appoint_auditor(db, caller=caller, account_id=account_id, reason=new.reason)


@people.post("/roles/{role}/revoke", status_code=204, operation_id="dismissPerson")
async def dismiss(account_id: UUID, role: ProvinceRole, why: ReasonIn, db: Writes, caller: Admin) -> None:
    """Take a role in the whole province; the last admin keeps theirs."""
    await province_roles.dismiss(db, caller=caller, account_id=account_id, role=Role(role), reason=why.reason)


@people.post("/suspend", status_code=204, operation_id="suspendPerson")
async def suspend(account_id: UUID, why: ReasonIn, db: Writes, caller: Admin) -> None:
    """Let an account sign in no more; its sessions and tokens end at once."""
    await suspension.suspend(db, caller=caller, account_id=account_id, reason=why.reason)


@people.post("/reactivate", status_code=204, operation_id="reactivatePerson")
async def reactivate(account_id: UUID, why: ReasonIn, db: Writes, caller: Admin) -> None:
    """Let a suspended account sign in again."""
    await suspension.reactivate(db, caller=caller, account_id=account_id, reason=why.reason)


@people.delete("/delegations/{delegation_id}", status_code=204, operation_id="endDelegationOfPerson")
async def end_of_person(account_id: UUID, delegation_id: UUID, db: Writes, caller: Admin) -> None:
    """End what a person of the province lent or was lent."""
    await delegations.end(db, caller=caller, delegation_id=delegation_id, of=account_id)


@appointments.get("", operation_id="listAppointments")
async def list_appointments(db: Reads, caller: Admin) -> list[AppointmentOut]:
    """The province's latest 100 proposals, the newest first."""
    return [AppointmentOut.model_validate(one) for one in await proposals.listed(db, caller=caller)]


@appointments.post("", status_code=201, operation_id="proposeAdmin")
async def propose(new: AppointmentIn, db: Writes, caller: Admin) -> NewId:
    """Propose an account of the province for admin; another admin decides within 14 days."""
    return NewId(id=await proposals.propose(db, caller=caller, account_id=new.account_id, reason=new.reason))


@appointments.post("/{appointment_id}/approve", status_code=204, operation_id="approveAppointment")
async def approve(appointment_id: UUID, db: Writes, caller: Admin) -> None:
    """Approve another admin's proposal; the role counts at once."""
    await proposals.decide(db, caller=caller, appointment_id=appointment_id, outcome="approved")


@appointments.post("/{appointment_id}/decline", status_code=204, operation_id="declineAppointment")
async def decline(appointment_id: UUID, db: Writes, caller: Admin) -> None:
    """Decline another admin's proposal."""
    await proposals.decide(db, caller=caller, appointment_id=appointment_id, outcome="declined")


@appointments.post("/{appointment_id}/withdraw", status_code=204, operation_id="withdrawAppointment")
async def withdraw(appointment_id: UUID, db: Writes, caller: Admin) -> None:
    """Withdraw one's own proposal."""
    await proposals.decide(db, caller=caller, appointment_id=appointment_id, outcome="withdrawn")


@mine.get("", operation_id="listMyDelegations")
async def list_mine(db: Reads, caller: Self) -> DelegationsOut:
    """The caller's latest 100 delegations, given and received, the newest first."""
    loans = await delegations.loans_of(db, caller=caller, account_id=caller.id)
    return DelegationsOut(
        given=[told(loan) for loan in loans if loan.account_id == caller.id],
        received=[told(loan) for loan in loans if loan.deputy_id == caller.id],
    )


@mine.post("", status_code=201, operation_id="delegate")
async def delegate(new: DelegationIn, db: Writes, caller: Self) -> NewId:
    """Lend a role of one's own; an admin's counts once another admin approves it."""
    office = Office(Role(new.role), new.organisation_id, new.instrument_id)
    delegation_id = await delegations.lend(
        db,
        caller=caller,
        office=office,
        deputy_id=new.deputy_id,
        starts_at=new.starts_at,
        ends_at=new.ends_at,
        reason=new.reason,
    )
    return NewId(id=delegation_id)


@mine.delete("/{delegation_id}", status_code=204, operation_id="endMyDelegation")
async def end_mine(delegation_id: UUID, db: Writes, caller: Self) -> None:
    """Revoke what one lent, or decline what one was lent."""
    await delegations.end(db, caller=caller, delegation_id=delegation_id)


def told(loan: Loan) -> DelegationOut:
    """A delegation as the API tells it."""
    return DelegationOut(
        id=loan.id,
        account_id=loan.account_id,
        account_name=loan.account_name,
        deputy_id=loan.deputy_id,
        deputy_name=loan.deputy_name,
        role=loan.office.role.value,
        organisation_id=loan.office.organisation_id,
        organisation_name=loan.organisation_name,
        instrument_id=loan.office.instrument_id,
        reason=loan.reason,
        starts_at=loan.starts_at,
        ends_at=loan.ends_at,
        state=loan.state,
    )


router = APIRouter()
for _part in (people, appointments, mine):
    router.include_router(_part)
