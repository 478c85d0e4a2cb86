"""An organisation of Zhejiang, the people around it, and strangers."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import pytest
from fastapi import FastAPI

from app.access.permissions import Role
from app.core.db import Database
from app.settings import Settings
from tests.instruments.importing import Importing
from tests.support.clients import Clients, clients_of
from tests.support.places import make_organisation

ZHEJIANG, SHANGHAI = "330000", "310000"


@dataclass
class Lab:
    """Who may do what at an organisation of Zhejiang."""

    app: FastAPI
    database: Database
    people: Clients
    organisation_id: UUID
    visitor: httpx2.AsyncClient
    manager: httpx2.AsyncClient
    member: httpx2.AsyncClient
    admin: httpx2.AsyncClient
    auditor: httpx2.AsyncClient
    neighbour: httpx2.AsyncClient
    """A person of the same province without any role."""
    stranger: httpx2.AsyncClient
    """The admin of another province."""

    def entry(self, **values: Any) -> dict[str, Any]:
        """A complete new entry of the register."""
        return {
            "organisation_id": str(self.organisation_id),
            "inner_id": "HZ-SEM-01",
            "name_zh": "场发射扫描电子显微镜",
            "class_code": "010100",
            "adcode": "330106",
            "technical": "分辨率 1.0 nm",
            "function": "表面形貌观察",
            "requirement": "提前三天预约",
            **values,
        }

    async def create(self, **values: Any) -> dict[str, Any]:
        """An entry registered by the manager."""
        answer = await self.manager.post("/api/v1/instruments", json=self.entry(**values))
        assert answer.status_code == 201, answer.text
        created: dict[str, Any] = answer.json()
        return created


@pytest.fixture
def settings(worker_settings: Settings, tmp_path: Path) -> Settings:
    """Files of a test go to its own folder."""
    return worker_settings.model_copy(update={"data_dir": tmp_path})


@pytest.fixture
async def lab(app: FastAPI, database: Database, client: httpx2.AsyncClient) -> AsyncIterator[Lab]:
    organisation_id = await make_organisation(database, ZHEJIANG, "示例大学")
    async with clients_of(app) as people:
        yield Lab(
            app,
            database,
            people,
            organisation_id,
            visitor=client,
            manager=await people.of(ZHEJIANG, name="管理者", organisations={organisation_id: Role.MANAGER}),
            member=await people.of(ZHEJIANG, name="成员", organisations={organisation_id: Role.MEMBER}),
            admin=await people.of(ZHEJIANG, name="省管", roles=[Role.PROVINCE_ADMIN]),
            auditor=await people.of(ZHEJIANG, name="审计", roles=[Role.AUDITOR]),
            neighbour=await people.of(ZHEJIANG, name="邻居"),
            stranger=await people.of(SHANGHAI, name="外省", roles=[Role.PROVINCE_ADMIN]),
        )


@pytest.fixture
async def importing(lab: Lab, settings: Settings) -> Importing:
    """The organisation's manager."""
    return Importing(lab.manager, lab.database, settings)
