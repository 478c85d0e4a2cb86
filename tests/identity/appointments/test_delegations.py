"""Lending a role until a day: what a deputy may do, and when that ends."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest

from app.access.permissions import Role
from app.core.db import Database
from tests.identity.appointments.conftest import WHY, Office, said
from tests.support.people import Person
from tests.support.places import make_instrument, make_organisation

MINE = "/api/v1/me/delegations"


def until(days: float = 30) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).isoformat()


async def lend(holder: httpx2.AsyncClient, deputy: Person, **values: Any) -> httpx2.Response:
    return await holder.post(MINE, json={"deputy_id": str(deputy.id), "ends_at": until(), **WHY, **values})


async def manages(client: httpx2.AsyncClient, organisation: UUID) -> bool:
    """Whether the caller may do what only the organisation's manager may."""
    me = (await client.get("/api/v1/me")).json()
    return {"organisation_id": str(organisation), "role": "manager"} in [
        {"organisation_id": m["organisation_id"], "role": m["role"]} for m in me["memberships"]
    ]


async def lent(office: Office) -> tuple[httpx2.AsyncClient, httpx2.AsyncClient, Person, UUID, str]:
    """A manager's client, the deputy's, the deputy, the organisation, the delegation's address."""
    organisation = await make_organisation(office.clients.database, "330000")
    holder = await office.person("周明远", organisations={organisation: Role.MANAGER})
    deputy = await office.person("沈知行")
    one, other = await office.browser(holder), await office.browser(deputy)
    made = await lend(one, deputy, role="manager", organisation_id=str(organisation))
    assert made.status_code == 201, made.text
    return one, other, deputy, organisation, f"{MINE}/{made.json()['id']}"


async def test_a_deputy_has_the_role_until_it_is_revoked(office: Office) -> None:
    holder, deputy, person, organisation, path = await lent(office)
    assert await manages(deputy, organisation)
    (received,) = (await deputy.get(MINE)).json()["received"]
    assert (received["account_name"], received["state"], received["role"]) == ("周明远", "live", "manager")
    page = await deputy.get("/account/delegations", headers={"accept": "text/html"})
    assert "您正在代理 周明远 的单位管理员" in page.text
    assert "代理中" in (await deputy.get("/", headers={"accept": "text/html"})).text
    assert (await holder.delete(path)).status_code == 204
    assert not await manages(deputy, organisation)
    assert (await holder.delete(path)).status_code == 404
    assert "代理中" not in (await deputy.get("/", headers={"accept": "text/html"})).text
    kinds = await office.kinds(path.rpartition("/")[2])
    assert kinds == ["delegation.created", "delegation.revoked"]
    assert person.id


async def test_a_deputy_declines(office: Office) -> None:
    _, deputy, _, organisation, path = await lent(office)
    assert (await deputy.delete(path)).status_code == 204
    assert not await manages(deputy, organisation)
    assert (await office.kinds(path.rpartition("/")[2]))[-1] == "delegation.declined"


async def test_a_deputy_never_has_more_than_the_holder(office: Office) -> None:
    _, deputy, _, organisation, _ = await lent(office)
    await office.run("UPDATE membership SET role = 'member' WHERE organisation_id = :id", id=organisation)
    assert not await manages(deputy, organisation)
    await office.run("UPDATE membership SET role = 'manager' WHERE organisation_id = :id", id=organisation)
    assert await manages(deputy, organisation)
    await office.run("UPDATE account SET status = 'suspended' WHERE display_name = '周明远'")
    assert not await manages(deputy, organisation)


async def test_what_was_lent_is_not_lent_on(office: Office) -> None:
    _, deputy, _, organisation, _ = await lent(office)
    third = await office.person("林知远")
    refused = await lend(deputy, third, role="manager", organisation_id=str(organisation))
    assert refused.status_code == 403
    assert "不能再委托" in refused.json()["detail"]


async def test_the_databases_clock_begins_and_ends_it(office: Office) -> None:
    holder, deputy, person, organisation, path = await lent(office)
    await office.run("UPDATE delegation SET ends_at = clock_timestamp()")
    assert not await manages(deputy, organisation)
    assert (await holder.delete(path)).status_code == 404, "it has ended already"
    later = await lend(
        holder,
        person,
        role="manager",
        organisation_id=str(organisation),
        starts_at=until(1),
        ends_at=until(2),
    )
    assert later.status_code == 201
    assert not await manages(deputy, organisation)
    assert [one["state"] for one in (await deputy.get(MINE)).json()["received"]] == ["coming", "ended"]


@pytest.mark.parametrize(
    "term",
    [
        {"ends_at": until(-1)},
        {"starts_at": until(-2), "ends_at": until(1)},
        {"starts_at": until(2), "ends_at": until(1)},
        {"ends_at": until(367)},
        {"starts_at": until(1), "ends_at": until(368)},
    ],
)
async def test_no_travelling_in_time(office: Office, term: dict[str, str]) -> None:
    organisation = await make_organisation(office.clients.database, "330000")
    holder = await office.person("周明远", organisations={organisation: Role.MANAGER})
    browser = await office.browser(holder)
    deputy = await office.person()
    refused = await lend(browser, deputy, role="manager", organisation_id=str(organisation), **term)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "ends_at"
    assert await office.run("SELECT 1 FROM delegation") == []


async def test_only_a_colleague_of_the_province_can_be_deputy(office: Office) -> None:
    organisation = await make_organisation(office.clients.database, "330000")
    holder = await office.person("周明远", organisations={organisation: Role.MANAGER})
    browser = await office.browser(holder)
    stranger = await office.person("外省人", tenant_id="310000")
    nobody = Person(uuid4(), "330000", "", None)
    suspended = await office.person("停用者")
    await office.run("UPDATE account SET status = 'suspended' WHERE id = :id", id=suspended.id)
    answers = [
        await lend(browser, one, role="manager", organisation_id=str(organisation))
        for one in (stranger, nobody, suspended)
    ]
    assert {answer.status_code for answer in answers} == {422}
    assert len({str(answer.json()["errors"]) for answer in answers}) == 1
    oneself = await lend(browser, holder, role="manager", organisation_id=str(organisation))
    assert oneself.json()["errors"][0]["code"] == "identity.deputy_oneself"


async def test_a_role_is_lent_to_one_person_once_at_a_time(office: Office) -> None:
    holder, _, person, organisation, _ = await lent(office)
    again = await lend(holder, person, role="manager", organisation_id=str(organisation))
    assert said(again) == (409, "identity.already_lent")


async def test_roles_of_which_things_are_lent_as_they_are(office: Office, database: Database) -> None:
    place = await make_instrument(database, "330000")
    holder = await office.person("周明远")
    await office.run(
        "INSERT INTO stewardship (tenant_id, account_id, instrument_id) VALUES ('330000', :a, :i)",
        a=holder.id,
        i=place.instrument_id,
    )
    browser, deputy = await office.browser(holder), await office.person()
    wrong = await lend(browser, deputy, role="steward", organisation_id=str(place.organisation_id))
    assert wrong.status_code == 403
    both = await lend(
        browser,
        deputy,
        role="steward",
        instrument_id=str(place.instrument_id),
        organisation_id=str(place.organisation_id),
    )
    assert both.status_code == 422
    right = await lend(browser, deputy, role="steward", instrument_id=str(place.instrument_id))
    assert right.status_code == 201
    me = (await (await office.browser(deputy)).get("/api/v1/me")).json()
    assert me["stewardships"] == [str(place.instrument_id)]


async def test_an_admins_deputy_needs_a_second_admin_and_appoints_nobody(office: Office) -> None:
    _, second = await office.admin("周明远")
    holder, admin = await office.admin("陈静")
    deputy = await office.person("沈知行")
    browser = await office.browser(deputy)
    made = await lend(admin, deputy, role="province_admin")
    assert made.status_code == 201
    assert (await browser.get("/api/v1/appointments")).status_code == 403, "until it is confirmed"
    (waiting,) = (await admin.get("/api/v1/appointments")).json()
    assert waiting["delegation_id"] == made.json()["id"]
    path = f"/api/v1/appointments/{waiting['id']}"
    assert (await admin.post(f"{path}/approve")).status_code == 403
    assert (await second.post(f"{path}/approve")).status_code == 204
    assert (await browser.get("/api/v1/appointments")).status_code == 200
    other = await office.person("林知远")
    for refused in (
        await browser.post("/api/v1/appointments", json={"account_id": str(other.id), **WHY}),
        await browser.post(f"/api/v1/people/{other.id}/roles", json={"role": "auditor", **WHY}),
        await lend(browser, other, role="province_admin"),
    ):
        assert refused.status_code == 403
    officer = await office.person("许清禾", Role.AUDITOR)
    assert (await browser.post(f"/api/v1/people/{officer.id}/suspend", json=WHY)).status_code == 403
    assert (await browser.post(f"/api/v1/people/{other.id}/suspend", json=WHY)).status_code == 204
    assert await office.roles() == {"周明远": "province_admin", "陈静": "province_admin", "许清禾": "auditor"}
    for person, status in ((officer, 403), (holder, 403), (other, 200)):
        page = await browser.get(f"/people/{person.id}/factors/reset", headers={"accept": "text/html"})
        assert page.status_code == status, (
            "an officer's factors are taken away by an admin in their own right"
        )
    provider = {"name_zh": "省认证", "name_en": "Id", "issuer": "https://id.example", "client_id": "c"}
    refused = await browser.post("/api/v1/identity-providers", json=provider)
    assert refused.json()["detail"] == "只有省级管理员本人可以设置身份提供方；代理人不能代为办理"
    assert (await browser.get("/identity-providers/new")).status_code == 403


async def test_a_loan_that_ended_is_not_confirmed(office: Office) -> None:
    _, second = await office.admin("周明远")
    _, admin = await office.admin("陈静")
    deputy = await office.person("沈知行")
    made = await lend(admin, deputy, role="province_admin")
    (waiting,) = (await second.get("/api/v1/appointments")).json()
    assert (await (await office.browser(deputy)).delete(f"{MINE}/{made.json()['id']}")).status_code == 204
    approve = await second.post(f"/api/v1/appointments/{waiting['id']}/approve")
    assert said(approve) == (409, "identity.appointment_closed")
    again = await lend(admin, deputy, role="province_admin")
    (waiting, _) = (await second.get("/api/v1/appointments")).json()
    assert (await second.post(f"/api/v1/appointments/{waiting['id']}/decline")).status_code == 204
    assert (await admin.get(MINE)).json()["given"][0]["state"] == "ended"
    assert again.status_code == 201


async def test_nobody_audits_and_decides_by_way_of_a_deputy(office: Office) -> None:
    _, second = await office.admin("周明远")
    _, admin = await office.admin("陈静")
    auditor = await office.person("许清禾", Role.AUDITOR)
    refused = await lend(admin, auditor, role="province_admin")
    assert said(refused) == (409, "identity.one_role_each")
    deputy = await office.person("沈知行")
    assert (await lend(await office.browser(auditor), deputy, role="auditor")).status_code == 201
    assert said(await lend(admin, deputy, role="province_admin")) == (409, "identity.one_role_each")
    proposal = await second.post("/api/v1/appointments", json={"account_id": str(deputy.id), **WHY})
    assert said(proposal) == (409, "identity.one_role_each")


async def test_an_admin_ends_what_a_person_lent_and_a_stranger_does_not(office: Office) -> None:
    _, deputy, person, organisation, path = await lent(office)
    delegation = path.rpartition("/")[2]
    stranger = await office.browser(await office.person("林知远"))
    assert (await stranger.delete(path)).status_code == 404
    _, foreign = await office.admin(tenant_id="310000")
    theirs = f"/api/v1/people/{person.id}/delegations/{delegation}"
    assert (await foreign.delete(theirs)).status_code == 404
    _, admin = await office.admin()
    assert (await admin.delete(f"/api/v1/people/{uuid4()}/delegations/{delegation}")).status_code == 404
    assert (await admin.delete(theirs)).status_code == 204
    assert not await manages(deputy, organisation)


async def test_the_form_lends_by_login_name_until_the_end_of_a_day(office: Office) -> None:
    organisation = await make_organisation(office.clients.database, "330000", "钱塘示例大学")
    holder = await office.person("周明远", organisations={organisation: Role.MANAGER})
    await office.person("沈知行", login_name="shen.zhixing")
    browser = await office.browser(holder)
    html = {"accept": "text/html"}
    page = (await browser.get("/account/delegations", headers=html)).text
    assert "单位管理员（钱塘示例大学）" in page
    token = page.partition('name="csrf_token" value="')[2].partition('"')[0]
    form = {"csrf_token": token, "office": f"manager:{organisation}", "until": "2099-01-01", "reason": "休假"}
    too_long = await browser.post(
        "/account/delegations", data={**form, "deputy": "shen.zhixing"}, headers=html
    )
    assert too_long.status_code == 422
    assert "最长 366 天" in too_long.text
    day = (datetime.now(UTC) + timedelta(days=9)).date().isoformat()
    unknown = await browser.post(
        "/account/delegations", data={**form, "until": day, "deputy": "nobody"}, headers=html
    )
    assert "本省没有使用该登录名或标识的账号" in unknown.text
    sent = await browser.post(
        "/account/delegations", data={**form, "until": day, "deputy": "Shen.Zhixing"}, headers=html
    )
    assert sent.status_code == 303, sent.text
    (row,) = await office.run("SELECT ends_at AT TIME ZONE 'Asia/Shanghai' AS at FROM delegation")
    assert row.at.isoformat() == f"{(datetime.fromisoformat(day) + timedelta(days=1)).date()}T00:00:00"
    none = await (await office.browser(await office.person("林知远"))).get(
        "/account/delegations", headers=html
    )
    assert "目前没有可以委托的角色" in none.text
