"""Bases of the API's models."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from pydantic import BaseModel, ValidationError

from app.core import clock
from app.core.clock import now
from app.core.schema import Day, Input, Instant, Output, PageOf


class Given(Input):
    at: Instant


class Dated(Input):
    at: Day


class Shown(Output):
    name: str


def test_an_instant_needs_its_offset_and_becomes_utc() -> None:
    assert Given.model_validate({"at": "2026-11-23T09:00:00+08:00"}).at == datetime(
        2026, 11, 23, 1, tzinfo=UTC
    )
    assert Given.model_validate({"at": "2026-11-23T09:00:00+08:00"}).at.tzinfo is UTC
    with pytest.raises(ValidationError) as caught:
        Given.model_validate({"at": "2026-11-23T09:00:00"})
    assert caught.value.errors()[0]["type"] == "timezone_aware"


@pytest.mark.parametrize(
    "at",
    [
        datetime.max.replace(tzinfo=timezone(timedelta(hours=-8))),
        datetime.min.replace(tzinfo=timezone(timedelta(hours=8))),
    ],
)
def test_an_instant_outside_the_calendar_in_utc_is_refused(at: datetime) -> None:
    with pytest.raises(ValidationError):
        Given(at=at)


@pytest.mark.parametrize(
    "at", [1796864400, 1796864400.5, "1796864400", "1796864400000", "20261123", True, []]
)
def test_a_number_is_no_instant_and_no_day(at: object) -> None:
    """Whether it counts seconds or milliseconds must not decide what is booked."""
    fault = "parsing" if isinstance(at, str) else "type"
    for model, wrong in ((Given, f"datetime_{fault}"), (Dated, f"date_{fault}")):
        with pytest.raises(ValidationError) as caught:
            model.model_validate({"at": at})
        assert caught.value.errors()[0]["type"] == wrong
    assert Dated.model_validate({"at": "2026-11-23"}).at == date(2026, 11, 23)


def test_unknown_input_is_refused() -> None:
    with pytest.raises(ValidationError) as caught:
        Given.model_validate({"at": "2026-11-23T09:00:00Z", "more": 1})
    assert caught.value.errors()[0]["type"] == "extra_forbidden"


def test_output_is_built_from_attributes() -> None:
    class Row:
        name = "电镜"

    page = PageOf[Shown](items=[Shown.model_validate(Row())], next=None)
    assert page.model_dump() == {"items": [{"name": "电镜"}], "next": None}


def test_the_clock_is_aware_and_utc() -> None:
    assert now().tzinfo is UTC
    assert abs(now() - datetime.now(UTC)) < timedelta(seconds=1)


@pytest.mark.parametrize("model", [Given, Shown])
def test_what_was_given_stays_out_of_an_errors_text(model: type[BaseModel]) -> None:
    with pytest.raises(ValidationError) as caught:
        model.model_validate({"at": "机密", "name": ["机密"]})
    assert "机密" not in str(caught.value)


def test_the_day_is_that_of_the_provinces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight hours of each day UTC is a day behind."""
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 11, 21, 16, tzinfo=UTC))
    assert clock.today() == date(2026, 11, 22)
