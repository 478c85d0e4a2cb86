"""A province with an applicant and its admins, files, and a folder of their own."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
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
from tests.support.places import valid_uscc

PDF = b"%PDF-1.7\n1 0 obj<<>>endobj\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)
JPEG = b"\xff\xd8\xff\xe0" + bytes(64)
API = "/api/v1/organisation-applications"
ZHEJIANG = "330000"


def firm(**changes: Any) -> dict[str, Any]:
    """What a clerk types."""
    return {
        "uscc": valid_uscc(ZHEJIANG),
        "name": "钱塘示例科技有限公司",
        "kind": "enterprise",
        "adcode": "330106",
        "website": "https://firm.example.cn/",
        "contact_name": "沈知行",
        "contact_phone": "0571-00000000",
    } | changes


def version(answer: httpx2.Response) -> dict[str, str]:
    """If-Match of what was answered."""
    return {"if-match": answer.headers["etag"]}


@dataclass
class Desk:
    """People of Zhejiang who apply and decide."""

    clients: Clients
    database: Database

    async def clerk(self, **values: Any) -> httpx2.AsyncClient:
        return await self.clients.of(ZHEJIANG, **{"name": "沈知行", **values})

    async def admin(self, tenant_id: str = ZHEJIANG) -> httpx2.AsyncClient:
        return await self.clients.of(tenant_id, name="陈静", roles=[Role.PROVINCE_ADMIN])

    async def draft(self, clerk: httpx2.AsyncClient, **changes: Any) -> str:
        made = await clerk.post(API, json=firm(**changes))
        assert made.status_code == 201, made.text
        return str(made.json()["id"])

    async def evidence(self, clerk: httpx2.AsyncClient, application_id: str) -> httpx2.Response:
        files = [("files", ("营业执照.pdf", PDF, "application/pdf"))]
        added = await clerk.post(f"{API}/{application_id}/evidence", files=files)
        assert added.status_code == 201, added.text
        return added

    async def submitted(self, clerk: httpx2.AsyncClient, **changes: Any) -> str:
        application_id = await self.draft(clerk, **changes)
        added = await self.evidence(clerk, application_id)
        done = await clerk.post(f"{API}/{application_id}/submit", headers=version(added))
        assert done.status_code == 200, done.text
        return application_id

    async def all(self, statement: str, **values: Any) -> list[Any]:
        async with self.database.transaction(TenantContext(ZHEJIANG).info()) as session:
            return list((await session.execute(text(statement), values)).all())

    async def roles(self, organisation_id: UUID | str) -> dict[str, str]:
        found = await self.all(
            "SELECT a.display_name, m.role FROM membership m JOIN account a ON a.id = m.account_id "
            "WHERE m.organisation_id = :id",
            id=str(organisation_id),
        )
        return {row.display_name: row.role for row in found}


@pytest.fixture
def settings(worker_settings: Settings, tmp_path: Path) -> Settings:
    """This worker's database, and a folder of this test's files."""
    return worker_settings.model_copy(update={"data_dir": tmp_path})


@pytest.fixture
def app(settings: Settings, database: Database) -> FastAPI:
    return create_app(settings, database)


@pytest.fixture
async def desk(app: FastAPI, database: Database) -> AsyncIterator[Desk]:
    async with clients_of(app) as clients:
        yield Desk(clients, database)
