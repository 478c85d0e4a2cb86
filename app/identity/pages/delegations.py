"""The roles one lent and was lent."""

from datetime import date, datetime, time, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import Request, Response

from app.access.entry import Reads, Writes
from app.access.guards import requires
from app.access.permissions import ROLES, Permission, Role
from app.access.principal import Principal
from app.core.db import ReadSession
from app.core.errors import FieldError, Invalid
from app.core.i18n import Message, msg
from app.core.schema import Day, Input
from app.core.text import Line
from app.identity import labels, members
from app.identity.appointments import delegations
from app.identity.appointments.delegations import Office
from app.identity.appointments.naming import instrument_names
from app.identity.appointments.schemas import Reason
from app.identity.context import sign_in_transaction
from app.identity.factors.recency import ensure_recently_authenticated
from app.identity.sign_in import LONGEST_NAME
from app.organisations.public import names
from app.web.public import SHANGHAI, Form, Pages, render, see_other

pages = Pages(prefix="/account/delegations")
Self = Annotated[Principal, requires(Permission.DELEGATIONS_MANAGE)]


class DelegationForm(Input):
    """Which role, to whom, for how long."""

    office: Annotated[str, Line(100)]
    deputy: Annotated[str, Line(LONGEST_NAME)]
    since: Day | None = None
    until: Day
    reason: Reason


@pages.get("")
async def list_page(request: Request, db: Reads, caller: Self) -> Response:
    """What I lent and was lent, and the form that lends, for whoever showed of late who they are and may lend."""
    if await delegations.offices(db, caller=caller):
        await ensure_recently_authenticated(db, caller=caller)
    return await _page(request, db, caller, Form.filled({}))


@pages.post("")
async def lend(request: Request, db: Writes, caller: Self) -> Response:
    """Lend a role from a day on, or from now, until the end of a day."""
    form: Form[DelegationForm] = await Form.read(
        request, DelegationForm, names={"ends_at": "until", "starts_at": "since"}
    )
    # First, in a transaction that ends before this request's begins: its role sees no login names.
    deputy_id = await _deputy(request, caller, form)
    offices = {_key(office): office for office in await delegations.offices(db, caller=caller)}

    async def create(typed: DelegationForm) -> UUID:
        office = offices.get(typed.office)
        if office is None:
            reason = msg("请选择您本人担任的一个角色")
            raise Invalid(errors=[FieldError("office", "identity.office_unknown", reason)])
        if deputy_id is None:
            raise delegations.no_such_deputy()
        return await delegations.lend(
            db,
            caller=caller,
            office=office,
            deputy_id=deputy_id,
            starts_at=_midnight(typed.since) if typed.since and not _is_today(typed.since) else None,
            ends_at=_midnight(typed.until + timedelta(days=1)),
            reason=typed.reason,
        )

    if await form.submit(db, create) is None:
        return await _page(request, db, caller, form)
    waits = form.value.office == Role.PROVINCE_ADMIN
    notice = msg("已提出，等待另一位省级管理员批准") if waits else msg("代理已登记")
    return see_other(request, "/account/delegations", notice=notice)


@pages.post("/{delegation_id}/end")
async def end(delegation_id: UUID, request: Request, db: Writes, caller: Self) -> Response:
    """Revoke, or decline."""
    await delegations.end(db, caller=caller, delegation_id=delegation_id)
    return see_other(request, "/account/delegations", notice=msg("代理已结束"))


async def _deputy(request: Request, caller: Principal, form: Form[DelegationForm]) -> UUID | None:
    """The account named by its id or its login name."""
    if not form.valid:
        return None
    typed = form.value.deputy
    try:
        return UUID(typed)
    except ValueError:
        pass
    async with sign_in_transaction(request) as session:
        return await members.account_named(session, tenant_id=str(caller.tenant_id), login_name=typed)


def _key(office: Office) -> str:
    of = office.organisation_id or office.instrument_id
    return f"{office.role.value}:{of}" if of else office.role.value


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), SHANGHAI)


def _is_today(day: date) -> bool:
    return day == datetime.now(SHANGHAI).date()


async def _choices(db: ReadSession, caller: Principal) -> list[tuple[str, Message]]:
    offices = await delegations.offices(db, caller=caller)
    organisations = await names(db, caller, [o.organisation_id for o in offices if o.organisation_id])
    instruments = await instrument_names(db, caller, [o.instrument_id for o in offices if o.instrument_id])
    known = {**organisations, **instruments}

    def of(office: Office) -> Message | str:
        thing = office.organisation_id or office.instrument_id
        return known.get(thing, str(thing)) if thing else msg("全省")

    return [
        (_key(office), msg("{role}（{of}）", role=ROLES[office.role], of=of(office))) for office in offices
    ]


async def _page(request: Request, db: ReadSession, caller: Principal, form: Form[DelegationForm]) -> Response:
    loans = await delegations.loans_of(db, caller=caller, account_id=caller.id)
    instruments = {loan.office.instrument_id for loan in loans if loan.office.instrument_id}
    return render(
        request,
        "identity/delegations.html",
        status_code=form.status,
        caller=caller,
        given=[loan for loan in loans if loan.account_id == caller.id],
        received=[loan for loan in loans if loan.deputy_id == caller.id],
        instruments=await instrument_names(db, caller, instruments),
        choices=await _choices(db, caller),
        form=form,
        labels=labels,
        today=datetime.now(SHANGHAI).date(),
    )
