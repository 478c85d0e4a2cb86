"""The whole path of an application by its pages, without script."""

import re

import httpx2

from tests.identity.joining.conftest import JPEG, PDF, Desk, firm
from tests.support.forms import faults_of, submit

HTML = {"accept": "text/html"}
EN = {"accept": "text/html", "accept-language": "en"}
CHINESE = re.compile(r"[\u4e00-\u9fff]")
APPLY = "/organisations/apply"
DESK = "/organisation-applications"


async def begin(clerk: httpx2.AsyncClient) -> str:
    made = await submit(clerk, f"{APPLY}/new", f"{APPLY}/new", firm())
    assert made.status_code == 303, faults_of(made.text)
    return str(made.headers["location"])


async def test_a_clerk_applies_and_an_admin_decides(desk: Desk) -> None:
    clerk, admin = await desk.clerk(), await desk.admin()
    assert "还没有申请" in (await clerk.get(APPLY, headers=HTML)).text
    url = await begin(clerk)
    files = [("files", ("执照.pdf", PDF)), ("files", ("门头.jpg", JPEG))]
    assert (await submit(clerk, url, f"{url}/evidence", files=files)).status_code == 303
    assert (await submit(clerk, url, f"{url}/submit")).status_code == 303
    page = (await clerk.get(url, headers=HTML)).text
    assert "正在等待审核" in page
    assert f"{url}/submit" not in page
    review = url.replace(APPLY, DESK)
    shown = (await admin.get(review, headers=HTML)).text
    assert "请逐项核对" in shown
    assert len(re.findall(rf'<img class="evidence__image" src="{url}/evidence/', shown)) == 1
    assert "remove" not in shown
    bare = await submit(admin, review, review, {"decision": "return"})
    assert (bare.status_code, faults_of(bare.text)) == (422, ["理由：退回或驳回须说明理由"])
    rash = await submit(admin, review, review, {"decision": "approve"})
    assert rash.status_code == 422
    assert "批准前请确认已核对" in rash.text
    words = {"decision": "return", "reason": "扫描件看不清", "fault_evidence": "请重新扫描"}
    assert (await submit(admin, review, review, words)).headers["location"] == DESK
    told = (await clerk.get(url, headers=HTML)).text
    assert "扫描件看不清" in told
    assert "证明材料：请重新扫描" in told
    changed = await submit(clerk, f"{url}/edit", f"{url}/edit", {"contact_name": "许清禾"})
    assert changed.headers["location"] == url
    assert (await submit(clerk, url, f"{url}/submit")).status_code == 303
    approval = {"decision": "approve", "confirmed": "true"}
    assert (await submit(admin, review, review, approval)).status_code == 303
    assert "您是该单位的管理员" in (await clerk.get(url, headers=HTML)).text
    assert "该单位已登记" in (await admin.get(review, headers=HTML)).text


async def test_every_fault_is_shown_and_what_was_typed_stays(desk: Desk) -> None:
    clerk = await desk.clerk()
    typed = firm(name="名" * 201, uscc="1234", adcode="320106", website="javascript:x")
    refused = await submit(clerk, f"{APPLY}/new", f"{APPLY}/new", typed)
    assert refused.status_code == 422
    assert len(faults_of(refused.text)) == 3
    assert 'value="1234"' in refused.text
    again = await submit(clerk, f"{APPLY}/new", f"{APPLY}/new", firm(adcode="320106"))
    assert faults_of(again.text) == ["所在市、县：不是本省现行的市、县代码"]


async def test_wrong_files_leave_the_good_ones_of_before(desk: Desk) -> None:
    clerk = await desk.clerk()
    url = await begin(clerk)
    await submit(clerk, url, f"{url}/evidence", files=[("files", ("a.pdf", PDF))])
    wrong = [("files", ("b.pdf", b"MZ")), ("files", ("c.svg", b"<svg/>")), ("files", ("d.png", b""))]
    refused = await submit(clerk, url, f"{url}/evidence", files=wrong)
    assert refused.status_code == 422
    assert [name in refused.text for name in ("「b.pdf」", "「c.svg」", "「d.png」")] == [True, True, True]
    assert ">a.pdf</a>" in refused.text
    none = await submit(clerk, url, f"{url}/evidence")
    assert "请选择文件" in none.text
    removed = re.search(rf"{url}/evidence/[^/]+/remove", refused.text)
    assert removed is not None
    assert (await submit(clerk, url, removed[0])).status_code == 303
    assert ">a.pdf</a>" not in (await clerk.get(url, headers=HTML)).text


async def test_withdrawing_is_asked_first(desk: Desk) -> None:
    clerk = await desk.clerk()
    url = await begin(clerk)
    assert "会删除" in (await clerk.get(f"{url}/withdraw", headers=HTML)).text
    assert (await submit(clerk, f"{url}/withdraw", f"{url}/withdraw")).status_code == 303
    assert "已撤回" in (await clerk.get(url, headers=HTML)).text


async def test_an_officer_looks_at_the_desk_and_others_at_nothing(desk: Desk) -> None:
    clerk, admin, foreign = await desk.clerk(), await desk.admin(), await desk.admin("320000")
    url = await begin(clerk)
    other = await desk.clerk(name="许清禾")
    for person in (other, admin):
        for path in (url, f"{url}/edit", f"{url}/withdraw"):
            assert (await person.get(path, headers=HTML)).status_code == 404
    await submit(clerk, url, f"{url}/evidence", files=[("files", ("a.pdf", PDF))])
    await submit(clerk, url, f"{url}/submit")
    assert (await foreign.get(url.replace(APPLY, DESK), headers=HTML)).status_code == 404
    assert (await clerk.get(DESK, headers=HTML)).status_code == 403
    assert (await admin.get(DESK, headers=EN)).status_code == 200
    english = re.sub(r"<title>.*?</title>", "", (await admin.get(url.replace(APPLY, DESK), headers=EN)).text)
    words = set(CHINESE.findall(english))
    assert words <= set("长三角创新资源共享平台钱塘示例科技有限公司沈知行陈静浙杭州市西湖区中文")


async def test_a_forged_form_changes_nothing(desk: Desk) -> None:
    clerk = await desk.clerk()
    url = await begin(clerk)
    forged = await clerk.post(f"{url}/withdraw", data={"version": "1", "csrf_token": "x"}, headers=HTML)
    assert forged.status_code == 403
    assert "草稿" in (await clerk.get(url, headers=HTML)).text
