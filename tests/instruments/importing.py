"""Sending files of instruments in tests."""

from dataclasses import dataclass
from typing import Any

import httpx2

from app.core.db import Database
from app.settings import Settings
from tests.support.jobs import run_jobs

URL = "/api/v1/instrument-imports"
BRIEF = "单位内编号,仪器名称,仪器分类编码,安放地行政区划,原值（万元）,启用日期,服务状态"
HEADER = f"{BRIEF},主要技术指标,主要功能"
ROW = "A-{number},示例仪器{number},010100,330106,67.81,2021-03-15,限内部,见说明书,检测"


def csv_of(*rows: str, header: str = HEADER) -> bytes:
    return "\n".join([header, *rows, ""]).encode()


def good_rows(count: int, *, start: int = 1) -> list[str]:
    return [ROW.format(number=number) for number in range(start, start + count)]


FAULTY = csv_of(
    "A-1,甲,010100,330106,6.78,2021-03-15,限内部",
    ",乙,010100,330106,1,2021-03-15,限内部",
    "A-3,,999999,110101,abc,2021-13-01,随便",
    "A-1,丁,010100,330106,1,2021-03-15,限内部",
    "A-5,戊,010100,西湖区,1,2021-03-15,开放",
    "A-6,己,电子光学仪器,杭州市,1,2021/3/15,限内部",
    header=BRIEF,
)
"""Two good rows and four with eleven faults between them."""


@dataclass
class Importing:
    """A person who imports, with a worker at hand."""

    client: httpx2.AsyncClient
    database: Database
    settings: Settings

    async def send(self, content: bytes, name: str = "instruments.csv", **form: Any) -> httpx2.Response:
        return await self.client.post(URL, files={"file": (name, content)}, data=form)

    async def sent(self, content: bytes, name: str = "instruments.csv", **form: Any) -> dict[str, Any]:
        answer = await self.send(content, name, **form)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def check(self, sent: dict[str, Any], fields: dict[str, Any] | None = None) -> dict[str, Any]:
        """The import after its check, under its guessed mapping with these fields set or (None) left out."""
        mapping = sent["mapping"] | (fields or {})
        body = {"fields": {name: source for name, source in mapping.items() if source is not None}}
        answer = await self.client.post(f"{URL}/{sent['id']}/check", json=body)
        assert answer.status_code == 202, answer.text
        assert answer.json()["state"] == "checking"
        await run_jobs(self.database, self.settings)
        return await self.get(sent["id"])

    async def apply(self, import_id: str, mode: str = "all") -> dict[str, Any]:
        answer = await self.client.post(f"{URL}/{import_id}/apply", json={"mode": mode})
        assert answer.status_code == 202, answer.text
        assert answer.json()["state"] == "applying"
        await run_jobs(self.database, self.settings)
        return await self.get(import_id)

    async def get(self, import_id: str) -> dict[str, Any]:
        answer = await self.client.get(f"{URL}/{import_id}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def rows(self, import_id: str, only: str | None = None) -> list[dict[str, Any]]:
        """All rows of a kind."""
        params: dict[str, Any] = {"limit": 100} | ({"only": only} if only else {})
        found: list[dict[str, Any]] = []
        while True:
            page = (await self.client.get(f"{URL}/{import_id}/rows", params=params)).json()
            found += page["items"]
            if page["next"] is None:
                return found
            params["cursor"] = page["next"]

    async def faults(self, import_id: str) -> set[tuple[int, str, str | None, str, str | None]]:
        """Row, field, column, code and value of everything that is wrong."""
        return {
            (row["row"], fault["field"], fault["column"], fault["code"], fault["value"])
            for row in await self.rows(import_id, "errors")
            for fault in row["faults"]
        }
