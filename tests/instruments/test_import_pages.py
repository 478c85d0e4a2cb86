"""The import wizard without script: upload, match columns, check, apply, result."""

from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import func, select

from app.instruments.models import Instrument
from app.settings import Settings
from app.tenancy.context import TenantContext
from tests.instruments.conftest import ZHEJIANG, Lab
from tests.instruments.importing import csv_of, good_rows
from tests.support.forms import HTML, form_to, submit
from tests.support.jobs import run_jobs
from tests.support.shared import shared_data

URL = "/instruments/imports"


@pytest.fixture
def settings(worker_settings: Settings, tmp_path: Path) -> Settings:
    """Files of a test go to its own folder."""
    return worker_settings.model_copy(update={"data_dir": tmp_path})


async def uploaded(client: httpx2.AsyncClient, content: bytes, name: str = "register.csv") -> httpx2.Response:
    return await submit(client, URL, URL, files={"file": (name, content)})


async def count(lab: Lab) -> int:
    async with lab.database.transaction(TenantContext(ZHEJIANG).info()) as session:
        return int(await session.scalar(select(func.count()).select_from(Instrument)) or 0)


async def checked(lab: Lab, url: str, settings: Settings, **values: Any) -> str:
    answer = await submit(lab.manager, url, f"{url}/mapping", values)
    assert answer.status_code == 303, answer.text
    waiting = await lab.manager.get(url, headers=HTML)
    assert "等待开始" in waiting.text
    assert f'hx-get="{url}/progress"' in waiting.text
    await run_jobs(lab.database, settings)
    return (await lab.manager.get(url, headers=HTML)).text


async def test_the_whole_way(lab: Lab, settings: Settings) -> None:
    rows = good_rows(3)
    rows[1] = rows[1].replace("67.81", "很贵")
    answer = await uploaded(lab.manager, csv_of(*rows))
    url = answer.headers["location"]
    page = (await lab.manager.get(url, headers=HTML)).text
    assert "示例仪器1" in page
    assert dict(form_to(page, f"{url}/mapping").fields)["id_from"] == "column"
    result = await checked(lab, url, settings)
    for text in ("检查结果", "有 1 行有错误", "应为金额，例如 67.81", "很贵", "只导入无误的 2 行"):
        assert text in result, text
    assert await count(lab) == 0
    errors = await lab.manager.get(f"{url}/errors.csv")
    assert errors.content.decode("utf-8-sig").count("\r\n") == 2
    applying = await submit(lab.manager, url, f"{url}/apply")
    assert applying.status_code == 303
    await run_jobs(lab.database, settings)
    done = (await lab.manager.get(url, headers=HTML)).text
    assert "新增 2 台，更新 0 台。" in done
    assert "有 1 行没有导入" in done
    assert await count(lab) == 2
    assert "已导入" in (await lab.manager.get(URL, headers=HTML)).text
    again = await lab.manager.post(f"{url}/apply", data={"mode": "all"}, headers=HTML)
    assert again.status_code == 403


async def test_a_universitys_register_through_the_page(lab: Lab, settings: Settings) -> None:
    content = shared_data("instruments", "st-andrews", "equipment.csv").read_bytes()
    url = (await uploaded(lab.manager, content, "equipment.csv")).headers["location"]
    fields = form_to((await lab.manager.get(url, headers=HTML)).text, f"{url}/mapping").fields
    fixed = [name for key, name in fields if key == "fixed_field"]
    values = [value for key, value in fields if key == "fixed_value"]
    values[fixed.index("class_code")] = "990000"
    values[fixed.index("service_status")] = "restricted"
    result = await checked(lab, url, settings, id_from="row_number", id_prefix="SA-", fixed_value=values)
    assert "只导入无误的 559 行" in result
    faulty = (await lab.manager.get(url, params={"only": "errors", "limit": 100}, headers=HTML)).text
    assert faulty.count("应为以 https:// 开头的网址") == 63
    assert faulty.count("含有控制字符") == 1
    await submit(lab.manager, url, f"{url}/apply")
    await run_jobs(lab.database, settings)
    assert await count(lab) == 559


async def test_what_is_missing_from_the_mapping_is_said(lab: Lab) -> None:
    url = (await uploaded(lab.manager, b"what,where\na,b\n")).headers["location"]
    refused = await submit(lab.manager, url, f"{url}/mapping", {"target": ["name_zh", "name_zh"]})
    assert refused.status_code == 422
    assert "有两列都对应到「仪器名称」" in refused.text
    refused = await submit(lab.manager, url, f"{url}/mapping", {"target": ["name_zh", ""]})
    assert refused.status_code == 422
    assert "请指定「单位内编号」的来源" in refused.text
    assert "请指定「仪器分类编码」的来源" in refused.text
    joined = await submit(
        lab.manager, url, f"{url}/mapping", {"target": ["name_zh", ""], "id_from": "columns"}
    )
    assert "请选择 1 至 5 列来组成编号" in joined.text


async def test_an_unclear_encoding_is_asked_for(lab: Lab, settings: Settings) -> None:
    lines = ["編號,名稱", *(f"{number},掃描電子顯微鏡{number}" for number in range(30))]
    url = (await uploaded(lab.manager, "\n".join(lines).encode("big5"))).headers["location"]
    page = (await lab.manager.get(url, headers=HTML)).text
    assert "先选文字编码" in page
    assert "掃描電子顯微鏡" in page
    early = await lab.manager.get(f"{url}/mapping", headers=HTML)
    assert "先选文字编码" in early.text
    chosen = await submit(lab.manager, url, f"{url}/reading", {"encoding": "big5"})
    assert chosen.status_code == 303
    page = (await lab.manager.get(url, headers=HTML)).text
    assert "掃描電子顯微鏡0" in page
    assert "編號" in page
    wrong = await submit(lab.manager, url, f"{url}/reading", {"encoding": "", "header_row": "99"})
    assert wrong.status_code == 422


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"", "文件是空的"), (b"%PDF-1.4", "这不是表格文件"), (b"<html>", "这是网页或 XML 文件")],
)
async def test_what_is_no_table_is_said_on_the_page(lab: Lab, content: bytes, reason: str) -> None:
    refused = await uploaded(lab.manager, content, "a.csv")
    assert refused.status_code == 422
    assert reason in refused.text


async def test_no_file_chosen(lab: Lab) -> None:
    refused = await submit(lab.manager, URL, URL)
    assert refused.status_code == 422
    assert "必填" in refused.text


async def test_progress_leads_on_to_the_result(lab: Lab, settings: Settings) -> None:
    url = (await uploaded(lab.manager, csv_of(*good_rows(1)))).headers["location"]
    await submit(lab.manager, url, f"{url}/mapping")
    script = {**HTML, "HX-Request": "true"}
    waiting = await lab.manager.get(f"{url}/progress", headers=script)
    assert waiting.status_code == 200
    assert "<html" not in waiting.text
    await run_jobs(lab.database, settings)
    ended = await lab.manager.get(f"{url}/progress", headers=script)
    assert ended.headers["hx-redirect"] == url
    assert (await lab.manager.get(f"{url}/progress", headers=HTML)).headers["location"] == url
    back = await lab.manager.get(f"{url}/mapping", headers=HTML)
    assert "这些列是什么" in back.text


async def test_the_pages_are_the_senders(lab: Lab) -> None:
    url = (await uploaded(lab.manager, csv_of(*good_rows(1)))).headers["location"]
    for page in ("", "/mapping", "/progress", "/errors.csv"):
        assert (await lab.stranger.get(f"{url}{page}", headers=HTML)).status_code == 404
        assert (await lab.member.get(f"{url}{page}", headers=HTML)).status_code == 403
        assert (await lab.visitor.get(f"{url}{page}", headers=HTML)).status_code == 303
    assert (await lab.member.get(URL, headers=HTML)).status_code == 403
