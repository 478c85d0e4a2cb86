"""Qualifications for tests, written as the province that grants them would."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import insert, update

from app.core.db import Database
from app.instruments.qualifications.models import (
    Qualification,
    QualificationRecognition,
    QualificationRequirement,
    QualificationType,
)
from app.tenancy.context import TenantContext
from tests.support.people import Person
from tests.support.places import Place


async def make_type(database: Database, place: Place, name: str = "电镜上机资格", **values: Any) -> UUID:
    """A type of the organisation of a place."""
    given = {"tenant_id": place.tenant_id, "organisation_id": place.organisation_id, "name_zh": name}
    made = insert(QualificationType).values(**given | values).returning(QualificationType.id)
    async with database.transaction(TenantContext(place.tenant_id).info()) as session:
        return (await session.scalars(made)).one()


async def require(database: Database, place: Place, type_id: UUID, level: str = "independent") -> None:
    """Let the instrument of a place require a type."""
    given = {"tenant_id": place.tenant_id, "instrument_id": place.instrument_id}
    async with database.transaction(TenantContext(place.tenant_id).info()) as session:
        await session.execute(insert(QualificationRequirement).values(**given, type_id=type_id, level=level))


async def recognise(
    database: Database, own: tuple[str, UUID], other: tuple[str, UUID], level: str = "independent"
) -> None:
    """Let a province's type be met by another's: each is (province, type)."""
    given = {"tenant_id": own[0], "type_id": own[1], "other_tenant_id": other[0], "other_type_id": other[1]}
    async with database.transaction(TenantContext(own[0]).info()) as session:
        await session.execute(insert(QualificationRecognition).values(**given, level=level))


async def qualify(
    database: Database, place: Place, type_id: UUID, person: Person, granted_by: UUID, **values: Any
) -> UUID:
    """Give a person a qualification; independent and without an end, unless told otherwise."""
    given = {
        "tenant_id": place.tenant_id,
        "type_id": type_id,
        "organisation_id": place.organisation_id,
        "holder_tenant_id": person.tenant_id,
        "holder_id": person.id,
        "holder_name": person.name,
        "type_name": "电镜上机资格",
        "issuer_name": "示例大学",
        "level": "independent",
        "valid_from": date(2026, 1, 1),
        "granted_by": granted_by,
    } | values
    made = insert(Qualification).values(**given).returning(Qualification.id)
    async with database.transaction(TenantContext(place.tenant_id).info()) as session:
        return (await session.scalars(made)).one()


async def end_on(database: Database, tenant_id: str, qualification_id: str, last: date) -> None:
    """Let a qualification end on a day, as if it had been granted for that long."""
    ends = {"valid_to": last, "valid_from": last - timedelta(days=300)}
    async with database.transaction(TenantContext(tenant_id).info()) as session:
        moved = update(Qualification).where(Qualification.id == UUID(qualification_id)).values(**ends)
        await session.execute(moved)
