"""A text message leaves with its transaction, at least once, to a gateway that knows a double by its id."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from pydantic import SecretStr, ValidationError
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.core.db import Database
from app.core.i18n import msg
from app.core.metrics import SMS
from app.jobs.public import Job
from app.notify import sms as sending
from app.notify.jobs import send_sms, trim
from app.notify.public import Sms, queue_sms, sms_kept_in
from app.settings import Settings
from app.tenancy.context import TenantContext
from tests.support.jobs import run_jobs
from tests.support.oauth import as_sign_in
from tests.support.sms import TOKEN, Gateway

NUMBER = "+8613800138000"
READ = TenantContext("310000")


def sms(**values: Any) -> Sms:
    given: dict[str, Any] = {
        "to": NUMBER,
        "sentences": (msg("没有找到"), msg("登录")),
        "lasts": timedelta(hours=1),
    }
    return Sms(**(given | values))


async def queued(database: Database, settings: Settings, wanted: Sms, tenant_id: str = "310000") -> str:
    """The id of a message that waits."""
    async with database.transaction(TenantContext(tenant_id).info()) as session:
        await queue_sms(session, wanted, tenant_id=tenant_id)
    return str(await row(database, settings, "id"))


async def row(database: Database, settings: Settings, column: str) -> object:
    return await as_sign_in(database, settings, f"SELECT {column} FROM outgoing_sms ORDER BY id DESC")


def job(database: Database, settings: Settings, sms_id: str, *, last: bool = False) -> Job:
    payload = {"tenant_id": "310000", "sms_id": sms_id}
    return Job(7, "notify.send_sms", payload, 1, last_attempt=last, database=database, settings=settings)


async def test_one_post_a_message_and_its_text_is_gone(
    database: Database, settings: Settings, gateway: Gateway
) -> None:
    sms_id = await queued(database, settings, sms())
    await gateway.collect(database, settings)
    expected = {"to": NUMBER, "text": "【长三角创新资源共享平台】没有找到登录", "id": sms_id}
    assert gateway.messages == [expected]
    assert gateway.headers[0]["authorization"] == f"Bearer {TOKEN}"
    assert gateway.headers[0]["content-type"] == "application/json"
    assert await row(database, settings, "state || num_nonnulls(recipient, body)") == "sent0"
    await send_sms(job(database, gateway.settings(settings), sms_id))
    assert len(gateway.messages) == 1


async def test_in_english(database: Database, settings: Settings, gateway: Gateway) -> None:
    await queued(database, settings, sms(locale="en"))
    (sent,) = await gateway.collect(database, settings)
    assert sent["text"] == "【Delta Commons】Not found Sign in"


async def test_what_was_rolled_back_is_never_sent(
    database: Database, settings: Settings, gateway: Gateway
) -> None:
    async with database.session(READ.info()) as session:
        await queue_sms(session, sms(), tenant_id="310000")
        await session.rollback()
    assert await gateway.collect(database, settings) == []


async def test_a_double_after_a_crash_has_the_same_id(
    database: Database, settings: Settings, gateway: Gateway
) -> None:
    sms_id = await queued(database, settings, sms())
    await gateway.collect(database, settings)
    unsent = "UPDATE outgoing_sms SET state = 'queued', recipient = :to, body = :body"
    await as_sign_in(database, settings, unsent, to=NUMBER, body=gateway.messages[0]["text"])
    await send_sms(job(database, gateway.settings(settings), sms_id))
    first, second = gateway.messages
    assert first == second
    assert first["id"] == sms_id


@pytest.mark.parametrize(
    ("answer", "last", "state"),
    [
        (503, False, "queued"),
        (503, True, "failed"),
        (429, False, "queued"),
        (401, False, "queued"),
        (307, False, "queued"),
        (400, False, "failed"),
        (422, False, "failed"),
    ],
)
async def test_a_gateway_that_refuses(
    database: Database, settings: Settings, gateway: Gateway, answer: int, last: bool, state: str
) -> None:
    sms_id = await queued(database, settings, sms())
    gateway.answers.append(answer)
    failed = SMS.labels("failed")._value.get()
    trying = send_sms(job(database, gateway.settings(settings), sms_id, last=last))
    if answer in {400, 422}:
        await trying
    else:
        with pytest.raises(sending.GatewayError, match=str(answer)):
            await trying
    assert gateway.messages == []
    assert await row(database, settings, "state") == state
    assert await row(database, settings, "recipient IS NULL") == (state == "failed")
    assert SMS.labels("failed")._value.get() - failed == (state == "failed")


async def test_a_gateway_that_is_away_or_slow_is_tried_again(
    database: Database, settings: Settings, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    sms_id = await queued(database, settings, sms())
    away = {"sms_url": SecretStr("http://127.0.0.1:9/"), "sms_token": SecretStr(TOKEN)}
    with pytest.raises(httpx2.TransportError):
        await send_sms(job(database, settings.model_copy(update=away), sms_id))
    monkeypatch.setattr(sending, "TIMEOUT_SECONDS", 0.1)
    gateway.delay = 0.5
    with pytest.raises(TimeoutError):
        await send_sms(job(database, gateway.settings(settings), sms_id))
    assert await row(database, settings, "state") == "queued"


async def test_what_came_too_late_is_not_sent(
    database: Database, settings: Settings, gateway: Gateway
) -> None:
    await queued(database, settings, sms(lasts=timedelta(0)))
    assert await gateway.collect(database, settings) == []
    assert await row(database, settings, "state") == "failed"


@pytest.mark.parametrize("to", ["13800138000", "+8610000000", "+86 13800138000", "+0123456789", "+12345"])
async def test_the_database_takes_mobile_numbers_alone(
    database: Database, settings: Settings, to: str
) -> None:
    with pytest.raises(DBAPIError):
        await queued(database, settings, sms(to=to))


async def test_the_application_writes_its_own_provinces_messages_and_reads_none(
    database: Database, settings: Settings
) -> None:
    await queued(database, settings, sms())
    async with database.transaction(READ.info()) as session:
        assert await session.scalar(text("SELECT count(*) FROM outgoing_sms")) == 0
    with pytest.raises(DBAPIError):
        async with database.transaction(READ.info()) as session:
            await queue_sms(session, sms(), tenant_id="330000")


async def test_without_a_gateway_messages_lie_in_a_folder(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    here = settings.model_copy(update={"data_dir": tmp_path})
    sms_id = await queued(database, settings, sms())
    await run_jobs(database, here)
    folder = sms_kept_in(here)
    assert folder == tmp_path / "sms"
    (path,) = folder.iterdir()
    kept = json.loads(path.read_text())
    assert (kept["to"], kept["id"]) == (NUMBER, sms_id)


async def test_production_keeps_no_message_in_a_folder(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    production = settings.model_copy(update={"data_dir": tmp_path, "environment": "production"})
    sms_id = await queued(database, settings, sms())
    with pytest.raises(sending.NoGatewayError):
        await send_sms(job(database, production, sms_id))
    assert not (tmp_path / "sms").exists()


async def test_what_is_old_is_forgotten(database: Database, settings: Settings) -> None:
    sms_id = await queued(database, settings, sms())
    nobody = job(database, settings, sms_id)
    await trim(nobody)
    assert await row(database, settings, "recipient") == NUMBER
    age = "UPDATE outgoing_sms SET created_at = clock_timestamp() - make_interval(days => :days)"
    await as_sign_in(database, settings, age, days=8)
    await trim(nobody)
    assert await row(database, settings, "num_nonnulls(recipient, body)") == 0
    await as_sign_in(database, settings, age, days=91)
    await trim(nobody)
    assert await row(database, settings, "1") is None


@pytest.mark.parametrize(
    "url",
    [
        "http://gateway.example/",
        "https://",
        "ftp://gateway.example",
        "gateway",
        "https://a:b@gateway.example",
    ],
)
def test_a_wrong_sms_url_is_said_at_the_start(url: str) -> None:
    with pytest.raises(ValidationError, match="SMS_URL must be"):
        Settings(sms_url=SecretStr(url), sms_token=SecretStr(TOKEN))


def test_the_gateway_and_its_token_come_together() -> None:
    for given in ({"sms_url": SecretStr("https://gateway.example")}, {"sms_token": SecretStr(TOKEN)}):
        with pytest.raises(ValidationError, match="SMS_URL and SMS_TOKEN are set together"):
            Settings(**given)  # type: ignore[arg-type] # one of the two
    for url in ("https://gateway.example/messages?key=1", "http://localhost:8080", "http://[::1]:80/sms"):
        assert Settings(sms_url=SecretStr(url), sms_token=SecretStr(TOKEN)).sms_url is not None
