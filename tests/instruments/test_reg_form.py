"""The fields of the national form: kept, shown to whom they concern, bounded alike in the form and in the database."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from app.core import clock
from app.instruments.models import Booking, Instrument, InstrumentImportRow, InstrumentUnit
from app.instruments.rules import limits
from app.instruments.rules.record import tier
from app.registry import metadata
from app.web.public import SHANGHAI
from tests.instruments.conftest import Lab
from tests.support.forms import HTML, submit
from tests.support.places import make_instrument
from tests.support.slots import next_week

URL = "/api/v1/instruments"
CUSTOMS = {
    "customs_supervised": True,
    "customs_until": "2031-06-30",
    "customs_notice": "",
    "customs_declaration": "310120250000000001",
    "customs_item": "02",
    "customs_imported_on": "2024-05-06",
    "customs_form": "扫描电镜",
}
FORM = {
    "department": "材料学院",
    "postcode": "310027",
    "image_url": "https://example.edu.cn/sem.jpg",
    **CUSTOMS,
}


async def test_the_whole_form_is_kept(lab: Lab) -> None:
    entry = await lab.create(**FORM, scope="public", worth_fen=50_000_000)
    seen = (await lab.manager.get(f"{URL}/{entry['id']}")).json()
    for name in ("department", "postcode", "image_url", "customs_supervised", "customs_until"):
        assert seen[name] == FORM[name], name
    assert seen["customs"] == {
        "declaration": "310120250000000001",
        "item": "02",
        "imported_on": "2024-05-06",
        "form": "扫描电镜",
    }
    assert seen["tier"] == "national"
    visitor = (await lab.visitor.get(f"{URL}/{entry['id']}")).json()
    assert (visitor["customs"], visitor["customs_until"]) == (None, "2031-06-30")


async def test_the_page_shows_it_and_the_form_changes_it(lab: Lab) -> None:
    entry = await lab.create(**FORM, scope="public", worth_fen=30_000_000)
    url = f"/instruments/{entry['id']}"
    page = (await lab.manager.get(url, headers=HTML)).text
    for shown in ("材料学院", "310027", "查看图片", "2031-06-30", "310120250000000001 / 02", "30 万元以上"):
        assert shown in page, shown
    assert "310120250000000001" not in (await lab.visitor.get(url, headers=HTML)).text
    changed = await submit(
        lab.manager, f"{url}/edit", f"{url}/edit", {"customs_notice": "沪关通 2026-1", "customs_until": ""}
    )
    assert changed.status_code == 303, changed.text
    after = (await lab.manager.get(f"{URL}/{entry['id']}")).json()
    assert (after["customs_notice"], after["customs_until"]) == ("沪关通 2026-1", None)
    assert after["customs"]["declaration"] == "310120250000000001"


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("postcode", "31002", "postcode_malformed"),
        ("postcode", "３１００２７", "postcode_malformed"),
        ("image_url", "javascript:alert(1)", "url_malformed"),
        ("image_url", 'https://a.example/"x', "url_malformed"),
        ("service_url", "http://a.example/", "url_malformed"),
        ("customs_item", "a", "customs_item_malformed"),
        ("customs_imported_on", "2999-01-01", "in_the_future"),
        ("customs_until", "9999-01-01", "less_than_equal"),
    ],
)
async def test_what_is_wrong_is_named(lab: Lab, field: str, value: str, code: str) -> None:
    answer = await lab.manager.post(URL, json=lab.entry(**{field: value}))
    assert answer.status_code == 422, answer.text
    assert [(error["field"], error["code"]) for error in answer.json()["errors"]] == [(field, code)]


@pytest.mark.parametrize("field", sorted(set(limits.ENTRY) - {"customs_item"}))
async def test_a_text_may_be_as_long_as_the_form_allows(lab: Lab, field: str) -> None:
    """And the database has the same bound: at the limit it takes it, above it the form says so first."""
    start, end = {
        "service_url": ("https://a.example/", ""),
        "image_url": ("https://a.example/", ""),
        "contact_email": ("", "@a.example"),
    }.get(field, ("", ""))
    longest = start + "1" * (limits.ENTRY[field] - len(start + end)) + end
    assert (await lab.manager.post(URL, json=lab.entry(**{field: longest}))).status_code == 201
    answer = await lab.manager.post(
        URL, json=lab.entry(inner_id="B") | {field: f"1{longest}" if end else f"{longest}1"}
    )
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "string_too_long")


def test_every_text_of_the_register_has_its_bound_in_the_database() -> None:
    for model in (Instrument, InstrumentUnit, Booking, InstrumentImportRow):
        table = metadata.tables[model.__tablename__]
        rules = " ".join(str(getattr(constraint, "sqltext", "")) for constraint in table.constraints)
        keys = {column.name for key in table.foreign_key_constraints for column in key.columns}
        texts = {
            column.name
            for column in table.columns
            if str(column.type) == "TEXT" and column.computed is None and column.name not in keys
        }
        assert {name for name in texts if name not in rules} == set(), model


@pytest.mark.parametrize(
    ("worth_fen", "found"),
    [
        (None, None),
        (0, "other"),
        (29_999_999, "other"),
        (30_000_000, "provincial"),
        (49_999_999, "provincial"),
        (50_000_000, "national"),
    ],
)
def test_tiers(worth_fen: int | None, found: str | None) -> None:
    assert tier(worth_fen) == found


async def test_an_export_keeps_the_customs_business_with_those_who_run_the_instrument(lab: Lab) -> None:
    await lab.create(**FORM, scope="public")
    for reader, seen in ((lab.manager, True), (lab.admin, True), (lab.member, False), (lab.visitor, False)):
        exported = (await reader.get(f"{URL}/export.csv")).text
        assert ("310120250000000001" in exported, "扫描电镜" in exported) == (seen, seen)
        assert "材料学院" in exported


def _day(offset: int) -> date:
    return clock.now().astimezone(SHANGHAI).date() + timedelta(days=offset)


def _slot(unit_id: UUID) -> dict[str, str]:
    start = next_week(clock.now())[0] + timedelta(hours=9)
    ends_at = start + timedelta(hours=1)
    return {
        "unit_id": str(unit_id),
        "starts_at": start.isoformat(),
        "ends_at": ends_at.isoformat(),
        "purpose": "research",
    }


@pytest.mark.parametrize(
    ("customs", "status"),
    [
        ({"customs_supervised": True}, 403),
        ({"customs_supervised": True, "customs_until": 90}, 403),
        ({"customs_supervised": True, "customs_until": 0}, 201),
        ({"customs_supervised": True, "customs_notice": "沪关通 2026-1"}, 201),
        ({"customs_supervised": False, "customs_until": 30}, 201),
    ],
)
async def test_supervision_ends_with_its_last_day_or_a_notice(
    lab: Lab, customs: dict[str, Any], status: int
) -> None:
    given: dict[str, Any] = {
        name: _day(value) if name == "customs_until" and value is not None else value
        for name, value in customs.items()
    }
    place = await make_instrument(lab.database, "310000", scope="region", **given)
    answer = await lab.member.post("/api/v1/bookings", json=_slot(place.units[0]))
    assert answer.status_code == status, answer.text
    page = (await lab.member.get(f"/instruments/{place.instrument_id}", headers=HTML)).text
    assert ("预约机时</span>" in page) == (status == 201)
