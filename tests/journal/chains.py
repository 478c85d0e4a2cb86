"""A chain to tamper with: a superuser's connection and what is found afterwards."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID, uuid4

import asyncpg

from app.core.db import Database
from app.journal.public import Fault, record, seal, verify
from app.settings import Settings
from app.tenancy.context import TenantContext

PROVINCE = "330000"


@dataclass(frozen=True, slots=True)
class Chain:
    """A province's sealed journal, and the superuser who may do anything to it."""

    database: Database
    settings: Settings
    admin: asyncpg.Connection

    async def write(self, count: int, *, tenant_id: str = PROVINCE) -> None:
        """Record events, each in its own transaction, with every column set."""
        for n in range(count):
            context = TenantContext(
                PROVINCE,
                uuid4(),
                f"request-{n}",
                client_id=uuid4(),
                acting_for=uuid4(),
                session_id=uuid4(),
                address="10.1.2.3",
            )
            async with self.database.transaction(context.info()) as session:
                await record(
                    session,
                    "thing.changed",
                    subject=("thing", str(n)),
                    tenant_id=tenant_id,
                    before={"n": n},
                    after={"n": n + 1},
                )

    async def seal(self, count: int) -> None:
        """Seal that many events; a transaction of another test on the server may hold them back for a moment."""
        sealed = 0
        for _ in range(500):
            sealed += await seal(self.database, PROVINCE)
            if sealed >= count:
                break
            await asyncio.sleep(0.02)
        assert sealed == count

    async def ids(self) -> list[UUID]:
        """The sealed events in the chain's order."""
        rows = await self.admin.fetch(
            "SELECT event_id FROM journal_seal WHERE tenant_id = $1 ORDER BY sequence", PROVINCE
        )
        return [row[0] for row in rows]

    async def found(self) -> list[tuple[Fault, int | None, UUID | None]]:
        """What a look through the chain finds."""
        verdict = await verify(self.database, self.settings, PROVINCE)
        assert verdict.faults == len(verdict.findings)
        return [(finding.fault, finding.sequence, finding.event_id) for finding in verdict.findings]


@asynccontextmanager
async def chain_in(settings: Settings, database: Database) -> AsyncIterator[Chain]:
    assert settings.database_url is not None
    admin = await asyncpg.connect(settings.database_url.replace("+asyncpg", ""))
    try:
        yield Chain(database, settings, admin)
    finally:
        await admin.close()
