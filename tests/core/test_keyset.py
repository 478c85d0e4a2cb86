"""Lists in pages: every row once, in order, by one statement a page."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx2
import pytest
from fastapi import FastAPI, Request, Response
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from sqlalchemy import select

from app.core.cursor import Cursors
from app.core.db import Database, Session
from app.core.errors import Invalid
from app.core.keyset import ListQuery, Order, Part, fetch, link_next
from app.journal.public import JournalEvent
from app.settings import Settings
from app.tenancy.context import TenantContext
from app.tenancy.models import Province

CURSORS = Cursors("a secret")
CODES = ["310000", "320000", "330000", "340000"]


class Catalogue(ListQuery):
    word: str | None = None


async def codes(db: Session, order: Order, limit: int) -> list[list[str]]:
    pages, cursor = [], None
    while True:
        part = Part(CURSORS, limit, cursor)
        found = await fetch(db, select(Province), order, part, bound_to=("provinces", order.descending))
        pages.append([province.code for province in found.items])
        cursor = found.next
        if cursor is None:
            return pages


@pytest.mark.parametrize(
    ("limit", "pages"),
    [
        (1, [["310000"], ["320000"], ["330000"], ["340000"]]),
        (3, [["310000", "320000", "330000"], ["340000"]]),
        (4, [CODES]),
        (100, [CODES]),
    ],
)
async def test_pages_continue_after_the_last_row(
    database: Database, limit: int, pages: list[list[str]]
) -> None:
    async with database.transaction() as db:
        assert await codes(db, Order([Province.position, Province.code]), limit) == pages


async def test_descending(database: Database) -> None:
    async with database.transaction() as db:
        assert await codes(db, Order([Province.code], descending=True), 3) == [
            ["340000", "330000", "320000"],
            ["310000"],
        ]


async def test_keys_of_instants_and_ids_continue_exactly(database: Database) -> None:
    """Rows of one instant are told apart by id; an instant keeps its microseconds in the cursor."""
    start = datetime(2026, 11, 23, 1, 2, 3, 456789, tzinfo=UTC)
    async with database.transaction(TenantContext("330000").info()) as db:
        db.add_all(
            JournalEvent(
                id=UUID(int=n),
                at=start + timedelta(microseconds=n // 3),
                kind="test.done",
                subject_type="test",
                subject_id=str(n),
                tenant_id="330000",
                actor_tenant_id="330000",
            )
            for n in range(1, 11)
        )
        await db.flush()
        order = Order([JournalEvent.at, JournalEvent.id])
        seen: list[int] = []
        cursor = None
        while True:
            part = Part(CURSORS, 2, cursor)
            found = await fetch(db, select(JournalEvent), order, part, bound_to="events")
            seen += [event.id.int for event in found.items]
            cursor = found.next
            if cursor is None:
                break
        assert seen == list(range(1, 11))


async def test_a_cursor_of_another_filter_is_refused(database: Database) -> None:
    cursor = CURSORS.encode(["310000"], bound_to=("provinces", True))
    async with database.transaction() as db:
        with pytest.raises(Invalid):
            await fetch(
                db,
                select(Province),
                Order([Province.code]),
                Part(CURSORS, 2, cursor),
                bound_to=("provinces", False),
            )


def test_the_query_of_a_list() -> None:
    assert Catalogue.model_validate({"word": "", "limit": "", "lang": ""}) == Catalogue()
    assert Catalogue(word="电镜", limit=5, cursor="x", lang="en").filters() == {"word": "电镜"}
    assert Catalogue().filters() == {"word": None}
    for wrong in (
        {"limit": 0},
        {"limit": 101},
        {"cursor": "x" * 1001},
        {"lang": "de"},
        {"other": "1"},
        "text",
    ):
        with pytest.raises(ValidationError):
            Catalogue.model_validate(wrong)


@pytest.fixture
async def lists(worker_settings: Settings) -> httpx2.AsyncClient:
    """A list that says which part was asked for, and always has a next page."""
    app = FastAPI()
    app.state.settings = worker_settings

    @app.get("/list")
    def _list(request: Request, response: Response) -> list[object]:
        given = {key: value for key, value in request.query_params.items() if key != "x"}
        part = Part.of(request, Catalogue.model_validate(given))
        link_next(request, response, None if part.cursor else "abc.def")
        return [part.limit, part.cursor, part.cursors.secret == worker_settings.secret]

    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://testserver")


async def test_the_link_to_the_next_page_keeps_the_query(lists: httpx2.AsyncClient) -> None:
    first = await lists.get("/list", params={"word": "电镜&x", "limit": "2"})
    assert first.json() == [2, None, True]
    assert first.links["next"]["url"] == "/list?word=%E7%94%B5%E9%95%9C%26x&limit=2&cursor=abc.def"
    last = await lists.get(first.links["next"]["url"])
    assert last.json() == [2, "abc.def", True]
    assert "link" not in last.headers


@given(st.text(max_size=30))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
async def test_any_query_fits_into_a_header(lists: httpx2.AsyncClient, word: str) -> None:
    answer = await lists.get("/list", params={"x": word})
    assert answer.status_code == 200
    assert (await lists.get(answer.links["next"]["url"])).json()[1] == "abc.def"
