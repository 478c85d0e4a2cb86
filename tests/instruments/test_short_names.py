"""Short names of methods find what registers call by its long name, and the other way round."""

import httpx2
import pytest

from app.core.db import Database
from app.instruments.rules.short_names import MOST, alternatives
from tests.support.places import make_instrument


@pytest.mark.parametrize(
    ("word", "ways"),
    [
        ("电镜", [["电镜"], ["电子显微镜"]]),
        ("冷冻电镜", [["冷冻电镜"], ["冷冻", "电子显微镜"]]),
        ("xrd", [["xrd"], ["x射线衍射"]]),
        ("gc-ms", [["gc-ms"], ["气相色谱质谱"], ["气质"]]),
        ("system", [["system"]]),
        ("质谱仪", [["质谱仪"]]),
    ],
)
def test_the_ways_a_register_may_say_a_word(word: str, ways: list[list[str]]) -> None:
    assert alternatives(word) == ways


def test_the_ways_are_few() -> None:
    assert len(alternatives("电镜核磁红外拉曼气相液相共聚焦热重比表面")) == MOST


@pytest.mark.parametrize("typed", ["电镜", "扫描电镜", "SEM", "热场 电镜", "电子显微镜", "场发射扫描"])
async def test_a_short_name_finds_the_long_one(
    client: httpx2.AsyncClient, database: Database, typed: str
) -> None:
    await make_instrument(database, "330000", name_zh="热场发射扫描电子显微镜", scope="public")
    await make_instrument(database, "330000", name_zh="液质联用仪", scope="public")
    found = (await client.get("/api/v1/instruments", params={"q": typed})).json()["items"]
    assert [item["name_zh"] for item in found] == ["热场发射扫描电子显微镜"]
