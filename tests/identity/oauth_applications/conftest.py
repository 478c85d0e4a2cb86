"""Developers who register applications, and the admins who review them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from app.access.permissions import Role
from app.core.db import Database
from app.identity.public import Credentials
from app.settings import Settings
from app.tenancy.context import TenantContext
from tests.support.clients import Clients, clients_of
from tests.support.oauth import REDIRECT_URI, SCOPES, Pkce, allow, redeem

ZHEJIANG = "330000"
OWN = "/api/v1/me/applications"
API = "/api/v1/applications"


def application(**changes: Any) -> dict[str, Any]:
    """What a developer types."""
    return {
        "name": "仪器看板",
        "purpose": "在课题组的大屏上显示本周预约",
        "kind": "web",
        "redirect_uris": [REDIRECT_URI],
        "scopes": [*SCOPES],
    } | changes


def version(answer: httpx2.Response) -> dict[str, str]:
    """If-Match of what was answered."""
    return {"if-match": answer.headers["etag"]}


@dataclass(frozen=True, slots=True)
class Made:
    """An application as its developer has it."""

    id: str
    credentials: Credentials

    @property
    def page(self) -> str:
        return f"/developer/applications/{self.id}"


@dataclass
class Bench:
    """Makes people of Zhejiang and what they register."""

    clients: Clients
    database: Database

    async def developer(self, name: str = "沈知行", **values: Any) -> httpx2.AsyncClient:
        return await self.clients.of(ZHEJIANG, name=name, **values)

    async def admin(self, tenant_id: str = ZHEJIANG) -> httpx2.AsyncClient:
        return await self.clients.of(tenant_id, name="陈静", roles=[Role.PROVINCE_ADMIN])

    async def registered(self, developer: httpx2.AsyncClient, **changes: Any) -> Made:
        answer = await developer.post(OWN, json=application(**changes))
        assert answer.status_code == 201, answer.text
        told = answer.json()["application"]
        return Made(told["id"], Credentials(told["id"], told["client_id"], answer.json()["secret"]))

    async def approved(self, developer: httpx2.AsyncClient, **changes: Any) -> Made:
        made = await self.registered(developer, **changes)
        await self.decided(await self.admin(), made, decision="approve")
        return made

    async def decided(self, admin: httpx2.AsyncClient, made: Made, **word: Any) -> httpx2.Response:
        shown = await admin.get(f"{API}/{made.id}")
        answer = await admin.post(f"{API}/{made.id}/review", json=word, headers=version(shown))
        assert answer.status_code == 200, answer.text
        return answer

    async def tokens(self, browser: httpx2.AsyncClient, made: Made, **changes: str | None) -> dict[str, Any]:
        """What the application gets when this person allows it."""
        pkce = Pkce()
        answer = await allow(browser, made.credentials.client_id, pkce, **changes)
        redeemed = await redeem(browser, made.credentials, answer["code"], pkce)
        assert redeemed.status_code == 200, redeemed.text
        tokens: dict[str, Any] = redeemed.json()
        return tokens

    async def journal(self) -> list[Any]:
        async with self.database.transaction(TenantContext(ZHEJIANG).info()) as session:
            query = "SELECT kind, before, after FROM journal_event WHERE subject_type = 'oauth_client' ORDER BY id"
            return list((await session.execute(text(query))).all())


@pytest.fixture
async def bench(app: FastAPI, database: Database, settings: Settings) -> AsyncIterator[Bench]:
    async with clients_of(app) as clients:
        yield Bench(clients, database)
