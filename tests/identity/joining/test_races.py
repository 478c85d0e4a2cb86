"""Two admins with one application, and two applications for one code, at the same moment, with real commits."""

import asyncio
from collections import Counter
from pathlib import Path

from app.access.permissions import Role
from app.core.db import Database
from app.identity.joining.applications import MOST_UNFINISHED
from app.main import create_app
from app.settings import Settings
from tests.identity.joining.conftest import API, ZHEJIANG, Desk, firm, version
from tests.support.clients import clients_of
from tests.support.places import valid_uscc

ROUNDS = 6


async def test_one_decision_counts(
    fresh_database: Database, fresh_settings: Settings, tmp_path: Path
) -> None:
    settings = fresh_settings.model_copy(update={"data_dir": tmp_path})
    async with clients_of(create_app(settings, fresh_database)) as clients:
        desk = Desk(clients, fresh_database)
        clerk, one, other = await desk.clerk(), await desk.admin(), await desk.admin()
        for _ in range(ROUNDS):
            url = f"{API}/{await desk.submitted(clerk)}"
            seen = version(await one.get(url))
            answers = await asyncio.gather(
                one.post(f"{url}/approve", headers=seen),
                other.post(f"{url}/approve", headers=seen),
                other.post(f"{url}/reject", json={"reason": "不在本省"}, headers=seen),
                clerk.post(f"{url}/withdraw", headers=seen),
            )
            assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 3}
            told = (await clerk.get(url)).json()
            assert len(told["history"]) == 2
            assert (told["organisation_id"] is not None) is (told["status"] == "approved")
        approved = await desk.all("SELECT 1 FROM organisation_application WHERE status = 'approved'")
        assert len(await desk.all("SELECT 1 FROM organisation")) == len(approved)


async def test_one_of_two_applications_is_reviewed(
    fresh_database: Database, fresh_settings: Settings, tmp_path: Path
) -> None:
    settings = fresh_settings.model_copy(update={"data_dir": tmp_path})
    async with clients_of(create_app(settings, fresh_database)) as clients:
        desk = Desk(clients, fresh_database)
        people = [await clients.of(ZHEJIANG, name=f"办事员{n}", roles=[Role.AUDITOR]) for n in range(2)]
        for _ in range(ROUNDS):
            uscc = valid_uscc(ZHEJIANG)
            calls = []
            for clerk in people:
                made = await desk.draft(clerk, uscc=uscc)
                added = await desk.evidence(clerk, made)
                calls.append(clerk.post(f"{API}/{made}/submit", headers=version(added)))
            answers = await asyncio.gather(*calls)
            assert sorted(answer.status_code for answer in answers) == [200, 409]
            (pending,) = [answer for answer in answers if answer.status_code == 409]
            assert pending.json()["code"] == "identity.application_pending"
            await desk.all("DELETE FROM kept_file RETURNING 1")
            for table in ("application_evidence", "application_step", "organisation_application"):
                await desk.all(f"DELETE FROM {table} RETURNING 1")


async def test_unfinished_applications_begun_at_once_are_no_more_than_allowed(
    fresh_database: Database, fresh_settings: Settings, tmp_path: Path
) -> None:
    settings = fresh_settings.model_copy(update={"data_dir": tmp_path})
    async with clients_of(create_app(settings, fresh_database)) as clients:
        desk = Desk(clients, fresh_database)
        clerk = await desk.clerk()
        wanted = MOST_UNFINISHED + 6
        answers = await asyncio.gather(*(clerk.post(API, json=firm()) for _ in range(wanted)))
        assert Counter(answer.status_code for answer in answers) == {201: MOST_UNFINISHED, 409: 6}
