"""What a superuser does to a sealed journal is found, and named by its place."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import Table, select
from sqlalchemy.dialects import postgresql

from app.core import clock
from app.core.db import Database
from app.journal.anchors import Anchor
from app.journal.chain import GENESIS, WHAT, WHO, event_digest, link_digest
from app.journal.models import JournalEvent
from app.journal.public import Fault, anchor, anchors, verify
from app.registry import metadata
from app.settings import Settings
from app.tenancy.context import TenantContext
from tests.journal.chains import PROVINCE, Chain, chain_in

EVENTS, SEALS, ANCHORS = (metadata.tables[f"journal_{name}"] for name in ("event", "seal", "anchor"))
DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call] # SQLAlchemy types it late


@pytest.fixture
async def chain(fresh_settings: Settings, fresh_database: Database) -> AsyncIterator[Chain]:
    """Five events, sealed."""
    async with chain_in(fresh_settings, fresh_database) as chain:
        await chain.write(5)
        await chain.seal(5)
        yield chain


FLIPS = {
    "UUID": "overlay({0}::text placing CASE substr({0}::text, 3, 1) WHEN 'f' THEN 'e' ELSE 'f' END from 3)::uuid",
    "TEXT": "overlay({0} placing chr(ascii(substr({0}, 3, 1)) # 1) from 3)",
    "JSONB": "replace({0}::text, '\"n\"', '\"o\"')::jsonb",
    "TIMESTAMP WITH TIME ZONE": "{0} + interval '1 microsecond'",
    "BIGINT": "{0} # 1",
    "BYTEA": "set_byte({0}, 31, get_byte({0}, 31) # 1)",
}
"""One bit, byte or letter of each type."""


def flip(table: Table, column: str) -> str:
    if column in {"tenant_id", "actor_tenant_id"}:
        return "'310000'"  # a flipped digit is no province, and a key says so
    return FLIPS[str(table.columns[column].type.compile(DIALECT)).upper()].format(column)


@pytest.mark.parametrize("name", EVENTS.columns.keys())
async def test_one_flipped_byte_of_an_event_is_found_and_located(chain: Chain, name: str) -> None:
    assert await chain.found() == []
    event_id = (await chain.ids())[2]
    changed = flip(EVENTS, name)
    await chain.admin.execute(f"UPDATE journal_event SET {name} = {changed} WHERE id = $1", event_id)
    found = await chain.found()
    if name == "id":
        (new,) = [
            r[0]
            for r in await chain.admin.fetch(
                "SELECT id FROM journal_event WHERE id <> ALL($1)", await chain.ids()
            )
        ]
        assert found == [(Fault.EVENT_DELETED, 3, event_id), (Fault.EVENT_INSERTED, None, new)]
    else:
        assert found == [(Fault.EVENT_CHANGED, 3, event_id)]


@pytest.mark.parametrize("name", SEALS.columns.keys()[1:])
async def test_one_flipped_byte_of_a_link_is_found_and_located(chain: Chain, name: str) -> None:
    event_id = (await chain.ids())[2]
    value = "99" if name == "sequence" else flip(SEALS, name)
    await chain.admin.execute(f"UPDATE journal_seal SET {name} = {value} WHERE sequence = 3")
    found = await chain.found()
    if name == "sequence":
        assert found == [
            (Fault.LINK_DELETED, 3, None),
            (Fault.LINK_DELETED, 6, None),
        ]
    elif name == "event_id":
        assert {fault for fault, *_ in found} == {
            Fault.EVENT_DELETED,
            Fault.LINK_CHANGED,
            Fault.EVENT_INSERTED,
        }
        assert (Fault.EVENT_INSERTED, None, event_id) in found
    else:
        assert found == [(Fault.LINK_CHANGED, 3, event_id)]


async def test_no_value_and_the_value_null_are_told_apart(chain: Chain) -> None:
    await chain.admin.execute("UPDATE journal_event SET before = NULL WHERE id = $1", (await chain.ids())[0])
    assert await chain.found() == [(Fault.EVENT_CHANGED, 1, (await chain.ids())[0])]


async def test_a_deleted_event(chain: Chain) -> None:
    ids = await chain.ids()
    await chain.admin.execute("DELETE FROM journal_event WHERE id = ANY($1)", [ids[0], ids[4]])
    assert await chain.found() == [(Fault.EVENT_DELETED, 1, ids[0]), (Fault.EVENT_DELETED, 5, ids[4])]


async def test_a_deleted_link(chain: Chain) -> None:
    ids = await chain.ids()
    await chain.admin.execute("DELETE FROM journal_seal WHERE sequence IN (2, 3)")
    verdict = await verify(chain.database, chain.settings, PROVINCE)
    gap = verdict.findings[0]
    assert (gap.fault, gap.sequence, gap.last) == (Fault.LINK_DELETED, 2, 3)
    assert verdict.neighbours(gap) == (1, 4)
    assert [f.event_id for f in verdict.findings[1:]] == ids[1:3]


async def test_an_event_put_in_afterwards(chain: Chain) -> None:
    copied = await chain.admin.fetchval(
        "INSERT INTO journal_event (tenant_id, kind, subject_type, subject_id, actor_tenant_id, at, txid) "
        "SELECT tenant_id, kind, subject_type, 'x', actor_tenant_id, at, txid FROM journal_event WHERE id = $1 RETURNING id",
        (await chain.ids())[1],
    )
    assert await chain.found() == [(Fault.EVENT_INSERTED, None, copied)]
    await chain.seal(0)


async def test_an_event_that_says_it_is_old(chain: Chain) -> None:
    forged = await chain.admin.fetchval(
        "INSERT INTO journal_event (tenant_id, kind, subject_type, subject_id, actor_tenant_id, at) "
        "VALUES ($1, 'thing.changed', 'thing', 'x', $1, clock_timestamp() - interval '25 hours') RETURNING id",
        PROVINCE,
    )
    await chain.seal(1)
    assert await chain.found() == [(Fault.EVENT_BACKDATED, 6, forged)]


async def test_two_events_swapped(chain: Chain) -> None:
    ids = await chain.ids()
    swap = "UPDATE journal_event a SET subject_id = b.subject_id FROM journal_event b WHERE a.id = ANY($1) AND b.id = ANY($1) AND a.id <> b.id"
    await chain.admin.execute(swap, [ids[1], ids[3]])
    assert await chain.found() == [(Fault.EVENT_CHANGED, 2, ids[1]), (Fault.EVENT_CHANGED, 4, ids[3])]


async def test_two_links_swapped(chain: Chain) -> None:
    ids = await chain.ids()
    await chain.admin.execute(
        "UPDATE journal_seal SET sequence = CASE sequence WHEN 2 THEN 103 ELSE 102 END WHERE sequence IN (2, 3)"
    )
    await chain.admin.execute("UPDATE journal_seal SET sequence = sequence - 100 WHERE sequence > 100")
    found = await chain.found()
    assert (Fault.LINK_CHANGED, 2, ids[2]) in found
    assert (Fault.LINK_CHANGED, 3, ids[1]) in found


async def test_a_changed_event_with_its_digest_computed_anew(chain: Chain) -> None:
    """Who changes the event and its link's note of it has still the chain against them."""
    ids = await chain.ids()
    await chain.admin.execute("UPDATE journal_event SET subject_id = 'y' WHERE id = $1", ids[2])
    await rewrite(chain, first=3, last=3)
    assert (Fault.LINK_CHANGED, 4, ids[3]) in await chain.found()


async def test_the_tail_cut_off(chain: Chain) -> None:
    kept = await anchor(chain.database, chain.settings, PROVINCE)
    assert kept is not None
    ids = await chain.ids()
    await chain.admin.execute("DELETE FROM journal_event WHERE id = ANY($1)", ids[3:])
    await chain.admin.execute("DELETE FROM journal_seal WHERE sequence > 3")
    assert await chain.found() == [(Fault.CUT_OFF, 4, None)]
    await chain.admin.execute("DELETE FROM journal_anchor")
    assert await chain.found() == [], "with the anchor gone too, only one kept outside tells"
    verdict = await verify(
        chain.database,
        chain.settings,
        PROVINCE,
        outside=[Anchor.from_json(json.loads(json.dumps(kept.as_json())))],
    )
    assert [(f.fault, f.sequence, f.last) for f in verdict.findings] == [(Fault.CUT_OFF, 4, 5)]


async def test_a_whole_chain_rewritten_without_the_key(chain: Chain) -> None:
    kept = await anchor(chain.database, chain.settings, PROVINCE)
    assert kept is not None
    await chain.write(2)
    await chain.seal(2)
    await anchor(chain.database, chain.settings, PROVINCE)
    await chain.admin.execute(
        "UPDATE journal_event SET subject_id = 'y' WHERE id = $1", (await chain.ids())[5]
    )
    await rewrite(chain, first=1, last=7)
    verdict = await verify(chain.database, chain.settings, PROVINCE)
    assert [(f.fault, f.sequence, f.last) for f in verdict.findings] == [(Fault.REWRITTEN, 6, 7)]
    await chain.admin.execute("DELETE FROM journal_anchor WHERE sequence = 7")
    assert await chain.found() == [], "nothing inside tells; the next anchor is behind the change"


async def test_a_forged_anchor(chain: Chain) -> None:
    await anchor(chain.database, chain.settings, PROVINCE)
    for column in ("digest", "at", "key", "signature"):
        await chain.admin.execute(f"UPDATE journal_anchor SET {column} = {flip(ANCHORS, column)}")
        found = await chain.found()
        if column == "key":
            assert found == [], "the platform's own key counts, not the one beside the signature"
        else:
            assert found == [(Fault.ANCHOR_FORGED, 5, None)], column
        await chain.admin.execute("DELETE FROM journal_anchor")
        await anchor(chain.database, chain.settings, PROVINCE)
    assert await chain.found() == []


async def test_from_an_anchor_on(chain: Chain) -> None:
    """What lies before the anchor is taken as it was signed."""
    ids = await chain.ids()
    await anchor(chain.database, chain.settings, PROVINCE)
    await chain.admin.execute("UPDATE journal_event SET subject_id = 'y' WHERE id = $1", ids[0])
    await chain.write(2)
    await chain.seal(2)
    since = clock.now() + timedelta(seconds=1)
    verdict = await verify(chain.database, chain.settings, PROVINCE, since=since)
    assert (verdict.first, verdict.last, verdict.checked, verdict.findings) == (6, 7, 2, [])
    assert (
        await verify(chain.database, chain.settings, PROVINCE, since=since - timedelta(days=1))
    ).first == 1
    await chain.admin.execute(
        "UPDATE journal_event SET subject_id = 'y' WHERE id = $1", (await chain.ids())[6]
    )
    verdict = await verify(chain.database, chain.settings, PROVINCE, since=since)
    assert [(f.fault, f.sequence) for f in verdict.findings] == [(Fault.EVENT_CHANGED, 7)]


async def test_anchors_say_what_they_say(chain: Chain) -> None:
    made = await anchor(chain.database, chain.settings, PROVINCE)
    assert made == await anchor(chain.database, chain.settings, PROVINCE), "one anchor a head"
    async with chain.database.transaction(TenantContext(PROVINCE).info()) as session:
        assert await anchors(session, PROVINCE) == [made]
    assert await anchor(chain.database, chain.settings, "310000") is None
    with pytest.raises(ValueError, match="not an anchor"):
        Anchor.from_json([])


async def rewrite(chain: Chain, *, first: int, last: int) -> None:
    """Compute links anew from the events as they are now, as somebody with the code but not the key would."""
    previous = GENESIS
    async with chain.database.transaction(TenantContext(PROVINCE).info()) as session:
        facts = {row[0]: row[1:] for row in await session.execute(select(JournalEvent.id, WHAT, WHO))}
    for link in await chain.admin.fetch(
        "SELECT * FROM journal_seal WHERE tenant_id = $1 ORDER BY sequence", PROVINCE
    ):
        number, event_id = link["sequence"], link["event_id"]
        if first <= number <= last:
            event = event_digest(*facts[event_id])
            digest = link_digest(PROVINCE, number, event_id, link["txid"], event, previous)
            await chain.admin.execute(
                "UPDATE journal_seal SET event_digest = $1, digest = $2 WHERE tenant_id = $3 AND sequence = $4",
                event,
                digest,
                PROVINCE,
                number,
            )
            previous = digest
        else:
            previous = link["digest"]
