"""A change repeated with its Idempotency-Key is carried out once."""

import asyncio
from uuid import uuid4

import asyncpg
import httpx2
import pytest
from sqlalchemy import text

from app.access.jobs import purge_idempotency_keys
from app.core.etag import etag
from app.jobs.public import Job
from app.settings import Settings
from tests.access.conftest import Probe, caller
from tests.support.server import administer

ME = caller()
HERS = caller()
FOREIGN = caller("310000")


def codes(answer: dict[str, list[dict[str, str]]]) -> list[str]:
    return [error["code"] for error in answer["errors"]]


@pytest.fixture
def key() -> str:
    return str(uuid4())


async def test_the_same_request_gets_the_same_answer(probe: Probe, key: str) -> None:
    first = await probe.post("/rows", {"id": 1}, x_caller=ME, idempotency_key=key)
    again = await probe.post("/rows", {"id": 1}, x_caller=ME, idempotency_key=key)
    assert first.status_code == again.status_code == 201
    assert first.content == again.content
    for name in ("content-type", "etag", "location"):
        assert first.headers[name] == again.headers[name]
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert "x-other" not in again.headers
    assert again.headers["x-request-id"] != first.headers["x-request-id"]
    assert await probe.rows() == [(1, 0)]


@pytest.mark.parametrize(
    ("path", "body"), [("/rows", {"id": 2}), ("/other-rows", {"id": 1}), ("/rows?dry_run=1", {"id": 1})]
)
async def test_the_key_of_another_request_is_refused(
    probe: Probe, key: str, path: str, body: dict[str, int]
) -> None:
    await probe.post("/rows", {"id": 1}, x_caller=ME, idempotency_key=key)
    other = await probe.post(path, body, x_caller=ME, idempotency_key=key)
    assert other.status_code == 422
    assert codes(other.json()) == ["idempotency_key_reused"]
    assert await probe.rows() == [(1, 0)]


async def test_many_at_once_are_carried_out_once(probe: Probe, key: str) -> None:
    answers = await asyncio.gather(
        *(probe.post("/rows", {"id": 1}, x_caller=ME, idempotency_key=key) for _ in range(8))
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum("idempotency-replayed" in answer.headers for answer in answers) == 7
    assert await probe.rows() == [(1, 0)]


async def test_callers_do_not_share_keys(probe: Probe, key: str) -> None:
    for number, who in enumerate((ME, HERS, FOREIGN), start=1):
        answer = await probe.post("/rows", {"id": number}, x_caller=who, idempotency_key=key)
        assert answer.status_code == 201
        assert "idempotency-replayed" not in answer.headers
    assert await probe.rows() == [(1, 0), (2, 0), (3, 0)]


@pytest.mark.parametrize("path", ["/refused-after-insert", "/answers-a-refusal"])
async def test_a_refusal_is_not_kept(probe: Probe, key: str, path: str) -> None:
    assert (await probe.post(path, {"id": 1}, x_caller=ME, idempotency_key=key)).status_code >= 400
    again = await probe.post("/rows", {"id": 1}, x_caller=ME, idempotency_key=key)
    assert again.status_code == 201
    assert await probe.rows() == [(1, 0)]


async def test_an_invalid_body_is_not_kept(probe: Probe, key: str) -> None:
    assert (await probe.post("/rows", {"id": "x"}, x_caller=ME, idempotency_key=key)).status_code == 422
    assert (await probe.post("/rows", {"id": 1}, x_caller=ME, idempotency_key=key)).status_code == 201


@pytest.mark.parametrize("bad", ["", "x" * 201, "a\tb", "a\x7fb"])
async def test_a_malformed_key_is_refused(probe: Probe, bad: str) -> None:
    answer = await probe.post("/rows", {"id": 1}, x_caller=ME, idempotency_key=bad)
    assert answer.status_code == 422
    assert codes(answer.json()) == ["idempotency_key_malformed"]
    assert await probe.rows() == []


async def test_the_longest_key(probe: Probe) -> None:
    answer = await probe.post("/rows", {"id": 1}, x_caller=ME, idempotency_key="x" * 200)
    assert answer.status_code == 201


async def test_a_visitor_has_no_keys(probe: Probe, key: str) -> None:
    assert (await probe.post("/rows", {"id": 1}, idempotency_key=key)).status_code == 201
    again = await probe.post("/rows", {"id": 2}, idempotency_key=key)
    assert again.status_code == 201
    assert "idempotency-replayed" not in again.headers


async def test_reading_has_no_keys(probe: Probe, key: str) -> None:
    await probe.add(1)
    for _ in range(2):
        answer = await probe.get("/rows/1", x_caller=ME, idempotency_key=key)
        assert "idempotency-replayed" not in answer.headers


async def test_who_lost_the_permission_is_refused_not_given_the_kept_answer(probe: Probe, key: str) -> None:
    person = uuid4()
    first = await probe.post(
        "/by-admins", {"id": 1}, x_caller=caller(id_=person, roles=["province_admin"]), idempotency_key=key
    )
    assert first.status_code == 201
    again = await probe.post("/by-admins", {"id": 1}, x_caller=caller(id_=person), idempotency_key=key)
    assert again.status_code == 403
    assert "idempotency-replayed" not in again.headers


async def send_file(probe: Probe, key: str, boundary: str, content: bytes) -> httpx2.Response:
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
    return await probe.client.post(
        "/api/v1/probe/fails-first/0?note=n",
        content=head.encode() + content + f"\r\n--{boundary}--\r\n".encode(),
        headers={
            "content-type": f'multipart/form-data; boundary="{boundary}"',
            "x-caller": ME,
            "idempotency-key": key,
        },
    )


async def test_the_same_file_is_the_same_request_whatever_its_boundary(probe: Probe, key: str) -> None:
    first = await send_file(probe, key, "one", b"1,2")
    again = await send_file(probe, key, "two", b"1,2")
    other = await send_file(probe, key, "one", b"1,3")
    assert first.status_code == again.status_code == 200
    assert again.headers["idempotency-replayed"] == "true"
    assert other.status_code == 422


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
async def test_every_kind_of_change_is_carried_out_once(probe: Probe, key: str, method: str) -> None:
    await probe.add(1)
    answers = [
        await probe.client.request(
            method, "/api/v1/probe/rows/1/amount", headers={"x-caller": ME, "idempotency-key": key}
        )
        for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [204, 204]
    assert answers[1].headers["idempotency-replayed"] == "true"
    assert await probe.rows() == [(1, 1)]


async def test_another_version_is_another_request(probe: Probe, key: str) -> None:
    answers = [
        await probe.client.put(
            "/api/v1/probe/rows/1",
            headers={"x-caller": ME, "idempotency-key": key, "if-match": version},
        )
        for version in (etag(1), etag(1), etag(2))
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 422]


async def test_keys_are_forgotten_after_a_day(probe: Probe, probe_settings: Settings) -> None:
    old, young = str(uuid4()), str(uuid4())
    for number, key in enumerate((old, young)):
        await probe.post("/rows", {"id": number}, x_caller=ME, idempotency_key=key)
    assert probe_settings.database_url is not None
    await administer(
        probe_settings.database_url,
        f"UPDATE idempotency_key SET created_at = created_at - interval '24 hours 1 second' WHERE key = '{old}'",
    )
    await purge_idempotency_keys(
        Job(1, "access.purge_idempotency_keys", {}, 1, False, probe.database, probe_settings)
    )
    fresh = await probe.post("/rows", {"id": 10}, x_caller=ME, idempotency_key=old)
    kept = await probe.post("/rows", {"id": 1}, x_caller=ME, idempotency_key=young)
    assert "idempotency-replayed" not in fresh.headers
    assert kept.headers["idempotency-replayed"] == "true"


async def test_no_other_caller_can_read_a_kept_answer(probe: Probe, key: str) -> None:
    await probe.post("/rows", {"id": 1}, x_caller=ME, idempotency_key=key)
    async with probe.database.statements() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM idempotency_key")) == 0


async def test_a_kept_answer_is_not_readable_in_the_database(
    probe: Probe, probe_settings: Settings, key: str
) -> None:
    """It may tell a secret that is told once."""
    answer = await probe.post("/rows", {"id": 1}, x_caller=ME, idempotency_key=key)
    assert answer.content
    connection = await asyncpg.connect(str(probe_settings.database_url).replace("+asyncpg", "", 1))
    try:
        kept = await connection.fetchval("SELECT body FROM idempotency_key WHERE key = $1", key)
    finally:
        await connection.close()
    assert kept
    assert answer.content not in kept
