"""Applications of organisations: filled in, handed in, corrected, decided."""

from typing import Any

import pytest

from tests.identity.joining.conftest import API, Desk, firm, version
from tests.support.places import make_organisation, valid_uscc


async def test_from_draft_to_organisation(desk: Desk) -> None:
    clerk, admin = await desk.clerk(), await desk.admin()
    application_id = await desk.draft(clerk, name="钱塘示例科技有限公司")
    url = f"{API}/{application_id}"
    assert (await admin.get(url)).status_code == 404, "a draft is nobody else's business"
    added = await desk.evidence(clerk, application_id)
    submitted = await clerk.post(f"{url}/submit", headers=version(added))
    assert submitted.json()["status"] == "submitted"
    waiting = (await admin.get(API, params={"status": "submitted"})).json()["items"]
    assert [row["id"] for row in waiting] == [application_id]
    reasons = {"reason": "请补充清晰的扫描件", "faults": {"evidence": "看不清", "name": "少一个字"}}
    returned = await admin.post(f"{url}/return", json=reasons, headers=version(submitted))
    assert returned.json()["history"][-1]["faults"] == reasons["faults"]
    corrected = await clerk.patch(url, json={"name": "钱塘示例科技股份有限公司"}, headers=version(returned))
    again = await clerk.post(f"{url}/submit", headers=version(corrected))
    approved = await admin.post(f"{url}/approve", headers=version(again))
    assert approved.status_code == 200, approved.text
    told = (await clerk.get(url)).json()
    assert [step["status"] for step in told["history"]] == ["submitted", "returned", "submitted", "approved"]
    assert await desk.roles(told["organisation_id"]) == {"沈知行": "manager"}
    organisation = (await clerk.get(f"/api/v1/organisations/{told['organisation_id']}")).json()
    assert (organisation["name"], organisation["uscc"]) == ("钱塘示例科技股份有限公司", told["uscc"])
    kinds = await desk.all(
        "SELECT kind, before, after FROM journal_event WHERE kind LIKE 'organisation_app%'"
    )
    assert len(kinds) == 7
    assert "0571" not in str(kinds), "no personal data in clear"


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"uscc": "91330000MA2XXXXX0S"}, "uscc", "organisations.uscc_malformed"),
        ({"uscc": "91330000MA27XF6Q1A"}, "uscc", "organisations.uscc_doubtful"),
        ({"adcode": "320106"}, "adcode", "organisations.adcode_unknown"),
        ({"adcode": "330000"}, "adcode", "organisations.adcode_unknown"),
        ({"name": "名" * 201}, "name", "string_too_long"),
        ({"name": "名\0称"}, "name", "nul_character"),
        ({"name": " "}, "name", "string_too_short"),
        ({"website": "javascript:alert(1)"}, "website", None),
        ({"contact_phone": "0" * 31}, "contact_phone", "string_too_long"),
        ({"scope": "public"}, "scope", "extra_forbidden"),
    ],
)
async def test_what_is_typed_wrong(desk: Desk, changes: dict[str, Any], field: str, code: str | None) -> None:
    clerk = await desk.clerk()
    refused = await clerk.post(API, json=firm(**changes))
    assert refused.status_code == 422, refused.text
    found = {error["field"]: error["code"] for error in refused.json()["errors"]}
    assert field in found
    assert code in {None, found[field]}
    assert await desk.all("SELECT 1 FROM organisation_application") == []


async def test_all_errors_at_once_and_a_reason_for_a_doubtful_code(desk: Desk) -> None:
    clerk = await desk.clerk()
    wrong = firm(uscc="91330000MA27XF6Q1A", adcode="310101")
    refused = await clerk.post(API, json=wrong, headers={"accept-language": "en"})
    assert [error["field"] for error in refused.json()["errors"]] == [
        "uscc",
        "uscc_override_reason",
        "adcode",
    ]
    assert not any("\u4e00" <= c <= "\u9fff" for c in refused.text)
    taken = await clerk.post(
        API, json=firm(uscc="91330000MA27XF6Q1A", uscc_override_reason="执照原件", name="𠮷野家示例😀")
    )
    assert (taken.status_code, taken.json()["name"]) == (201, "𠮷野家示例😀")


async def test_a_registered_code(desk: Desk) -> None:
    clerk = await desk.clerk()
    seen, hidden = valid_uscc("330000"), valid_uscc("320000")
    await make_organisation(desk.database, "330000", "钱塘示例大学", uscc=seen)
    await make_organisation(desk.database, "320000", "金陵示例大学", uscc=hidden, scope="province")
    offered = await clerk.post(API, json=firm(uscc=seen))
    assert (offered.status_code, offered.json()["code"]) == (409, "organisations.uscc_taken")
    assert "钱塘示例大学" in offered.json()["detail"]
    neutral = await clerk.post(API, json=firm(uscc=hidden))
    assert (neutral.status_code, neutral.json()["code"]) == (409, "organisations.uscc_taken")
    assert "金陵" not in neutral.text


async def test_one_open_application_for_a_code(desk: Desk) -> None:
    one, other = await desk.clerk(), await desk.clerk(name="许清禾")
    uscc = valid_uscc("330000")
    first = await desk.submitted(one, uscc=uscc)
    second = await desk.draft(other, uscc=uscc)
    added = await desk.evidence(other, second)
    refused = await other.post(f"{API}/{second}/submit", headers=version(added))
    assert (refused.status_code, refused.json()["code"]) == (409, "identity.application_pending")
    standing = await one.get(f"{API}/{first}")
    assert (await one.post(f"{API}/{first}/withdraw", headers=version(standing))).status_code == 200
    assert (await other.post(f"{API}/{second}/submit", headers=version(added))).status_code == 200


async def test_no_submission_without_evidence_and_none_with_a_stale_version(desk: Desk) -> None:
    clerk = await desk.clerk()
    application_id = await desk.draft(clerk)
    shown = await clerk.get(f"{API}/{application_id}")
    bare = await clerk.post(f"{API}/{application_id}/submit", headers=version(shown))
    assert bare.json()["errors"][0]["code"] == "identity.evidence_missing"
    await desk.evidence(clerk, application_id)
    url = f"{API}/{application_id}"
    assert (await clerk.patch(url, json={"name": "新名称"}, headers=version(shown))).status_code == 200
    stale = await clerk.post(f"{url}/submit", headers=version(shown))
    assert stale.status_code == 412
    assert (await clerk.post(f"{url}/submit")).status_code == 428


async def test_what_is_handed_in_or_decided_is_not_changed(desk: Desk) -> None:
    clerk, admin = await desk.clerk(), await desk.admin()
    application_id = await desk.submitted(clerk)
    url = f"{API}/{application_id}"
    shown = await clerk.get(url)
    assert (await clerk.patch(url, json={"name": "别的"}, headers=version(shown))).status_code == 409
    rejected = await admin.post(f"{url}/reject", json={"reason": "不在本省"}, headers=version(shown))
    assert rejected.json()["status"] == "rejected"
    for again in ("approve", "withdraw", "submit"):
        person = admin if again == "approve" else clerk
        refused = await person.post(f"{url}/{again}", headers=version(rejected))
        assert (refused.status_code, refused.json()["code"]) == (
            409,
            "identity.application_step_impossible",
        )
    assert await desk.all("SELECT 1 FROM organisation") == []


async def test_who_decides(desk: Desk) -> None:
    clerk, admin, foreign = await desk.clerk(), await desk.admin(), await desk.admin("320000")
    stranger = await desk.clerk(name="许清禾")
    application_id = await desk.submitted(clerk)
    url = f"{API}/{application_id}"
    shown = await clerk.get(url)
    for person, status in ((foreign, 404), (stranger, 403), (clerk, 403)):
        answer = await person.post(f"{url}/approve", headers=version(shown))
        assert answer.status_code == status
    assert [(await person.get(url)).status_code for person in (foreign, stranger)] == [404, 404]
    assert (await foreign.get(API)).json()["items"] == []
    assert (await clerk.get(API)).status_code == 403
    own = await desk.submitted(admin)
    mine = await admin.get(f"{API}/{own}")
    refused = await admin.post(f"{API}/{own}/approve", headers=version(mine))
    assert refused.status_code == 403
    assert (await admin.post(f"{url}/approve", headers=version(shown))).status_code == 200


async def test_the_applicant_must_still_be_there(desk: Desk) -> None:
    clerk, admin = await desk.clerk(), await desk.admin()
    application_id = await desk.submitted(clerk)
    await desk.all("UPDATE account SET status = 'closed' WHERE display_name = '沈知行' RETURNING 1")
    shown = await admin.get(f"{API}/{application_id}")
    refused = await admin.post(f"{API}/{application_id}/approve", headers=version(shown))
    assert refused.json()["code"] == "identity.applicant_gone"
    assert await desk.all("SELECT 1 FROM organisation") == []


async def test_the_desk_is_in_order_and_filtered(desk: Desk) -> None:
    clerk, admin = await desk.clerk(), await desk.admin()
    made = [await desk.submitted(clerk, kind=kind) for kind in ("enterprise", "medical", "enterprise")]
    first = await admin.get(API, params={"limit": 2})
    rest = await admin.get(API, params={"limit": 2, "cursor": first.json()["next"]})
    assert [row["id"] for page in (first, rest) for row in page.json()["items"]] == made
    medical = (await admin.get(API, params={"kind": "medical"})).json()["items"]
    assert [row["id"] for row in medical] == made[1:2]
    await desk.all(
        "UPDATE organisation_application SET submitted_at = submitted_at - interval '6 days' WHERE id = :id RETURNING 1",
        id=made[2],
    )
    old = (await admin.get(API, params={"older_than_days": 5})).json()["items"]
    assert [row["id"] for row in old] == made[2:]
    page = (await admin.get("/organisation-applications", headers={"accept": "text/html"})).text
    assert page.index(made[2]) < page.index(made[0])
    assert "已等待 6 天" in page
    file = await admin.get("/organisation-applications/export.csv", params={"kind": "medical"})
    assert len(file.text.strip().splitlines()) == 2
