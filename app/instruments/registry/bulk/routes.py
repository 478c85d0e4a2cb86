"""Changing several instruments over the API."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Request

from app.access.entry import Router, Writes
from app.access.guards import requires
from app.access.permissions import Permission
from app.access.principal import Principal
from app.core.i18n import Locale
from app.core.problems import locale_of
from app.instruments.registry.bulk import service
from app.instruments.registry.bulk.schemas import BulkEdit, BulkFault, BulkOut, BulkRow
from app.instruments.registry.bulk.service import Planned

router = Router(prefix="/instruments", tags=["instruments"])
Manager = Annotated[Principal, requires(Permission.INSTRUMENTS_MANAGE)]


@router.post("/bulk-edit", operation_id="editInstruments")
async def edit_instruments(body: BulkEdit, request: Request, db: Writes, caller: Manager) -> BulkOut:
    """Change several instruments, all or none; with `dry_run` only say what would become of each."""
    versions = {item.instrument_id: item.version for item in body.instruments}
    if body.dry_run:
        planned = await service.plan(db, caller=caller, ids=versions, changes=body.changes)
    else:
        planned = await service.apply(db, caller=caller, versions=versions, changes=body.changes)
    locale = locale_of(request)
    return BulkOut(
        applied=not body.dry_run, items=[_row(one, locale, applied=not body.dry_run) for one in planned]
    )


def _row(one: Planned, locale: Locale, *, applied: bool) -> BulkRow:
    changed = bool(one.after) and applied
    return BulkRow(
        instrument_id=one.instrument.id,
        version=one.instrument.version + changed,
        name=one.instrument.name_zh,
        before=_texts(one.before),
        after=_texts(one.after),
        errors=[
            BulkFault(field=fault.field, code=fault.code, message=fault.message.text(locale))
            for fault in one.faults
        ],
    )


def _texts(values: Mapping[str, Any]) -> dict[str, str | None]:
    return {name: None if value is None else str(value) for name, value in values.items()}
