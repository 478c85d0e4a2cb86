"""Proposals for admin: what waits for a second person, and what became of the others."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Request, Response

from app.access.entry import Reads, Writes
from app.access.guards import requires
from app.access.permissions import Permission
from app.access.principal import Principal
from app.core.errors import Invalid
from app.core.i18n import Message, msg
from app.core.schema import Input
from app.identity import labels
from app.identity.appointments import proposals, province_roles
from app.identity.factors.recency import ensure_recently_authenticated
from app.web.public import Entry, Form, Pages, render, see_other

pages = Pages(
    prefix="/appointments",
    entries=[Entry(msg("任免"), "/appointments", Permission.PEOPLE_MANAGE, "manage", "badge-check", 61)],
)
Admin = Annotated[Principal, requires(Permission.PEOPLE_MANAGE)]
DONE: dict[str, Message] = {
    "approved": msg("已批准，立即生效"),
    "declined": msg("已退回"),
    "withdrawn": msg("已撤回"),
}


class DecisionForm(Input):
    """What becomes of a proposal."""

    outcome: Literal["approved", "declined", "withdrawn"]


@pages.get("")
async def list_page(request: Request, db: Reads, caller: Admin) -> Response:
    """The proposals, and how to make one."""
    return render(
        request,
        "identity/appointments.html",
        caller=caller,
        proposals=await proposals.listed(db, caller=caller),
        admins=await province_roles.number_of_admins(db, caller=caller),
        labels=labels,
    )


@pages.get("/{appointment_id}")
async def proposal_page(appointment_id: UUID, request: Request, db: Reads, caller: Admin) -> Response:
    """A proposal, and what deciding on it means."""
    proposal = await proposals.get(db, caller=caller, appointment_id=appointment_id)
    if proposal.may_decide:
        await ensure_recently_authenticated(db, caller=caller)
    return render(request, "identity/appointment.html", caller=caller, one=proposal, labels=labels)


@pages.post("/{appointment_id}")
async def decide(appointment_id: UUID, request: Request, db: Writes, caller: Admin) -> Response:
    """Approve, decline or withdraw."""
    form: Form[DecisionForm] = await Form.read(request, DecisionForm)
    if not form.valid:
        raise Invalid(errors=form.errors)
    outcome = form.value.outcome
    await proposals.decide(db, caller=caller, appointment_id=appointment_id, outcome=outcome)
    return see_other(request, "/appointments", notice=DONE[outcome])
