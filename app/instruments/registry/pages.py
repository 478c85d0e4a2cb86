"""The pages of the register that everyone reads: the list and one instrument."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request, Response

from app.access.entry import Reads
from app.access.guards import requires
from app.access.permissions import Permission
from app.access.principal import Principal
from app.codes import public as codes
from app.core.db import ReadSession
from app.core.i18n import msg
from app.core.keyset import MOST_EXPORTED, Part
from app.core.problems import locale_of
from app.core.schema import Day
from app.instruments.booking import panel
from app.instruments.qualifications import needs
from app.instruments.registry import choices, listing, service
from app.instruments.registry.families.queries import family
from app.instruments.registry.policy import registers
from app.instruments.registry.queries import organisations_shown
from app.instruments.registry.references import DISCIPLINES
from app.instruments.registry.schemas import InstrumentFilter
from app.instruments.registry.views import InstrumentItem, InstrumentOut
from app.instruments.rules.nations import nation_name
from app.instruments.rules.qualified import WORDS as LEVELS
from app.instruments.rules.units import unit_name
from app.instruments.rules.vocabulary import WEEKDAYS
from app.organisations import public as organisations
from app.web.public import Entry, Form, Pages, province_name, provinces, render

pages = Pages(
    prefix="/instruments",
    entries=[
        Entry(msg("仪器"), "/instruments", Permission.INSTRUMENTS_READ, icon="microscope", position=10),
    ],
)
Reader = Annotated[Principal, requires(Permission.INSTRUMENTS_READ)]


@pages.get("")
async def list_page(
    request: Request, db: Reads, caller: Reader, wanted: Annotated[InstrumentFilter, Query()]
) -> Response:
    """The instruments one may see, with search and filters; htmx asks for the results alone."""
    locale = locale_of(request)
    asked = await listing.search(db, caller=caller, wanted=wanted)
    found = await listing.find(db, asked, Part.of(request, wanted))
    items = [InstrumentItem.of(row, locale) for row in found.items]
    class_filters = await choices.class_filters(db, locale)
    return render(
        request,
        "instruments/list.html",
        fragment="instruments/_swapped.html",
        instruments=items,
        count=await listing.count(db, asked),
        most_counted=listing.MOST_COUNTED,
        most_exported=MOST_EXPORTED,
        next_cursor=found.next,
        wanted=wanted,
        active=await _active(db, caller, wanted, dict(class_filters)),
        places=await organisations.place_names(db, {item.adcode for item in items}, locale),
        provinces=[(row.code, province_name(row.code)) for row in await provinces(db)],
        classes=class_filters,
        organisations=await _organisations(db, caller, wanted),
        query=request.url.remove_query_params(["cursor", "limit", "lang"]).query,
        may_register=registers(caller),
        words=choices,
    )


async def _organisations(
    db: ReadSession, caller: Principal, wanted: InstrumentFilter
) -> list[tuple[str, str]]:
    """The organisations to choose from: those of the chosen province that have something to show."""
    if wanted.province is None:
        return []
    return [(str(row.id), row.name) for row in await organisations_shown(db, caller, wanted.province)]


async def _active(
    db: ReadSession, caller: Principal, wanted: InstrumentFilter, classes: Mapping[str, Any]
) -> list[tuple[str, Any]]:
    """Each filter that is set: its parameter's name and what it asks for, in words."""
    shown: list[tuple[str, Any]] = []
    if wanted.q:
        shown.append(("q", f"“{wanted.q}”"))
    if wanted.province:
        shown.append(("province", province_name(wanted.province)))
    if wanted.class_code:
        shown.append(("class", classes.get(wanted.class_code, wanted.class_code)))
    if wanted.organisation:
        names = await organisations.names(db, caller, [wanted.organisation])
        shown.append(("organisation", names.get(wanted.organisation, msg("某单位"))))
    if wanted.family:
        shown.append(("family", await _family_name(db, caller, wanted.family)))
    if wanted.service_status:
        shown.append(("service_status", choices.WORDS["service_statuses"][wanted.service_status]))
    if wanted.scope:
        shown.append(("scope", choices.WORDS["scopes"][wanted.scope]))
    if wanted.mine:
        shown.append(("mine", msg("负责的仪器")))
    if wanted.open_now:
        shown.append(("open_now", msg("现在开放")))
    return shown


async def _family_name(db: ReadSession, caller: Principal, family_id: UUID) -> Any:
    row = await family(db, caller, family_id)
    return row.InstrumentFamily.name if row else msg("某仪器族")


@pages.get("/{instrument_id}")
async def detail_page(
    instrument_id: UUID,
    request: Request,
    db: Reads,
    caller: Reader,
    week: Day | None = None,
    unit_id: UUID | None = None,
) -> Response:
    """One instrument: what it can do, whose it is, and its week to book from."""
    locale = locale_of(request)
    row = await service.get(db, caller=caller, instrument_id=instrument_id)
    instrument = InstrumentOut.of(row, caller, locale)
    form: Form[Any] = Form.filled({"unit_id": unit_id})
    subjects = await codes.named(db, DISCIPLINES, instrument.disciplines)
    return render(
        request,
        "instruments/detail.html",
        instrument=instrument,
        places=await organisations.place_names(db, [instrument.adcode], locale),
        disciplines=[codes.label(subject, locale) for subject in subjects.values()],
        nation=nation_name(instrument.nation, locale),
        weekdays=WEEKDAYS,
        unit_name=unit_name,
        words=choices,
        panel=await panel.of(db, caller=caller, instrument_id=instrument_id, week=week, form=form),
        alternatives=[],
        needs=await needs.of_instrument(db, caller=caller, instrument_id=instrument_id),
        levels=LEVELS,
        purposes=panel.PURPOSES.items(),
    )
