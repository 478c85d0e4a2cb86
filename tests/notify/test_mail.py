"""A mail leaves with its transaction, at least once, as what its sender wrote and nothing else."""

from email import message_from_bytes
from email.policy import default
from pathlib import Path
from uuid import UUID

import aiosmtplib
import pytest
from pydantic import SecretStr, ValidationError
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.core.db import Database
from app.core.i18n import msg
from app.core.metrics import MAILS
from app.jobs.public import Job
from app.notify.jobs import send_mail, trim
from app.notify.public import Mail, kept_in, queue
from app.notify.senders import NoMailServerError
from app.settings import Settings
from app.tenancy.context import TenantContext
from tests.support.jobs import run_jobs
from tests.support.mail import Mailbox, link_of, mail_server, text_of
from tests.support.oauth import as_sign_in

SUBJECT, BODY = msg("登录"), msg("没有找到")
LINK = "https://delta.example/recover/abc"
READ = TenantContext("310000")


def mail(**values: object) -> Mail:
    given = {"to": "shen@sjtu.example", "subject": SUBJECT, "paragraphs": (BODY,), "link": LINK} | values
    return Mail(**given)  # type: ignore[arg-type] # a test names the fields it changes


async def queued(database: Database, wanted: Mail, tenant_id: str = "310000") -> None:
    async with database.transaction(TenantContext(tenant_id).info()) as session:
        await queue(session, wanted, tenant_id=tenant_id)


async def row(database: Database, settings: Settings, column: str) -> object:
    return await as_sign_in(database, settings, f"SELECT {column} FROM outgoing_mail")


def job(database: Database, settings: Settings, mail_id: object, *, last: bool = False) -> Job:
    payload = {"tenant_id": "310000", "mail_id": str(mail_id)}
    return Job(7, "notify.send_mail", payload, 1, last_attempt=last, database=database, settings=settings)


async def test_a_mail_says_what_it_was_given_in_the_readers_language(
    database: Database, settings: Settings, mailbox: Mailbox
) -> None:
    await queued(database, mail())
    await queued(database, mail(locale="en", link=None))
    chinese, english = await mailbox.collect(database, settings)
    assert (chinese["subject"], english["subject"]) == ("登录", "Sign in")
    assert text_of(chinese).startswith(f"没有找到\n\n{LINK}\n\n-- ")
    assert link_of(chinese) == LINK
    html = chinese.get_body(("html",))
    assert html is not None
    assert f'href="{LINK}"' in html.get_content()
    assert "http" not in text_of(english)
    assert chinese["to"].addresses[0].addr_spec == "shen@sjtu.example"
    assert chinese["from"].addresses[0].addr_spec == "no-reply@testserver"
    assert chinese["auto-submitted"] == "auto-generated"
    assert [name for name in chinese if name.lower().startswith("list-")] == []


async def test_what_was_rolled_back_is_never_sent(
    database: Database, settings: Settings, mailbox: Mailbox
) -> None:
    async with database.session(READ.info()) as session:
        await queue(session, mail(), tenant_id="310000")
        await session.rollback()
    assert await mailbox.collect(database, settings) == []
    assert await row(database, settings, "count(*)") == 0


async def test_the_text_is_gone_once_it_was_sent_and_a_second_run_sends_nothing(
    database: Database, settings: Settings, mailbox: Mailbox
) -> None:
    await queued(database, mail())
    mail_id = await row(database, settings, "id")
    assert len(await mailbox.collect(database, settings)) == 1
    left = "state || num_nonnulls(recipient, subject, paragraphs, link, action)"
    assert await row(database, settings, left) == "sent0"
    await send_mail(job(database, mailbox.settings(settings), mail_id))
    assert len(mailbox.messages) == 1


async def test_a_double_is_known_by_its_message_id(
    database: Database, settings: Settings, mailbox: Mailbox
) -> None:
    await queued(database, mail())
    mail_id = await row(database, settings, "id")
    async with database.transaction(TenantContext(role=settings.role("login")).info()) as session:
        columns = await session.execute(
            text("SELECT recipient, subject, paragraphs::text FROM outgoing_mail")
        )
        recipient, subject, paragraphs = columns.one()
    await mailbox.collect(database, settings)
    await as_sign_in(
        database,
        settings,
        "UPDATE outgoing_mail SET state = 'queued', recipient = :r, subject = :s, paragraphs = CAST(:p AS jsonb)",
        r=recipient,
        s=subject,
        p=paragraphs,
    )
    await send_mail(job(database, mailbox.settings(settings), mail_id))
    first, second = mailbox.messages
    assert first["message-id"] == second["message-id"] == f"<{mail_id}@testserver>"
    assert first["date"] == second["date"]


@pytest.mark.parametrize(
    ("answer", "last", "state"),
    [("451 later", False, "queued"), ("451 later", True, "failed"), ("550 never", False, "failed")],
)
async def test_a_server_that_refuses(
    database: Database, settings: Settings, mailbox: Mailbox, answer: str, last: bool, state: str
) -> None:
    await queued(database, mail())
    mailbox.answers.append(answer)
    failed = MAILS.labels("failed")._value.get()
    sending = send_mail(
        job(database, mailbox.settings(settings), await row(database, settings, "id"), last=last)
    )
    if answer.startswith("451"):
        with pytest.raises(aiosmtplib.SMTPDataError):
            await sending
    else:
        await sending
    assert await row(database, settings, "state") == state
    assert await row(database, settings, "recipient IS NULL") == (state == "failed")
    assert MAILS.labels("failed")._value.get() - failed == (state == "failed")


async def test_a_server_that_is_away_is_tried_again(database: Database, settings: Settings) -> None:
    await queued(database, mail())
    away = settings.model_copy(update={"smtp_url": SecretStr("smtp://127.0.0.1:9?tls=none")})
    with pytest.raises((aiosmtplib.SMTPConnectError, OSError)):
        await send_mail(job(database, away, await row(database, settings, "id")))
    assert await row(database, settings, "state") == "queued"


@pytest.mark.parametrize(
    "to", ["a@b.cn\r\nBcc: all@b.cn", "a@b.cn\nBcc: x@y.cn", "a b@c.cn", "é@b.cn", "a@", "@b.cn"]
)
async def test_an_address_cannot_break_out_of_its_header(database: Database, to: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the library's own words
        await queued(database, mail(to=to))


async def test_a_subject_cannot_break_out_of_its_header(database: Database) -> None:
    with pytest.raises(DBAPIError):
        await queued(database, mail(subject=msg("{name}", name="x\r\nBcc: all@b.cn")))


async def test_what_people_typed_is_text_in_the_page_of_a_mail(
    database: Database, settings: Settings, mailbox: Mailbox
) -> None:
    await queued(database, mail(paragraphs=(msg("{name}", name="<img src=x>"),)))
    (sent,) = await mailbox.collect(database, settings)
    html = sent.get_body(("html",))
    assert html is not None
    assert "&lt;img src=x&gt;" in html.get_content()


async def test_the_application_writes_its_own_provinces_mails_and_reads_none(database: Database) -> None:
    await queued(database, mail())
    async with database.transaction(READ.info()) as session:
        assert await session.scalar(text("SELECT count(*) FROM outgoing_mail")) == 0
    with pytest.raises(DBAPIError):
        async with database.transaction(READ.info()) as session:
            await queue(session, mail(), tenant_id="330000")


async def test_without_a_server_mails_lie_in_a_folder(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    here = settings.model_copy(update={"data_dir": tmp_path})
    await queued(database, mail())
    await run_jobs(database, here)
    folder = kept_in(here)
    assert folder == tmp_path / "mail"
    (path,) = folder.iterdir()
    assert message_from_bytes(path.read_bytes(), policy=default)["subject"] == "登录"
    assert kept_in(here.model_copy(update={"smtp_url": SecretStr("smtp://mail.example")})) is None


async def test_production_keeps_no_mail_in_a_folder(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    production = settings.model_copy(update={"data_dir": tmp_path, "environment": "production"})
    await queued(database, mail())
    with pytest.raises(NoMailServerError):
        await send_mail(job(database, production, await row(database, settings, "id")))
    assert not (tmp_path / "mail").exists()


async def test_what_is_old_is_forgotten(database: Database, settings: Settings) -> None:
    await queued(database, mail())
    nobody = job(database, settings, UUID(int=0))
    await trim(nobody)
    assert await row(database, settings, "recipient") == "shen@sjtu.example"
    age = "UPDATE outgoing_mail SET created_at = clock_timestamp() - make_interval(days => :days)"
    await as_sign_in(database, settings, age, days=8)
    await trim(nobody)
    assert await row(database, settings, "num_nonnulls(recipient, subject, paragraphs, link, action)") == 0
    await as_sign_in(database, settings, age, days=91)
    await trim(nobody)
    assert await row(database, settings, "count(*)") == 0


@pytest.mark.parametrize(
    "url", ["http://mail.example", "smtp://", "smtp://mail.example?tls=maybe", "mail.example"]
)
def test_a_wrong_smtp_url_is_said_at_the_start(url: str) -> None:
    with pytest.raises(ValidationError, match="SMTP_URL must be"):
        Settings(smtp_url=SecretStr(url))


async def test_tls_is_asked_for_unless_switched_off(database: Database, settings: Settings) -> None:
    """A server that offers no STARTTLS gets neither the password nor the mail."""
    with mail_server() as plain:
        url = f"smtp://commons:s%3Acret%2F%40@127.0.0.1:{plain.port}"
        await queued(database, mail())
        mail_id = await row(database, settings, "id")
        with pytest.raises(aiosmtplib.SMTPException):
            await send_mail(job(database, settings.model_copy(update={"smtp_url": SecretStr(url)}), mail_id))
        assert plain.messages == []


@pytest.mark.filterwarnings("ignore:Requiring AUTH")
async def test_a_server_that_asks_for_a_password_gets_it(database: Database, settings: Settings) -> None:
    with mail_server(login=("commons", "s:cret/@")) as guarded:
        await queued(database, mail())
        url = f"smtp://commons:s%3Acret%2F%40@127.0.0.1:{guarded.port}?tls=none"
        await run_jobs(database, settings.model_copy(update={"smtp_url": SecretStr(url)}))
        assert len(guarded.messages) == 1
