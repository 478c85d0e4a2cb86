"""What an organisation teaches, which instruments require it, and whom it recognises."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, insert, literal_column, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from app.access.guards import ensure
from app.access.principal import Principal
from app.core.db import ReadSession, Session
from app.core.errors import Forbidden, NotFound, Stale
from app.core.i18n import msg
from app.core.keyset import Part, Slice, fetch
from app.instruments.models import Instrument
from app.instruments.qualifications import policy, queries
from app.instruments.qualifications.models import (
    Qualification,
    QualificationRecognition,
    QualificationRequirement,
    QualificationType,
)
from app.instruments.qualifications.problems import TooManyRequirements, invalid
from app.instruments.qualifications.schemas import TypeChange, TypeIn
from app.instruments.rules.qualified import RECOGNISABLE
from app.instruments.visibility import manages, visible_to
from app.journal.public import record
from app.organisations import public as organisations

SUBJECT = "qualification_type"
MOST_REQUIREMENTS = 10


@dataclass(frozen=True, slots=True)
class Kind:
    """A type as a caller meets it."""

    type: QualificationType
    organisation_name: str
    """Blank where the organisation is hidden."""
    runs: bool
    trains: bool

    @property
    def grants(self) -> bool:
        """Whether the caller may grant it to others."""
        return self.runs or self.trains


def state_of(row: Qualification, day: date) -> str:
    """How a qualification stands on a day: valid, expiring (within 30 days), expired, suspended or revoked."""
    if row.status != "active":
        return row.status
    if row.valid_to is None or row.valid_to > day + queries.SOON:
        return "valid"
    return "expiring" if row.valid_to >= day else "expired"


async def get(db: ReadSession, *, caller: Principal, type_id: UUID) -> Kind:
    """A type the caller may know of.

    Raises:
        NotFound: there is none.
    """
    row = (await db.execute(queries.kind(caller, type_id))).one_or_none()
    if row is None:
        raise NotFound
    return Kind(row.QualificationType, row.organisation_name or "", row.runs, row.trains)


async def defined(db: ReadSession, *, caller: Principal, type_id: UUID) -> Kind:
    """A type the caller may change.

    Raises:
        NotFound: the caller may not know of it.
        Forbidden: they may not change it.
    """
    kind = await get(db, caller=caller, type_id=type_id)
    found = kind.type
    ensure(policy.may_define(caller, organisation_id=found.organisation_id, tenant_id=found.tenant_id))
    return kind


async def find(db: ReadSession, *, caller: Principal, part: Part) -> Slice[QualificationType]:
    """A page of the types the caller runs or trains, the newest first."""
    bound_to = [SUBJECT, caller.id]
    return await fetch(db, queries.types(caller), queries.TYPES_NEWEST_FIRST, part, bound_to=bound_to)


async def issuers(
    db: ReadSession, *, caller: Principal, types: Iterable[QualificationType]
) -> Mapping[UUID, str]:
    """The names of the organisations of types, as far as the caller may see them."""
    return await organisations.names(db, caller, {row.organisation_id for row in types})


async def create(db: Session, *, caller: Principal, new: TypeIn) -> UUID:
    """A new type; its id.

    Raises:
        Invalid: there is no such organisation.
        Forbidden: the caller does not define what it teaches.
        TypeNameTaken: (by the constraint's name) it has a type of that name.
    """
    try:
        organisation = await organisations.get(db, caller=caller, organisation_id=new.organisation_id)
    except NotFound:
        raise invalid("organisation_id", "organisation_unknown", msg("没有这个单位")) from None
    ensure(policy.may_define(caller, organisation_id=organisation.id, tenant_id=organisation.tenant_id))
    values = {"tenant_id": organisation.tenant_id, **new.model_dump()}
    made = insert(QualificationType).values(**values).returning(QualificationType.id)
    type_id: UUID = (await db.scalars(made)).one()
    await _record(db, "qualification_type.created", organisation.tenant_id, type_id, after=new.model_dump())
    return type_id


async def change(db: Session, *, caller: Principal, type_id: UUID, version: int, changes: TypeChange) -> None:
    """Change what is given; who holds the qualification keeps it as it was granted.

    Raises:
        NotFound, Forbidden: as `defined`.
        Stale: `version` is no longer current.
        TypeNameTaken: as `create`.
    """
    found = (await defined(db, caller=caller, type_id=type_id)).type
    given = changes.model_dump(exclude_unset=True)
    before = {name: getattr(found, name) for name, value in given.items() if getattr(found, name) != value}
    after = {name: given[name] for name in before}
    changed = (
        update(QualificationType)
        .where(QualificationType.id == type_id, QualificationType.version == version)
        .values(**after, version=QualificationType.version + 1, updated_at=func.clock_timestamp())
        .returning(QualificationType.id)
        .execution_options(synchronize_session=False)
    )
    if await db.scalar(changed) is None:
        raise Stale
    if after:
        await _record(db, "qualification_type.changed", found.tenant_id, type_id, before=before, after=after)


async def require(db: Session, *, caller: Principal, type_id: UUID, instrument_id: UUID, level: str) -> None:
    """Let an instrument of the type's organisation require it at a level, or at another one from now on.

    Raises:
        NotFound: the caller sees no such type or instrument, or it is another organisation's.
        Forbidden: the caller does not run the instrument.
        TooManyRequirements: it requires ten others.
    """
    kind, instrument = await _on_instrument(db, caller, type_id, instrument_id)
    if not kind.type.active:
        raise invalid("type_id", "qualifications.type_closed", msg("该资格类型已停止授予"))
    values = {"tenant_id": instrument.tenant_id, "instrument_id": instrument_id, "type_id": type_id}
    keys = [QualificationRequirement.instrument_id, QualificationRequirement.type_id]
    # One at a time on an instrument: none slips past the limit.
    await db.execute(select(Instrument.id).where(Instrument.id == instrument_id).with_for_update())
    before = await db.scalar(
        upsert(QualificationRequirement)
        .values(**values, level=level)
        .on_conflict_do_update(index_elements=keys, set_={"level": level})
        .returning(literal_column("old.level"))
    )
    if len((await db.scalars(queries.of_instrument(instrument_id))).all()) > MOST_REQUIREMENTS:
        raise TooManyRequirements
    if before == level:
        return
    about = {"instrument_id": instrument_id}
    await _record(
        db,
        "qualification_requirement.set",
        instrument.tenant_id,
        type_id,
        before={**about, "level": before} if before else None,
        after={**about, "level": level},
    )


async def release(db: Session, *, caller: Principal, type_id: UUID, instrument_id: UUID) -> None:
    """Let an instrument require a type no more.

    Raises:
        NotFound, Forbidden: as `require`; it does not require it.
    """
    _, instrument = await _on_instrument(db, caller, type_id, instrument_id)
    gone = delete(QualificationRequirement).where(
        QualificationRequirement.instrument_id == instrument_id, QualificationRequirement.type_id == type_id
    )
    level = await db.scalar(gone.returning(QualificationRequirement.level))
    if level is None:
        raise NotFound
    before = {"instrument_id": instrument_id, "level": level}
    await _record(db, "qualification_requirement.removed", instrument.tenant_id, type_id, before=before)


async def _on_instrument(
    db: ReadSession, caller: Principal, type_id: UUID, instrument_id: UUID
) -> tuple[Kind, Instrument]:
    kind = await get(db, caller=caller, type_id=type_id)
    seen = select(Instrument).where(
        Instrument.id == instrument_id,
        Instrument.organisation_id == kind.type.organisation_id,
        visible_to(caller),
    )
    instrument: Instrument | None = await db.scalar(seen)
    if instrument is None:
        raise NotFound
    if not manages(caller, instrument):
        raise Forbidden(msg("只有该仪器的机组管理员、所属单位的管理员和本省的省级管理员可以设置上机要求"))
    return kind, instrument


async def recognise(
    db: Session, *, caller: Principal, type_id: UUID, other_type_id: UUID, level: str
) -> None:
    """Let holders of another organisation's type count here, up to a level, or up to another one from now on.

    Raises:
        NotFound, Forbidden: as `defined`; the other type is not shared with the caller.
        Invalid: it is of the same organisation, or trainers were to be recognised.
    """
    found = (await defined(db, caller=caller, type_id=type_id)).type
    shared = select(QualificationType).where(
        QualificationType.id == other_type_id, visible_to(caller, QualificationType)
    )
    other: QualificationType | None = await db.scalar(shared)
    if other is None:
        raise NotFound
    if level not in RECOGNISABLE:
        raise invalid("level", "qualifications.not_recognisable", msg("培训人资格不能互认"))
    if other.organisation_id == found.organisation_id:
        raise invalid("other_type_id", "qualifications.own_type", msg("同一单位的资格不必互认"))
    keys = [QualificationRecognition.type_id, QualificationRecognition.other_type_id]
    before = await db.scalar(
        upsert(QualificationRecognition)
        .values(
            tenant_id=found.tenant_id,
            type_id=type_id,
            other_tenant_id=other.tenant_id,
            other_type_id=other_type_id,
            level=level,
        )
        .on_conflict_do_update(index_elements=keys, set_={"level": level})
        .returning(literal_column("old.level"))
    )
    if before == level:
        return
    about = {"other_type_id": other_type_id}
    await _record(
        db,
        "qualification_recognition.set",
        found.tenant_id,
        type_id,
        before={**about, "level": before} if before else None,
        after={**about, "level": level},
    )


async def unrecognise(db: Session, *, caller: Principal, type_id: UUID, other_type_id: UUID) -> None:
    """Let holders of another type count here no more.

    Raises:
        NotFound, Forbidden: as `defined`; it is not recognised.
    """
    found = (await defined(db, caller=caller, type_id=type_id)).type
    gone = delete(QualificationRecognition).where(
        QualificationRecognition.type_id == type_id, QualificationRecognition.other_type_id == other_type_id
    )
    level = await db.scalar(gone.returning(QualificationRecognition.level))
    if level is None:
        raise NotFound
    before = {"other_type_id": other_type_id, "level": level}
    await _record(db, "qualification_recognition.removed", found.tenant_id, type_id, before=before)


async def _record(db: Session, kind: str, tenant_id: str, type_id: UUID, **facts: Any) -> None:
    await record(db, kind, subject=(SUBJECT, type_id), tenant_id=tenant_id, **facts)
