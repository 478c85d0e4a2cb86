"""Labels to print and put on instruments, each with a QR code that leads to its unit."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal
from uuid import UUID

import segno
from fastapi import Query, Request, Response
from pydantic import BaseModel, Field

from app.access.entry import Reads
from app.access.guards import requires
from app.access.permissions import Permission
from app.access.principal import Principal
from app.core.db import ReadSession
from app.core.errors import NotFound, Unauthorized
from app.core.i18n import Message, msg
from app.instruments.models import Instrument
from app.instruments.registry import queries
from app.instruments.registry.bulk.schemas import MOST
from app.instruments.registry.bulk.service import chosen
from app.instruments.rules.units import unit_name
from app.organisations import public as organisations
from app.web.public import Pages, render, see_other

pages = Pages(prefix="/instruments")
units = Pages(prefix="/units")
Reader = Annotated[Principal, requires(Permission.INSTRUMENTS_READ)]
Manager = Annotated[Principal, requires(Permission.INSTRUMENTS_MANAGE)]
Size = Literal["a6", "sticker"]
SIZES: dict[Size, Message] = {"a6": msg("A6 纸，每页一张"), "sticker": msg("标签纸 70 × 40 毫米")}


class Wanted(BaseModel):
    """Labels of which instruments, on which paper."""

    instrument_id: Annotated[list[UUID], Field(max_length=MOST)] = Field(default_factory=list)
    size: Size = "a6"


@dataclass(frozen=True, slots=True)
class Label:
    """What stands on the label of a unit."""

    instrument: Instrument
    organisation: str
    unit: str | Message
    several: bool
    """Whether the instrument has other units, so that it matters which one this is."""
    address: str
    code: str
    """The address as a picture, a data: address of an SVG."""


@pages.get("/labels")
async def labels_page(
    request: Request, db: Reads, caller: Manager, wanted: Annotated[Wanted, Query()]
) -> Response:
    """The labels of all units in use of the chosen instruments."""
    if not wanted.instrument_id:
        return see_other(request, "/instruments/mine", notice=msg("请先选择仪器"), tone="info")
    return await _page(request, db, caller, wanted.instrument_id, wanted.size)


@pages.get("/{instrument_id}/label")
async def label_page(
    instrument_id: UUID,
    request: Request,
    db: Reads,
    caller: Manager,
    unit_id: UUID | None = None,
    size: Size = "a6",
) -> Response:
    """The labels of an instrument's units in use, or of one."""
    return await _page(request, db, caller, [instrument_id], size, unit_id)


@units.get("/{unit_id}")
async def unit_page(unit_id: UUID, request: Request, db: Reads, caller: Reader) -> Response:
    """Where a label leads: the instrument, with this unit chosen.

    A visitor is asked to sign in where they see no such unit, whether there is one or not: whoever stands before the
    instrument is likely to be someone who may see it.
    """
    unit = await queries.visible_unit(db, caller, unit_id)
    if unit is None:
        raise Unauthorized if caller.kind == "visitor" else NotFound
    address = f"/instruments/{unit.instrument_id}"
    if not unit.active:
        notice = msg("「{unit}」已停用", unit=unit.label)
        return see_other(request, address, notice=notice, tone="warning")
    return see_other(request, f"{address}?unit_id={unit_id}#booking")


async def _page(
    request: Request,
    db: ReadSession,
    caller: Principal,
    ids: Sequence[UUID],
    size: Size,
    unit_id: UUID | None = None,
) -> Response:
    instruments = await chosen(db, caller=caller, ids=ids)
    names = await organisations.names(db, caller, {one.organisation_id for one in instruments})
    in_use = await queries.units_in_use(db, [one.id for one in instruments])
    base = request.app.state.settings.base_url
    labels: list[Label] = []
    for one in instruments:
        mine = [unit for unit in in_use if unit.instrument_id == one.id]
        for unit in mine:
            address = f"{base}/units/{unit.id}"
            code = segno.make(address, error="m").svg_data_uri(border=2, dark="black", light="white")
            if unit_id in {None, unit.id}:
                organisation = names.get(one.organisation_id, "")
                labels.append(Label(one, organisation, unit_name(unit.label), len(mine) > 1, address, code))
    if not labels and unit_id:
        raise NotFound
    return render(
        request,
        "instruments/labels/labels.html",
        labels=labels,
        size=size,
        sizes=SIZES,
        ids=ids,
        unit_id=unit_id,
    )
