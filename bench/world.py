"""The bench's database: organisations, 1,000 units, a million past bookings, one person signed in."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import asyncpg
import httpx2

from app.access.permissions import Role
from app.core import clock
from app.core.db import Database
from app.identity.public import cookie_name
from app.main import create_app
from app.settings import Settings
from tests.support.people import make_person, sign_in
from tests.support.places import make_instrument, make_organisation
from tests.support.server import administer

NAME = "commons_bench"
UNITS = 1_000

COLUMNS = """tenant_id, instrument_id, unit_id, owner_id, requester_tenant_id, requester_id, organisation_id,
    requester_name, organisation_name, instrument_name, unit_label, tz, purpose"""
TEMPLATE = """
CREATE TABLE bench_unit AS
SELECT row_number() OVER (ORDER BY u.id) AS n, u.tenant_id, u.instrument_id, u.id AS unit_id, i.organisation_id AS owner_id,
       '310000' AS requester_tenant_id, '{person}'::uuid AS requester_id, '{lab}'::uuid AS organisation_id,
       '示例' AS requester_name, '示例' AS organisation_name, i.name_zh AS instrument_name, u.label AS unit_label, i.tz,
       'research' AS purpose
FROM instrument_unit u JOIN instrument i ON i.id = u.instrument_id;
ALTER TABLE bench_unit ADD PRIMARY KEY (n), ADD UNIQUE (unit_id);
GRANT SELECT ON bench_unit TO {app};
"""
FILL = f"""
INSERT INTO booking ({COLUMNS}, during, occupied, setup_min, teardown_min, status, blocking)
SELECT {COLUMNS}, span, span, 0, 0, 'confirmed', true
FROM bench_unit, generate_series(1, $1::int) AS n8,
     LATERAL (SELECT date_trunc('day', now()) + interval '7 days' - n8 * interval '8 hours') AS s(start),
     LATERAL (SELECT tstzrange(start, start + interval '2 hours')) AS r(span)
"""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the load generators need to know."""

    units: list[UUID]
    instruments: list[UUID]
    cookie: str


async def create_database(admin: str) -> None:
    """An empty database of the bench's own."""
    await administer(admin, f"CREATE DATABASE {NAME}")


async def fill(settings: Settings, rows: int) -> Facts:
    """Fill it; about a minute for a million rows, most of it in the exclusion constraint."""
    database = Database(settings.url_for("app"))
    owner = await make_organisation(database, "330000")
    places = [
        await make_instrument(database, "330000", organisation_id=owner, horizon_days=365, scope="region")
        for _ in range(UNITS)
    ]
    lab = await make_organisation(database, "310000")
    person = await make_person(database, settings, tenant_id="310000", organisations={lab: Role.MEMBER})
    app = create_app(settings, database)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app)) as client:
        token = await sign_in(client, app, person)
    await database.close()
    assert settings.database_url
    connection = await asyncpg.connect(settings.database_url.replace("+asyncpg", "", 1))
    try:
        await connection.execute(TEMPLATE.format(person=person.id, lab=lab, app=settings.role("app")))
        await connection.execute(FILL, rows // UNITS, timeout=1800)
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()
    return Facts(
        [place.units[0] for place in places],
        [place.instrument_id for place in places],
        f"{cookie_name(settings)}={token}",
    )


def write_lua(folder: Path, facts: Facts) -> Path:
    """The facts as a Lua file the wrk scripts load."""
    start = (clock.now() + timedelta(days=8)).date().isoformat()
    path = folder / "facts.lua"
    units = ", ".join(f'"{unit}"' for unit in facts.units)
    instruments = ", ".join(f'"{instrument}"' for instrument in facts.instruments)
    path.write_text(
        f'units = {{{units}}}\ninstruments = {{{instruments}}}\ncookie = "{facts.cookie}"\nstart = "{start}"\n'
    )
    return path
