"""Writing to the journal: in the caller's transaction, append-only, seen by both provinces."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from app.core.db import Database
from app.core.errors import INSUFFICIENT_PRIVILEGE, sqlstate
from app.journal.public import Event, JournalEvent, record, record_all
from app.settings import Settings
from app.tenancy.context import TenantContext

ME = uuid4()
SHANGHAI = TenantContext("310000", ME, "a-request")


async def events(database: Database, context: TenantContext) -> list[JournalEvent]:
    async with database.transaction(context.info()) as session:
        found = await session.scalars(select(JournalEvent).order_by(JournalEvent.id))
        return list(found.all())


async def test_an_event_says_who_did_what_for_whom(database: Database) -> None:
    subject, at = uuid4(), datetime(2026, 11, 23, 1, tzinfo=UTC)
    async with database.transaction(SHANGHAI.info()) as session:
        await record(
            session,
            "booking.created",
            subject=("booking", subject),
            tenant_id="330000",
            after={"starts_at": at, "unit": subject},
        )
    (event,) = await events(database, SHANGHAI)
    assert (event.kind, event.subject_type, event.subject_id) == ("booking.created", "booking", str(subject))
    assert (event.tenant_id, event.actor_tenant_id, event.actor_id) == ("330000", "310000", ME)
    assert event.request_id == "a-request"
    assert event.before is None
    assert event.after == {"starts_at": "2026-11-23T01:00:00Z", "unit": str(subject)}
    assert abs(event.at - datetime.now(UTC)).total_seconds() < 60


async def test_both_provinces_see_it_and_no_other(database: Database) -> None:
    async with database.transaction(SHANGHAI.info()) as session:
        await record(session, "booking.created", subject=("booking", "1"), tenant_id="330000")
        await record(session, "account.changed", subject=("account", "1"), before={"a": 1}, after={"a": 2})
    seen = {
        tenant: [event.kind for event in await events(database, TenantContext(tenant))]
        for tenant in ("310000", "320000", "330000", None)
    }
    assert seen == {
        "310000": ["booking.created", "account.changed"],
        "320000": [],
        "330000": ["booking.created"],
        None: [],
    }


async def test_many_events_are_one_message(database: Database) -> None:
    async with database.transaction(SHANGHAI.info()) as session:
        await record_all(session, (Event("row.imported", ("row", str(n)), after={"n": n}) for n in range(3)))
        await record_all(session, [])
    found = await events(database, SHANGHAI)
    assert [event.after for event in found] == [{"n": 0}, {"n": 1}, {"n": 2}]
    assert {event.tenant_id for event in found} == {"310000"}


async def test_the_sign_in_code_writes_for_whom_it_acts(database: Database, settings: Settings) -> None:
    account = uuid4()
    context = TenantContext(role=settings.role("login"))
    async with database.transaction(context.info()) as session:
        await record(
            session,
            "session.opened",
            subject=("session", "1"),
            tenant_id="330000",
            actor_id=account,
        )
    (event,) = await events(database, TenantContext("330000"))
    assert (event.actor_tenant_id, event.actor_id, event.request_id) == ("330000", account, None)


async def test_what_is_rolled_back_did_not_happen(database: Database) -> None:
    async with database.session(SHANGHAI.info()) as session:
        await record(session, "booking.created", subject=("booking", "1"))
        await session.rollback()
    assert await events(database, SHANGHAI) == []


@pytest.mark.parametrize("statement", ["UPDATE journal_event SET kind = 'a.b'", "DELETE FROM journal_event"])
async def test_the_past_cannot_be_changed(database: Database, statement: str) -> None:
    async with database.transaction(SHANGHAI.info()) as session:
        await record(session, "booking.created", subject=("booking", "1"))
    with pytest.raises(DBAPIError) as refused:
        async with database.transaction(SHANGHAI.info()) as session:
            await session.execute(text(statement))
    assert sqlstate(refused.value) == INSUFFICIENT_PRIVILEGE
    assert len(await events(database, SHANGHAI)) == 1


@pytest.mark.parametrize(
    ("tenant", "actor"), [("330000", "320000"), ("320000", "330000"), ("320000", "320000")]
)
async def test_nobody_writes_between_two_others(database: Database, tenant: str, actor: str) -> None:
    """Shanghai writes as itself only, and about a dealing it has part in."""
    with pytest.raises(DBAPIError) as refused:
        async with database.transaction(SHANGHAI.info()) as session:
            session.add(
                JournalEvent(
                    kind="a.b", subject_type="x", subject_id="1", tenant_id=tenant, actor_tenant_id=actor
                )
            )
    assert sqlstate(refused.value) == INSUFFICIENT_PRIVILEGE


async def test_ids_follow_time(database: Database) -> None:
    async with database.transaction(SHANGHAI.info()) as session:
        for n in range(5):
            await record(session, "a.b", subject=("x", str(n)))
    found = await events(database, SHANGHAI)
    assert [event.subject_id for event in found] == ["0", "1", "2", "3", "4"]
    assert all(isinstance(event.id, UUID) and event.id.version == 7 for event in found)
