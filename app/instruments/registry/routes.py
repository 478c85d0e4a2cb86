"""The register over the API."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response

from app.access.entry import Reads, Router, Writes
from app.access.guards import requires
from app.access.permissions import Permission
from app.access.principal import Principal
from app.core.db import ReadSession
from app.core.etag import IfMatch, tag
from app.core.keyset import Part, link_next
from app.core.problems import locale_of
from app.core.schema import PageOf
from app.instruments.registry import listing, parts, service
from app.instruments.registry.export import CSV, XLSX, csv_response, xlsx_response
from app.instruments.registry.schemas import (
    InstrumentChange,
    InstrumentCreate,
    InstrumentFilter,
    Retirement,
    StewardIn,
    UnitChange,
    UnitIn,
    WeekIn,
)
from app.instruments.registry.views import InstrumentItem, InstrumentOut, StewardOut

router = Router(prefix="/instruments", tags=["instruments"])
Reader = Annotated[Principal, requires(Permission.INSTRUMENTS_READ)]
Manager = Annotated[Principal, requires(Permission.INSTRUMENTS_MANAGE)]
Wanted = Annotated[InstrumentFilter, Query()]


@router.get("", operation_id="listInstruments")
async def list_instruments(
    request: Request, response: Response, db: Reads, caller: Reader, wanted: Wanted
) -> PageOf[InstrumentItem]:
    """Instruments the caller may see, by Chinese search (places and organisations too), province, class, organisation, status and opening hours."""
    asked = await listing.search(db, caller=caller, wanted=wanted)
    found = await listing.find(db, asked, Part.of(request, wanted))
    link_next(request, response, found.next)
    return PageOf(items=[InstrumentItem.of(row, locale_of(request)) for row in found.items], next=found.next)


@router.get(
    "/export.csv",
    operation_id="exportInstrumentsCsv",
    response_class=Response,
    responses={200: {"content": {CSV: {}}}},
)
async def export_csv(db: Reads, caller: Reader, wanted: Wanted) -> Response:
    """The filtered list in the columns of the national reporting form, up to 20,000 rows; more are refused, never cut off.

    Contact details are of the own province only.
    """
    return await csv_response(db, caller=caller, wanted=wanted)


@router.get(
    "/export.xlsx",
    operation_id="exportInstrumentsXlsx",
    response_class=Response,
    responses={200: {"content": {XLSX: {}}}},
)
async def export_xlsx(db: Reads, caller: Reader, wanted: Wanted) -> Response:
    """The same as a workbook."""
    return await xlsx_response(db, caller=caller, wanted=wanted)


@router.get("/{instrument_id}", operation_id="getInstrument")
async def get_instrument(
    instrument_id: UUID, request: Request, response: Response, db: Reads, caller: Reader
) -> InstrumentOut:
    """One instrument; its ETag is what changes name in If-Match."""
    return await answer(db, caller, instrument_id, request, response)


@router.post("", status_code=201, operation_id="createInstrument")
async def create_instrument(
    new: InstrumentCreate, request: Request, response: Response, db: Writes, caller: Manager
) -> InstrumentOut:
    """Register an instrument; for managers of its organisation and admins of its province."""
    instrument_id = await service.create(db, caller=caller, new=new)
    response.headers["Location"] = f"/api/v1/instruments/{instrument_id}"
    return await answer(db, caller, instrument_id, request, response)


@router.patch("/{instrument_id}", operation_id="changeInstrument")
async def change_instrument(
    instrument_id: UUID,
    changes: InstrumentChange,
    version: IfMatch,
    request: Request,
    response: Response,
    db: Writes,
    caller: Manager,
) -> InstrumentOut:
    """Change what is given."""
    await service.change(db, caller=caller, instrument_id=instrument_id, version=version, changes=changes)
    return await answer(db, caller, instrument_id, request, response)


@router.post("/{instrument_id}/retire", operation_id="retireInstrument")
async def retire_instrument(
    instrument_id: UUID,
    body: Retirement,
    version: IfMatch,
    request: Request,
    response: Response,
    db: Writes,
    caller: Manager,
) -> InstrumentOut:
    """Take an instrument out of service for good; its entry stays readable."""
    await service.retire(db, caller=caller, instrument_id=instrument_id, version=version, reason=body.reason)
    return await answer(db, caller, instrument_id, request, response)


@router.post("/{instrument_id}/units", status_code=201, operation_id="addInstrumentUnit")
async def add_unit(
    instrument_id: UUID,
    new: UnitIn,
    version: IfMatch,
    request: Request,
    response: Response,
    db: Writes,
    caller: Manager,
) -> InstrumentOut:
    """Add a bookable unit; If-Match names the instrument's version."""
    await parts.add_unit(db, caller=caller, instrument_id=instrument_id, version=version, new=new)
    return await answer(db, caller, instrument_id, request, response)


@router.patch("/{instrument_id}/units/{unit_id}", operation_id="changeInstrumentUnit")
async def change_unit(
    instrument_id: UUID,
    unit_id: UUID,
    changes: UnitChange,
    version: IfMatch,
    request: Request,
    response: Response,
    db: Writes,
    caller: Manager,
) -> InstrumentOut:
    """Rename a unit, or take it out of or back into use; refused while future bookings hold it."""
    await parts.change_unit(
        db, caller=caller, instrument_id=instrument_id, unit_id=unit_id, version=version, changes=changes
    )
    return await answer(db, caller, instrument_id, request, response)


@router.put("/{instrument_id}/opening-hours", operation_id="setOpeningHours")
async def set_hours(
    instrument_id: UUID,
    week: WeekIn,
    version: IfMatch,
    request: Request,
    response: Response,
    db: Writes,
    caller: Manager,
) -> InstrumentOut:
    """Replace the week's opening hours; overlapping ones are refused, none at all means always open."""
    await parts.set_hours(db, caller=caller, instrument_id=instrument_id, version=version, hours=week.hours)
    return await answer(db, caller, instrument_id, request, response)


@router.get("/{instrument_id}/stewards", operation_id="listStewards")
async def list_stewards(instrument_id: UUID, db: Reads, caller: Manager) -> list[StewardOut]:
    """The instrument's stewards, for those who manage it."""
    found = await parts.stewards(db, caller=caller, instrument_id=instrument_id)
    return [StewardOut.model_validate(steward) for steward in found]


@router.post("/{instrument_id}/stewards", status_code=201, operation_id="addSteward")
async def add_steward(instrument_id: UUID, body: StewardIn, db: Writes, caller: Manager) -> list[StewardOut]:
    """Appoint a steward among the province's accounts; answers with all of them."""
    await parts.add_steward(db, caller=caller, instrument_id=instrument_id, account_id=body.account_id)
    return await list_stewards(instrument_id, db, caller)


@router.put("/{instrument_id}/stewards/{account_id}/primary", operation_id="setPrimarySteward")
async def set_primary_steward(
    instrument_id: UUID, account_id: UUID, db: Writes, caller: Manager
) -> list[StewardOut]:
    """Say which steward answers for the instrument; answers with all of them."""
    await parts.set_primary_steward(db, caller=caller, instrument_id=instrument_id, account_id=account_id)
    return await list_stewards(instrument_id, db, caller)


@router.delete("/{instrument_id}/stewards/{account_id}", status_code=204, operation_id="removeSteward")
async def remove_steward(instrument_id: UUID, account_id: UUID, db: Writes, caller: Manager) -> None:
    """Dismiss a steward."""
    await parts.remove_steward(db, caller=caller, instrument_id=instrument_id, account_id=account_id)


async def answer(
    db: ReadSession, caller: Principal, instrument_id: UUID, request: Request, response: Response
) -> InstrumentOut:
    """The instrument as it is now, with its entity tag."""
    row = await service.get(db, caller=caller, instrument_id=instrument_id)
    tag(response, row.Instrument.version)
    return InstrumentOut.of(row, caller, locale_of(request))
