"""The booking rules of a place: what is set there, what holds in the end, special days, and a booking to try."""

from datetime import timedelta
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Query, Request, Response

from app.access.entry import Reads, Writes
from app.access.guards import requires
from app.access.permissions import Permission
from app.access.principal import Principal
from app.core import clock
from app.core.db import ReadSession
from app.core.errors import Invalid
from app.core.i18n import msg
from app.instruments.booking.service import payer
from app.instruments.policies import notices, place, queries, service, words
from app.instruments.policies.forms import (
    NAMES,
    ApplyForm,
    DayForm,
    ForgetForm,
    NoticeForm,
    PolicyForm,
    TrialForm,
    WithdrawForm,
    filled,
)
from app.instruments.policies.schemas import At, CalendarDayIn, PolicyIn, Settings
from app.instruments.rules.overrides import BY
from app.instruments.rules.policies import PLACES
from app.instruments.rules.vocabulary import WEEKDAYS
from app.web.public import Entry, Form, Pages, province_name, provinces, render, see_other

pages = Pages(
    prefix="/booking-rules",
    entries=[
        Entry(
            msg("预约规则"),
            "/booking-rules",
            Permission.INSTRUMENTS_MANAGE,
            place="manage",
            icon="sliders-horizontal",
            position=25,
        )
    ],
)
Manager = Annotated[Principal, requires(Permission.INSTRUMENTS_MANAGE)]
AHEAD, BEHIND = timedelta(days=400), timedelta(days=7)


class Wanted(At):
    """A place, and the audience of the policy to edit."""

    audience: str = ""


def address(where: At, path: str = "", **more: str) -> str:
    """The page of a place."""
    query = {name: str(value) for name, value in where.columns().items() if value} | more
    return f"/booking-rules{path}{'?' if query else ''}{urlencode(query)}"


@pages.get("")
async def rules_page(request: Request, db: Reads, caller: Manager, where: Annotated[At, Query()]) -> Response:
    """What is set at a place; without one, the places whose rules the caller sets."""
    if where == At() and not caller.administers(str(caller.tenant_id)):
        mine = await place.of_caller(db, caller)
        return render(request, "booking_rules/places.html", places=mine, address=address)
    return await _page(request, db, caller, where)


async def _page(
    request: Request,
    db: ReadSession,
    caller: Principal,
    where: At,
    *,
    day_form: Form[Any] | None = None,
    notice_form: Form[Any] | None = None,
    trial: Form[Any] | None = None,
    found: Any = None,
) -> Response:
    tenant_id = await service.at(db, caller, where)
    shown = await place.describe(db, caller, where, tenant_id)
    today = clock.now().date()
    columns = where.columns()
    return render(
        request,
        "booking_rules/place.html",
        status_code=(day_form or notice_form or trial or Form({})).status,
        where=where,
        address=address,
        place=shown,
        policies=await queries.in_force(db, tenant_id, **columns),
        history=await queries.history(db, tenant_id, **columns),
        rules=await place.resolved(db, caller, where) if where.instrument_id else [],
        days=[]
        if where.unit_id
        else await queries.days(
            db,
            tenant_id,
            today - BEHIND,
            today + AHEAD,
            organisation_id=where.organisation_id,
            instrument_id=where.instrument_id,
        ),
        day_form=day_form or Form({}),
        notice_form=notice_form or Form({}),
        trial=trial or Form({}),
        found=found,
        may_be_set_aside=BY,
        words=words,
        weekdays=WEEKDAYS,
        places=PLACES,
        audience_name=_audience_name,
    )


def _audience_name(audience: str) -> Any:
    return words.AUDIENCES.get(audience) or province_name(audience)


@pages.get("/edit")
async def edit_page(
    request: Request, db: Reads, caller: Manager, where: Annotated[Wanted, Query()]
) -> Response:
    """The form of a policy, with what holds now."""
    place_of = At(**where.columns())
    tenant_id = await service.at(db, caller, place_of)
    policies = await queries.in_force(db, tenant_id, **where.columns())
    now = next((policy for policy in policies if policy.audience == where.audience), None)
    values = {"audience": where.audience, "version": 0}
    if now:
        values = {
            **filled(now.settings),
            "audience": now.audience,
            "version": now.version,
            "reason": now.reason,
        }
    return await _edit_page(request, db, caller, place_of, Form.filled(values), is_new=now is None)


async def _edit_page(
    request: Request, db: ReadSession, caller: Principal, where: At, form: Form[Any], *, is_new: bool
) -> Response:
    tenant_id = await service.at(db, caller, where)
    named = [(row.code, province_name(row.code)) for row in await provinces(db)]
    return render(
        request,
        "booking_rules/edit.html",
        status_code=form.status,
        where=where,
        address=address,
        place=await place.describe(db, caller, where, tenant_id),
        form=form,
        is_new=is_new,
        words=words,
        audiences=[*words.AUDIENCES.items(), *named],
        audience_name=_audience_name,
    )


@pages.post("/edit")
async def edit_submit(request: Request, db: Writes, caller: Manager) -> Response:
    """Let a new version hold."""
    form: Form[PolicyForm] = await Form.read(request, PolicyForm, names=NAMES)
    made = await form.submit(db, lambda typed: service.put(db, caller=caller, new=typed.policy()))
    where = _where(form)
    if made:
        return see_other(request, address(where), notice=msg("已保存，从现在起适用；已有的预约不受影响"))
    return await _edit_page(request, db, caller, where, form, is_new=form.typed("version") in {"", "0"})


def _where(form: Form[Any]) -> At:
    names = ("organisation_id", "instrument_id", "unit_id")
    return At.model_validate({name: form.typed(name) for name in names if form.typed(name)})


@pages.post("/withdraw")
async def withdraw(request: Request, db: Writes, caller: Manager) -> Response:
    """Take a policy away: what is less specific holds again."""
    form: Form[WithdrawForm] = await Form.read(request, WithdrawForm)
    typed = form.value
    new = PolicyIn(**typed.columns(), audience=typed.audience, settings=Settings(), version=typed.version)
    await service.put(db, caller=caller, new=new)
    return see_other(request, address(_where(form)), notice=msg("已撤销；已有的预约不受影响"))


@pages.post("/days")
async def add_day(request: Request, db: Writes, caller: Manager) -> Response:
    """Set a special day."""
    form: Form[DayForm] = await Form.read(
        request, DayForm, names={f"days.0.{name}": name for name in ("day", "acts_as", "name")}
    )
    where = _where(form)

    async def add(typed: DayForm) -> int:
        day = CalendarDayIn(day=typed.day, acts_as=typed.acts_as, name=typed.name)
        return await service.set_days(db, caller=caller, where=where, days=[day])

    if await form.submit(db, add):
        return see_other(request, address(where) + "#days", notice=msg("已保存"))
    return await _page(request, db, caller, where, day_form=form)


@pages.post("/days/import")
async def look_at_notice(request: Request, db: Reads, caller: Manager) -> Response:
    """What a file of special days would change; nothing is set yet."""
    form: Form[NoticeForm] = await Form.read(request, NoticeForm)
    where = _where(form)
    tenant_id = await service.at(db, caller, where)
    try:
        typed = form.value
        notice = notices.read(await typed.file.read(notices.MOST_BYTES + 1), working_as=typed.working_as)
    except Invalid as problem:
        form.blame(problem)
        return await _page(request, db, caller, where, notice_form=form)
    days = notice.days
    there = {}
    if days:
        place_of = {name: value for name, value in where.columns().items() if name != "unit_id"}
        found = await queries.days(db, tenant_id, days[0].day, days[-1].day, **place_of)
        there = {one.day: (one.acts_as, one.name) for one in found}
    return render(
        request,
        "booking_rules/notice.html",
        where=where,
        address=address,
        place=await place.describe(db, caller, where, tenant_id),
        notice=notice,
        there=there,
        weekdays=WEEKDAYS,
    )


@pages.post("/days/import/apply")
async def apply_notice(request: Request, db: Writes, caller: Manager) -> Response:
    """Set the days of a file that was looked at."""
    form: Form[ApplyForm] = await Form.read(request, ApplyForm)
    where = _where(form)
    count = await service.set_days(db, caller=caller, where=where, days=form.value.days)
    return see_other(request, address(where) + "#days", notice=msg("已设定 {count} 天", count=count))


@pages.post("/days/forget")
async def forget_day(request: Request, db: Writes, caller: Manager) -> Response:
    """Let a day be what its weekday says again."""
    form: Form[ForgetForm] = await Form.read(request, ForgetForm)
    where = _where(form)
    await service.forget_day(db, caller=caller, where=where, day_id=form.value.day_id)
    return see_other(request, address(where) + "#days", notice=msg("已删除"))


@pages.post("/{instrument_id}/trial")
async def trial(instrument_id: UUID, request: Request, db: Writes, caller: Manager) -> Response:
    """Judge a booking that is not made."""
    form: Form[TrialForm] = await Form.read(request, TrialForm)

    async def judge(typed: TrialForm) -> Any:
        payer_id = typed.organisation_id or payer(caller, None)
        span = (typed.starts_at, typed.ends_at)
        found = await service.trial(db, caller=caller, unit_id=typed.unit_id, span=span, payer_id=payer_id)
        return [list(found)]

    found = await form.submit(db, judge)
    where = At(instrument_id=instrument_id)
    return await _page(request, db, caller, where, trial=form, found=found)
