"""An admin's word: on an application, on what its developer wants changed afterwards, and on both at once."""

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

from app.core.db import Database
from app.main import create_app
from app.settings import Settings
from tests.identity.oauth_applications.conftest import API, OWN, Bench, application, version
from tests.support.clients import clients_of
from tests.support.oauth import REDIRECT_URI, SCOPES, Pkce, authorization_query

ROUNDS = 4
ELSEWHERE = "https://elsewhere.example/back"


def changed(**changes: Any) -> dict[str, Any]:
    return {name: value for name, value in application(**changes).items() if name != "kind"}


async def test_an_approval_may_give_fewer_scopes_and_none_that_nobody_asked_for(bench: Bench) -> None:
    admin, made = await bench.admin(), await bench.registered(await bench.developer())
    seen = version(await admin.get(f"{API}/{made.id}"))
    for wrong in (["tasks.read"], ["openid", "tasks.read"]):
        word = {"decision": "approve", "scopes": wrong}
        refused = await admin.post(f"{API}/{made.id}/review", json=word, headers=seen)
        assert [one["field"] for one in refused.json()["errors"]] == ["scopes"]
    approved = await bench.decided(admin, made, decision="approve", scopes=["profile", "openid"])
    assert approved.json()["scopes"] == ["openid", "profile"]
    tokens = await bench.tokens(await bench.clients.of("310000"), made)
    assert tokens["scope"] == "openid profile"


async def test_a_refusal_has_a_reason_and_can_be_mended(bench: Bench) -> None:
    admin, developer = await bench.admin(), await bench.developer()
    made = await bench.registered(developer)
    seen = version(await admin.get(f"{API}/{made.id}"))
    unsaid = await admin.post(f"{API}/{made.id}/review", json={"decision": "refuse"}, headers=seen)
    assert [one["field"] for one in unsaid.json()["errors"]] == ["reason"]
    await bench.decided(admin, made, decision="refuse", reason="用途不清")
    assert "用途不清" in (await developer.get(made.page)).text
    query = authorization_query(made.credentials.client_id, Pkce())
    assert (await developer.get("/oauth/authorize", params=query)).status_code == 400
    mine = await developer.get(f"{API}/{made.id}")
    mended = await developer.put(f"{API}/{made.id}", json=changed(purpose="说清楚"), headers=version(mine))
    assert mended.json()["review"] == "pending"
    again = await bench.decided(admin, made, decision="approve")
    assert again.json()["review"] == "approved"
    late = await admin.post(f"{API}/{made.id}/review", json={"decision": "approve"}, headers=version(again))
    assert late.json()["code"] == "identity.nothing_to_review"


async def test_a_change_waits_while_the_approved_one_works(bench: Bench) -> None:
    developer, person = await bench.developer(), await bench.clients.of("310000")
    made = await bench.approved(developer)
    wide = changed(name="新名", redirect_uris=[ELSEWHERE], scopes=[*SCOPES, "bookings.change"])
    mine = await developer.get(f"{API}/{made.id}")
    waiting = await developer.put(f"{API}/{made.id}", json=wide, headers=version(mine))
    assert waiting.json()["name"] == "仪器看板"
    assert waiting.json()["proposed"].keys() == {"name", "redirect_uris", "scopes"}
    assert (await bench.tokens(person, made))["scope"] == " ".join(SCOPES)
    query = authorization_query(made.credentials.client_id, Pkce(), prompt="consent")
    sent = await person.get("/oauth/authorize", params=query | {"redirect_uri": ELSEWHERE})
    assert sent.status_code == 400
    await bench.decided(await bench.admin(), made, decision="approve")
    for address, status in ((ELSEWHERE, 200), (REDIRECT_URI, 400)):
        sent = await person.get("/oauth/authorize", params=query | {"redirect_uri": address})
        assert sent.status_code == status
    assert (await developer.get(f"{API}/{made.id}")).json()["proposed"] is None


async def test_a_refused_change_leaves_what_was_approved(bench: Bench) -> None:
    developer = await bench.developer()
    made = await bench.approved(developer)
    mine = await developer.get(f"{API}/{made.id}")
    await developer.put(f"{API}/{made.id}", json=changed(name="政府"), headers=version(mine))
    told = (await bench.decided(await bench.admin(), made, decision="refuse", reason="易误认")).json()
    assert (told["name"], told["review"], told["proposed"]) == ("仪器看板", "approved", None)
    kinds = [row.kind for row in await bench.journal()]
    assert kinds == [f"oauth_client.{kind}" for kind in ("registered", "approved", "changed", "refused")]


async def test_one_of_two_admins_wins(
    fresh_database: Database, fresh_settings: Settings, tmp_path: Path
) -> None:
    settings = fresh_settings.model_copy(update={"data_dir": tmp_path})
    async with clients_of(create_app(settings, fresh_database)) as clients:
        bench = Bench(clients, fresh_database)
        developer, one, other = await bench.developer(), await bench.admin(), await bench.admin()
        for _ in range(ROUNDS):
            made = await bench.registered(developer)
            url = f"{API}/{made.id}"
            seen = version(await one.get(url))
            answers = await asyncio.gather(
                one.post(f"{url}/review", json={"decision": "approve"}, headers=seen),
                other.post(f"{url}/review", json={"decision": "refuse", "reason": "否"}, headers=seen),
                developer.put(url, json=changed(name="换名"), headers=seen),
            )
            counts = Counter(answer.status_code for answer in answers)
            assert counts[200] == 1, [answer.text for answer in answers]
            assert counts.keys() <= {200, 409, 412}


async def test_the_twenty_first_application_is_refused_also_to_two_at_once(
    fresh_database: Database, fresh_settings: Settings, tmp_path: Path
) -> None:
    settings = fresh_settings.model_copy(update={"data_dir": tmp_path})
    async with clients_of(create_app(settings, fresh_database)) as clients:
        bench = Bench(clients, fresh_database)
        developer = await bench.developer()
        made = [await bench.registered(developer) for _ in range(19)]
        answers = await asyncio.gather(*(developer.post(OWN, json=application()) for _ in range(3)))
        assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 2}
        assert {a.json()["code"] for a in answers if a.status_code == 409} == {
            "identity.too_many_applications"
        }
        seen = version(await developer.get(f"{API}/{made[0].id}"))
        await developer.post(f"{API}/{made[0].id}/disable", headers=seen)
        assert (await developer.post(OWN, json=application())).status_code == 201
