"""Customs supervision keeps an instrument to its own organisation: on its page, in lists, and in what may be booked."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core import clock
from app.instruments.rules.customs import bars_others
from app.web.public import SHANGHAI
from tests.instruments.conftest import Lab
from tests.support.forms import HTML

URL = "/api/v1/instruments"
SUPERVISED = {"customs_supervised": True, "scope": "public"}


def today() -> date:
    return clock.now().astimezone(SHANGHAI).date()


@pytest.mark.parametrize(
    ("values", "barred", "said"),
    [
        ({}, True, "监管期内，没有海关通知书的仪器只供所属单位使用"),
        ({"customs_until": 0}, True, "监管期内，没有海关通知书的仪器只供所属单位使用"),
        ({"customs_until": -1}, False, "监管已经结束"),
        ({"customs_notice": "沪关 1"}, False, "海关已同意对外单位开放"),
        ({"customs_until": 30, "customs_notice": "沪关 1"}, False, "海关已同意对外单位开放"),
    ],
)
async def test_page_and_lists_tell_whom_it_serves(
    lab: Lab, values: dict[str, Any], barred: bool, said: str
) -> None:
    if "customs_until" in values:
        values = values | {"customs_until": str(today() + timedelta(days=values["customs_until"]))}
    entry = await lab.create(**SUPERVISED, **values)
    shown = (await lab.stranger.get(f"{URL}/{entry['id']}")).json()
    assert (shown["customs_bars_others"], shown["open_now"]) == (barred, not barred)
    page = (await lab.stranger.get(f"/instruments/{entry['id']}", headers=HTML)).text
    assert said in page
    assert ("该仪器目前只供所属单位使用" in page) is barred
    own = (await lab.member.get(f"/instruments/{entry['id']}", headers=HTML)).text
    assert "该仪器目前只供所属单位使用" not in own
    for client, seen in ((lab.stranger, not barred), (lab.visitor, not barred), (lab.member, True)):
        for query in ({}, {"q": "扫描"}):
            for open_now in (True, False):
                params = {"open_now": str(open_now).lower(), **query}
                found = (await client.get(URL, params=params)).json()["items"]
                assert bool(found) is (seen is open_now), (query, open_now)
                assert all(item["open_now"] is open_now for item in found)


@given(
    st.booleans(),
    st.sampled_from(["", "沪关 1"]),
    st.none() | st.dates(),
    st.dates(min_value=date(2000, 1, 1), max_value=date(2100, 1, 1)),
)
def test_the_rule(supervised: bool, notice: str, until: date | None, on: date) -> None:
    barred = bars_others(supervised=supervised, notice=notice, until=until, on=on)
    ended = until is not None and until < on
    assert barred is (supervised and notice == "" and not ended)
