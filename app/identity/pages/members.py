"""The members of an organisation: list, add by login name, change and remove after a confirmation."""

from collections.abc import Mapping
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query, Request, Response

from app.access.entry import Reads, Writes
from app.access.guards import ensure, requires
from app.access.noting import personal
from app.access.permissions import Permission, Role
from app.access.principal import Principal
from app.core.db import ReadSession
from app.core.errors import Invalid
from app.core.i18n import msg
from app.core.keyset import ListQuery, Part
from app.core.schema import Input
from app.core.text import Line
from app.identity import labels, members, people
from app.identity.accounts import account_names
from app.identity.context import sign_in_transaction
from app.identity.joining.belonging import on_members as joining
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
    confirmed: bool = False


class RoleForm(Input):
    """What a member is to become."""

    role: Literal["member", "manager"]


@pages.get("", dependencies=[personal("read.members", "organisation_id")])
async def list_page(
    organisation_id: UUID,
    request: Request,
    db: Reads,
    caller: Officer,
    wanted: Annotated[ListQuery, Query()],
) -> Response:
    """The people of the organisation, and the form that adds one."""
    names = await _login_names(request, caller, organisation_id, wanted)
    organisation = await get(db, caller=caller, organisation_id=organisation_id)
    form: Form[MemberForm] = Form.filled({"role": "member"})
    return await _page(request, db, caller, organisation, wanted, form, names)


@pages.post("")
async def add(organisation_id: UUID, request: Request, db: Writes, caller: Manager) -> Response:
    """Add a member."""
    form: Form[MemberForm] = await Form.read(request, MemberForm)
    # First, in a transaction that ends before this request's begins: its role sees no login names.
    known = await _account_named(request, caller, form)
    names = await _login_names(request, caller, organisation_id, ListQuery())
    organisation = await get(db, caller=caller, organisation_id=organisation_id)
    ensure(may_appoint(caller, organisation, Role.MEMBER))

    async def appoint(typed: MemberForm) -> UUID:
        if known is None:
            raise members.no_such_account()
        await members.ensure_new(db, organisation=organisation, account_id=known)
        if not typed.confirmed:
            await members.ensure_meant(db, caller=caller, account_id=known)
        await members.add(
            db, caller=caller, organisation_id=organisation_id, account_id=known, role=Role(typed.role)
        )
        return known

    account_id = await form.submit(db, appoint)
    if account_id is None:
        return await _page(request, db, caller, organisation, ListQuery(), form, names)
    return await _appointed(request, db, organisation_id, account_id, form.value.role)


@pages.get("/{account_id}/role")
async def role_page(
    organisation_id: UUID, account_id: UUID, request: Request, db: Reads, caller: Manager
) -> Response:
    """What the member's other role means, before it is given."""
    organisation = await get(db, caller=caller, organisation_id=organisation_id)
    role = await members.present_role(
        db, caller=caller, organisation=organisation, account_id=account_id, wanted=Role.MANAGER
    )
    return render(
        request,
        "identity/member_role.html",
        caller=caller,
        organisation=organisation,
        name=(await account_names(db, [account_id]))[account_id],
        present=labels.MEMBER_ROLES[role],
        wanted=(Role.MEMBER if role is Role.MANAGER else Role.MANAGER).value,
        oneself=account_id == caller.id,
        url=_url(organisation_id),
        account_id=account_id,
        labels=labels,
    )


@pages.post("/{account_id}/role")
async def change_role(
    organisation_id: UUID, account_id: UUID, request: Request, db: Writes, caller: Manager
) -> Response:
    """Give the other role after the confirmation."""
    form: Form[RoleForm] = await Form.read(request, RoleForm)
    if not form.valid:
        raise Invalid(errors=form.errors)
    role = Role(form.value.role)
    await members.change_role(
        db, caller=caller, organisation_id=organisation_id, account_id=account_id, role=role
    )
    return await _appointed(request, db, organisation_id, account_id, role)


@pages.get("/{account_id}/remove")
async def remove_page(
    organisation_id: UUID, account_id: UUID, request: Request, db: Reads, caller: Manager
) -> Response:
    """What removing means, before it is done."""
    organisation = await get(db, caller=caller, organisation_id=organisation_id)
    role = await members.present_role(db, caller=caller, organisation=organisation, account_id=account_id)
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


async def _login_names(
    request: Request, caller: Principal, organisation_id: UUID, wanted: ListQuery
) -> Mapping[UUID, str]:
    """By account, in a transaction that ends before this request's begins."""
    asked = _asked(organisation_id, wanted)
    async with sign_in_transaction(request) as session:
        return await people.login_names(session, caller=caller, wanted=asked, part=Part.of(request, asked))


async def _appointed(
    request: Request, db: ReadSession, organisation_id: UUID, account_id: UUID, role: str
) -> Response:
    name = (await account_names(db, [account_id]))[account_id]
    member = role == Role.MEMBER
    notice = msg("{name} 现在是单位成员", name=name) if member else msg("{name} 现在是单位管理员", name=name)
    return see_other(request, _url(organisation_id), notice=notice)


def _asked(organisation_id: UUID, wanted: ListQuery) -> PeopleQuery:
    return PeopleQuery(organisation=organisation_id, sort="created", limit=wanted.limit, cursor=wanted.cursor)


def _url(organisation_id: UUID) -> str:
    return f"/organisations/{organisation_id}/members"


async def _page(
    request: Request,
    db: ReadSession,
    caller: Principal,
    organisation: Organisation,
    wanted: ListQuery,
    form: Form[MemberForm],
    login_names: Mapping[UUID, str],
) -> Response:
    ensure(may_list_members(caller, organisation))
    asked = _asked(organisation.id, wanted)
    found = await people.find(db, caller=caller, wanted=asked, part=Part.of(request, asked))
    may_add = bool(may_appoint(caller, organisation, Role.MEMBER))
    return render(
        request,
        "identity/members.html",
        status_code=form.status,
        **(await joining(db, caller=caller, organisation=organisation) if may_add else {}),
        caller=caller,
        organisation=organisation,
        people=[
            (p, next(m for m in p.memberships if m.organisation_id == organisation.id)) for p in found.items
        ],
        next_cursor=found.next,
        wanted=wanted,
        form=form,
        login_names=login_names,
        may_add=may_add,
        may_add_managers=bool(may_appoint(caller, organisation, Role.MANAGER)),
        url=_url(organisation.id),
        labels=labels,
    )
