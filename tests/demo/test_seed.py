"""Loading the demonstration: as the application, once, completely, and the same everywhere."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import text

from app.core import clock
from app.core.db import Database, Session
from app.demo import seed
from app.demo.accounts import CLIENT_SECRET, PASSWORD
from app.demo.bookings import bookings, monday_of
from app.demo.data.provinces import PROVINCES, Province
from app.demo.instruments import INSTRUMENTS
from app.demo.made import Made
from app.identity.passwords import password_matches
from app.settings import Settings
from app.tenancy.context import TenantContext

CONTENT = {
    "organisation": "SELECT tenant_id, uscc, name, kind, adcode, scope, status, website FROM organisation",
    "account": "SELECT a.tenant_id, a.display_name, c.login_name FROM account a "
    "LEFT JOIN local_credential c ON c.account_id = a.id",
    "membership": "SELECT m.tenant_id, a.display_name, o.uscc, m.role FROM membership m "
    "JOIN account a ON a.id = m.account_id JOIN organisation o ON o.id = m.organisation_id",
    "role_grant": "SELECT r.tenant_id, a.display_name, r.role FROM role_grant r "
    "JOIN account a ON a.id = r.account_id",
    "stewardship": "SELECT a.display_name, i.inner_id FROM stewardship s "
    "JOIN account a ON a.id = s.account_id JOIN instrument i ON i.id = s.instrument_id",
    "oauth_client": "SELECT c.tenant_id, c.client_id, c.name, c.kind, c.scopes::text, c.secret_digest, o.uscc "
    "FROM oauth_client c LEFT JOIN organisation o ON o.id = c.organisation_id",
    "instrument": "SELECT o.uscc, (to_jsonb(i) - 'id' - 'organisation_id' - 'created_at' - 'updated_at' - 'search' - 'family_id')::text, "
    "f.name FROM instrument i JOIN organisation o ON o.id = i.organisation_id "
    "LEFT JOIN instrument_family f ON f.id = i.family_id",
    "instrument_family": "SELECT o.uscc, f.name FROM instrument_family f JOIN organisation o ON o.id = f.organisation_id",
    "instrument_file": "SELECT i.inner_id, f.title, f.digest, f.position FROM instrument_file f "
    "JOIN instrument i ON i.id = f.instrument_id",
    "instrument_unit": "SELECT i.inner_id, u.label, u.serial, u.active FROM instrument_unit u "
    "JOIN instrument i ON i.id = u.instrument_id",
    "opening_rule": "SELECT i.inner_id, r.weekday, r.opens, r.closes FROM opening_rule r "
    "JOIN instrument i ON i.id = r.instrument_id",
    "booking": "SELECT b.tenant_id, i.inner_id, b.unit_label, b.requester_tenant_id, b.requester_name, o.uscc, "
    "b.during, b.occupied, b.status, b.blocking, b.version, b.cancel_reason, b.purpose, b.project, b.note, "
    "b.created_at, b.updated_at, b.instrument_name, b.organisation_name "
    "FROM booking b JOIN instrument i ON i.id = b.instrument_id JOIN organisation o ON o.id = b.organisation_id",
    "organisation_application": "SELECT p.uscc, p.name, p.status, e.name, e.digest, a.display_name "
    "FROM organisation_application p JOIN application_evidence e ON e.application_id = p.id "
    "JOIN account a ON a.id = p.account_id",
    "join_request": "SELECT a.display_name, o.uscc, r.status FROM join_request r "
    "JOIN account a ON a.id = r.account_id JOIN organisation o ON o.id = r.organisation_id",
    "organisation_invitation": "SELECT a.display_name, o.uscc, i.status, i.invitee FROM organisation_invitation i "
    "JOIN account a ON a.id = i.account_id JOIN organisation o ON o.id = i.organisation_id",
    "journal_event": "SELECT tenant_id, actor_tenant_id, kind, subject_type, count(*) FROM journal_event GROUP BY 1, 2, 3, 4",
}
"""What there is, by names instead of ids."""
COUNTS = {"organisation": 24, "account": 129, "membership": 112, "role_grant": 13, "instrument": 200}
PERSONAL = ("display_name", "contact_name", "contact_email")


async def content(settings: Settings) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of the demonstration, as the administrator sees it."""
    assert settings.database_url is not None
    connection = await asyncpg.connect(settings.database_url.replace("+asyncpg", "", 1))
    try:
        return {
            table: sorted((tuple(row) for row in await connection.fetch(query)), key=repr)
            for table, query in CONTENT.items()
        }
    finally:
        await connection.close()


async def test_everything_is_there_once(fresh_settings: Settings) -> None:
    assert await seed.load(fresh_settings) is True
    first = await content(fresh_settings)
    assert await seed.load(fresh_settings) is False
    assert await content(fresh_settings) == first
    assert {table: len(first[table]) for table in COUNTS} == COUNTS
    fortnight = list(bookings(monday_of(clock.now())))
    assert len(first["booking"]) == len(fortnight)
    plans = [plan for plans in INSTRUMENTS.values() for plan in plans]
    assert len(first["instrument_unit"]) == sum(len(plan.units) for plan in plans)
    assert len(first["opening_rule"]) == sum(len(plan.regime.hours) for plan in plans)


async def test_two_databases_get_the_same(fresh_settings: Settings, demo_settings: Settings) -> None:
    await seed.load(fresh_settings)
    assert await content(fresh_settings) == await content(demo_settings)


async def test_the_register_begins_with_the_flagships_of_all_four(demo_settings: Settings) -> None:
    assert demo_settings.database_url is not None
    connection = await asyncpg.connect(demo_settings.database_url.replace("+asyncpg", "", 1))
    newest = await connection.fetch("SELECT inner_id, tenant_id FROM instrument ORDER BY id DESC LIMIT 20")
    await connection.close()
    flagships = {(plan.inner_id, tenant_id) for tenant_id, plans in INSTRUMENTS.items() for plan in plans[:5]}
    assert {tuple(row) for row in newest} == flagships


async def test_two_loads_at_once_make_one(fresh_settings: Settings, demo_settings: Settings) -> None:
    outcomes = await asyncio.gather(seed.load(fresh_settings), seed.load(fresh_settings))
    assert sorted(outcomes) == [False, True]
    assert await content(fresh_settings) == await content(demo_settings)


class PowerCutError(Exception):
    """Raised where a process would have died."""


Load = Callable[[Session, Province, Made], Awaitable[Mapping[str, UUID]]]


def failing_at(steps: tuple[seed.Step, ...], name: str, code: str) -> tuple[seed.Step, ...]:
    """The same steps, one of which dies after its work and before its commit."""

    def dying(load: Load) -> Load:
        async def until(session: Session, province: Province, made: Made) -> Mapping[str, UUID]:
            found = await load(session, province, made)
            if province.code == code:
                raise PowerCutError
            return found

        return until

    return tuple(
        seed.Step(step.name, dying(step.load) if step.name == name else step.load, signs_in=step.signs_in)
        for step in steps
    )


@pytest.mark.parametrize("name", ["organisations", "instruments-4", "bookings"])
async def test_a_load_that_was_cut_off_is_finished_by_the_next(
    fresh_settings: Settings, demo_settings: Settings, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(seed, "STEPS", failing_at(seed.STEPS, name, "330000"))
        with pytest.raises(PowerCutError):
            await seed.load(fresh_settings)
    assert await seed.load(fresh_settings) is True
    assert await content(fresh_settings) == await content(demo_settings)


async def test_production_refuses(fresh_settings: Settings) -> None:
    production = fresh_settings.model_copy(update={"environment": "production"})
    with pytest.raises(seed.DemonstrationRefusedError):
        await seed.load(production)
    found = await content(fresh_settings)
    assert not any(found[table] for table in COUNTS)


async def test_the_applications_own_role_is_enough(fresh_settings: Settings) -> None:
    """No administrator's URL; the role can neither bypass row-level security nor owns a table."""
    as_application = fresh_settings.model_copy(
        update={"database_url": None, "app_database_url": fresh_settings.url_for("app")}
    )
    assert await seed.load(as_application) is True
    database = Database(fresh_settings.url_for("app"))
    async with database.transaction() as session:
        role = (
            await session.execute(
                text("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user")
            )
        ).one()
        owned = await session.scalar(
            text("SELECT count(*) FROM pg_tables WHERE tableowner = current_user AND schemaname = 'public'")
        )
    await database.close()
    assert (tuple(role), owned) == ((False, False), 0)


TENANT_TABLES = (
    "account",
    "booking",
    "identity_provider",
    "instrument",
    "instrument_unit",
    "journal_event",
    "membership",
    "oauth_client",
    "opening_rule",
    "organisation",
    "role_grant",
    "stewardship",
)


async def test_every_province_has_rows_of_its_own_in_every_table(demo_settings: Settings) -> None:
    database = Database(demo_settings.url_for("app"))
    for province in PROVINCES:
        async with database.transaction(TenantContext(province.code).info()) as session:
            for table in TENANT_TABLES:
                own = f"SELECT count(*) FROM {table} WHERE tenant_id = '{province.code}'"
                assert await session.scalar(text(own)), (province.code, table)
    await database.close()


async def test_the_journal_says_who_did_what_and_no_names(demo_settings: Settings) -> None:
    assert demo_settings.database_url is not None
    connection = await asyncpg.connect(demo_settings.database_url.replace("+asyncpg", "", 1))
    rows = await connection.fetch(
        "SELECT kind, actor_id, coalesce(after::text, '') AS after FROM journal_event"
    )
    names = await connection.fetch("SELECT display_name FROM account")
    hashes = await connection.fetch("SELECT DISTINCT password_hash FROM local_credential")
    await connection.close()
    written = " ".join(row["after"] for row in rows)
    assert not [name for (name,) in names if name in written]
    assert not [field for field in PERSONAL if field in written]
    assert PASSWORD not in written
    assert CLIENT_SECRET not in written
    done_by_people = {"organisation.registered", "instrument.created", "booking.created", "booking.cancelled"}
    assert all(row["actor_id"] for row in rows if row["kind"] in done_by_people)
    assert done_by_people < {row["kind"] for row in rows}
    assert await password_matches(PASSWORD, hashes[0]["password_hash"])
