"""Making and dismissing admins and auditors: two people, never oneself, never both roles, never nobody."""

from uuid import uuid4

import pytest

from app.access.permissions import Role
from tests.identity.appointments.conftest import WHY, Office, said
from tests.support.forms import HTML, submit
from tests.support.people import Person

APPOINTMENTS = "/api/v1/appointments"


async def proposed(office: Office) -> tuple[Person, str]:
    """A candidate, and the first admin's proposal."""
    candidate = await office.person("沈知行")
    _, first = await office.admin("陈静")
    answer = await first.post(APPOINTMENTS, json={"account_id": str(candidate.id), **WHY})
    assert answer.status_code == 201, answer.text
    return candidate, f"{APPOINTMENTS}/{answer.json()['id']}"


async def test_two_admins_make_a_third(office: Office) -> None:
    _, second = await office.admin("周明远")
    candidate, path = await proposed(office)
    browser = await office.browser(candidate)
    assert (await browser.get(APPOINTMENTS)).status_code == 403
    assert (await second.post(f"{path}/approve")).status_code == 204
    assert await office.roles() == {
        "周明远": "province_admin",
        "陈静": "province_admin",
        "沈知行": "province_admin",
    }
    (listed,) = (await browser.get(APPOINTMENTS)).json()
    assert (listed["state"], listed["decider_name"], listed["reason"]) == (
        "approved",
        "周明远",
        WHY["reason"],
    )
    assert await office.kinds(path.rpartition("/")[2]) == ["appointment.proposed", "appointment.approved"]
    assert (await office.kinds(candidate.id))[-1] == "role.granted"


async def test_an_approval_is_not_repeated(office: Office) -> None:
    _, second = await office.admin("周明远")
    candidate, path = await proposed(office)
    assert (await second.post(f"{path}/approve")).status_code == 204
    revoke = f"/api/v1/people/{candidate.id}/roles/province_admin/revoke"
    assert (await second.post(revoke, json=WHY)).status_code == 204
    for verb in ("approve", "decline"):
        assert said(await second.post(f"{path}/{verb}")) == (409, "identity.appointment_closed")
    assert "沈知行" not in await office.roles()


async def test_neither_the_proposer_nor_the_candidate_approves(office: Office) -> None:
    await office.admin("周明远")
    first_person, first = await office.admin("陈静")
    candidate = await office.person("沈知行")
    answer = await first.post(APPOINTMENTS, json={"account_id": str(candidate.id), **WHY})
    path = f"{APPOINTMENTS}/{answer.json()['id']}"
    for verb in ("approve", "decline"):
        assert (await first.post(f"{path}/{verb}")).status_code == 403
    assert (
        await first.post(APPOINTMENTS, json={"account_id": str(first_person.id), **WHY})
    ).status_code == 403
    # Made an admin on the server meanwhile, the candidate still has no say in it.
    await office.run(
        "INSERT INTO role_grant (tenant_id, account_id, role) VALUES ('330000', :id, 'province_admin')",
        id=candidate.id,
    )
    assert (await (await office.browser(candidate)).post(f"{path}/approve")).status_code == 403


async def test_the_page_shows_who_decides_what_it_means(office: Office) -> None:
    """Nobody becomes an admin by one press in a list."""
    _, second = await office.admin("周明远")
    candidate, path = await proposed(office)
    page = f"/appointments/{path.rpartition('/')[2]}"
    listed = (await second.get("/appointments", headers=HTML)).text
    assert f'href="{page}"' in listed
    assert 'value="approved"' not in listed
    shown = (await second.get(page, headers=HTML)).text
    assert "请先核实候选人本人" in shown
    assert f'href="/people/{candidate.id}"' in shown
    assert WHY["reason"] in shown
    assert (await submit(second, page, page, {"outcome": "approved"})).status_code == 303
    assert (await office.roles())["沈知行"] == "province_admin"
    decided = (await second.get(page, headers=HTML)).text
    assert "周明远" in decided
    assert 'value="approved"' not in decided
    assert (await second.get(f"/appointments/{uuid4()}", headers=HTML)).status_code == 404


@pytest.mark.parametrize("decider", ["proposed_by", "account_id"])
async def test_the_row_itself_takes_two_people(office: Office, decider: str) -> None:
    await office.admin("周明远")
    await proposed(office)
    statement = (
        f"UPDATE appointment SET outcome = 'approved', decided_by = {decider}, decided_at = clock_timestamp()"
    )
    with pytest.raises(Exception, match="ck_appointment_two_persons"):
        await office.run(statement)


async def test_only_the_proposer_withdraws(office: Office) -> None:
    _, second = await office.admin("周明远")
    person, first = await office.admin("许清禾")
    candidate = await office.person("沈知行")
    answer = await first.post(APPOINTMENTS, json={"account_id": str(candidate.id), **WHY})
    path = f"{APPOINTMENTS}/{answer.json()['id']}"
    assert (await second.post(f"{path}/withdraw")).status_code == 403
    twice = await second.post(APPOINTMENTS, json={"account_id": str(candidate.id), **WHY})
    assert said(twice) == (409, "identity.already_proposed")
    assert (await first.post(f"{path}/withdraw")).status_code == 204
    assert said(await second.post(f"{path}/approve")) == (409, "identity.appointment_closed")
    again = await second.post(APPOINTMENTS, json={"account_id": str(candidate.id), **WHY})
    assert again.status_code == 201
    assert (await first.post(f"{APPOINTMENTS}/{again.json()['id']}/decline")).status_code == 204
    assert "沈知行" not in await office.roles()
    assert person.id


async def test_a_proposal_expires_and_makes_room_for_another(office: Office) -> None:
    _, second = await office.admin("周明远")
    candidate, path = await proposed(office)
    await office.run(
        "UPDATE appointment SET proposed_at = proposed_at - interval '14 days', expires_at = expires_at - interval '14 days'"
    )
    (listed,) = (await second.get(APPOINTMENTS)).json()
    assert listed["state"] == "expired"
    assert said(await second.post(f"{path}/approve")) == (409, "identity.appointment_closed")
    again = await second.post(APPOINTMENTS, json={"account_id": str(candidate.id), **WHY})
    assert again.status_code == 201


async def test_who_proposed_must_still_be_an_admin(office: Office) -> None:
    first_person, first = await office.admin("陈静")
    _, second = await office.admin("周明远")
    candidate = await office.person("沈知行")
    answer = await first.post(APPOINTMENTS, json={"account_id": str(candidate.id), **WHY})
    dismissed = await second.post(f"/api/v1/people/{first_person.id}/roles/province_admin/revoke", json=WHY)
    assert dismissed.status_code == 204
    path = f"{APPOINTMENTS}/{answer.json()['id']}"
    assert said(await second.post(f"{path}/approve")) == (409, "identity.proposer_left")
    assert await office.roles() == {"周明远": "province_admin"}
    assert (await second.get(APPOINTMENTS)).json()[0]["state"] == "open"
    assert (await first.get(APPOINTMENTS)).status_code == 403, "the live session knows at once"


async def test_a_lone_admin_is_told_what_to_do(office: Office) -> None:
    _, only = await office.admin()
    candidate = await office.person()
    refused = await only.post(APPOINTMENTS, json={"account_id": str(candidate.id), **WHY})
    assert said(refused) == (409, "identity.second_admin_needed")
    assert "commons admin appoint" in refused.json()["detail"]


async def test_a_suspended_candidate_becomes_nothing(office: Office) -> None:
    _, second = await office.admin("周明远")
    candidate, path = await proposed(office)
    assert (await second.post(f"/api/v1/people/{candidate.id}/suspend", json=WHY)).status_code == 204
    assert said(await second.post(f"{path}/approve")) == (409, "identity.account_not_active")
    assert said(
        await second.post(f"/api/v1/people/{candidate.id}/roles", json={"role": "auditor", **WHY})
    ) == (
        409,
        "identity.account_not_active",
    )


async def test_an_auditor_is_made_by_another_and_is_nothing_else(office: Office) -> None:
    admin_person, admin = await office.admin()
    candidate = await office.person("许清禾")
    path = f"/api/v1/people/{candidate.id}/roles"
    body = {"role": "auditor", **WHY}
    browser = await office.browser(candidate)
    assert (await browser.post(path, json=body)).status_code == 403
    assert (await admin.post(f"/api/v1/people/{admin_person.id}/roles", json=body)).status_code == 403
    assert (await admin.post(path, json=body)).status_code == 204
    assert (await browser.get("/api/v1/audit-events")).status_code == 200
    assert said(await admin.post(path, json=body)) == (409, "identity.role_held")
    await office.admin("周明远")
    both = await admin.post(APPOINTMENTS, json={"account_id": str(candidate.id), **WHY})
    assert said(both) == (409, "identity.one_role_each")
    assert (await admin.post(f"{path}/auditor/revoke", json=WHY)).status_code == 204
    assert (await browser.get("/api/v1/audit-events")).status_code == 403
    assert (await admin.post(f"{path}/auditor/revoke", json=WHY)).status_code == 404
    assert await office.kinds(candidate.id) == ["account.created", "role.granted", "role.revoked"]


async def test_the_database_gives_nobody_both_roles(office: Office) -> None:
    person, _ = await office.admin()
    with pytest.raises(Exception, match="uq_role_grant_account_id"):
        await office.run(
            "INSERT INTO role_grant (tenant_id, account_id, role) VALUES ('330000', :id, 'auditor')",
            id=person.id,
        )


async def test_the_last_admin_stays(office: Office) -> None:
    person, only = await office.admin()
    path = f"/api/v1/people/{person.id}/roles/province_admin/revoke"
    assert said(await only.post(path, json=WHY)) == (409, "identity.last_admin")
    other, second = await office.admin("周明远")
    assert (await only.post(path, json=WHY)).status_code == 204, "one may go when another stays"
    assert said(await second.post(f"/api/v1/people/{other.id}/roles/province_admin/revoke", json=WHY)) == (
        409,
        "identity.last_admin",
    )
    assert await office.roles() == {"周明远": "province_admin"}


@pytest.mark.parametrize(
    "body", [{}, {"reason": ""}, {"reason": "字" * 501}, {"reason": "x", "role": "operator"}]
)
async def test_bad_input_is_named(office: Office, body: dict[str, str]) -> None:
    await office.admin("周明远")
    _, admin = await office.admin()
    candidate = await office.person()
    for path, given in (
        (APPOINTMENTS, {"account_id": str(candidate.id), **body}),
        (f"/api/v1/people/{candidate.id}/roles", {"role": "auditor", **body}),
        (f"/api/v1/people/{candidate.id}/suspend", body),
    ):
        assert (await admin.post(path, json=given)).status_code == 422, path
    assert (
        await admin.post(f"/api/v1/people/{candidate.id}/roles/operator/revoke", json=WHY)
    ).status_code in {404, 422}
    assert await office.roles() == {"周明远": "province_admin", "陈静": "province_admin"}


async def test_anhui_learns_nothing_of_jiangsu(office: Office) -> None:
    """Every act on an account that is there is answered as one on an account that is not."""
    for _ in range(2):
        await office.admin("苏省管理员", tenant_id="320000")
    _, there = await office.admin("苏省管理员", tenant_id="320000")
    stranger = await office.person("苏省人", tenant_id="320000")
    proposal = await there.post(APPOINTMENTS, json={"account_id": str(stranger.id), **WHY})
    await office.admin("皖省管理员", tenant_id="340000")
    _, anhui = await office.admin("皖省管理员", tenant_id="340000")
    acts = [
        ("GET", "/api/v1/people/{id}", None),
        ("POST", "/api/v1/people/{id}/suspend", WHY),
        ("POST", "/api/v1/people/{id}/reactivate", WHY),
        ("POST", "/api/v1/people/{id}/roles", {"role": "auditor", **WHY}),
        ("POST", "/api/v1/people/{id}/roles/auditor/revoke", WHY),
        ("POST", "/api/v1/people/{id}/roles/province_admin/revoke", WHY),
    ]
    nobody = uuid4()
    for method, path, body in acts:
        answers = [
            await anhui.request(method, path.format(id=id_), json=body, headers={"x-request-id": "same"})
            for id_ in (stranger.id, nobody)
        ]
        assert [answer.status_code for answer in answers] == [404, 404], path
        assert answers[0].json().keys() == answers[1].json().keys()
    for id_ in (stranger.id, nobody):
        assert (await anhui.post(APPOINTMENTS, json={"account_id": str(id_), **WHY})).status_code == 404
    for id_ in (proposal.json()["id"], nobody):
        for verb in ("approve", "decline", "withdraw"):
            assert (await anhui.post(f"{APPOINTMENTS}/{id_}/{verb}")).status_code == 404
    assert (await anhui.get(APPOINTMENTS)).json() == []
    assert (await there.get(f"/api/v1/people/{stranger.id}")).json()["status"] == "active"
    assert Role.AUDITOR not in (await there.get(f"/api/v1/people/{stranger.id}")).json()["roles"]
