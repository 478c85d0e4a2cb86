"""The list finds by place, tells how many there are, and offers the organisations that have something to show."""

from uuid import UUID

import httpx2
import pytest

from app.access.permissions import Role
from app.core.db import Database
from app.instruments.registry import listing
from tests.instruments.conftest import SHANGHAI, ZHEJIANG, Lab
from tests.support.forms import HTML, form_to
from tests.support.places import make_instrument, make_organisation

PAGE = "/instruments"
API = "/api/v1/instruments"


@pytest.fixture
async def placed(database: Database) -> dict[str, UUID]:
    """Instruments in two counties of Hangzhou, in Ningbo, and in Shanghai; one is named after a lake."""
    owner = await make_organisation(database, ZHEJIANG, "之江示例大学")
    elsewhere = await make_organisation(database, SHANGHAI, "浦东示例所")
    for name, adcode in (("离心机", "330106"), ("天平", "330102"), ("西湖牌水浴锅", "330203")):
        await make_instrument(
            database, ZHEJIANG, organisation_id=owner, scope="public", name_zh=name, adcode=adcode
        )
    await make_instrument(
        database, SHANGHAI, organisation_id=elsewhere, scope="public", name_zh="光谱仪", adcode="310115"
    )
    return {"owner": owner, "elsewhere": elsewhere}


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("杭州", {"离心机", "天平"}),
        ("杭州市", {"离心机", "天平"}),
        ("浙江", {"离心机", "天平", "西湖牌水浴锅"}),
        ("浙江省", {"离心机", "天平", "西湖牌水浴锅"}),
        ("西湖", {"离心机", "西湖牌水浴锅"}),
        ("西湖区", {"离心机"}),
        ("杭州市西湖区", {"离心机"}),
        ("杭州 西湖", {"离心机"}),
        ("杭州 天平", {"天平"}),
        ("宁波", {"西湖牌水浴锅"}),
        ("上海", {"光谱仪"}),
        ("浦东新区", {"光谱仪"}),
        ("hangzhou", {"离心机", "天平"}),
        ("Xihu", {"离心机"}),
        ("杭州 光谱", set()),
        ("州", set()),
        ("district", set()),
    ],
)
async def test_places(client: httpx2.AsyncClient, placed: dict[str, UUID], q: str, found: set[str]) -> None:
    items = (await client.get(API, params={"q": q})).json()["items"]
    assert {item["name_zh"] for item in items} == found


async def test_an_instrument_that_moves_is_found_where_it_is(lab: Lab) -> None:
    entry = await lab.create(scope="public")
    assert len((await lab.visitor.get(API, params={"q": "西湖区"})).json()["items"]) == 1
    moved = await lab.manager.patch(
        f"{API}/{entry['id']}", json={"adcode": "330203"}, headers={"If-Match": '"v1"'}
    )
    assert moved.status_code == 200
    for place, found in (("西湖区", 0), ("宁波", 1)):
        assert len((await lab.visitor.get(API, params={"q": place})).json()["items"]) == found


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("", "共 4 台，最近登记"),
        ("?province=330000", "共 3 台，最近登记"),
        ("?q=杭州", "共 2 台，按相关度"),
        ("?q=杭州&sort=newest", "共 2 台，最近登记"),
        ("?q=杭州&limit=1", "共 2 台，按相关度"),
    ],
)
async def test_the_page_says_how_many_and_in_which_order(
    client: httpx2.AsyncClient, placed: dict[str, UUID], query: str, said: str
) -> None:
    assert said in (await client.get(f"{PAGE}{query}", headers=HTML)).text


async def test_counting_ends_somewhere_and_says_so(
    client: httpx2.AsyncClient, placed: dict[str, UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "MOST_COUNTED", 3)
    page = (await client.get(PAGE, headers=HTML)).text
    assert "3 台以上" in page
    assert "一次最多导出 20000 条" in page
    page = (await client.get(f"{PAGE}?province=330000", headers=HTML)).text
    assert "共 3 台" in page
    assert "一次最多导出" not in page


async def test_a_search_is_by_relevance_unless_another_order_was_chosen(
    client: httpx2.AsyncClient, placed: dict[str, UUID]
) -> None:
    shown = await client.get(PAGE, headers=HTML)
    assert dict(form_to(shown.text, PAGE).fields)["sort"] == ""
    chosen = await client.get(f"{PAGE}?q=杭州&sort=newest", headers=HTML)
    fields = dict(form_to(chosen.text, PAGE).fields)
    assert (fields["q"], fields["sort"]) == ("杭州", "newest")


async def test_the_organisations_of_a_province_are_offered(
    lab: Lab, placed: dict[str, UUID], database: Database
) -> None:
    """Those with an instrument one sees, and whose name one may know."""
    await make_organisation(database, ZHEJIANG, "没有仪器的示例所")
    hidden = await make_organisation(database, ZHEJIANG, "隐名示例所", scope="organisation")
    await make_instrument(database, ZHEJIANG, organisation_id=hidden, scope="public")
    internal = await make_organisation(database, ZHEJIANG, "内部示例所")
    await make_instrument(database, ZHEJIANG, organisation_id=internal, scope="organisation")
    insider = await lab.people.of(ZHEJIANG, name="内部", organisations={hidden: Role.MEMBER})
    for reader, offered in (
        (lab.visitor, {"之江示例大学"}),
        (lab.neighbour, {"之江示例大学"}),
        (insider, {"之江示例大学", "隐名示例所"}),
        (lab.admin, {"之江示例大学", "隐名示例所", "内部示例所"}),
    ):
        page = (await reader.get(f"{PAGE}?province=330000", headers=HTML)).text
        names = ("之江示例大学", "隐名示例所", "内部示例所", "没有仪器的示例所", "浦东示例所")
        assert {name for name in names if f">{name}</option>" in page} == offered
    assert "请先选省份" in (await lab.visitor.get(PAGE, headers=HTML)).text


async def test_a_chosen_organisation_stays_with_the_other_filters(
    client: httpx2.AsyncClient, placed: dict[str, UUID]
) -> None:
    query = {"organisation": str(placed["owner"]), "q": "杭州", "limit": "1"}
    page = (await client.get(PAGE, params=query, headers=HTML)).text
    fields = dict(form_to(page, PAGE).fields)
    assert fields["organisation"] == str(placed["owner"])
    assert "共 2 台" in page
    assert "之江示例大学" in page
    swapped = await client.get(
        PAGE,
        params={"province": "330000", "organisation": str(placed["owner"])},
        headers=HTML | {"HX-Request": "true"},
    )
    assert 'id="organisation-filter" hx-swap-oob="outerMorph"' in swapped.text
    assert f'value="{placed["owner"]}" selected' in swapped.text


async def test_an_organisation_kept_to_itself_is_named_to_its_own_alone(lab: Lab, database: Database) -> None:
    """In its own province too: by lists, details, pages, chips, searches and files."""
    hidden = await make_organisation(database, ZHEJIANG, "隐名示例所", scope="organisation")
    place = await make_instrument(database, ZHEJIANG, organisation_id=hidden, scope="public")
    insider = await lab.people.of(ZHEJIANG, name="内部", organisations={hidden: Role.MEMBER})
    url = f"{API}/{place.instrument_id}"
    for reader, knows in (
        (lab.visitor, False),
        (lab.neighbour, False),
        (lab.stranger, False),
        (insider, True),
        (lab.admin, True),
        (lab.auditor, True),
    ):
        assert (await reader.get(url)).json()["organisation_name"] == ("隐名示例所" if knows else None)
        assert len((await reader.get(API, params={"q": "隐名"})).json()["items"]) == int(knows)
        for address in (
            PAGE,
            f"{PAGE}?organisation={hidden}",
            f"{PAGE}/{place.instrument_id}",
            f"{API}/export.csv",
        ):
            assert ("隐名示例所" in (await reader.get(address, headers=HTML)).text) == knows, address
