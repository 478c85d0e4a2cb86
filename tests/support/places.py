"""Organisations and instruments for tests, written as their own province would."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import insert
from stdnum.cn import uscc

from app.core.db import Database
from app.instruments.models import Instrument, InstrumentUnit, OpeningRule
from app.instruments.policies.models import BookingPolicy
from app.instruments.rules.policies import FLAGS, NUMBERS
from app.organisations.models import Organisation
from app.tenancy.context import TenantContext

SETTINGS = {*NUMBERS, *FLAGS}
_made = 0


def valid_uscc(tenant_id: str) -> str:
    """A code of that province with a right check digit, a new one each time."""
    global _made  # noqa: PLW0603 - codes are unique in the whole country
    _made += 1
    body = f"12{tenant_id}{_made:09d}"
    return body + str(uscc.calc_check_digit(body))


@dataclass(frozen=True, slots=True)
class Place:
    """An instrument and its units."""

    tenant_id: str
    organisation_id: UUID
    instrument_id: UUID
    units: list[UUID]


async def make_organisation(
    database: Database, tenant_id: str, name: str = "示例大学", **values: Any
) -> UUID:
    given = {"uscc": valid_uscc(tenant_id), "kind": "university", "adcode": f"{tenant_id[:2]}0102"} | values
    made = insert(Organisation).values(tenant_id=tenant_id, name=name, **given).returning(Organisation.id)
    async with database.transaction(TenantContext(tenant_id).info()) as session:
        return (await session.scalars(made)).one()


async def make_instrument(
    database: Database,
    tenant_id: str,
    *,
    organisation_id: UUID | None = None,
    units: int = 1,
    hours: list[dict[str, Any]] | None = None,
    **values: Any,
) -> Place:
    """An instrument open at all hours to the whole region, unless told otherwise; settings become its booking policy."""
    settings = {"horizon_days": 60} | {name: values.pop(name) for name in SETTINGS & values.keys()}
    organisation_id = organisation_id or await make_organisation(database, tenant_id)
    given = {
        "inner_id": f"T-{valid_uscc(tenant_id)}",
        "name_zh": "场发射扫描电子显微镜",
        "class_code": "010100",
        "adcode": f"{tenant_id[:2]}0102",
        "scope": "region",
    } | values
    context = TenantContext(tenant_id)
    async with database.transaction(context.info()) as session:
        statement = insert(Instrument).values(tenant_id=tenant_id, organisation_id=organisation_id, **given)
        instrument_id = (await session.scalars(statement.returning(Instrument.id))).one()
        made = []
        for number in range(1, units + 1):
            unit = insert(InstrumentUnit).values(
                tenant_id=tenant_id, instrument_id=instrument_id, label=f"{number} 号机"
            )
            made.append((await session.scalars(unit.returning(InstrumentUnit.id))).one())
        for rule in hours or []:
            await session.execute(
                insert(OpeningRule).values(tenant_id=tenant_id, instrument_id=instrument_id, **rule)
            )
        policy = {"tenant_id": tenant_id, "instrument_id": instrument_id, "settings": settings}
        await session.execute(insert(BookingPolicy).values(**policy))
    return Place(tenant_id, organisation_id, instrument_id, made)
