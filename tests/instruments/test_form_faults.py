"""A refused form says above it what is wrong, by the names of its fields, each with a link to the field."""

from pathlib import Path
from typing import Any

import pytest

from app.settings import Settings
from tests.instruments.conftest import Lab
from tests.instruments.importing import csv_of, good_rows
from tests.support.forms import faults_of, form_to, submit

URL = "/instruments"
IMPORTS = f"{URL}/imports"


@pytest.fixture
def settings(settings: Settings, tmp_path: Path) -> Settings:
    """Files of a test go to its own folder."""
    return settings.model_copy(update={"data_dir": tmp_path})


async def refused(lab: Lab, page: str, action: str, **values: Any) -> list[str]:
    answer = await submit(lab.manager, page, action, values)
    assert answer.status_code in {409, 422}, answer.text
    return faults_of(answer.text)


async def test_a_new_instrument(lab: Lab) -> None:
    faults = await refused(
        lab, f"{URL}/new", f"{URL}/new", begin_date="2999-01-01", disciplines=["140", "999"]
    )
    for fault in ("仪器名称：必填", "单位内编号：必填", "仪器分类：必填", "安放地：必填"):
        assert fault in faults, faults
    complete = lab.entry(begin_date="2999-01-01", disciplines=["140", "999"], scope="public", technical="")
    faults = await refused(lab, f"{URL}/new", f"{URL}/new", **complete)
    assert "主要技术指标：对外开放的仪器须填写主要技术指标" in faults, faults
    assert "启用日期：启用日期不能晚于今天" in faults, faults


async def test_opening_hours_name_the_day_that_was_typed(lab: Lab) -> None:
    url = f"{URL}/{(await lab.create())['id']}/hours"
    opens, closes = [""] * 14, [""] * 14
    opens[2:4], closes[2:4] = ["08:00", "09:00"], ["10:00", "11:00"]
    assert await refused(lab, url, url, opens=opens, closes=closes) == ["周二：与其他开放时间重叠"]
    closes[6] = "12:00"
    assert await refused(lab, url, url, opens=opens, closes=closes) == [
        "周四：请把开始和结束时间都填上，例如 08:30 至 17:30"
    ]


async def test_a_unit_among_others(lab: Lab) -> None:
    created = await lab.create(units=[{"label": "1 号机"}, {"label": "2 号机"}])
    url = f"{URL}/{created['id']}/units"
    assert await refused(lab, url, url, label="") == ["名称：必填"]
    second = f"{url}/{created['units'][1]['id']}"
    answer = await submit(lab.manager, url, second, {"label": "1 号机", "serial": "二"})
    assert faults_of(answer.text) == ["名称：该仪器已有同名的单元"]
    assert ("label", "1 号机") in form_to(answer.text, second).fields


async def test_small_forms(lab: Lab) -> None:
    url = f"{URL}/{(await lab.create())['id']}"
    assert await refused(lab, f"{url}/stewards", f"{url}/stewards", account_id="") == ["所属单位的成员：必填"]
    assert await refused(lab, f"{url}/retire", f"{url}/retire", reason="") == ["报废原因：必填"]
    assert await refused(lab, f"{url}/book", f"{url}/book", purpose="") == [
        "开始时间：必填",
        "结束时间：必填",
        "用途：必填",
    ]
    assert await refused(lab, IMPORTS, IMPORTS) == ["台账文件：必填"]


async def test_the_columns_of_a_file(lab: Lab) -> None:
    content = csv_of(*good_rows(1))
    url = (await submit(lab.manager, IMPORTS, IMPORTS, files={"file": ("r.csv", content)})).headers[
        "location"
    ]
    columns = len(form_to((await lab.manager.get(url)).text, f"{url}/mapping").fields)
    faults = await refused(lab, url, f"{url}/mapping", target=[""] * columns)
    assert "仪器编号从哪里来：请指定「单位内编号」的来源" in faults, faults
    assert "文件的列和对应的字段：请指定「仪器名称」的来源" in faults, faults
    assert "仪器分类编码 *：请指定「仪器分类编码」的来源" in faults, faults
    joined = await refused(lab, url, f"{url}/mapping", id_from="columns", id_columns=[])
    assert joined == ["选择组成编号的列：请选择 1 至 5 列来组成编号"]
