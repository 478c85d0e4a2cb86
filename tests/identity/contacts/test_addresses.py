"""What is an address, what is a name, and which passwords are refused."""

from pathlib import Path

import httpx2
import pytest

from app.core.db import Database
from app.core.errors import Invalid
from app.identity.contacts.addresses import canonical
from app.identity.contacts.strength import MINIMUM, hash_chosen
from app.settings import Settings
from tests.support.accounts import PASSWORD, ask_to_register
from tests.support.forms import faults_of
from tests.support.mail import Mailbox


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Shen@SJTU.Example", "shen@sjtu.example"),
        ("shen@例子.example", "shen@xn--fsqu00a.example"),
        ("shen@ＳＪＴＵ.example", "shen@sjtu.example"),
        ("o'neil+lab@sjtu.example", "o'neil+lab@sjtu.example"),
        ("shen@аррӏе.example", "shen@xn--80ak6aa92e.example"),
    ],
)
def test_one_spelling_each(typed: str, kept: str) -> None:
    assert canonical(typed) == kept
    assert canonical(kept) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "shen",
        "shen@",
        "@sjtu.example",
        "shen@localhost",
        "shen@sjtu..example",
        "ѕhen@sjtu.example",
        "shen@sjtu.example\r\nBcc: all@sjtu.example",
        "shen@sjtu.example,all@sjtu.example",
        '"a b"@sjtu.example',
        "a@b@sjtu.example",
        "shen\0@sjtu.example",
        "😀@sjtu.example",
        "shen@[127.0.0.1]",
        "x" * 65 + "@sjtu.example",
        "x@" + "y" * 64 + ".example",
        "x@" + ".".join(["y" * 60] * 5),
        "shen@-sjtu.example",
    ],
)
def test_what_is_no_address(typed: str) -> None:
    with pytest.raises(Invalid) as refused:
        canonical(typed)
    assert refused.value.errors[0].code == "email_malformed"


@pytest.mark.parametrize(
    "changed",
    [
        {"email": "ѕhen@sjtu.example"},
        {"email": "shen@sjtu.example\r\nBcc: x@y.example"},
        {"name": "沈\0知行"},
        {"name": "沈" * 101},
        {"name": "\u202e沈"},
        {"name": ""},
        {"province": "999999"},
        {"province": "000000"},
        {"province": ""},
        {"password": "short"},
        {"password": "x" * 129},
        {"password": "aaaaaaaaaaaaaaaaaaaa"},
        {"password": "iloveyouiloveyou"},
        {"password": "Shen.sjtu-2026!"},
        {"password": "delta-commons-2026"},
        {"email": "x" * 5000},
    ],
)
async def test_a_form_that_will_not_do(
    client: httpx2.AsyncClient,
    database: Database,
    settings: Settings,
    mailbox: Mailbox,
    changed: dict[str, str],
) -> None:
    refused = await ask_to_register(client, **changed)
    assert refused.status_code == 422
    assert faults_of(refused.text)
    assert PASSWORD not in refused.text
    assert await mailbox.collect(database, settings) == []


@pytest.mark.parametrize("name", ["😀 沈", "O'Neil <b>", "José Ñandú", "沈" * 100])
async def test_names_people_have(client: httpx2.AsyncClient, name: str) -> None:
    assert (await ask_to_register(client, name=name)).status_code == 303


async def test_every_fault_is_said_at_once(client: httpx2.AsyncClient) -> None:
    refused = await ask_to_register(client, name="", email="", password="short")
    assert len(faults_of(refused.text)) == 3


@pytest.mark.parametrize(
    "password",
    [
        "seven purple otters sing",
        "七只紫色水獭在唱歌给月亮听而已",
        "x7#kQp!vLm29zRt",
        "ß" * 7 + " und noch mehr",
    ],
)
async def test_long_passwords_of_any_kind_will_do(settings: Settings, tmp_path: Path, password: str) -> None:
    here = settings.model_copy(update={"data_dir": tmp_path})
    assert len(password) >= MINIMUM
    assert (await hash_chosen(password, here, about=("沈知行", "shen@sjtu.example"))).startswith("$argon2id$")
