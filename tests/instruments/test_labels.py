"""Labels to print, and where they lead."""

import re
from uuid import uuid4

from sqlalchemy import update

from app.instruments.models import InstrumentUnit
from app.tenancy.context import TenantContext
from tests.instruments.conftest import ZHEJIANG, Lab
from tests.support.forms import HTML
from tests.support.places import make_instrument

LABELS = "/instruments/labels"


def addresses(page: str) -> list[str]:
    return re.findall(r'alt="二维码：([^"]+)"', page)


async def test_each_unit_in_use_has_its_label(lab: Lab) -> None:
    one = await lab.create(
        scope="public", units=[{"label": "1 号机"}, {"label": "2 号机"}, {"label": "旧机"}]
    )
    other = await lab.create(inner_id="B")
    old = one["units"][2]["id"]
    async with lab.database.transaction(TenantContext(ZHEJIANG).info()) as session:
        await session.execute(update(InstrumentUnit).where(InstrumentUnit.id == old).values(active=False))
    base = lab.app.state.settings.base_url
    asked = await lab.member.get(f"/units/{old}", headers=HTML)
    assert asked.headers["location"] == f"/instruments/{one['id']}"
    assert "「旧机」已停用" in (await lab.member.get(asked.headers["location"], headers=HTML)).text
    own = (await lab.manager.get(f"/instruments/{one['id']}/label", headers=HTML)).text
    assert addresses(own) == [f"{base}/units/{unit['id']}" for unit in one["units"][:2]]
    assert own.count("data:image/svg+xml") == 2
    for text in ("1 号机", "2 号机", one["inner_id"], "示例大学", "labels--a6"):
        assert text in own, text
    chosen = {"instrument_id": [one["id"], other["id"]], "size": "sticker"}
    both = (await lab.manager.get(LABELS, params=chosen, headers=HTML)).text
    assert len(addresses(both)) == 3
    assert "labels--sticker" in both
    single = {"unit_id": one["units"][1]["id"]}
    only = (await lab.manager.get(f"/instruments/{one['id']}/label", params=single, headers=HTML)).text
    assert addresses(only) == [f"{base}/units/{one['units'][1]['id']}"]
    unknown = {"unit_id": str(uuid4())}
    missing = await lab.manager.get(f"/instruments/{one['id']}/label", params=unknown, headers=HTML)
    assert missing.status_code == 404
    assert (await lab.manager.get(LABELS, headers=HTML)).status_code == 303


async def test_labels_are_for_who_runs_the_instrument(lab: Lab) -> None:
    entry = await lab.create(scope="public")
    for who, status in (("visitor", 303), ("member", 403), ("stranger", 403), ("admin", 200)):
        answer = await getattr(lab, who).get(f"/instruments/{entry['id']}/label", headers=HTML)
        assert answer.status_code == status, who
    hidden = await make_instrument(lab.database, "310000", scope="organisation")
    both = {"instrument_id": [entry["id"], str(hidden.instrument_id)]}
    assert (await lab.manager.get(LABELS, params=both, headers=HTML)).status_code == 404


async def test_a_label_leads_to_the_instrument_with_its_unit_chosen(lab: Lab) -> None:
    entry = await lab.create(scope="public", units=[{"label": "1 号机"}, {"label": "2 号机"}])
    second = entry["units"][1]["id"]
    answer = await lab.member.get(f"/units/{second}", headers=HTML)
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/instruments/{entry['id']}?unit_id={second}#booking"
    page = (await lab.member.get(answer.headers["location"], headers=HTML)).text
    assert f'<option value="{second}" selected>' in page
    assert (await lab.visitor.get(f"/units/{second}", headers=HTML)).status_code == 303


async def test_a_label_tells_strangers_nothing(lab: Lab) -> None:
    hidden = await lab.create(scope="organisation")
    for unit in (hidden["units"][0]["id"], str(uuid4())):
        for who in (lab.stranger, lab.neighbour):
            assert (await who.get(f"/units/{unit}", headers=HTML)).status_code == 404
        asked = await lab.visitor.get(f"/units/{unit}", headers=HTML)
        assert asked.headers["location"] == f"/sign-in?next=%2Funits%2F{unit}"


async def test_a_pool_of_alike_units_is_shown_with_its_counts(lab: Lab) -> None:
    units = [{"label": f"{n} 号机", "serial": f"S{n}"} for n in (1, 2, 3)]
    entry = await lab.create(scope="public", units=units)
    url = f"/instruments/{entry['id']}"
    third = entry["units"][2]["id"]
    change = await lab.manager.patch(
        f"/api/v1{url}/units/{third}", json={"active": False}, headers={"if-match": '"v1"'}
    )
    assert change.status_code == 200
    kept = (await lab.manager.get(f"{url}/units", headers=HTML)).text
    assert "共 3 台（套），2 台（套）可预约" in kept
    assert f"{url}/label?unit_id={entry['units'][0]['id']}" in kept
    page = (await lab.member.get(url, headers=HTML)).text
    assert "2 台（套）相同的仪器" in page
    assert f"{url}?unit_id={entry['units'][1]['id']}#booking" in page
    assert third not in page
    single = await lab.create(inner_id="B", scope="public")
    assert "相同的仪器" not in (await lab.member.get(f"/instruments/{single['id']}", headers=HTML)).text
