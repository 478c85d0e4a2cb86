"""Public holidays read from files: both forms say the same, and what is wrong is named entry by entry."""

import json
from datetime import date

import httpx2
import pytest

from app.core.errors import Invalid
from app.instruments.policies.notices import MOST_BYTES, read
from tests.instruments.conftest import Lab
from tests.support.forms import HTML, form_to, submit
from tests.support.shared import shared_data

PAGE = "/booking-rules"


def notice(*entries: object) -> bytes:
    return json.dumps({"days": entries}, ensure_ascii=False).encode()


def entry(day: str, *, off: bool = True, name: str = "元旦") -> dict[str, object]:
    return {"name": name, "date": day, "isOffDay": off}


@pytest.mark.parametrize("year", range(2020, 2027))
def test_both_forms_of_a_year_say_the_same(year: int) -> None:
    found = [
        read(shared_data("calendars", "holiday-cn", f"{year}.{form}").read_bytes(), working_as=1)
        for form in ("json", "ics")
    ]
    assert [one.faults for one in found] == [[], []]
    listed, calendar = ({one.day: one.acts_as for one in notice.days} for notice in found)
    assert listed == calendar
    assert len(listed) > 20
    assert set(listed.values()) <= {0, 1}


def test_the_national_days_of_2026() -> None:
    found = read(shared_data("calendars", "holiday-cn", "2026.json").read_bytes(), working_as=5)
    days = {one.day: (one.name, one.acts_as) for one in found.days}
    assert days[date(2026, 10, 1)] == ("国庆节", 0)
    assert {acts_as for _, acts_as in days.values()} == {0, 5}


def test_each_entry_that_is_wrong_is_named() -> None:
    found = read(
        notice(
            entry("2026-01-01"),
            entry("2026-02-30"),
            {"name": "元旦", "date": "2026-01-02"},
            entry("2026-01-01", name="again"),
            entry("2026-01-04", off=False, name="上班"),
            entry("2026-01-05", name=""),
            "一天",
        ),
        working_as=1,
    )
    assert [(one.day.isoformat(), one.acts_as) for one in found.days] == [
        ("2026-01-01", 0),
        ("2026-01-04", 1),
    ]
    assert [number for number, _ in found.faults] == [2, 3, 4, 6, 7]


@pytest.mark.parametrize(
    "content",
    [b"", b"\x00\xff", b"[]", b'{"days": 1}', b"BEGIN:VCALENDAR\r\nEND", b"x" * (MOST_BYTES + 1)],
    ids=["empty", "binary", "list", "number", "cut-off", "large"],
)
def test_what_is_no_such_file_is_refused(content: bytes) -> None:
    with pytest.raises(Invalid) as refused:
        read(content, working_as=1)
    assert [error.field for error in refused.value.errors] == ["file"]


async def test_a_file_is_looked_at_before_it_holds(lab: Lab) -> None:
    content = notice(entry("2027-01-01"), entry("2027-01-03", off=False, name="补班"), entry("2027-13-01"))

    async def look() -> httpx2.Response:
        file = {"file": ("2027.json", content)}
        return await submit(lab.admin, PAGE, f"{PAGE}/days/import", {"working_as": "5"}, files=file)

    seen = await look()
    assert seen.status_code == 200, seen.text
    assert "有 1 条不能导入" in seen.text
    assert 'value="2027-01-03|5|补班"' in seen.text
    listed = (await lab.admin.get("/api/v1/calendar-days")).json()
    assert listed == []
    confirmed = form_to(seen.text, f"{PAGE}/days/import/apply")
    fields = {name: [value for key, value in confirmed.fields if key == name] for name, _ in confirmed.fields}
    applied = await lab.admin.post(f"{PAGE}/days/import/apply", data=fields, headers=HTML)
    assert applied.status_code == 303
    found = [(one["day"], one["acts_as"]) for one in (await lab.admin.get("/api/v1/calendar-days")).json()]
    assert found == [("2027-01-01", 0), ("2027-01-03", 5)]
    assert "不变" in (await look()).text
