"""Two decisions at the same moment, with real commits: one counts, and the province keeps an admin."""

import asyncio
from collections import Counter

import pytest

from app.access.permissions import Role
from tests.identity.appointments.conftest import WHY, Office
from tests.support.places import make_organisation

ROUNDS = 8
APPOINTMENTS = "/api/v1/appointments"


async def test_approve_decline_and_withdraw_have_one_winner(fresh_office: Office) -> None:
    office = fresh_office
    _, first = await office.admin("甲")
    _, second = await office.admin("乙")
    _, third = await office.admin("丙")
    outcomes: Counter[str] = Counter()
    for number in range(ROUNDS):
        candidate = await office.person(f"候选{number}")
        made = await first.post(APPOINTMENTS, json={"account_id": str(candidate.id), **WHY})
        path = f"{APPOINTMENTS}/{made.json()['id']}"
        answers = await asyncio.gather(
            second.post(f"{path}/approve"), third.post(f"{path}/decline"), first.post(f"{path}/withdraw")
        )
        assert sorted(answer.status_code for answer in answers) == [204, 409, 409]
        (row,) = await office.run("SELECT outcome FROM appointment WHERE account_id = :id", id=candidate.id)
        granted = await office.run("SELECT 1 FROM role_grant WHERE account_id = :id", id=candidate.id)
        assert bool(granted) == (row.outcome == "approved")
        outcomes[row.outcome] += 1
    assert sum(outcomes.values()) == ROUNDS


async def test_one_proposal_for_a_person_is_open_however_many_ask(fresh_office: Office) -> None:
    office = fresh_office
    admins = [(await office.admin(f"管理员{n}"))[1] for n in range(4)]
    candidate = await office.person()
    body = {"account_id": str(candidate.id), **WHY}
    answers = await asyncio.gather(*(admin.post(APPOINTMENTS, json=body) for admin in admins))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 3}


async def test_admins_who_dismiss_and_suspend_each_other_leave_one(fresh_office: Office) -> None:
    office = fresh_office
    for number in range(ROUNDS):
        people = [await office.admin(f"管理员{number}{n}", tenant_id="340000") for n in range(3)]
        acts = [
            browser.post(
                f"/api/v1/people/{people[(n + 1) % 3][0].id}/{act}",
                json=WHY,
            )
            for n, (_, browser) in enumerate(people)
            for act in ("roles/province_admin/revoke", "suspend")
        ]
        await asyncio.gather(*acts)
        left = await office.run(
            "SELECT r.account_id FROM role_grant r JOIN account a ON a.id = r.account_id "
            "WHERE a.status = 'active' AND r.role = 'province_admin'",
            "340000",
        )
        assert len(left) >= 1
        await office.run("DELETE FROM role_grant", "340000")


async def test_the_last_two_managers_are_not_both_removed(fresh_office: Office) -> None:
    office = fresh_office
    _, admin = await office.admin()
    organisation = await make_organisation(office.clients.database, "330000")
    path = f"/api/v1/organisations/{organisation}/members"
    for number in range(ROUNDS):
        managers = [
            await office.person(f"负责人{number}{n}", organisations={organisation: Role.MANAGER})
            for n in range(2)
        ]
        one, other = (f"{path}/{manager.id}" for manager in managers)
        answers = await asyncio.gather(
            admin.delete(one),
            admin.put(other, json={"role": "member"}) if number % 2 else admin.delete(other),
        )
        assert Counter(answer.is_success for answer in answers) == {True: 1, False: 1}
        assert {answer.json()["code"] for answer in answers if not answer.is_success} == {
            "identity.last_manager"
        }
        await office.run("DELETE FROM membership")


@pytest.mark.parametrize("verb", ["approve", "decline"])
async def test_a_proposal_that_expires_while_it_is_decided(fresh_office: Office, verb: str) -> None:
    """The database's clock decides: what is not decided in time is not decided."""
    office = fresh_office
    _, first = await office.admin("甲")
    _, second = await office.admin("乙")
    seen: Counter[int] = Counter()
    for number in range(ROUNDS):
        candidate = await office.person(f"候选{number}")
        made = await first.post(APPOINTMENTS, json={"account_id": str(candidate.id), **WHY})
        await office.run(
            "UPDATE appointment SET proposed_at = at, expires_at = at + interval '14 days' FROM "
            "(SELECT statement_timestamp() - interval '14 days' + make_interval(secs => :left) AS at) soon WHERE id = :id",
            left=0.004 * number,
            id=made.json()["id"],
        )
        answer = await second.post(f"{APPOINTMENTS}/{made.json()['id']}/{verb}")
        seen[answer.status_code] += 1
        (row,) = await office.run("SELECT outcome FROM appointment WHERE account_id = :id", id=candidate.id)
        assert (row.outcome is not None) == (answer.status_code == 204)
    assert set(seen) <= {204, 409}
    assert seen[409] >= 1
