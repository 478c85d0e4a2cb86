"""A province with two admins and a researcher."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from app.access.permissions import Role
from app.core.db import Database
from app.main import create_app
from app.settings import Settings
from app.tenancy.context import TenantContext
from tests.support.clients import Clients, clients_of
from tests.support.people import Person, make_person, sign_in

WHY = {"reason": "接替调离的同事"}


@dataclass
class Office:
    """Zhejiang's people, and what the database says of them."""

    clients: Clients
    _open: list[httpx2.AsyncClient] = field(default_factory=list)

    async def person(self, name: str = "沈知行", *roles: Role, **values: Any) -> Person:
        given: dict[str, Any] = {"tenant_id": "330000", **values}
        return await make_person(
            self.clients.database, self.clients.settings, name=name, roles=roles, **given
        )

    async def browser(self, person: Person) -> httpx2.AsyncClient:
        """A client signed in as somebody who is there already."""
        transport = httpx2.ASGITransport(self.clients.app, raise_app_exceptions=False)
        client = httpx2.AsyncClient(transport=transport, base_url="http://testserver")
        await sign_in(client, self.clients.app, person)
        return await self.clients._open.enter_async_context(client)

    async def admin(self, name: str = "陈静", **values: Any) -> tuple[Person, httpx2.AsyncClient]:
        person = await self.person(name, Role.PROVINCE_ADMIN, **values)
        return person, await self.browser(person)

    async def run(self, statement: str, tenant_id: str = "330000", **values: Any) -> list[Any]:
        context = TenantContext(tenant_id).info()
        async with self.clients.database.transaction(context) as session:
            answer = await (await session.connection()).execute(text(statement), values)
            return list(answer.all()) if answer.returns_rows else []

    async def roles(self) -> dict[str, str]:
        found = await self.run(
            "SELECT a.display_name, r.role FROM role_grant r JOIN account a ON a.id = r.account_id"
        )
        return {row.display_name: row.role for row in found}

    async def kinds(self, subject: UUID | str) -> list[str]:
        """What the journal says happened to a thing, in order, without refusals and reads."""
        found = await self.run(
            "SELECT kind FROM journal_event WHERE subject_id = :id AND kind !~ '^(access|read)' ORDER BY id",
            id=str(subject),
        )
        return [row.kind for row in found]


@pytest.fixture
async def office(app: FastAPI) -> AsyncIterator[Office]:
    async with clients_of(app) as clients:
        yield Office(clients)


@pytest.fixture
async def fresh_office(fresh_settings: Settings, fresh_database: Database) -> AsyncIterator[Office]:
    """The same with real commits."""
    async with clients_of(create_app(fresh_settings, fresh_database)) as clients:
        yield Office(clients)


def said(answer: httpx2.Response) -> tuple[int, str]:
    """The status and the code of a refusal."""
    return answer.status_code, answer.json()["code"] if answer.content else ""
