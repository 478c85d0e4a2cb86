"""Mails about qualifications, and the reminders before their last day: once each, however often the job runs."""

from datetime import timedelta
from email.message import EmailMessage

import httpx2

from app.identity import public as identity
from app.instruments.qualifications import news, queries
from app.jobs.public import Job
from tests.instruments.qualifications.conftest import API, JIANGSU, SHANGHAI, School
from tests.support.jobs import run_jobs
from tests.support.mail import Mailbox, text_of
from tests.support.people import Person
from tests.support.qualifications import end_on

ADDRESS = "student@nju.example"


async def with_address(school: School, person: Person, address: str = ADDRESS) -> None:
    context = identity.sign_in_context(school.settings, tenant_id=person.tenant_id)
    async with school.database.transaction(context.info()) as session:
        await identity.add_address(session, person.tenant_id, person.id, address)


async def collect(school: School, mailbox: Mailbox) -> list[EmailMessage]:
    """What was sent: telling and sending are two jobs."""
    return [
        *await mailbox.collect(school.database, school.settings),
        *await mailbox.collect(school.database, school.settings),
    ]


async def remind(school: School) -> None:
    job = Job(1, "x", {}, 1, last_attempt=False, database=school.database, settings=school.settings)
    await news.remind(job)


async def ends_in(school: School, days: int) -> tuple[str, httpx2.AsyncClient]:
    """The qualification of somebody of Jiangsu with an address, that ends in so many days, and their browser."""
    person, client = await school.person(JIANGSU)
    await with_address(school, person)
    ends = str(queries.today() + timedelta(days=days))
    held = await school.qualified(client, valid_to=ends)
    await run_jobs(school.database, school.settings)
    await run_jobs(school.database, school.settings)
    return str(held["id"]), client


async def test_who_decides_and_who_asked_are_told(school: School, mailbox: Mailbox) -> None:
    await with_address(school, Person(school.steward_id, SHANGHAI, "机组", None), "steward@sjtu.example")
    person, client = await school.person(JIANGSU)
    await with_address(school, person)
    request_id = await school.ask(client)
    (asked,) = await collect(school, mailbox)
    assert asked["to"] == "steward@sjtu.example"
    assert person.name not in text_of(asked)
    await school.manager.post(f"{API}/requests/{request_id}/approve", json={})
    (granted,) = await collect(school, mailbox)
    assert (granted["to"], "独立操作" in str(granted["subject"])) == (ADDRESS, True)
    (held,) = (await client.get(API)).json()["items"]
    body = {"reason": "未按规程"}
    await school.manager.post(f"{API}/{held['id']}/suspend", json=body, headers={"if-match": '"v1"'})
    (suspended,) = await collect(school, mailbox)
    assert "未按规程" in text_of(suspended)


async def test_a_request_withdrawn_at_once_is_not_told(school: School, mailbox: Mailbox) -> None:
    await with_address(school, Person(school.steward_id, SHANGHAI, "机组", None), "steward@sjtu.example")
    _, client = await school.person(JIANGSU)
    request_id = await school.ask(client)
    await client.post(f"{API}/requests/{request_id}/withdraw")
    assert await collect(school, mailbox) == []


async def test_thirty_days_before_and_seven_once_each(school: School, mailbox: Mailbox) -> None:
    qualification_id, _ = await ends_in(school, 30)
    for _ in range(3):
        await remind(school)
    (mail,) = await collect(school, mailbox)
    ends = str(queries.today() + timedelta(days=30))
    assert ends in str(mail["subject"])
    assert f"/qualifications/{qualification_id}" in text_of(mail)
    await remind(school)
    assert await collect(school, mailbox) == []
    await shift(school, qualification_id, 7)
    for _ in range(2):
        await remind(school)
    assert len(await collect(school, mailbox)) == 1
    await shift(school, qualification_id, 0)
    await remind(school)
    assert await collect(school, mailbox) == []


async def test_none_too_early_none_too_late_and_none_for_what_does_not_count(
    school: School, mailbox: Mailbox
) -> None:
    qualification_id, _ = await ends_in(school, 31)
    await remind(school)
    await shift(school, qualification_id, -1)
    await remind(school)
    assert await collect(school, mailbox) == []
    await shift(school, qualification_id, 30)
    body = {"reason": "违规"}
    await school.manager.post(f"{API}/{qualification_id}/suspend", json=body, headers={"if-match": '"v1"'})
    await collect(school, mailbox)
    await remind(school)
    assert await collect(school, mailbox) == []


async def test_a_late_run_sends_the_nearer_one_alone(school: School, mailbox: Mailbox) -> None:
    await ends_in(school, 5)
    await remind(school)
    await remind(school)
    assert len(await collect(school, mailbox)) == 1


async def test_a_renewed_term_has_reminders_of_its_own(school: School, mailbox: Mailbox) -> None:
    qualification_id, client = await ends_in(school, 20)
    await remind(school)
    assert len(await collect(school, mailbox)) == 1
    ends = str(queries.today() + timedelta(days=29))
    renewed = await school.qualified(client, valid_to=ends)
    assert (renewed["id"], renewed["valid_to"]) == (qualification_id, ends)
    await collect(school, mailbox)
    await remind(school)
    (mail,) = await collect(school, mailbox)
    assert ends in str(mail["subject"])


async def test_a_job_that_runs_twice_tells_once(school: School, mailbox: Mailbox) -> None:
    qualification_id, _ = await ends_in(school, 30)
    payload = {"kind": "expiring", "subject_id": qualification_id, "tenant_id": JIANGSU}
    job = Job(77, "x", payload, 2, last_attempt=False, database=school.database, settings=school.settings)
    for _ in range(2):
        await news.send(job)
    assert len(await collect(school, mailbox)) == 1


async def shift(school: School, qualification_id: str, days: int) -> None:
    """Let the last day be so many days from now, as if time had passed."""
    await end_on(school.database, SHANGHAI, qualification_id, queries.today() + timedelta(days=days))
