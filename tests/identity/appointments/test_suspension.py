"""Suspending an account: its sessions and tokens end at once, and nothing else of it."""

from app.access.permissions import Role
from app.core.db import Database
from app.settings import Settings
from tests.identity.appointments.conftest import WHY, Office, said
from tests.support.oauth import Pkce, allow, make_client, redeem, tokens_for

HTML = {"accept": "text/html"}


async def test_sessions_and_tokens_end_and_do_not_come_back(
    office: Office, database: Database, settings: Settings
) -> None:
    _, admin = await office.admin()
    person = await office.person("沈知行", login_name="shen.zhixing")
    browser = await office.browser(person)
    web = await make_client(database, settings, tenant_id="330000")
    pkce = Pkce()
    tokens = (await redeem(browser, web, (await allow(browser, web.client_id, pkce))["code"], pkce)).json()
    bearer = {"authorization": f"Bearer {tokens['access_token']}"}
    assert (await admin.get(f"/people/{person.id}", headers=HTML)).text.count("1 个设备") == 1
    path = f"/api/v1/people/{person.id}"
    assert (await admin.post(f"{path}/suspend", json=WHY)).status_code == 204
    assert said(await admin.post(f"{path}/suspend", json=WHY)) == (409, "identity.status_unchanged")
    for _ in range(2):
        assert (await browser.get("/api/v1/me")).status_code == 401
        browser.cookies.clear()
        assert (await browser.get("/api/v1/me", headers=bearer)).status_code == 401
        refreshed = await tokens_for(
            browser, web, grant_type="refresh_token", refresh_token=tokens["refresh_token"]
        )
        assert refreshed.status_code == 400
        await admin.post(f"{path}/reactivate", json=WHY)
    assert (await admin.get(path)).json()["status"] == "active"
    assert (await (await office.browser(person)).get("/api/v1/me")).status_code == 200, "a new sign-in works"
    assert await office.kinds(person.id) == ["account.created", "account.suspended", "account.reactivated"]


async def test_nobody_suspends_themselves_or_without_the_role(office: Office) -> None:
    oneself, admin = await office.admin()
    assert (await admin.post(f"/api/v1/people/{oneself.id}/suspend", json=WHY)).status_code == 403
    person = await office.person()
    auditor = await office.browser(await office.person("许清禾", Role.AUDITOR))
    for verb in ("suspend", "reactivate"):
        assert (await auditor.post(f"/api/v1/people/{person.id}/{verb}", json=WHY)).status_code == 403
    assert said(await admin.post(f"/api/v1/people/{person.id}/reactivate", json=WHY)) == (
        409,
        "identity.status_unchanged",
    )


async def test_the_page_asks_why_before_it_hurts(office: Office) -> None:
    _, admin = await office.admin()
    person = await office.person("沈知行")
    page = (await admin.get(f"/people/{person.id}", headers=HTML)).text
    assert f'href="/people/{person.id}/do/suspend"' in page
    asked = (await admin.get(f"/people/{person.id}/do/suspend", headers=HTML)).text
    assert "所有登录和已连接的应用立即结束" in asked
    token = asked.partition('name="csrf_token" value="')[2].partition('"')[0]
    url = f"/people/{person.id}/do/suspend"
    empty = await admin.post(url, data={"csrf_token": token, "reason": " "}, headers=HTML)
    assert empty.status_code == 422
    done = await admin.post(url, data={"csrf_token": token, "reason": "离职"}, headers=HTML)
    assert done.headers["location"] == f"/people/{person.id}"
    shown = (await admin.get(f"/people/{person.id}", headers=HTML)).text
    assert "沈知行 的账号已停用" in shown
    assert f'href="/people/{person.id}/do/reactivate"' in shown
    assert "do/propose-admin" not in shown
    for act in ("king", "appoint-admin"):
        assert (await admin.get(f"/people/{person.id}/do/{act}", headers=HTML)).status_code in {404, 422}


async def test_a_scope_ends_with_the_role(office: Office, database: Database, settings: Settings) -> None:
    """A token that was granted people.manage manages nobody once its person is no admin."""
    _, other = await office.admin("周明远")
    person, browser = await office.admin("陈静")
    web = await make_client(
        database, settings, tenant_id="330000", scopes=("openid", "people.manage", "people.read")
    )
    pkce = Pkce()
    code = await allow(browser, web.client_id, pkce, scope="openid people.manage people.read")
    bearer = {
        "authorization": f"Bearer {(await redeem(browser, web, code['code'], pkce)).json()['access_token']}"
    }
    browser.cookies.clear()
    target = await office.person()
    path = f"/api/v1/people/{target.id}/suspend"
    assert (await browser.post(path, json=WHY, headers=bearer)).status_code == 204
    revoke = f"/api/v1/people/{person.id}/roles/province_admin/revoke"
    assert (await other.post(revoke, json=WHY)).status_code == 204
    refused = await browser.post(path.replace("suspend", "reactivate"), json=WHY, headers=bearer)
    assert refused.status_code == 403
