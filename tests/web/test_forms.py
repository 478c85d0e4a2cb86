from datetime import UTC, datetime
from typing import Annotated, Any

import pytest
from fastapi import FastAPI, Request, UploadFile
from pydantic import ConfigDict, Field
from sqlalchemy import text

from app.core.db import Database, Session
from app.core.errors import Conflict, FieldError, Invalid, NotFound
from app.core.i18n import msg
from app.core.schema import Input
from app.web.forms import Form, LocalInstant
from tests.web.conftest import Visit


class Booking(Input):
    title: Annotated[str, Field(min_length=2, max_length=5)]
    starts_at: LocalInstant
    days: list[int] = Field(default_factory=list)
    note: str | None = None


class Upload(Input):
    model_config = ConfigDict(arbitrary_types_allowed=True)
    file: UploadFile


def _reader(kept: dict[str, Any], model: type[Any]) -> FastAPI:
    app = FastAPI()

    @app.post("/")
    async def read(request: Request) -> None:
        kept["form"] = await Form.read(request, model)
        if kept["form"].valid and model is Upload:
            kept["content"] = await kept["form"].value.file.read()
        await request.close()

    return app


async def _sent(visit: Visit, model: type[Any] = Booking, **request: Any) -> tuple[Form[Any], dict[str, Any]]:
    kept: dict[str, Any] = {}
    async with visit(_reader(kept, model)) as browser:
        await browser.post("/", **request)
    return kept["form"], kept


async def test_a_form_becomes_its_model(visit: Visit) -> None:
    data = {
        "title": "电镜",
        "starts_at": "2026-11-23T09:00",
        "days": ["1", "3"],
        "note": "",
        "csrf_token": "x",
    }
    form, _ = await _sent(visit, data=data)
    assert form.valid
    assert form.status == 200
    assert form.value == Booking(
        title="电镜", starts_at=datetime(2026, 11, 23, 1, 0, tzinfo=UTC), days=[1, 3]
    )


async def test_every_fault_is_kept_with_what_was_typed(visit: Visit) -> None:
    form, _ = await _sent(visit, data={"title": "x", "starts_at": "soon", "days": ["1", "no"], "extra": "1"})
    assert not form.valid
    assert form.status == 422
    assert form.typed("title") == "x"
    assert form.typed("starts_at") == "soon"
    assert form.chosen("days") == ["1", "no"]
    assert [m.text() for m in form.errors_of("title")] == ["至少 2 个字符"]
    assert [m.text() for m in form.errors_of("starts_at")] == ["不是有效的日期时间"]
    assert [m.text() for m in form.errors_of("days")] == ["应为整数"]
    form.named("title", "名称")
    form.named("days", "开放日")
    assert [(fault.field, fault.label) for fault in form.summary] == [
        ("title", "名称"),
        (None, "starts_at"),
        ("days", "开放日"),
        (None, "extra"),
    ]
    with pytest.raises(Invalid):
        _ = form.value


@pytest.mark.parametrize("typed", ["2026-02-30T09:00", "2026-11-23T25:00"])
async def test_a_day_that_does_not_exist(visit: Visit, typed: str) -> None:
    form, _ = await _sent(visit, data={"title": "电镜", "starts_at": typed})
    assert form.errors_of("starts_at")


async def test_an_empty_form_misses_what_is_required(visit: Visit) -> None:
    form, _ = await _sent(visit, data={"title": ""})
    assert [(e.field, e.code) for e in form.errors] == [("title", "missing"), ("starts_at", "missing")]
    assert form.has("title")
    assert form.was_sent


async def test_a_file_and_its_absence(visit: Visit) -> None:
    form, kept = await _sent(visit, Upload, files={"file": ("list.csv", "名称".encode())})
    assert form.valid
    assert kept["content"].decode() == "名称"
    form, _ = await _sent(visit, Upload, files={"file": ("", b"")})
    assert [(e.field, e.code) for e in form.errors] == [("file", "missing")]


def test_a_form_shown_for_the_first_time() -> None:
    moment = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
    form: Form[Booking] = Form.filled(
        {"title": "电镜", "starts_at": moment, "days": [1], "day": moment.date(), "note": None}
    )
    assert form.typed("starts_at") == "2026-11-23T09:00"
    assert form.typed("day") == "2026-11-23"
    assert form.chosen("days") == ["1"]
    assert form.chosen("title") == ["电镜"]
    assert form.typed("days") == "1"
    assert not form.has("note")
    assert not form.was_sent
    assert form.status == 200


def _understood() -> Form[Booking]:
    value = Booking(title="电镜", starts_at=datetime(2026, 11, 23, 1, 0, tzinfo=UTC))
    return Form({"title": "电镜"}, value=value, names={"during.start": "starts_at"})


async def _mark(db: Session, value: str) -> None:
    await db.execute(text("SELECT set_config('web_test.mark', :value, true)"), {"value": value})


async def _marked(db: Session) -> str:
    return str(await db.scalar(text("SELECT current_setting('web_test.mark', true)")))


async def test_a_refusal_undoes_what_was_written_and_stays_with_the_form(database: Database) -> None:
    fault = FieldError("during.start", "not_after_now", msg("开始时间须晚于现在"))

    async def refuse(db: Session) -> None:
        await _mark(db, "after")
        raise Conflict(msg("与现有数据冲突"), errors=[fault])

    async with database.transaction() as db:
        await _mark(db, "before")
        form = _understood()
        await form.submit(db, lambda _: refuse(db))
        assert await _marked(db) == "before"
    assert form.status == 409
    assert not form.valid
    assert [m.text() for m in form.errors_of("starts_at")] == ["开始时间须晚于现在"]


async def test_what_is_not_about_the_form_passes(database: Database) -> None:
    async def hide() -> None:
        raise NotFound

    async with database.session() as db:
        with pytest.raises(NotFound):
            await _understood().submit(db, lambda _: hide())


async def test_a_valid_form_is_carried_out_and_an_invalid_one_is_not(database: Database) -> None:
    async def title(typed: Booking) -> str:
        return typed.title

    async with database.session() as db:
        assert await _understood().submit(db, title) == "电镜"
        refused: Form[Booking] = Form({}, errors=[FieldError("title", "missing", msg("必填"))])
        assert await refused.submit(db, title) is None
