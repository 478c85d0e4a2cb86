"""The import wizard without script: upload, match columns, check, apply, result."""

import html
import re
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
    for text in (
        "检查结果",
        "有 1 行有错误",
        "应为金额，例如 67.81",
        "很贵",
        "只导入无误的 2 行",
        "其他省份看不到",
    ):
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
    assert faulty.count("应为以 https:// 开头的网址") == 63 + 1  # in its rows, and among the causes
    assert faulty.count("含有控制字符") == 1 + 1
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


async def test_what_is_required_and_still_missing_is_said_before_the_check(lab: Lab) -> None:
    url = (await uploaded(lab.manager, "编号,品名\n1,a\n".encode())).headers["location"]
    page = (await lab.manager.get(url, headers=HTML)).text
    for missing in ("仪器名称", "仪器分类编码"):
        assert f"{missing}：还没有来源" in page
    for given in ("所属单位", "单位内编号", "安放地行政区划"):
        assert f"{given}：还没有来源" not in page


@pytest.mark.parametrize(
    ("header", "status", "told"),
    [
        ("编号,品名", "", True),
        ("编号,品名", "open", True),
        ("编号,品名", "restricted", False),
        ("服务状态,品名", "", False),
    ],
)
async def test_what_open_instruments_need_is_said_before_the_check(
    lab: Lab, header: str, status: str, *, told: bool
) -> None:
    url = (await uploaded(lab.manager, f"{header}\n1,a\n".encode())).headers["location"]
    page = await lab.manager.get(url, headers=HTML)
    fields = form_to(page.text, f"{url}/mapping").fields
    fixed = [name for key, name in fields if key == "fixed_field"]
    values = {"service_status": status, "technical": "见说明书"}
    given = [values.get(name, "") for name in fixed]
    refused = await submit(lab.manager, url, f"{url}/mapping", {"fixed_value": given})
    assert refused.status_code == 422
    assert ("主要功能：还没有来源" in refused.text) is told
    assert ("开放共享规定：还没有来源" in refused.text) is told
    assert "主要技术指标：还没有来源" not in refused.text


async def test_the_parts_of_the_number_stand_open_beside_their_source(lab: Lab) -> None:
    """What belongs to a source that is not chosen is hidden by the style sheet alone, and never behind a summary."""
    url = (await uploaded(lab.manager, b"what,where\na,b\n")).headers["location"]
    page = (await lab.manager.get(url, headers=HTML)).text
    fieldset = re.search(r'<fieldset class="stack identity".*?整份文件统一填写', page, re.DOTALL)
    assert fieldset is not None
    assert "<details" not in fieldset[0]
    for part in ("identity__columns", "identity__prefix"):
        assert f'class="{part}"' in fieldset[0]
        style = (await lab.manager.get("/static/instruments/registry.css")).text
        assert f".{part}:not(:has(.field__error))" in style


async def test_every_fault_of_the_mapping_leads_to_its_control(lab: Lab) -> None:
    url = (await uploaded(lab.manager, b"what,where\na,b\n")).headers["location"]
    fields = form_to((await lab.manager.get(url, headers=HTML)).text, f"{url}/mapping").fields
    blank = ["" for key, _ in fields if key == "fixed_value"]
    for values in (
        {"target": ["", ""], "fixed_value": blank},
        {"target": ["name_zh", "name_zh"]},
        {"target": ["no\0such", "<b>"]},
        {"target": ["name_zh", ""], "id_from": "columns"},
        {"target": ["name_zh", ""], "id_from": "columns", "id_columns": ["no such column"]},
        {"target": ["name_zh", ""], "id_from": "columns", "id_columns": [""]},
        {"target": ["name_zh", ""], "id_from": "row_number", "id_prefix": "x" * 21},
        {"target": ["name_zh", ""], "fixed_field": ["nonsense", "inner_id"], "fixed_value": ["1", "2"]},
        {"target": [], "id_from": "nonsense"},
    ):
        refused = await submit(lab.manager, url, f"{url}/mapping", values)
        assert refused.status_code == 422, values
        links = set(re.findall(r'href="#(f-[^"]*)"', refused.text))
        assert links, values
        for link in links:
            assert f'id="{link}"' in refused.text, (values, link)


async def test_a_wrong_choice_of_reading_leads_to_it(lab: Lab) -> None:
    url = (await uploaded(lab.manager, csv_of(*good_rows(2)))).headers["location"]
    for values in ({"encoding": "utf-16"}, {"encoding": "rot13"}, {"header_row": "99"}, {"header_row": "x"}):
        refused = await submit(lab.manager, url, f"{url}/reading", {"encoding": "", **values})
        assert refused.status_code == 422, values
        (link,) = re.findall(r'href="#(f-[^"]*)"', refused.text)
        assert f'id="{link}"' in refused.text


async def test_every_encoding_the_page_offers_is_known(lab: Lab) -> None:
    content = csv_of(*good_rows(2)).decode().encode("utf-16-le")
    url = (await uploaded(lab.manager, content)).headers["location"]
    page = (await lab.manager.get(url, headers=HTML)).text
    assert '<option value="utf-16" selected>' in page
    chosen = await submit(lab.manager, url, f"{url}/reading", {"encoding": "utf-16"})
    assert chosen.status_code == 303
    assert "示例仪器1" in (await lab.manager.get(url, headers=HTML)).text


async def test_six_hundred_rows_of_one_fault_are_one_line(lab: Lab, settings: Settings) -> None:
    rows = [row.replace("限内部", "随便") for row in good_rows(600)]
    url = (await uploaded(lab.manager, csv_of(*rows, *good_rows(1, start=900)))).headers["location"]
    result = await checked(lab, url, settings)
    assert "错误的原因" in result
    (link,) = re.findall(r'href="([^"]*code=word_unknown[^"]*)"', result)
    assert ">600<" in result
    shown = (await lab.manager.get(html.unescape(link), headers=HTML)).text
    assert "只显示因这个原因出错的行。" in shown
    assert shown.count("随便") >= 20


async def test_the_result_leads_to_the_instruments_of_the_organisation(lab: Lab, settings: Settings) -> None:
    url = (await uploaded(lab.manager, csv_of(*good_rows(2)))).headers["location"]
    await checked(lab, url, settings)
    await submit(lab.manager, url, f"{url}/apply")
    await run_jobs(lab.database, settings)
    done = (await lab.manager.get(url, headers=HTML)).text
    link = f"/instruments?sort=newest&amp;organisation={lab.organisation_id}"
    assert f'href="{link}"' in done
    assert "示例仪器2" in (await lab.manager.get(html.unescape(link), headers=HTML)).text


@pytest.mark.parametrize(
    "query", [{"only": "everything"}, {"cursor": "forged"}, {"code": "\0"}, {"limit": "0"}, {"x": "y"}]
)
async def test_unknown_options_are_refused(lab: Lab, settings: Settings, query: dict[str, str]) -> None:
    url = (await uploaded(lab.manager, csv_of(*good_rows(1)))).headers["location"]
    await checked(lab, url, settings)
    assert (await lab.manager.get(url, params=query, headers=HTML)).status_code == 422
    refused = await submit(lab.manager, url, f"{url}/apply", {"mode": "half"})
    assert refused.status_code == 422


async def test_a_text_in_place_of_the_file_is_refused(lab: Lab) -> None:
    refused = await submit(lab.manager, URL, URL, {"file": "no file"})
    assert refused.status_code == 422


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
