"""The list as a file: the columns of the national reporting form, in the words the import understands."""

from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from typing import Any

from fastapi import Response
from sqlalchemy import Row

from app.access.principal import Principal
from app.core import clock
from app.core.db import ReadSession
from app.core.keyset import must_fit_a_file
from app.core.tabular import Cell, write_csv, write_xlsx
from app.instruments.models import Instrument
from app.instruments.registry import listing
from app.instruments.registry.policy import may_export_contact
from app.instruments.registry.schemas import InstrumentFilter
from app.instruments.registry.views import CONTACT, CUSTOMS_ENTRY
from app.instruments.rules import vocabulary
from app.instruments.rules.cells import wan_text
from app.instruments.rules.columns import COLUMNS
from app.instruments.rules.nations import nation_name
from app.instruments.visibility import runs
from app.web.public import SHANGHAI

CSV = "text/csv; charset=utf-8"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
WORDS: Mapping[str, vocabulary.Labels] = {
    "source": vocabulary.SOURCES,
    "kind": vocabulary.KINDS,
    "funds": vocabulary.FUNDS,
    "running_state": vocabulary.RUNNING_STATES,
    "service_status": vocabulary.SERVICE_STATUSES,
    "scope": vocabulary.SCOPES,
    "booking_mode": vocabulary.BOOKING_MODES,
    "customs_supervised": vocabulary.YES_NO,
}
EXPORTED = tuple(column for column in COLUMNS if column.exported)
READ = {"worth_wan": "worth_fen"}
DERIVED = frozenset({"organisation", "units"})
FIELDS = tuple(
    getattr(Instrument, READ.get(column.field, column.field))
    for column in EXPORTED
    if column.field not in DERIVED
)


async def csv_response(db: ReadSession, *, caller: Principal, wanted: InstrumentFilter) -> Response:
    """The filtered list as CSV.

    Raises:
        ExportTooLarge: it has more rows than a file holds.
    """
    rows = await _rows(db, caller, wanted)
    return _attached(b"".join(write_csv(_table(rows, caller))), CSV, "csv")


async def xlsx_response(db: ReadSession, *, caller: Principal, wanted: InstrumentFilter) -> Response:
    """The filtered list as XLSX.

    Raises:
        ExportTooLarge: it has more rows than a file holds.
    """
    rows = await _rows(db, caller, wanted)
    target = BytesIO()
    write_xlsx(_table(rows, caller), target, sheet="instruments")
    return _attached(target.getvalue(), XLSX, "xlsx")


async def _rows(db: ReadSession, caller: Principal, wanted: InstrumentFilter) -> list[Row[Any]]:
    rows: list[Row[Any]] = []
    columns = (Instrument.id, Instrument.tenant_id, Instrument.organisation_id, *FIELDS)
    asked = await listing.search(db, caller=caller, wanted=wanted)
    async for chunk in listing.every(db, asked, columns=columns):
        rows += chunk
        must_fit_a_file(rows)
    return rows


def _attached(content: bytes, media_type: str, suffix: str) -> Response:
    name = f"instruments-{clock.now().astimezone(SHANGHAI):%Y%m%d}.{suffix}"
    return Response(
        content, media_type=media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


def _table(rows: Sequence[Row[Any]], caller: Principal) -> Iterator[list[Cell]]:
    yield [column.title.id for column in EXPORTED]
    for row in rows:
        withheld = _withheld(caller, row)
        yield ["" if column.field in withheld else _cell(row, column.field) for column in EXPORTED]


def _withheld(caller: Principal, row: Row[Any]) -> set[str]:
    """The fields of this row that are not for this caller."""
    known = runs(caller, instrument_id=row.id, owner_id=row.organisation_id, tenant_id=row.tenant_id)
    contact = () if may_export_contact(caller, row.tenant_id) else CONTACT
    return {*contact, *(() if known else CUSTOMS_ENTRY)}


def _cell(row: Row[Any], field: str) -> Cell:
    if field == "organisation":
        return str(row.organisation_name or "")
    if field == "worth_wan":
        return wan_text(row.worth_fen)
    value: Any = getattr(row, field)
    if field in WORDS:
        return WORDS[field][str(value).lower()].id
    if field == "disciplines":
        return "、".join(value)
    cell: Cell = nation_name(value) if field == "nation" else value
    return cell
