"""Looking through a province's chain for what was changed, taken out, put in, moved or cut off.

The links are read in their order, in batches, each beside its event; what is wrong is named by its place, and the look goes
on behind it, so that what is fine is known to be fine.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Row, func, select, tuple_

from app.core.db import Database, Session
from app.journal.anchors import Anchor, anchors, public_key
from app.journal.chain import GENESIS, WHAT, WHO, event_digest, link_digest
from app.journal.models import JournalEvent, JournalSeal
from app.journal.sealing import has_seal, head
from app.settings import Settings
from app.tenancy.context import TenantContext

BATCH = 5000
MOST_NAMED = 200
"""Findings that are named; further ones are counted."""
LONGEST_WRITE = timedelta(days=1)
"""An event that says it is older than this before one sealed earlier was not written when it says."""
Progress = Callable[[int, int], Awaitable[None]]


class Fault(StrEnum):
    """What was done to a chain."""

    EVENT_CHANGED = "event_changed"
    EVENT_DELETED = "event_deleted"
    EVENT_INSERTED = "event_inserted"
    EVENT_BACKDATED = "event_backdated"
    LINK_CHANGED = "link_changed"
    LINK_DELETED = "link_deleted"
    CUT_OFF = "cut_off"
    ANCHOR_FORGED = "anchor_forged"
    REWRITTEN = "rewritten"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, and where."""

    fault: Fault
    sequence: int | None = None
    """The place in the chain; of what has no place, None."""
    event_id: UUID | None = None
    last: int | None = None
    """The last place, where it is a stretch."""


@dataclass(slots=True)
class Verdict:
    """What a look through a province's chain found."""

    province: str
    first: int
    last: int
    digest: bytes
    checked: int = 0
    anchors: int = 0
    waiting: int = 0
    """Events that are not sealed yet."""
    faults: int = 0
    findings: list[Finding] = field(default_factory=list)

    def add(self, *findings: Finding) -> None:
        """Note what is wrong."""
        self.faults += len(findings)
        self.findings += findings[: max(0, MOST_NAMED - len(self.findings))]

    def neighbours(self, finding: Finding) -> tuple[int, ...]:
        """The places beside a finding that are fine."""
        if finding.sequence is None:
            return ()
        wrong = {found.sequence for found in self.findings} | {found.last for found in self.findings}
        beside = (finding.sequence - 1, (finding.last or finding.sequence) + 1)
        return tuple(n for n in beside if self.first <= n <= self.last and n not in wrong)


async def verify(
    database: Database,
    settings: Settings,
    tenant_id: str,
    *,
    since: datetime | None = None,
    outside: Sequence[Anchor] = (),
    progress: Progress | None = None,
) -> Verdict:
    """Look through a province's chain, from the last good anchor before `since` or from the beginning.

    `outside` are anchors that were kept elsewhere. Memory is bound by a batch and the anchors.
    """
    key = public_key(settings)
    async with database.transaction(TenantContext(tenant_id, read_only=True).info()) as session:
        known = [*await anchors(session, tenant_id), *(a for a in outside if a.province == tenant_id)]
        last = await head(session, tenant_id)
    end = last.sequence if last else 0
    good = [anchor for anchor in known if anchor.is_signed_by(key)]
    start = max(
        (a for a in good if since and a.at <= since and a.sequence <= end),
        key=lambda a: a.sequence,
        default=None,
    )
    verdict = Verdict(
        tenant_id,
        start.sequence + 1 if start else 1,
        end,
        last.digest if last else GENESIS,
        anchors=len(good),
    )
    verdict.add(*(Finding(Fault.ANCHOR_FORGED, a.sequence) for a in known if not a.is_signed_by(key)))
    watch = _Watch(verdict, good, [start.digest if start else GENESIS])
    async for rows in links(database, tenant_id, first=verdict.first, last=end):
        for row in rows:
            verdict.add(*watch.look(row))
        if progress:
            await progress(verdict.checked, end - verdict.first + 1)
    verdict.add(*watch.at_the_end())
    async with database.transaction(TenantContext(tenant_id, read_only=True).info()) as session:
        await _unsealed(session, verdict, last, since)
    return verdict


class _Watch:
    """Walks along the links; knows what the next one must say."""

    def __init__(self, verdict: Verdict, good: Sequence[Anchor], previous: list[bytes]) -> None:
        self._verdict = verdict
        self._anchors: dict[int, set[bytes]] = {}
        for anchor in good:
            self._anchors.setdefault(anchor.sequence, set()).add(anchor.digest)
        self._agreed = verdict.first - 1
        self._rewritten = False
        self._next = verdict.first
        self._previous: list[bytes] = previous
        """Digests the link before may have had; none when it is gone."""
        self._latest: datetime | None = None

    def look(self, row: Row[*tuple[JournalSeal, datetime | None, str, str]]) -> Iterator[Finding]:
        """What is wrong with the next link and its event."""
        link, at, what, who = row
        self._verdict.checked += 1
        if link.sequence > self._next:
            yield Finding(Fault.LINK_DELETED, self._next, last=link.sequence - 1)
            self._previous = []
        self._next = link.sequence + 1
        yield from self._judge(link, None if at is None else event_digest(what, who))
        if at is not None and self._latest is not None and at < self._latest - LONGEST_WRITE:
            yield Finding(Fault.EVENT_BACKDATED, link.sequence, link.event_id)
        elif at is not None:
            self._latest = max(at, self._latest or at)
        yield from self._compare(link)

    def _judge(self, link: JournalSeal, found: bytes | None) -> Iterator[Finding]:
        said = self._possible(link, link.event_digest)
        holds = not self._previous or link.digest in said
        # The event is as its digest was when it was sealed, and the link's note of it was changed.
        meant = found is not None and link.digest in self._possible(link, found)
        if found is None:
            yield Finding(Fault.EVENT_DELETED, link.sequence, link.event_id)
        elif found != link.event_digest and not meant:
            yield Finding(Fault.EVENT_CHANGED, link.sequence, link.event_id)
        if not holds:
            yield Finding(Fault.LINK_CHANGED, link.sequence, link.event_id)
        self._previous = [link.digest, *(() if holds else said)]

    def _possible(self, link: JournalSeal, event: bytes) -> list[bytes]:
        place = (link.tenant_id, link.sequence, link.event_id, link.txid, event)
        return [link_digest(*place, previous) for previous in self._previous]

    def _compare(self, link: JournalSeal) -> Iterator[Finding]:
        expected = self._anchors.pop(link.sequence, None)
        if expected is None:
            return
        if expected == {link.digest}:
            self._agreed = link.sequence
        elif not self._rewritten:
            # All further anchors disagree too, for each digest holds all before.
            self._rewritten = True
            yield Finding(Fault.REWRITTEN, self._agreed + 1, last=link.sequence)

    def at_the_end(self) -> Iterator[Finding]:
        """What the anchors say was behind the last link."""
        beyond = max(self._anchors, default=0)
        if beyond > self._verdict.last:
            yield Finding(Fault.CUT_OFF, self._verdict.last + 1, last=beyond)


async def links(
    database: Database, tenant_id: str, *, first: int, last: int
) -> AsyncIterator[Sequence[Row[*tuple[JournalSeal, datetime | None, str, str]]]]:
    """A stretch of a chain in batches: each link, its event's instant (None: the event is gone), `what` and `who`."""
    behind = first - 1
    found = (
        select(JournalSeal, JournalEvent.at, WHAT, WHO)
        # On the id alone: an event that was given to another province shows as changed, not as gone.
        .outerjoin(JournalEvent, JournalEvent.id == JournalSeal.event_id)
        .where(JournalSeal.tenant_id == tenant_id, JournalSeal.sequence <= last)
        .order_by(JournalSeal.sequence)
        .limit(BATCH)
    )
    while True:
        async with database.transaction(TenantContext(tenant_id, read_only=True).info()) as session:
            rows = (await session.execute(found.where(JournalSeal.sequence > behind))).all()
        if not rows:
            return
        yield rows
        behind = rows[-1][0].sequence


async def _unsealed(
    session: Session, verdict: Verdict, last: JournalSeal | None, since: datetime | None
) -> None:
    """Events without a link: before the chain's head they were put in afterwards; behind it they wait."""
    unsealed = [JournalEvent.tenant_id == verdict.province, ~has_seal()]
    if since:
        unsealed.append(JournalEvent.at >= since)
    count = select(func.count()).select_from(JournalEvent).where(*unsealed)
    verdict.waiting = await session.scalar(count) or 0
    if last is None:
        return
    passed_by = tuple_(JournalEvent.txid, JournalEvent.id) < tuple_(last.txid, last.event_id)
    if inserted := await session.scalar(count.where(passed_by)):
        named = select(JournalEvent.id).where(*unsealed, passed_by).order_by(JournalEvent.id)
        found = await session.scalars(named.limit(MOST_NAMED))
        verdict.add(*(Finding(Fault.EVENT_INSERTED, event_id=id_) for id_ in found))
        verdict.faults += max(0, inserted - MOST_NAMED)
        verdict.waiting -= inserted
