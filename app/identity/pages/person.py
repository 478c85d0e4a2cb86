"""A person of the province: roles, organisations, delegations; and what an admin may do about them."""

from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Request, Response

from app.access.entry import Reads, Writes
from app.access.guards import requires
from app.access.noting import personal
from app.access.permissions import OVERSEERS, Permission, Role
from app.access.principal import Principal
from app.core.db import Session
from app.core.i18n import Message, msg
from app.identity import labels, people
from app.identity.appointments import delegations, proposals, province_roles, suspension
from app.identity.appointments.naming import instrument_names
from app.identity.appointments.schemas import ReasonIn
from app.identity.factors.recency import ensure_recently_authenticated
from app.identity.people import PersonEntry
from app.web.public import Form, Pages, render, see_other

pages = Pages(prefix="/people/{account_id}")
Officer = Annotated[Principal, requires(Permission.PEOPLE_READ)]
Admin = Annotated[Principal, requires(Permission.PEOPLE_MANAGE)]
Act = Literal["appoint-auditor", "propose-admin", "dismiss-auditor", "dismiss-admin", "suspend", "reactivate"]


@dataclass(frozen=True, slots=True)
class Deed:
    """Something an admin may do about a person, in words."""

    label: Message
    meaning: Message
    done: Message
    hurts: bool = False


DEEDS: dict[str, Deed] = {
    "appoint-auditor": Deed(
        msg("任命为审计员"),
        msg("审计员查看全省的人员和操作记录，不能改动任何内容，也不能同时担任省级管理员。"),
        msg("{name} 现在是审计员"),
    ),
    "propose-admin": Deed(
        msg("提议任命为省级管理员"),
        msg("另一位省级管理员须在 14 天内批准，批准后立即生效；提议人和候选人自己不能批准。"),
        msg("已提议任命 {name}，等待另一位省级管理员决定"),
    ),
    "dismiss-auditor": Deed(
        msg("免去审计员"), msg("立即生效，包括正在使用的登录。"), msg("{name} 已不再是审计员"), hurts=True
    ),
    "dismiss-admin": Deed(
        msg("免去省级管理员"),
        msg("立即生效，包括正在使用的登录和由其委托的代理。本省须至少留有一位省级管理员。"),
        msg("{name} 已不再是省级管理员"),
        hurts=True,
    ),
    "suspend": Deed(
        msg("停用账号"),
        msg("对方不能再登录，所有登录和已连接的应用立即结束。角色、单位和操作记录都会保留，随时可以恢复。"),
        msg("{name} 的账号已停用"),
        hurts=True,
    ),
    "reactivate": Deed(
        msg("恢复账号"), msg("对方可以重新登录，原有的角色和单位不变。"), msg("{name} 的账号已恢复")
    ),
}


@pages.get("", dependencies=[personal("read.people", "account_id")])
async def show(account_id: UUID, request: Request, db: Reads, caller: Officer) -> Response:
    """Who they are in the province."""
    person = await people.person(db, caller=caller, account_id=account_id)
    whole = bool(caller.roles & OVERSEERS)
    return render(
        request,
        "identity/person.html",
        caller=caller,
        person=person,
        whole_province=whole,
        instruments=await instrument_names(db, caller, person.stewardships),
        loans=await delegations.loans_of(db, caller=caller, account_id=account_id) if whole else [],
        sessions=await suspension.live_sessions(db, account_id=account_id) if whole else None,
        deeds=[(act, DEEDS[act]) for act in _possible(caller, person)],
        may_reset=Role.PROVINCE_ADMIN in caller.roles and person.id != caller.id,
        may_end=caller.may(Permission.PEOPLE_MANAGE),
        labels=labels,
    )


def _possible(caller: Principal, person: PersonEntry) -> list[str]:
    """What an admin may try; the service and the database have the last word."""
    if not caller.may(Permission.PEOPLE_MANAGE):
        return []
    oneself = person.id == caller.id
    if person.status == "suspended":
        return ["reactivate"]
    if person.status != "active":
        return []
    if Role.PROVINCE_ADMIN in person.roles:
        acts = ["dismiss-admin"]
    elif Role.AUDITOR in person.roles:
        acts = ["dismiss-auditor"]
    else:
        acts = ["appoint-auditor", "propose-admin"]
    return [*acts, "suspend"] if not oneself else [act for act in acts if act.startswith("dismiss")]


@pages.get("/do/{act}")
async def ask(account_id: UUID, act: Act, request: Request, db: Reads, caller: Admin) -> Response:
    """What it means, and the reason."""
    person = await people.person(db, caller=caller, account_id=account_id)
    if act not in {"suspend", "reactivate"}:
        await ensure_recently_authenticated(db, caller=caller)
    return _asked(request, caller, person, act, Form.filled({}))


@pages.post("/do/{act}")
async def do(account_id: UUID, act: Act, request: Request, db: Writes, caller: Admin) -> Response:
    """Do it, for the reason given."""
    form: Form[ReasonIn] = await Form.read(request, ReasonIn)
    person = await people.person(db, caller=caller, account_id=account_id)

    async def carry_out(typed: ReasonIn) -> bool:
        await _do(db, caller, account_id, act, typed.reason)
        return True

    if await form.submit(db, carry_out) is None:
        return _asked(request, caller, person, act, form)
    url = "/appointments" if act == "propose-admin" else f"/people/{account_id}"
    return see_other(request, url, notice=replace(DEEDS[act].done, params={"name": person.name}))


async def _do(db: Session, caller: Principal, account_id: UUID, act: Act, reason: str) -> None:
    given: dict[str, Any] = {"caller": caller, "account_id": account_id, "reason": reason}
    match act:
        case "appoint-auditor":
            await province_roles.appoint_auditor(db, **given)
        case "propose-admin":
            await proposals.propose(db, **given)
        case "dismiss-auditor":
            await province_roles.dismiss(db, role=Role.AUDITOR, **given)
        case "dismiss-admin":
            await province_roles.dismiss(db, role=Role.PROVINCE_ADMIN, **given)
        case "suspend":
            await suspension.suspend(db, **given)
        case "reactivate":
            await suspension.reactivate(db, **given)


@pages.post("/delegations/{delegation_id}/end")
async def end_delegation(
    account_id: UUID, delegation_id: UUID, request: Request, db: Writes, caller: Admin
) -> Response:
    """End what a person lent or was lent."""
    await delegations.end(db, caller=caller, delegation_id=delegation_id, of=account_id)
    return see_other(request, f"/people/{account_id}", notice=msg("代理已结束"))


def _asked(
    request: Request, caller: Principal, person: PersonEntry, act: Act, form: Form[ReasonIn]
) -> Response:
    return render(
        request,
        "identity/person_act.html",
        status_code=form.status,
        caller=caller,
        person=person,
        act=act,
        deed=DEEDS[act],
        form=form,
    )
