"""Fixtures: a migrated database a worker, rolled back after each test; the application over ASGI."""

import os
import shutil
from collections.abc import AsyncIterator, Iterator
from uuid import uuid4

import httpx2
import pytest
from fastapi import FastAPI

from app.core import logs
from app.core.db import Database
from app.main import create_app
from app.settings import Settings
from tests.support.database import RolledBackDatabase
from tests.support.mail import Mailbox, mail_server
from tests.support.server import (
    DEMO_TEMPLATE,
    copy_template,
    ensure_demo_template,
    ensure_template,
    on,
    run_folder,
    settings_for,
    test_server,
)
from tests.support.sms import Gateway, sms_gateway


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        os.environ["COMMONS_TEST_RUN"] = uuid4().hex[:12]


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        shutil.rmtree(run_folder(), ignore_errors=True)


@pytest.fixture(scope="session", autouse=True)
def production_logs() -> None:
    """Log lines as in production; structlog's own for development draw every frame's variables, for seconds."""
    logs.configure()


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The administrator's URL of the tests' PostgreSQL, with the migrated template in it."""
    with test_server() as url:
        ensure_template(url)
        yield url


@pytest.fixture(scope="session")
async def worker_settings(server: str, worker_id: str) -> Settings:
    name = f"commons_test_{worker_id}"
    await copy_template(server, name)
    return settings_for(on(server, name))


@pytest.fixture
def settings(worker_settings: Settings) -> Settings:
    """Settings of this worker's database."""
    return worker_settings


@pytest.fixture(scope="session")
async def worker_database(worker_settings: Settings) -> AsyncIterator[Database]:
    database = Database(worker_settings.url_for("app"), pool_size=1)
    yield database
    await database.close()


@pytest.fixture
async def database(worker_database: Database) -> AsyncIterator[Database]:
    """This test's database: what it commits is undone at the end."""
    async with worker_database.engine.connect() as connection:
        outer = await connection.begin()
        yield RolledBackDatabase(connection)
        await outer.rollback()


@pytest.fixture
async def fresh_settings(server: str) -> Settings:
    """Settings of a database of this test's own, for real commits and several processes."""
    name = f"commons_test_{uuid4().hex[:12]}"
    await copy_template(server, name)
    return settings_for(on(server, name))


@pytest.fixture
async def fresh_database(fresh_settings: Settings) -> AsyncIterator[Database]:
    """A database with real commits."""
    database = Database(fresh_settings.url_for("app"), pool_size=20)
    yield database
    await database.close()


@pytest.fixture(scope="session")
def demo_template(server: str) -> str:
    """The server's URL; the template with the demonstration in it is there."""
    ensure_demo_template(server)
    return server


@pytest.fixture
async def demo_settings(demo_template: str) -> Settings:
    """Settings of a database of this test's own with the demonstration in it."""
    name = f"commons_test_{uuid4().hex[:12]}"
    await copy_template(demo_template, name, DEMO_TEMPLATE)
    return settings_for(on(demo_template, name))


@pytest.fixture
def app(settings: Settings, database: Database) -> FastAPI:
    return create_app(settings, database)


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx2.AsyncClient]:
    """A visitor's client; sign in with `tests.support.people`."""
    transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://testserver") as visitor:
        yield visitor


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    """A mail server of this test's own: `(mail,) = await mailbox.collect(database, settings)`."""
    with mail_server() as running:
        yield running


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    """A gateway for text messages of this test's own: `(sms,) = await gateway.collect(database, settings)`."""
    with sms_gateway() as running:
        yield running
