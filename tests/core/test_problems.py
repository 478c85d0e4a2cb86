"""Refusals over HTTP: the right status, code and reason in the reader's language, and never a 500 from input."""

import json
from typing import Annotated, Any, Literal

import httpx2
import pytest
from fastapi import FastAPI, Query, Request
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pydantic import Field, HttpUrl
from starlette.exceptions import HTTPException

from app.access.entry import Router
from app.access.guards import unguarded
from app.core.errors import Invalid, TooManyRequests
from app.core.i18n import msg
from app.core.problems import SHOWN_INPUT, field_errors, from_http, problem_json, understood
from app.core.schema import Input, Instant
from app.core.text import Line

URL = "/api/v1/echo"


class Everything(Input):
    """A body with a field of each kind."""

    name: Annotated[str, Line(5)]
    count: int = Field(default=1, ge=1, le=9)
    kind: Literal["a", "b"] = "a"
    at: Instant | None = None
    tags: list[str] = Field(default=[], max_length=2)
    site: HttpUrl | None = None
    ratio: float = Field(default=0.5, gt=0, lt=1, allow_inf_nan=False)
    sure: bool = True


router = Router(prefix=URL, dependencies=[unguarded()])


@router.post("")
async def _echo(body: Everything) -> str:
    return body.name


@router.get("")
async def _search(q: Annotated[str, Line(10)] = "", page: Annotated[int, Query(ge=1)] = 1) -> list[Any]:
    return [q, page]


@router.post("/raw")
async def _raw(request: Request) -> int:
    return len(await request.body())


@router.get("/slow-down")
async def _slow_down() -> None:
    raise TooManyRequests(headers={"Retry-After": "30"})


@pytest.fixture
def echo(app: FastAPI, client: httpx2.AsyncClient) -> httpx2.AsyncClient:
    app.include_router(router)
    return client


async def refused(client: httpx2.AsyncClient, body: object, **headers: str) -> dict[str, Any]:
    answer = await client.post(URL, json=body, headers=headers)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = answer.json()
    return document


async def test_all_faults_at_once_in_chinese(echo: httpx2.AsyncClient) -> None:
    body = {
        "name": "一二三四五六",
        "count": 0,
        "kind": "c",
        "at": "2026-11-23T09:00",
        "tags": ["a", "b", "c"],
        "site": "ftp://x",
        "ratio": 1,
        "sure": "maybe",
        "more": {"x": 1},
    }
    document = await refused(echo, body)
    assert {k: document[k] for k in ("type", "status", "code", "title")} == {
        "type": "about:blank",
        "status": 422,
        "code": "invalid",
        "title": "提交的内容有误",
    }
    found = {e["field"]: (e["code"], e["message"], e.get("value")) for e in document["errors"]}
    assert found == {
        "name": ("string_too_long", "最多 5 个字符", "一二三四五六"),
        "count": ("greater_than_equal", "不得小于 1", "0"),
        "kind": ("literal_error", "只能是：a, b", "c"),
        "at": (
            "timezone_aware",
            "日期时间须带时区偏移，例如 2026-11-23T09:00:00+08:00",
            "2026-11-23T09:00",
        ),
        "tags": ("too_long", "最多 2 项", None),
        "site": ("url_scheme", "网址须以 https:// 开头", "ftp://x"),
        "ratio": ("less_than", "须小于 1.0", "1"),
        "sure": ("bool_parsing", "应为 true 或 false", "maybe"),
        "more": ("extra_forbidden", "不认识的字段", None),
    }


@pytest.mark.parametrize(
    ("query", "headers", "expected"),
    [
        ("", {"accept-language": "en-GB,en"}, "Required"),
        ("?lang=en", {"accept-language": "zh"}, "Required"),
        ("?lang=zh", {"accept-language": "en", "cookie": "lang=en"}, "必填"),
        ("", {"accept-language": "zh", "cookie": "lang=en"}, "Required"),
        ("", {}, "必填"),
    ],
)
async def test_the_readers_language(
    echo: httpx2.AsyncClient, query: str, headers: dict[str, str], expected: str
) -> None:
    answer = await echo.post(f"{URL}{query}", json={}, headers=headers)
    assert [error["message"] for error in answer.json()["errors"]] == [expected]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"not json",
        b"\xff\xfe\x00",
        b'{"name": "\xff"}',
        b"[" * 100_000,
        b'{"name": ' + b"9" * 5000 + b"}",
        b'{"name": NaN}',
        b"null",
        b'"text"',
        b"[]",
        b"\x00" * 100,
    ],
    ids=lambda content: repr(content[:12]),
)
async def test_what_is_no_json_object_is_refused(echo: httpx2.AsyncClient, content: bytes) -> None:
    answer = await echo.post(URL, content=content, headers={"content-type": "application/json"})
    assert answer.status_code in {400, 422}, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] in {"json_invalid", "bad_request", "invalid"}


async def test_not_json_says_so(echo: httpx2.AsyncClient) -> None:
    answer = await echo.post(URL, content=b"{", headers={"content-type": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["code"] == "json_invalid"
    assert answer.json()["title"] == "请求内容不是有效的 JSON"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("a\0", "nul_character"),
        ("a\u202eb", "bidi_character"),
        ("a\x1bb", "control_character"),
        ("a\ud83d", "string_unicode"),
        (5, "string_type"),
        (None, "string_type"),
        ([], "string_type"),
    ],
)
async def test_characters_that_may_not_be(echo: httpx2.AsyncClient, name: object, code: str) -> None:
    content = json.dumps({"name": name}).encode()
    answer = await echo.post(URL, content=content, headers={"content-type": "application/json"})
    assert answer.status_code == 422
    assert [error["code"] for error in answer.json()["errors"]] == [code]
    assert "\0" not in answer.text
    assert "\u202e" not in answer.text


async def test_four_byte_characters_pass(echo: httpx2.AsyncClient) -> None:
    assert (await echo.post(URL, json={"name": "𠮷🔬é"})).json() == "𠮷🔬é"


@pytest.mark.parametrize("key", ["\ud800", "\0", "x" * 10_000, "\u202e", "a.b", ""], ids=range(6))
async def test_hostile_field_names_come_back_harmless(echo: httpx2.AsyncClient, key: str) -> None:
    content = json.dumps({"name": "x", key: 1}).encode()
    answer = await echo.post(URL, content=content, headers={"content-type": "application/json"})
    assert answer.status_code == 422, answer.text
    (error,) = answer.json()["errors"]
    assert error["code"] == ("string_unicode" if key == "\ud800" else "extra_forbidden")
    assert error["field"].isprintable()
    assert len(error["field"]) <= SHOWN_INPUT


async def test_thousands_of_faults_are_not_all_told(echo: httpx2.AsyncClient) -> None:
    answer = await echo.post(URL, json={f"field{n}": n for n in range(5000)})
    assert answer.status_code == 422
    assert len(answer.json()["errors"]) == 100


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda children: (
        st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=5), children, max_size=3)
    ),
    max_leaves=8,
)
shaped = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(Everything.model_fields, anything),
)


@given(anything | shaped)
@hypothesis_settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60
)
async def test_no_body_breaks_it(echo: httpx2.AsyncClient, body: object) -> None:
    content = json.dumps(body).encode()
    answer = await echo.post(URL, content=content, headers={"content-type": "application/json"})
    assert answer.status_code in {200, 400, 422}, answer.text


async def test_the_query_is_held_to_the_same_rules(echo: httpx2.AsyncClient) -> None:
    assert (await echo.get(URL, params={"q": " 电镜 ", "page": "2"})).json() == ["电镜", 2]
    answer = await echo.get(f"{URL}?q=%00&page=0")
    found = {(e["field"], e["code"]) for e in answer.json()["errors"]}
    assert found == {("q", "nul_character"), ("page", "greater_than_equal")}
    assert (await echo.get(f"{URL}?page={'9' * 5000}")).status_code == 422


async def test_the_frameworks_own_errors_are_problems_too(echo: httpx2.AsyncClient) -> None:
    for answer, status, code in (
        (await echo.get("/api/v1/nothing"), 404, "not_found"),
        (await echo.delete(URL), 405, "method_not_allowed"),
        (await echo.get(f"{URL}/slow-down"), 429, "too_many_requests"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["request_id"] == answer.headers["x-request-id"]
    assert (await echo.delete(URL)).headers["allow"]
    assert (await echo.get(f"{URL}/slow-down")).headers["retry-after"] == "30"


@pytest.mark.parametrize(
    ("status", "code"),
    [(418, "bad_request"), (400, "bad_request"), (500, "internal_error"), (502, "internal_error")],
)
def test_a_status_we_do_not_use_becomes_its_neighbour(status: int, code: str) -> None:
    assert from_http(HTTPException(status)).code == code


async def test_a_browser_gets_a_page(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/no-such-page", headers={"accept": "text/html"})
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["x-request-id"] in answer.text
    assert (await client.get("/api/v1/no-such", headers={"accept": "text/html"})).json()[
        "code"
    ] == "not_found"


@pytest.mark.parametrize("path", ["", "/raw"])
async def test_a_body_beyond_the_limit_is_refused(echo: httpx2.AsyncClient, app: FastAPI, path: str) -> None:
    limit = app.state.settings.max_body_bytes
    answer = await echo.post(
        f"{URL}{path}", content=b"x" * (limit + 1), headers={"content-type": "application/json"}
    )
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "body_too_large"
    assert answer.headers["x-request-id"] == answer.json()["request_id"]


async def test_a_body_that_does_not_say_its_length_is_counted(echo: httpx2.AsyncClient, app: FastAPI) -> None:
    async def endless() -> Any:
        for _ in range(app.state.settings.max_body_bytes // (1 << 20) + 1):
            yield b" " * (1 << 20)

    answer = await echo.post(URL, content=endless(), headers={"content-type": "application/json"})
    assert answer.status_code == 413
    assert answer.json()["code"] == "body_too_large"


async def test_a_body_below_the_limit_is_read(echo: httpx2.AsyncClient) -> None:
    assert (await echo.post(f"{URL}/raw", content=b"x" * (10 << 20))).json() == 10 << 20
    padded = b" " * (10 << 20) + b'{"name": "x"}'
    answer = await echo.post(URL, content=padded, headers={"content-type": "application/json"})
    assert answer.json() == "x"


@pytest.mark.parametrize("length", ["x", "-1", "9" * 20, "9" * 5000])
async def test_a_wrong_length_is_no_fault_of_ours(echo: httpx2.AsyncClient, length: str) -> None:
    answer = await echo.post(URL, content=b"{}", headers={"content-length": length})
    assert answer.status_code in {400, 413, 422}


def test_a_validators_own_words_and_a_body_without_field() -> None:
    own = {"type": "too_early", "loc": ("body",), "ctx": {"message": msg("须大于 {bound}", bound=3)}}
    (error,) = field_errors([own])
    assert error.as_json("en") == {
        "field": "body",
        "code": "too_early",
        "message": "Must be greater than 3",
    }
    assert field_errors([{"type": "unheard_of", "loc": ("x", 0, "y")}])[0].as_json("en") == {
        "field": "x.0.y",
        "code": "unheard_of",
        "message": "The value is not acceptable",
    }


def test_without_request_id_the_document_has_none() -> None:
    request = Request({"type": "http", "headers": [], "query_string": b""})
    assert b"request_id" not in problem_json(TooManyRequests(), request).body


def test_loose_parameters_are_held_to_a_model() -> None:
    assert understood(Everything, name=" 电镜 ").name == "电镜"
    with pytest.raises(Invalid) as caught:
        understood(Everything, name="", count=10)
    assert {(error.field, error.code) for error in caught.value.errors} == {
        ("name", "string_too_short"),
        ("count", "less_than_equal"),
    }


def test_the_description_is_made_once(app: FastAPI) -> None:
    assert app.openapi() is app.openapi()
