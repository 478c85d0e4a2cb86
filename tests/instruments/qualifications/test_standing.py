"""What the database tells of a person's standing: who is told, on which days, and the same in a search."""

from datetime import UTC, date, datetime, timedelta
from random import Random
from uuid import UUID

from sqlalchemy import select

from app.access.permissions import Role
from app.core.db import Database
from app.instruments.models import Instrument
from app.instruments.qualifications import standing
from app.instruments.rules.qualified import LEVELS, RECOGNISABLE, STATUSES
from app.settings import Settings
from app.tenancy.context import TenantContext
from tests.support.people import Person, make_person
from tests.support.places import Place, make_instrument
from tests.support.qualifications import make_type, qualify, recognise, require

SHANGHAI, JIANGSU, ZHEJIANG, ANHUI = "310000", "320000", "330000", "340000"
DAY = date(2026, 12, 10)


async def officer(database: Database, settings: Settings, tenant_id: str) -> UUID:
    return (await make_person(database, settings, tenant_id=tenant_id, roles=[Role.PROVINCE_ADMIN])).id


async def codes(
    database: Database, viewer: str | None, person: Person, place: Place, on: date = DAY
) -> list[str]:
    async with database.transaction(TenantContext(viewer).info()) as session:
        found = await standing.faults(
            session, person_id=person.id, instrument_id=place.instrument_id, first=on
        )
    return [fault.code for fault in found]


async def test_a_jiangsu_person_qualified_by_shanghai(database: Database, settings: Settings) -> None:
    place = await make_instrument(database, SHANGHAI)
    type_id = await make_type(database, place)
    await require(database, place, type_id)
    person = await make_person(database, settings, tenant_id=JIANGSU)
    assert await codes(database, JIANGSU, person, place) == ["qualification_missing"]
    await qualify(database, place, type_id, person, await officer(database, settings, SHANGHAI), valid_to=DAY)
    for party in (SHANGHAI, JIANGSU):
        assert await codes(database, party, person, place) == []
        assert await codes(database, party, person, place, DAY + timedelta(days=1)) == [
            "qualification_expired_on_date"
        ]
    for third in (ZHEJIANG, ANHUI, "000000", None):
        async with database.transaction(TenantContext(third).info()) as session:
            value = await session.scalar(select(standing.demands_column(person.id, place.instrument_id)))
            assert all(demand.held == () for demand in standing.demands(value)), third


async def test_the_instruments_province_is_told_what_it_recognises(
    database: Database, settings: Settings
) -> None:
    """Anhui's person, qualified in Shanghai, at Jiangsu's instrument: three provinces, and a fourth that learns nothing."""
    there = await make_instrument(database, SHANGHAI)
    theirs = await make_type(database, there)
    place = await make_instrument(database, JIANGSU)
    own = await make_type(database, place, "光谱上机资格")
    await require(database, place, own, "assisted")
    person = await make_person(database, settings, tenant_id=ANHUI)
    await qualify(database, there, theirs, person, await officer(database, settings, SHANGHAI))
    assert await codes(database, JIANGSU, person, place) == ["qualification_missing"]
    await recognise(database, (JIANGSU, own), (SHANGHAI, theirs), "assisted")
    for party in (ANHUI, JIANGSU, SHANGHAI):
        assert await codes(database, party, person, place) == [], party
    assert await codes(database, ZHEJIANG, person, place) == ["qualification_missing"]


async def test_the_name_of_a_type_that_is_not_shared_is_not_told(
    database: Database, settings: Settings
) -> None:
    place = await make_instrument(database, SHANGHAI)
    await require(database, place, await make_type(database, place, "内部代号资格", scope="province"))
    person = await make_person(database, settings, tenant_id=JIANGSU)
    async with database.transaction(TenantContext(JIANGSU).info()) as session:
        (fault,) = await standing.faults(
            session, person_id=person.id, instrument_id=place.instrument_id, first=DAY
        )
    assert "内部代号资格" not in fault.message.text("zh")


def test_days_are_those_of_the_instrument_at_its_midnight() -> None:
    midnight = datetime(2026, 12, 10, 16, tzinfo=UTC)  # 00:00 on the 11th in Shanghai
    hour = timedelta(hours=1)
    days = standing.days_of
    assert days(midnight - hour, midnight, "Asia/Shanghai") == (date(2026, 12, 10), date(2026, 12, 10))
    assert days(midnight - hour, midnight + hour, "Asia/Shanghai") == (date(2026, 12, 10), date(2026, 12, 11))
    assert days(midnight, midnight + hour, "Asia/Shanghai") == (date(2026, 12, 11), date(2026, 12, 11))
    assert days(midnight, midnight + hour, "UTC") == (date(2026, 12, 10), date(2026, 12, 10))


async def test_a_search_finds_what_the_validation_lets_through(
    database: Database, settings: Settings
) -> None:
    """Random worlds: the predicate in SQL and the rules in Python agree on every instrument and day."""
    random = Random(20261121)
    granters = {code: await officer(database, settings, code) for code in (SHANGHAI, JIANGSU)}
    places = [await make_instrument(database, code) for code in (SHANGHAI, JIANGSU) for _ in range(6)]
    types = [(place, await make_type(database, place, f"资格{n}")) for n, place in enumerate(places[::2])]
    for place in places:
        for owner, type_id in random.sample(types, 2):
            if owner.tenant_id == place.tenant_id:
                await require(database, place, type_id, random.choice(LEVELS))
    for (one, own), (two, other) in ((a, b) for a in types for b in types if a is not b):
        if random.random() < 0.3:
            given = (one.tenant_id, own), (two.tenant_id, other)
            await recognise(database, *given, random.choice(RECOGNISABLE))
    seen: set[bool] = set()
    for _ in range(12):
        person = await make_person(database, settings, tenant_id=ANHUI)
        for place, type_id in random.sample(types, 4):
            status = random.choice((*STATUSES, "active", "active"))
            since = DAY + timedelta(days=random.choice((-300, 0, 1)))
            values = {
                "level": random.choice(LEVELS),
                "status": status,
                "status_reason": "" if status == "active" else "测试",
                "valid_from": since,
                "valid_to": random.choice((None, since, since + timedelta(days=300))),
            }
            await qualify(database, place, type_id, person, granters[place.tenant_id], **values)
        async with database.transaction(TenantContext(ANHUI, person.id).info()) as session:
            wanted = select(Instrument.id).where(
                Instrument.id.in_([place.instrument_id for place in places]),
                standing.qualified_for(person.id, Instrument.id, DAY),
            )
            found = set(await session.scalars(wanted))
        for place in places:
            meets = await codes(database, ANHUI, person, place) == []
            seen.add(meets)
            assert (place.instrument_id in found) == meets
    assert seen == {True, False}
