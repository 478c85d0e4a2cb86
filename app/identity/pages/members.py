"""The members of an organisation: list, add by login name, remove after a confirmation."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query, Request, Response

from app.access.entry import Reads, Writes
from app.access.guards import ensure, requires
from app.access.permissions import Permission, Role
from app.access.principal import Principal
from app.core.db import ReadSession
from app.core.i18n import msg
from app.core.keyset import ListQuery, Part
from app.core.schema import Input
from app.core.text import Line
from app.identity import labels, members, people
from app.identity.accounts import account_names
from app.identity.context import sign_in_transaction
from app.identity.policy import may_appoint, may_list_members
from app.identity.schemas import PeopleQuery
from app.identity.sign_in import LONGEST_NAME
from app.organisations.public import Organisation, get
from app.web.public import Form, Pages, render, see_other

pages = Pages(prefix="/organisations/{organisation_id}/members")
Officer = Annotated[Principal, requires(Permission.PEOPLE_READ)]
Manager = Annotated[Principal, requires(Permission.ORGANISATIONS_MANAGE)]


class MemberForm(Input):
    """Who is to belong to the organisation, and as what."""

    login_name: Annotated[str, Line(LONGEST_NAME)]
    role: Literal["member", "manager"] = "member"


@pages.get("")
async def list_page(
    organisation_id: UUID,
    request: Request,
    db: Reads,
    caller: Officer,
    wanted: Annotated[ListQuery, Query()],
) -> Response:
    """The people of the organisation, and the form that adds one."""
    organisation = await get(db, caller=caller, organisation_id=organisation_id)
    return await _page(request, db, caller, organisation, wanted, Form.filled({"role": "member"}))


@pages.post("")
async def add(organisation_id: UUID, request: Request, db: Writes, caller: Manager) -> Response:
    """Add a member, or change what one is."""
    form: Form[MemberForm] = await Form.read(request, MemberForm)
    # First, in a transaction that ends before this request's begins: its role sees no login names.
    known = await _account_named(request, caller, form)
    organisation = await get(db, caller=caller, organisation_id=organisation_id)
    ensure(may_appoint(caller, organisation, Role.MEMBER))

    async def appoint(typed: MemberForm) -> UUID:
        if known is None:
            raise members.no_such_account()
        await members.appoint(
            db, caller=caller, organisation_id=organisation_id, account_id=known, role=Role(typed.role)
        )
        return known

    account_id = await form.submit(db, appoint)
    if account_id is None:
        return await _page(request, db, caller, organisation, ListQuery(), form)
    name = (await account_names(db, [account_id]))[account_id]
    member = form.value.role == "member"
    notice = msg("{name} 现在是单位成员", name=name) if member else msg("{name} 现在是单位管理员", name=name)
    return see_other(request, _url(organisation_id), notice=notice)


@pages.get("/{account_id}/remove")
async def remove_page(
    organisation_id: UUID, account_id: UUID, request: Request, db: Reads, caller: Manager
) -> Response:
    """What removing means, before it is done."""
    organisation = await get(db, caller=caller, organisation_id=organisation_id)
    role = await members.role_to_end(db, caller=caller, organisation=organisation, account_id=account_id)
    return render(
        request,
        "identity/member_remove.html",
        caller=caller,
        organisation=organisation,
        name=(await account_names(db, [account_id]))[account_id],
        role=labels.MEMBER_ROLES[role],
        url=_url(organisation_id),
        account_id=account_id,
    )


@pages.post("/{account_id}/remove")
async def remove(
    organisation_id: UUID, account_id: UUID, request: Request, db: Writes, caller: Manager
) -> Response:
    """Remove after the confirmation."""
    await members.dismiss(db, caller=caller, organisation_id=organisation_id, account_id=account_id)
    name = (await account_names(db, [account_id]))[account_id]
    return see_other(request, _url(organisation_id), notice=msg("{name} 已不再是本单位成员", name=name))


async def _account_named(request: Request, caller: Principal, form: Form[MemberForm]) -> UUID | None:
    if not form.valid:
        return None
    async with sign_in_transaction(request) as session:
        return await members.account_named(
            session, tenant_id=str(caller.tenant_id), login_name=form.value.login_name
        )


def _url(organisation_id: UUID) -> str:
    return f"/organisations/{organisation_id}/members"


async def _page(
    request: Request,
    db: ReadSession,
    caller: Principal,
    organisation: Organisation,
    wanted: ListQuery,
    form: Form[MemberForm],
) -> Response:
    ensure(may_list_members(caller, organisation))
    asked = PeopleQuery(
        organisation=organisation.id, sort="created", limit=wanted.limit, cursor=wanted.cursor
    )
    found = await people.find(db, caller=caller, wanted=asked, part=Part.of(request, asked))
    return render(
        request,
        "identity/members.html",
        status_code=form.status,
        caller=caller,
        organisation=organisation,
        people=[
            (p, next(m for m in p.memberships if m.organisation_id == organisation.id)) for p in found.items
        ],
        next_cursor=found.next,
        wanted=wanted,
        form=form,
        may_add=bool(may_appoint(caller, organisation, Role.MEMBER)),
        may_add_managers=bool(may_appoint(caller, organisation, Role.MANAGER)),
        url=_url(organisation.id),
        labels=labels,
    )
