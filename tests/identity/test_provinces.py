"""People of two provinces sign in through two certified providers that name things differently."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote
from uuid import UUID

import httpx2
import pytest
from fastapi import FastAPI

from app.core.db import Database
from app.settings import Settings
from tests.support.forms import HTML
from tests.support.idp import Idp, Person, add_provider, idp, path_of
from tests.support.oauth import as_sign_in
from tests.support.places import valid_uscc

PLATFORM = "http://testserver"
USCC = valid_uscc("330000")
XU = {"xm": "许清禾", "work": {"unit": "西湖仪器中心", "uscc": USCC}, "realname": "L2"}
ZHOU = {"full_name": "周远航", "company": "金陵检测", "level": 3}


@dataclass(frozen=True, slots=True)
class Provinces:
    """The two providers, and their rows here."""

    zhejiang: Idp
    jiangsu: Idp
    zhejiang_id: UUID
    jiangsu_id: UUID


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[Idp, Idp]]:
    with (
        idp(
            claims=["xm", "work", "realname"], accounts={"xu": XU}, platform=PLATFORM, userinfo_only=True
        ) as zj,
        idp(
            claims=["full_name", "company", "level"],
            accounts={"zhou": ZHOU},
            platform=PLATFORM,
            userinfo_only=False,
        ) as js,
    ):
        yield zj, js


@pytest.fixture
async def provinces(running: tuple[Idp, Idp], database: Database, settings: Settings) -> Provinces:
    zj, js = running
    zj.tell({"accounts": {"xu": XU}, "claims": ["xm", "work", "realname"]})
    zj_id = await add_provider(
        database,
        settings,
        zj.issuer,
        name_zh="浙江统一认证",
        name_claim="xm",
        unit_claim="work.unit",
        uscc_claim="work.uscc",
        assurance_claim="realname",
        verified_assurances=["L2", "L3"],
    )
    js_id = await add_provider(
        database,
        settings,
        js.issuer,
        tenant_id="320000",
        name_zh="江苏统一认证",
        name_claim="full_name",
        unit_claim="company",
        assurance_claim="level",
        verified_assurances=["4"],
    )
    return Provinces(zj, js, zj_id, js_id)


async def come_back(
    client: httpx2.AsyncClient, link: str, person: Person, *, back_to: str = PLATFORM
) -> httpx2.Response:
    """Go to a provider, sign in there, and come back; the platform's answer."""
    sent = await client.get(link)
    assert sent.status_code == 303, sent.text
    answer = await person.sign_in(sent.headers["location"], until=back_to)
    return await client.get(path_of(answer))


async def test_a_person_lands_on_the_page_asked_for_with_its_query(
    client: httpx2.AsyncClient, provinces: Provinces, database: Database, settings: Settings
) -> None:
    target = "/instruments?q=电镜&province=330000&q=%26#x"
    asked = await client.get(f"/sign-in?next={quote(target, safe='')}")
    assert f"/sign-in/330000/{provinces.zhejiang_id}?next=" in asked.text
    link = f"/sign-in/330000/{provinces.zhejiang_id}?next={quote(target, safe='')}"
    back = await come_back(client, link, Person("xu"))
    assert (back.status_code, back.headers["location"]) == (303, quote(target, safe="/?=&%#"))
    me = (await client.get("/api/v1/me")).json()
    assert (me["name"], me["province"]) == ("许清禾", "330000")
    facts = "SELECT name || '|' || unit || '|' || uscc || '|' || assurance || '|' || verified FROM external_identity WHERE subject = 'xu'"
    assert await as_sign_in(database, settings, facts) == f"许清禾|西湖仪器中心|{USCC}|L2|true"


async def test_each_province_names_its_claims(
    client: httpx2.AsyncClient, provinces: Provinces, database: Database, settings: Settings
) -> None:
    await come_back(client, f"/sign-in/320000/{provinces.jiangsu_id}", Person("zhou"))
    me = (await client.get("/api/v1/me")).json()
    assert (me["name"], me["province"]) == ("周远航", "320000")
    facts = "SELECT unit || '|' || assurance || '|' || verified FROM external_identity WHERE subject = 'zhou'"
    assert await as_sign_in(database, settings, facts) == "金陵检测|3|false"


async def test_keys_and_claims_change_while_it_runs(
    client: httpx2.AsyncClient, provinces: Provinces, database: Database, settings: Settings
) -> None:
    link = f"/sign-in/330000/{provinces.zhejiang_id}"
    assert (await come_back(client, link, Person("xu"))).status_code == 303
    first = (await client.get("/api/v1/me")).json()["id"]
    provinces.zhejiang.tell({"rotate": True})
    provinces.zhejiang.tell(
        {"accounts": {"xu": {"displayName": "许清禾", "dw": "钱塘中心"}}, "claims": ["displayName", "dw"]}
    )
    await as_sign_in(
        database,
        settings,
        "UPDATE identity_provider SET name_claim = 'displayName', unit_claim = 'dw', version = version + 1 WHERE id = :id",
        id=provinces.zhejiang_id,
    )
    assert (await come_back(client, link, Person("xu"))).status_code == 303
    assert (await client.get("/api/v1/me")).json()["id"] == first
    assert (
        await as_sign_in(database, settings, "SELECT unit FROM external_identity WHERE subject = 'xu'")
        == "钱塘中心"
    )


async def test_a_key_that_changes_during_a_sign_in_is_asked_for(
    client: httpx2.AsyncClient, provinces: Provinces
) -> None:
    link = f"/sign-in/330000/{provinces.zhejiang_id}"
    await come_back(client, link, Person("xu"))
    provinces.zhejiang.tell({"rotate": True})
    assert (await come_back(client, link, Person("xu"))).status_code == 303


async def test_a_provider_that_is_killed_is_named_and_others_work(
    client: httpx2.AsyncClient, provinces: Provinces, database: Database, settings: Settings
) -> None:
    with idp(claims=[], accounts={}, platform=PLATFORM, userinfo_only=True) as gone:
        gone_id = await add_provider(
            database, settings, gone.issuer, tenant_id="340000", name_zh="安徽统一认证", name_en="Anhui ID"
        )
        assert (await client.get(f"/sign-in/340000/{gone_id}?next=/bookings")).status_code == 303
    page = await client.get(f"/sign-in/340000/{gone_id}?next=/bookings", headers=HTML)
    assert page.status_code == 503
    assert "「安徽统一认证」暂时无法访问" in page.text
    assert f"/sign-in/320000/{provinces.jiangsu_id}?next=/bookings" in page.text
    english = await client.get(f"/sign-in/340000/{gone_id}", headers=HTML | {"accept-language": "en"})
    assert "Anhui ID" in english.text
    back = await come_back(client, f"/sign-in/320000/{provinces.jiangsu_id}", Person("zhou"))
    assert back.status_code == 303


async def test_the_code_of_another_browser_is_refused(
    app: FastAPI, client: httpx2.AsyncClient, provinces: Provinces
) -> None:
    """The attacker's own code, put into the victim's browser (RFC 9700 §4.5)."""
    link = f"/sign-in/330000/{provinces.zhejiang_id}"
    mine = await client.get(link)
    answer = httpx2.URL(await Person("xu").sign_in(mine.headers["location"], until=PLATFORM))
    transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url=PLATFORM) as victim:
        theirs = httpx2.URL((await victim.get(link)).headers["location"])
        forged = answer.copy_set_param("state", theirs.params["state"])
        refused = await victim.get(path_of(str(forged)))
        assert (refused.status_code, refused.json()["code"]) == (400, "identity.sign_in_failed")
        assert (await victim.get("/api/v1/me")).status_code == 401


async def test_an_answer_of_the_other_province_is_refused(
    client: httpx2.AsyncClient, provinces: Provinces
) -> None:
    """Mix-up (RFC 9700 §4.4): asked in Zhejiang, answered in the name of Jiangsu."""
    sent = await client.get(f"/sign-in/330000/{provinces.zhejiang_id}")
    answer = httpx2.URL(await Person("xu").sign_in(sent.headers["location"], until=PLATFORM))
    assert answer.params["iss"] == provinces.zhejiang.issuer
    for forged in (answer.copy_set_param("iss", provinces.jiangsu.issuer), answer.copy_remove_param("iss")):
        await client.get(f"/sign-in/330000/{provinces.zhejiang_id}")
        refused = await client.get(path_of(str(forged)))
        assert refused.status_code == 400
    assert (await client.get("/api/v1/me")).status_code == 401


async def test_a_callback_counts_once(client: httpx2.AsyncClient, provinces: Provinces) -> None:
    sent = await client.get(f"/sign-in/330000/{provinces.zhejiang_id}")
    kept = client.cookies["sign_in"]
    answer = path_of(await Person("xu").sign_in(sent.headers["location"], until=PLATFORM))
    assert (await client.get(answer)).status_code == 303
    client.cookies.set("sign_in", kept)
    assert (await client.get(answer)).status_code == 400


async def test_the_province_of_last_time_is_offered_first(
    client: httpx2.AsyncClient, provinces: Provinces
) -> None:
    assert "sign-in__usual" not in (await client.get("/sign-in")).text
    await come_back(client, f"/sign-in/320000/{provinces.jiangsu_id}", Person("zhou"))
    page = await client.get("/sign-in?next=/bookings")
    usual = page.text.partition("sign-in__usual")[2].partition("</p>")[0]
    assert f"/sign-in/320000/{provinces.jiangsu_id}?next=/bookings" in usual
