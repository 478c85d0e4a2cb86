"""What can be done with families."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, insert, update

from app.access.guards import ensure
from app.access.principal import Principal
from app.core.db import ReadSession, Session
from app.core.errors import NotFound, Stale
from app.core.keyset import Part, Slice, fetch
from app.instruments.registry.families import queries
from app.instruments.registry.families.schemas import FamilyChange, FamilyIn, FamilyOut, FamilyQuery
from app.instruments.registry.models import InstrumentFamily
from app.instruments.registry.policy import may_keep_families
from app.instruments.registry.problems import FamilyInUse
from app.instruments.registry.service import owner
from app.journal.public import record
from app.organisations import public as organisations

SUBJECT = "instrument_family"


@dataclass(frozen=True, slots=True)
class Known:
    """A family as one caller knows it."""

    family: InstrumentFamily
    organisation_name: str
    instruments: int


def shown(known: Known, caller: Principal) -> FamilyOut:
    """A family from outside."""
    kept = ("id", "version", "organisation_id", "name", "note", "updated_at")
    family = known.family
    return FamilyOut(
        **{name: getattr(family, name) for name in kept},
        province=family.tenant_id,
        organisation_name=known.organisation_name,
        instruments=known.instruments,
        may_manage=bool(may_keep_families(caller, family)),
    )


async def find(db: ReadSession, *, caller: Principal, wanted: FamilyQuery, part: Part) -> Slice[Known]:
    """A page of the families the caller knows, by organisation and name; three statements.

    Raises:
        Invalid: the cursor is forged, or of another list or filter.
    """
    rows = queries.families(caller, wanted)
    bound_to = ["instrument-families", wanted.filters()]
    found = await fetch(db, rows, queries.BY_NAME, part, bound_to=bound_to)
    counts = await queries.counts(db, caller, [family.id for family in found.items])
    names = await organisations.names(db, caller, {family.organisation_id for family in found.items})
    items = [Known(family, names[family.organisation_id], counts.get(family.id, 0)) for family in found.items]
    return Slice(items, found.next)


async def get(db: ReadSession, *, caller: Principal, family_id: UUID) -> Known:
    """One family.

    Raises:
        NotFound: there is none, or the caller does not know of it.
    """
    row = await queries.family(db, caller, family_id)
    if row is None:
        raise NotFound
    counts = await queries.counts(db, caller, [family_id])
    return Known(row.InstrumentFamily, row.organisation_name, counts.get(family_id, 0))


async def kept(db: ReadSession, *, caller: Principal, family_id: UUID) -> InstrumentFamily:
    """A family the caller may change.

    Raises:
        NotFound: as `get`.
        Forbidden: they know it and may not change it.
    """
    row = await queries.family(db, caller, family_id)
    if row is None:
        raise NotFound
    family: InstrumentFamily = row.InstrumentFamily
    ensure(may_keep_families(caller, family))
    return family


async def create(db: Session, *, caller: Principal, new: FamilyIn) -> UUID:
    """Make a family; its id.

    Raises:
        Invalid: there is no such organisation.
        Forbidden: the caller may not register for it.
        FamilyNameTaken: (by the constraint's name) it has a family of that name.
    """
    organisation = await owner(db, caller, new.organisation_id)
    values = new.model_dump()
    made = insert(InstrumentFamily).values(**values, tenant_id=organisation.tenant_id)
    family_id: UUID = (await db.scalars(made.returning(InstrumentFamily.id))).one()
    await _record(db, "created", organisation.tenant_id, family_id, after=values)
    return family_id


async def change(
    db: Session, *, caller: Principal, family_id: UUID, version: int, changes: FamilyChange
) -> None:
    """Change what is given in `changes`.

    Raises:
        NotFound, Forbidden: as `kept`.
        Stale: `version` is no longer current.
        FamilyNameTaken: as `create`.
    """
    family = await kept(db, caller=caller, family_id=family_id)
    given = changes.model_dump(exclude_unset=True)
    after = {name: value for name, value in given.items() if value != getattr(family, name)}
    if family.version != version:
        raise Stale
    if not after:
        return
    before = {name: getattr(family, name) for name in after}
    statement = (
        update(InstrumentFamily)
        .where(InstrumentFamily.id == family_id, InstrumentFamily.version == version)
        .values(**after, version=version + 1, updated_at=func.clock_timestamp())
        .returning(InstrumentFamily.id)
        .execution_options(synchronize_session=False)
    )
    if await db.scalar(statement) is None:
        raise Stale
    await _record(db, "changed", family.tenant_id, family_id, before=before, after=after)


async def remove(db: Session, *, caller: Principal, family_id: UUID, version: int) -> None:
    """Dissolve a family that has no instruments any more.

    Raises:
        NotFound, Forbidden, Stale: as `change`.
        FamilyInUse: an instrument is in it, were it a retired one.
    """
    family = await kept(db, caller=caller, family_id=family_id)
    tenant_id, before = family.tenant_id, {"name": family.name, "note": family.note}
    # Locked, no instrument comes in: its foreign key asks for the row too.
    if await db.scalar(queries.locked(family_id, version)) is None:
        raise Stale
    if await db.scalar(queries.is_used(family_id)):
        raise FamilyInUse
    await db.execute(delete(InstrumentFamily).where(InstrumentFamily.id == family_id))
    await _record(db, "removed", tenant_id, family_id, before=before)


async def _record(
    db: Session,
    what: str,
    tenant_id: str,
    family_id: UUID,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    kind, subject = f"{SUBJECT}.{what}", (SUBJECT, family_id)
    await record(db, kind, subject=subject, tenant_id=tenant_id, before=before, after=after)
