"""Operators run the platform and see no province's rows."""

import io
import json
import sys
from uuid import uuid4

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from app import cli
from app.access.permissions import Role
from app.core.db import Database
from app.identity import public as identity
from app.identity.appointments import commands
from app.identity.appointments.operators import add_operator
from app.jobs.public import enqueue
from app.settings import Settings
from app.tenancy.context import TenantContext
from app.tenancy.policies import PLATFORM
from tests.support.clients import clients_of
from tests.support.people import PASSWORD, PASSWORD_HASH, Person, make_person, sign_in
from tests.support.places import make_instrument

HTML = {"accept": "text/html"}


@pytest.fixture
async def operator(
    app: FastAPI, client: httpx2.AsyncClient, database: Database, settings: Settings
) -> httpx2.AsyncClient:
    async with database.transaction(identity.sign_in_context(settings).info()) as session:
        account_id = await add_operator(
            session, login_name="run.it", display_name="运维员", password_hash=PASSWORD_HASH
        )
    await sign_in(client, app, Person(account_id, PLATFORM, "运维员", "run.it"))
    return client


async def failed_job(database: Database) -> int:
    async with database.transaction() as session:
        await enqueue(session, "tests.secret", {"tenant_id": "330000", "what": "苏省秘密"})
        failed = text("UPDATE jobs.pgqueuer SET status = 'failed', attempts = 5 RETURNING id")
        return int(await session.scalar(failed))


async def test_an_operator_sees_how_the_platform_runs(
    operator: httpx2.AsyncClient, database: Database
) -> None:
    job = await failed_job(database)
    state = (await operator.get("/api/v1/operations")).json()
    assert [(one["id"], one["task"], one["attempts"]) for one in state["failed_jobs"]] == [
        (job, "tests.secret", 5)
    ]
    assert state["queue"][0]["number"] == 1
    assert state["provinces"] == ["310000", "320000", "330000", "340000"]
    page = await operator.get("/operations", headers=HTML)
    assert page.status_code == 200
    assert f"/operations/jobs/{job}/run" in page.text
    assert "苏省秘密" not in page.text + json.dumps(state, ensure_ascii=False)
    assert 'href="/operations"' in (await operator.get("/", headers=HTML)).text


async def test_a_failed_job_is_run_again_once(operator: httpx2.AsyncClient, database: Database) -> None:
    job = await failed_job(database)
    assert (await operator.post(f"/api/v1/operations/jobs/{job}/run")).status_code == 204
    async with database.transaction() as session:
        found = (await session.execute(text("SELECT status::text, attempts FROM jobs.pgqueuer"))).one()
    assert tuple(found) == ("queued", 0)
    for missing in (job, 10**9, 2**80, "x", uuid4()):
        assert (await operator.post(f"/api/v1/operations/jobs/{missing}/run")).status_code in {404, 422}


@pytest.mark.parametrize("role", [None, Role.PROVINCE_ADMIN, Role.AUDITOR])
async def test_nobody_else_operates(app: FastAPI, role: Role | None) -> None:
    async with clients_of(app) as clients:
        person = await clients.of("330000", roles=[role] if role else [])
        assert (await person.get("/api/v1/operations")).status_code == 403
        assert (await person.get("/operations", headers=HTML)).status_code == 403
        assert (await person.post("/api/v1/operations/jobs/1/run")).status_code == 403
        assert "/operations" not in (await person.get("/", headers=HTML)).text


async def test_what_the_region_shares_is_not_the_platforms(
    operator: httpx2.AsyncClient, app: FastAPI, database: Database
) -> None:
    shared = await make_instrument(database, "330000", scope="region")
    open_to_all = await make_instrument(database, "330000", scope="public")
    async with clients_of(app) as clients:
        neighbour = await clients.of("310000")
        for path in ("/api/v1/instruments/{}", "/instruments/{}"):
            for client, place, status in (
                (neighbour, shared, 200),
                (operator, shared, 404),
                (operator, open_to_all, 200),
            ):
                answer = await client.get(path.format(place.instrument_id))
                assert answer.status_code == status, (path, status)
        found = (await operator.get("/api/v1/instruments")).json()["items"]
        assert {one["id"] for one in found} == {str(open_to_all.instrument_id)}


async def test_the_platform_is_no_province(operator: httpx2.AsyncClient, client: httpx2.AsyncClient) -> None:
    for path in ("/sign-in", "/", "/instruments", "/organisations"):
        assert "平台运行方" not in (await client.get(path, headers=HTML)).text
        assert f"province={PLATFORM}" not in (await client.get(path, headers=HTML)).text
    assert (await operator.get("/api/v1/me")).json()["province"] == PLATFORM


@pytest.mark.parametrize(
    ("tenant", "role"), [("330000", "operator"), (PLATFORM, "province_admin"), (PLATFORM, "auditor")]
)
async def test_operators_and_officers_do_not_mix(
    database: Database, settings: Settings, tenant: str, role: str
) -> None:
    person = await make_person(database, settings, tenant_id=tenant)
    statement = text("INSERT INTO role_grant (tenant_id, account_id, role) VALUES (:tenant, :id, :role)")
    with pytest.raises(Exception, match="ck_role_grant_operator"):
        async with database.transaction(TenantContext(tenant).info()) as session:
            await session.execute(statement, {"tenant": tenant, "id": person.id, "role": role})


async def people(database: Database, settings: Settings) -> dict[str, str]:
    context = identity.sign_in_context(settings).info()
    async with database.transaction(context) as session:
        found = await session.execute(
            text(
                "SELECT login_name, role FROM role_grant JOIN local_credential USING (account_id) "
                "JOIN account a ON a.id = account_id WHERE a.status = 'active'"
            )
        )
        return {row.login_name: row.role for row in found}


def command(settings: Settings, *words: str) -> int:
    return commands.run(words, settings=lambda: settings, locale="en")


async def test_operators_are_made_and_removed_on_the_server(
    fresh_settings: Settings,
    fresh_database: Database,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def said(*words: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "stdin", io.StringIO(f"{PASSWORD}\n"))
        from asyncio import to_thread  # noqa: PLC0415 - the command has an event loop of its own

        return await to_thread(command, fresh_settings, *words), capsys.readouterr().err

    assert await said("operator", "add", "--login", "run.it", "--name", "运维员") == (0, "")
    assert await people(fresh_database, fresh_settings) == {"run.it": "operator"}
    assert await said("operator", "add", "--login", "run.it") == (1, "This sign-in name is taken\n")
    assert (await said("operator", "add", "--login", "No Name"))[0] == 1
    assert await said("operator", "remove", "--login", "run.it") == (0, "")
    assert (await said("operator", "remove", "--login", "run.it"))[0] == 1
    assert await people(fresh_database, fresh_settings) == {}


async def test_a_provinces_first_two_admins_are_made_on_the_server(
    fresh_settings: Settings, fresh_database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    from asyncio import gather, to_thread  # noqa: PLC0415 - same

    names = ["one.admin", "two.admin", "three.admin", "an.auditor"]
    for name in names:
        roles = [Role.AUDITOR] if name == "an.auditor" else []
        await make_person(fresh_database, fresh_settings, tenant_id="330000", login_name=name, roles=roles)

    async def appoint(name: str, province: str = "330000") -> int:
        words = ("admin", "appoint", "--province", province, "--login", name)
        return await to_thread(command, fresh_settings, *words)

    assert await appoint("an.auditor") == 1
    assert await appoint("one.admin", "320000") == 1
    assert await appoint("nobody") == 1
    assert await appoint("one.admin") == 0
    assert await appoint("one.admin") == 1, "has it"
    codes = await gather(appoint("two.admin"), appoint("three.admin"))
    assert sorted(codes) == [0, 1]
    admins = [
        name
        for name, role in (await people(fresh_database, fresh_settings)).items()
        if role == "province_admin"
    ]
    assert len(admins) == 2
    assert "has two administrators" in capsys.readouterr().err


def test_the_commands_are_there(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["admin", "appoint", "--help"], ["operator", "add", "--help"]):
        with pytest.raises(SystemExit) as ended:
            cli.main(words)
        assert ended.value.code == 0
        assert "--login" in capsys.readouterr().out
