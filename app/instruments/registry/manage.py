"""The pages by which managers keep the register: entries, units, opening hours, stewards."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Request, Response
from sqlalchemy import Row

from app.access.entry import Reads, Writes
from app.access.guards import requires
from app.access.permissions import Permission
from app.access.principal import Principal
from app.core.db import ReadSession
from app.core.errors import Forbidden, Invalid, Stale
from app.core.i18n import msg
from app.core.problems import locale_of
from app.identity import public as identity
from app.instruments.models import Instrument
from app.instruments.registry import choices, parts, service
from app.instruments.registry.families.queries import of_organisations
from app.instruments.registry.forms import (
    IN_WAN,
    ChangeForm,
    NewForm,
    RetireForm,
    StewardForm,
    UnitForm,
    UnitStateForm,
    WeekForm,
    filled,
)
from app.instruments.registry.policy import may_appoint, registers
from app.instruments.registry.queries import future_by_unit
from app.instruments.registry.schemas import InstrumentChange, InstrumentCreate, UnitChange, UnitIn
from app.instruments.registry.views import HoursOut, UnitOut
from app.instruments.rules.record import DEFAULTS
from app.instruments.rules.vocabulary import WEEKDAYS
from app.organisations import public as organisations
from app.web.public import Form, Pages, render, see_other

pages = Pages(prefix="/instruments")
Manager = Annotated[Principal, requires(Permission.INSTRUMENTS_MANAGE)]
_WEEKDAY_NUMBERS = frozenset(str(number) for number in range(1, len(WEEKDAYS) + 1))
SPANS_A_DAY = 2
"""Rows of the hours form that each weekday has at least: morning and afternoon."""


@pages.get("/new")
async def new_page(request: Request, db: Reads, caller: Manager) -> Response:
    """The empty form; refused before one types in vain."""
    if not registers(caller):
        raise Forbidden(msg("只有单位管理员和本省的省级管理员可以登记仪器"))
    form: Form[NewForm] = Form.filled({**DEFAULTS, "unit_count": 1})
    return await _entry_page(request, db, caller, form)


@pages.post("/new")
async def new_submit(request: Request, db: Writes, caller: Manager) -> Response:
    """Register, then show the instrument."""
    form: Form[NewForm] = await Form.read(request, NewForm, names=IN_WAN)

    async def create(typed: NewForm) -> UUID:
        new = InstrumentCreate(**typed.values(), organisation_id=typed.organisation_id, units=typed.units())
        return await service.create(db, caller=caller, new=new)

    instrument_id = await form.submit(db, create)
    if instrument_id is None:
        return await _entry_page(request, db, caller, form)
    return see_other(request, f"/instruments/{instrument_id}", notice=msg("已登记"))


@pages.get("/{instrument_id}/edit")
async def edit_page(instrument_id: UUID, request: Request, db: Reads, caller: Manager) -> Response:
    """The form with what is there."""
    instrument = await service.managed(db, caller=caller, instrument_id=instrument_id)
    return await _entry_page(request, db, caller, Form.filled(filled(instrument)), instrument)


@pages.post("/{instrument_id}/edit")
async def edit_submit(instrument_id: UUID, request: Request, db: Writes, caller: Manager) -> Response:
    """Change, then show the instrument."""
    instrument = await service.managed(db, caller=caller, instrument_id=instrument_id)
    form: Form[ChangeForm] = await Form.read(request, ChangeForm, names=IN_WAN)

    async def change(typed: ChangeForm) -> bool:
        values = typed.values()
        if "service_status" not in typed.given():
            # A retired entry's form has none chosen; it stays what it is.
            values.pop("service_status")
        changes = InstrumentChange(**values)
        await service.change(
            db, caller=caller, instrument_id=instrument_id, version=typed.version, changes=changes
        )
        return True

    if await _submitted(form, db, change):
        return see_other(request, f"/instruments/{instrument_id}", notice=msg("已保存"))
    return await _entry_page(request, db, caller, form, instrument)


async def _submitted(form: Form[Any], db: Writes, action: Any) -> bool:
    """Whether a form was carried out; a stale version is said above it."""
    try:
        return bool(await form.submit(db, action))
    except Stale as problem:
        form.blame(problem)
        return False


async def _entry_page(
    request: Request, db: ReadSession, caller: Principal, form: Form[Any], instrument: Any = None
) -> Response:
    locale = locale_of(request)
    families = await of_organisations(db, [instrument.organisation_id]) if instrument else []
    return render(
        request,
        "instruments/form.html",
        status_code=form.status,
        form=form,
        families=[(str(family.id), family.name) for family in families],
        instrument=instrument,
        organisations=[] if instrument else await choices.organisations(db, caller),
        classes=await choices.classes(db, locale),
        disciplines=await choices.disciplines(db, locale),
        places=await organisations.place_choices(db, str(caller.tenant_id), locale),
        countries=choices.countries(locale),
        words=choices,
    )


@pages.get("/{instrument_id}/retire")
async def retire_page(instrument_id: UUID, request: Request, db: Reads, caller: Manager) -> Response:
    """What retiring means, before it is done."""
    instrument = await service.managed(db, caller=caller, instrument_id=instrument_id)
    return await _retire_page(request, db, instrument, Form({}))


@pages.post("/{instrument_id}/retire")
async def retire_submit(instrument_id: UUID, request: Request, db: Writes, caller: Manager) -> Response:
    """Retire after the confirmation."""
    instrument = await service.managed(db, caller=caller, instrument_id=instrument_id)
    form: Form[RetireForm] = await Form.read(request, RetireForm)

    async def retire(typed: RetireForm) -> bool:
        await service.retire(db, caller=caller, instrument_id=instrument_id, **dict(typed))
        return True

    if await _submitted(form, db, retire):
        return see_other(request, f"/instruments/{instrument_id}", notice=msg("已报废，历史记录保留"))
    return await _retire_page(request, db, instrument, form)


async def _retire_page(
    request: Request, db: ReadSession, instrument: Instrument, form: Form[Any]
) -> Response:
    return render(
        request,
        "instruments/retire.html",
        status_code=form.status,
        instrument=instrument,
        bookings=await service.bookings_ahead(db, instrument),
        form=form,
    )


@pages.get("/{instrument_id}/units")
async def units_page(instrument_id: UUID, request: Request, db: Reads, caller: Manager) -> Response:
    """The units, each with its name to change."""
    return await _units_page(request, db, caller, instrument_id, Form({}))


@pages.post("/{instrument_id}/units")
async def unit_add(instrument_id: UUID, request: Request, db: Writes, caller: Manager) -> Response:
    """Add a unit."""
    form: Form[UnitForm] = await Form.read(request, UnitForm)

    async def add(typed: UnitForm) -> bool:
        new = UnitIn(label=typed.label, serial=typed.serial)
        await parts.add_unit(db, caller=caller, instrument_id=instrument_id, version=typed.version, new=new)
        return True

    if await _submitted(form, db, add):
        return see_other(request, f"/instruments/{instrument_id}/units", notice=msg("已增加单元"))
    return await _units_page(request, db, caller, instrument_id, form)


@pages.post("/{instrument_id}/units/{unit_id}")
async def unit_rename(
    instrument_id: UUID, unit_id: UUID, request: Request, db: Writes, caller: Manager
) -> Response:
    """Rename a unit."""
    form: Form[UnitForm] = await Form.read(request, UnitForm)

    async def rename(typed: UnitForm) -> bool:
        changes = UnitChange(label=typed.label, serial=typed.serial)
        await parts.change_unit(
            db,
            caller=caller,
            instrument_id=instrument_id,
            unit_id=unit_id,
            version=typed.version,
            changes=changes,
        )
        return True

    if await _submitted(form, db, rename):
        return see_other(request, f"/instruments/{instrument_id}/units", notice=msg("已保存"))
    return await _units_page(request, db, caller, instrument_id, form, unit_id)


@pages.post("/{instrument_id}/units/{unit_id}/state")
async def unit_state(
    instrument_id: UUID, unit_id: UUID, request: Request, db: Writes, caller: Manager
) -> Response:
    """Take a unit out of or back into use."""
    form: Form[UnitStateForm] = await Form.read(request, UnitStateForm)

    async def switch(typed: UnitStateForm) -> bool:
        await parts.change_unit(
            db,
            caller=caller,
            instrument_id=instrument_id,
            unit_id=unit_id,
            version=typed.version,
            changes=UnitChange(active=typed.active),
        )
        return True

    if await _submitted(form, db, switch):
        return see_other(request, f"/instruments/{instrument_id}/units", notice=msg("已保存"))
    return await _units_page(request, db, caller, instrument_id, form, unit_id)


async def _units_page(
    request: Request,
    db: ReadSession,
    caller: Principal,
    instrument_id: UUID,
    form: Form[Any],
    unit_id: UUID | None = None,
) -> Response:
    row = await _managed_row(db, caller, instrument_id)
    units = [UnitOut.model_validate(unit) for unit in row.units]
    return render(
        request,
        "instruments/units.html",
        status_code=form.status,
        instrument=row.Instrument,
        units=units,
        in_use=sum(unit.active for unit in units),
        ahead=await future_by_unit(db, [unit.id for unit in units]),
        form=form,
        typed_unit=unit_id,
    )


async def _managed_row(db: ReadSession, caller: Principal, instrument_id: UUID) -> Row[Any]:
    await service.managed(db, caller=caller, instrument_id=instrument_id)
    return await service.get(db, caller=caller, instrument_id=instrument_id)


@pages.get("/{instrument_id}/hours")
async def hours_page(instrument_id: UUID, request: Request, db: Reads, caller: Manager) -> Response:
    """The week's opening hours to edit."""
    row = await _managed_row(db, caller, instrument_id)
    hours = [HoursOut.model_validate(rule) for rule in row.hours or ()]
    rows = [
        (day, f"{rule.opens:%H:%M}" if rule else "", f"{rule.closes:%H:%M}" if rule else "")
        for day in range(1, len(WEEKDAYS) + 1)
        for rule in _padded([rule for rule in hours if rule.weekday == day])
    ]
    return _hours_page(request, row.Instrument, rows, row.Instrument.version, Form({}))


def _padded(rules: list[HoursOut]) -> list[HoursOut | None]:
    return [*rules, *[None] * max(SPANS_A_DAY - len(rules), 1 if len(rules) >= SPANS_A_DAY else 0)]


@pages.post("/{instrument_id}/hours")
async def hours_submit(instrument_id: UUID, request: Request, db: Writes, caller: Manager) -> Response:
    """Replace the week's opening hours."""
    instrument = await service.managed(db, caller=caller, instrument_id=instrument_id)
    form: Form[WeekForm] = await Form.read(request, WeekForm)

    async def save(typed: WeekForm) -> bool:
        hours, faults = typed.hours()
        if faults:
            raise Invalid(errors=faults)
        form.names |= {f"hours.{kept}": f"hours.{place}" for kept, place in enumerate(hours)}
        await parts.set_hours(
            db,
            caller=caller,
            instrument_id=instrument_id,
            version=typed.version,
            hours=list(hours.values()),
        )
        return True

    if await _submitted(form, db, save):
        return see_other(request, f"/instruments/{instrument_id}", notice=msg("开放时间已保存"))
    return _hours_page(request, instrument, _typed_rows(form), instrument.version, form)


def _typed_rows(form: Form[WeekForm]) -> list[tuple[int, str, str]]:
    """What was typed, row by row; a row of no weekday is none of ours."""
    sent = zip(form.chosen("weekday"), form.chosen("opens"), form.chosen("closes"), strict=False)
    return [(int(day), opens, closes) for day, opens, closes in sent if day in _WEEKDAY_NUMBERS]


def _hours_page(
    request: Request, instrument: Any, rows: list[tuple[int, str, str]], version: int, form: Form[Any]
) -> Response:
    return render(
        request,
        "instruments/hours.html",
        status_code=form.status,
        instrument=instrument,
        rows=rows,
        version=version,
        form=form,
        weekdays=WEEKDAYS,
    )


@pages.get("/{instrument_id}/stewards")
async def stewards_page(instrument_id: UUID, request: Request, db: Reads, caller: Manager) -> Response:
    """The stewards, and whom one may appoint."""
    return await _stewards_page(request, db, caller, instrument_id, Form({}))


@pages.post("/{instrument_id}/stewards")
async def steward_add(instrument_id: UUID, request: Request, db: Writes, caller: Manager) -> Response:
    """Appoint a steward."""
    form: Form[StewardForm] = await Form.read(request, StewardForm)

    async def add(typed: StewardForm) -> bool:
        await parts.add_steward(db, caller=caller, instrument_id=instrument_id, account_id=typed.account_id)
        return True

    if await form.submit(db, add):
        return see_other(request, f"/instruments/{instrument_id}/stewards", notice=msg("已任命"))
    return await _stewards_page(request, db, caller, instrument_id, form)


@pages.post("/{instrument_id}/stewards/{account_id}/primary")
async def steward_primary(
    instrument_id: UUID, account_id: UUID, request: Request, db: Writes, caller: Manager
) -> Response:
    """Say which steward answers for the instrument."""
    await parts.set_primary_steward(db, caller=caller, instrument_id=instrument_id, account_id=account_id)
    return see_other(request, f"/instruments/{instrument_id}/stewards", notice=msg("已更换负责人"))


@pages.post("/{instrument_id}/stewards/{account_id}/remove")
async def steward_remove(
    instrument_id: UUID, account_id: UUID, request: Request, db: Writes, caller: Manager
) -> Response:
    """Dismiss a steward."""
    await parts.remove_steward(db, caller=caller, instrument_id=instrument_id, account_id=account_id)
    return see_other(request, f"/instruments/{instrument_id}/stewards", notice=msg("已免去"))


async def _stewards_page(
    request: Request, db: ReadSession, caller: Principal, instrument_id: UUID, form: Form[Any]
) -> Response:
    instrument = await service.managed(db, caller=caller, instrument_id=instrument_id)
    found = await parts.stewards(db, caller=caller, instrument_id=instrument_id)
    known = {steward.account_id for steward in found}
    members = await identity.members_of(db, instrument.organisation_id)
    return render(
        request,
        "instruments/stewards.html",
        status_code=form.status,
        instrument=instrument,
        stewards=found,
        candidates=[(key, name) for key, name in members.items() if key not in known],
        may_appoint=bool(may_appoint(caller, instrument)),
        form=form,
    )
