"""Adding a province's new events to its chain. Writers wait for nothing: links are made afterwards.

An event is sealed once every transaction that began before its own has ended (`txid` below the snapshot's xmin), so none
that commits late is left behind: the next round goes on after the last link's (txid, id).
"""

from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, insert, select, text, tuple_

from app.core.db import Database, ReadSession, Session
from app.journal.chain import GENESIS, WHAT, WHO, event_digest, link_digest
from app.journal.models import JournalEvent, JournalSeal
from app.tenancy.context import TenantContext
from app.tenancy.models import Province

BATCH = 2000
"""Events sealed in one transaction."""
XMIN = text("(pg_snapshot_xmin(pg_current_snapshot())::text)::bigint")
_LOCK = text("SELECT pg_advisory_xact_lock(hashtext('journal-seal'), :province)")


async def provinces(database: Database) -> list[str]:
    """Every province that has a chain."""
    async with database.transaction() as session:
        return list(await session.scalars(select(Province.code).order_by(Province.code)))


async def seal(database: Database, tenant_id: str) -> int:
    """Seal what can be sealed of a province; how many events. Two sealers of one province take turns.

    Each batch is a transaction: a sealer that dies leaves a chain that is shorter, and whole.
    """
    sealed = 0
    while True:
        async with database.transaction(TenantContext(tenant_id).info()) as session:
            count = await _seal_batch(session, tenant_id)
        sealed += count
        if count < BATCH:
            return sealed


async def _seal_batch(session: Session, tenant_id: str) -> int:
    await session.execute(_LOCK, {"province": int(tenant_id)})
    last = await head(session, tenant_id)
    # Data restored into a new cluster has transaction numbers of the old one: start anew, what is sealed is passed over.
    xmin = int(await session.scalar(select(XMIN)))
    after = (last.txid, last.event_id) if last and last.txid < xmin else None
    rows = (await session.execute(_unsealed(tenant_id, after, xmin))).all()
    sequence, previous = (last.sequence, last.digest) if last else (0, GENESIS)
    links = []
    for row in rows:
        sequence += 1
        event_id, txid, what, who = row
        event = event_digest(what, who)
        previous = link_digest(tenant_id, sequence, event_id, txid, event, previous)
        links.append(
            {
                "tenant_id": tenant_id,
                "sequence": sequence,
                "event_id": event_id,
                "txid": txid,
                "event_digest": event,
                "digest": previous,
            }
        )
    if links:
        await session.execute(insert(JournalSeal.__table__), links)  # type: ignore[arg-type] # a table
    return len(links)


def _unsealed(
    tenant_id: str, after: tuple[int, UUID] | None, xmin: int
) -> Select[*tuple[UUID, int, str, str]]:
    found = (
        select(JournalEvent.id, JournalEvent.txid, WHAT, WHO)
        .where(JournalEvent.tenant_id == tenant_id, JournalEvent.txid < xmin, ~has_seal())
        .order_by(JournalEvent.txid, JournalEvent.id)
        .limit(BATCH)
    )
    if after is None:
        return found
    # The first condition alone can use the index.
    return found.where(
        JournalEvent.txid >= after[0], tuple_(JournalEvent.txid, JournalEvent.id) > tuple_(*after)
    )


def has_seal() -> ColumnElement[bool]:
    """Whether an event has a link in its province's chain."""
    return exists().where(
        and_(JournalSeal.tenant_id == JournalEvent.tenant_id, JournalSeal.event_id == JournalEvent.id)
    )


async def head(session: ReadSession, tenant_id: str) -> JournalSeal | None:
    """The last link of a chain."""
    mine = select(JournalSeal).where(JournalSeal.tenant_id == tenant_id)
    found: JournalSeal | None = await session.scalar(mine.order_by(JournalSeal.sequence.desc()).limit(1))
    return found
