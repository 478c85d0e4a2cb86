"""What developers, admins and people who connect applications see and do without script."""

import re

import httpx2

from tests.identity.oauth_applications.conftest import Bench, application
from tests.support.forms import HTML, faults_of, submit
from tests.support.oauth import SCOPES, Pkce, authorization_query

NEW = "/developer/applications/new"
FORM = application(redirect_uris="https://client.example/back\nhttps://client.example/other")


def told(page: httpx2.Response) -> list[str]:
    """What stands in the boxes of a page that shows credentials."""
    return re.findall(r"<code>([^<]+)</code>", page.text)


async def test_a_developer_registers_and_sees_the_secret_once(bench: Bench) -> None:
    developer = await bench.developer()
    assert "还没有登记应用" in (await developer.get("/developer/applications")).text
    made = await submit(developer, NEW, NEW, FORM)
    assert made.status_code == 200, made.text
    client_id, secret = told(made)
    listed = (await developer.get("/developer/applications")).text
    assert client_id in listed
    assert "待审核" in listed
    address = re.search(r'href="(/developer/applications/[0-9a-f-]{36})"', listed)
    assert address is not None
    page = await developer.get(address[1])
    assert page.status_code == 200
    assert "等待本省管理员审核" in page.text
    assert secret not in page.text + listed


async def test_every_fault_is_told_at_once(bench: Bench) -> None:
    developer = await bench.developer()
    typed = {
        "name": "",
        "purpose": "",
        "homepage": "javascript:alert(1)",
        "redirect_uris": "http://example.com/",
        "post_logout_redirect_uris": "ftp://example.com",
        "scopes": ["root"],
        "kind": "system",
    }
    refused = await submit(developer, NEW, NEW, typed)
    assert refused.status_code == 422
    assert len(faults_of(refused.text)) == 7, faults_of(refused.text)


async def test_an_admin_finds_and_approves(bench: Bench) -> None:
    developer, admin = await bench.developer(), await bench.admin()
    made = await bench.registered(developer)
    listed = (await admin.get("/applications?review=pending")).text
    assert "仪器看板" in listed
    assert "沈知行" in listed
    page = f"/applications/{made.id}"
    unsaid = await submit(admin, page, f"{page}/review", {"decision": "refuse"})
    assert faults_of(unsaid.text) == ["理由：请说明不批准的理由"]
    none = await admin.post(
        f"{page}/review",
        data={"decision": "approve", "version": "1", "csrf_token": token_of(unsaid)},
        headers=HTML,
    )
    assert faults_of(none.text) == ["批准的权限：请在所申请的权限中至少选择一项"]
    fewer = await submit(
        admin, page, f"{page}/review", {"decision": "approve", "scopes": ["openid", "profile"]}
    )
    assert fewer.status_code == 303
    assert "bookings.read" not in (await developer.get(made.page)).text.split("<form")[0]
    again = await admin.get(page)
    assert "作出决定" not in again.text


def token_of(page: httpx2.Response) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert found is not None
    return found[1]


async def test_the_consent_page_says_who_asks(bench: Bench) -> None:
    developer, other = await bench.developer("<b>阮</b>"), await bench.clients.of("310000")
    made = await bench.registered(developer, name="<script>alert(1)</script>", purpose="<i>看板</i>")
    query = authorization_query(made.credentials.client_id, Pkce())
    own = (await developer.get("/oauth/authorize", params=query)).text
    assert "尚未审核" in own
    await bench.decided(await bench.admin(), made, decision="approve")
    page = (await other.get("/oauth/authorize", params=query)).text
    assert "尚未审核" not in page
    for words in ("&lt;script&gt;", "&lt;b&gt;阮&lt;/b&gt;（浙江）", "&lt;i&gt;看板&lt;/i&gt;"):
        assert words in page
    assert "<script>alert" not in page


async def test_somebody_else_is_told_that_it_is_not_reviewed(bench: Bench) -> None:
    developer, other = await bench.developer(), await bench.clients.of("310000")
    made = await bench.registered(developer)
    query = authorization_query(made.credentials.client_id, Pkce())
    for prompt in ({}, {"prompt": "none"}):
        refused = await other.get("/oauth/authorize", params=query | prompt, headers=HTML)
        assert refused.status_code == 400
        assert "未在本平台注册" not in refused.text
        assert "目前只有它的开发者本人可以使用" in refused.text
    assert (await bench.tokens(developer, made))["scope"] == " ".join(SCOPES)


async def test_connections_end_one_by_one_and_all_together(bench: Bench) -> None:
    developer, person = await bench.developer(), await bench.clients.of("310000")
    assert "没有连接的应用" in (await person.get("/account/applications")).text
    tokens = [await bench.tokens(person, await bench.approved(developer, name=f"看板 {n}")) for n in range(3)]
    listed = (await person.get("/account/applications")).text
    ends = re.findall(r'href="(/account/applications/[0-9a-f-]{36}/end)"', listed)
    assert len(ends) == 3
    assert (await submit(person, ends[0], ends[0])).status_code == 303
    assert (await developer.get(ends[1])).status_code == 404
    every = "/account/applications/end"
    assert (await submit(person, every, every)).status_code == 303
    assert "没有连接的应用" in (await person.get("/account/applications")).text
    for one in tokens:
        bearer = {"Authorization": f"Bearer {one['access_token']}"}
        assert (await developer.get("/api/v1/me", headers=bearer)).status_code == 401


async def test_an_admin_registers_a_system_changes_rotates_and_disables_it(bench: Bench) -> None:
    admin = await bench.admin()
    new = "/applications/new"
    typed = {"name": "设备处接口", "purpose": "每晚同步", "scopes": ["instruments.read"]}
    made = await submit(admin, new, new, typed)
    assert made.status_code == 200, made.text
    client_id, secret = told(made)
    listed = (await admin.get("/applications?kind=system&status=active&q=设备处")).text
    assert client_id in listed
    found = re.search(r'href="(/applications/[0-9a-f-]{36})"', listed)
    assert found is not None
    page = found[1]
    assert (
        await submit(admin, f"{page}/change", f"{page}/change", {"name": "设备处新接口"})
    ).status_code == 303
    rotated = await submit(admin, page, f"{page}/rotate")
    assert told(rotated)[1] != secret
    assert secret not in (await admin.get(page)).text
    for words in ("应用已停用", "应用已恢复使用"):
        done = await submit(admin, f"{page}/status", f"{page}/status")
        assert done.status_code == 303
        assert words in (await admin.get(done.headers["location"])).text


async def test_a_developer_changes_and_closes_an_application(bench: Bench) -> None:
    developer = await bench.developer()
    made = await bench.approved(developer)
    assert (await submit(developer, made.page, made.page, {"name": "新看板"})).status_code == 303
    page = (await developer.get(made.page)).text
    assert "等待审核的更改" in page
    assert "更改待审核" in page
    rotated = await submit(developer, made.page, f"{made.page}/rotate")
    assert len(told(rotated)) == 2
    done = await submit(developer, f"{made.page}/close", f"{made.page}/close")
    assert done.status_code == 303
    assert "已停用" in (await developer.get("/developer/applications")).text


async def test_the_guide_names_this_deployment(client: httpx2.AsyncClient) -> None:
    page = await client.get("/developer")
    assert page.status_code == 200
    assert "http://testserver/.well-known/openid-configuration" in page.text
