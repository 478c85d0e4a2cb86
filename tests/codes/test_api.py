"""Code lists over HTTP, as a visitor."""

import httpx2
import pytest


async def test_the_lists(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/api/v1/codes")
    assert answer.status_code == 200
    assert [item["scheme"] for item in answer.json()] == ["gb2260", "gbt13745", "instrument-class"]
    assert answer.json()[0]["title"] == "行政区划（GB/T 2260）"
    assert "2023" in answer.json()[0]["source"]
    english = await client.get("/api/v1/codes", headers={"accept-language": "en"})
    assert english.json()[0]["title"] == "Administrative divisions (GB/T 2260)"


async def test_entries_by_parent_level_and_words(client: httpx2.AsyncClient) -> None:
    async def found(**params: str) -> list[str]:
        answer = await client.get("/api/v1/codes/gb2260", params={"limit": "100", **params})
        assert answer.status_code == 200
        return [item["name"] for item in answer.json()["items"]]

    assert await found(parent="310000", q="浦") == ["黄浦区", "杨浦区", "浦东新区", "青浦区"]
    assert await found(level="1") == ["上海市", "江苏省", "浙江省", "安徽省"]
    assert await found(q="3301", level="2") == ["杭州市"]
    assert await found(q="xihu", lang="en") == ["Xihu District"]
    assert await found(q="%") == []
    assert await found(status="historical") == []
    assert await found(q="安徽", status="all") == ["安徽省"]


async def test_pages_follow_the_cursor(client: httpx2.AsyncClient) -> None:
    params = {"parent": "330100", "limit": "5"}
    codes: list[str] = []
    path = "/api/v1/codes/gb2260"
    answer = await client.get(path, params=params)
    while True:
        codes += [item["code"] for item in answer.json()["items"]]
        if answer.json()["next"] is None:
            break
        assert 'rel="next"' in answer.headers["link"]
        answer = await client.get(path, params=params | {"cursor": answer.json()["next"]})
    assert len(codes) == 13
    assert codes == sorted(set(codes))
    other = await client.get("/api/v1/codes/gb2260", params={"limit": "5"})
    foreign = await client.get(path, params=params | {"cursor": other.json()["next"]})
    assert (foreign.status_code, foreign.json()["errors"][0]["code"]) == (422, "cursor_invalid")


async def test_one_entry(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/api/v1/codes/instrument-class/010300")
    assert answer.json() == {
        "scheme": "instrument-class",
        "code": "010300",
        "name": "X射线仪器",
        "name_zh": "X射线仪器",
        "name_en": "X-ray",
        "parent": "010000",
        "level": 2,
        "status": "current",
        "valid_from": None,
        "valid_to": None,
        "successor": None,
    }


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("nothing", 404),
        ("gb2260/999999", 404),
        ("gb2260/%00", 404),
        ("gb2260/' OR 1=1", 404),
        ("No%20Scheme", 404),
        ("gb2260?level=0", 422),
        ("gb2260?level=x", 422),
        ("gb2260?limit=101", 422),
        ("gb2260?colour=red", 422),
        ("gb2260?q=%00", 422),
        ("gb2260?q=%E2%80%AE", 422),
        ("gb2260?cursor=forged.x", 422),
        ("gb2260?status=gone", 422),
    ],
)
async def test_bad_input(client: httpx2.AsyncClient, path: str, status: int) -> None:
    answer = await client.get(f"/api/v1/codes/{path}")
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


async def test_the_application_may_not_write(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/api/v1/codes/gb2260", json={})
    assert answer.status_code == 405
