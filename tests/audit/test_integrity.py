"""The page that shows whether the journal is whole, and the export that an outside party checks without us."""

import hashlib
import io
import json
import zipfile
from collections.abc import AsyncIterator
from html import unescape
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from app.access.permissions import Role
from app.core.db import Database
from app.journal.public import record
from app.main import create_app
from app.settings import Settings
from app.tenancy.context import TenantContext
from tests.journal.chains import PROVINCE, Chain, chain_in
from tests.support.clients import Clients, clients_of
from tests.support.jobs import run_jobs

HTML = {"accept": "text/html"}
STRANGER = uuid4()


@pytest.fixture
async def chain(fresh_settings: Settings, fresh_database: Database, tmp_path: Any) -> AsyncIterator[Chain]:
    """Four events, one by a person of another province."""
    settings = fresh_settings.model_copy(update={"data_dir": tmp_path})
    async with chain_in(settings, fresh_database) as chain:
        await chain.write(3)
        context = TenantContext("310000", STRANGER, "r", address="10.9.9.9")
        async with fresh_database.transaction(context.info()) as session:
            await record(session, "thing.changed", subject=("thing", "4"), tenant_id=PROVINCE)
        await chain.seal(4)
        yield chain


@pytest.fixture
async def clients(chain: Chain) -> AsyncIterator[Clients]:
    async with clients_of(create_app(chain.settings, chain.database)) as clients:
        yield clients


@pytest.fixture
async def auditor(clients: Clients) -> httpx2.AsyncClient:
    return await clients.of(PROVINCE, roles=[Role.AUDITOR])


async def ask(auditor: httpx2.AsyncClient, chain: Chain, what: str) -> None:
    form = await auditor.get("/audit/integrity", headers=HTML)
    token = form.text.partition('name="csrf_token" value="')[2].partition('"')[0]
    asked = await auditor.post(f"/audit/integrity/{what}", data={"csrf_token": token}, headers=HTML)
    assert asked.status_code == 303, asked.text
    waiting = (await auditor.get(asked.headers["location"], headers=HTML)).text
    assert f'hx-select="#audit-{what}"' in waiting
    assert f'action="/audit/integrity/{what}"' not in waiting
    assert await run_jobs(chain.database, chain.settings) == 1
    ended = (await auditor.get(asked.headers["location"], headers=HTML)).text
    assert "hx-select" not in ended
    assert f'action="/audit/integrity/{what}"' in ended


async def exported(auditor: httpx2.AsyncClient, chain: Chain) -> str:
    """The address of an export asked for now."""
    await ask(auditor, chain, "export")
    page = (await auditor.get("/audit/integrity", headers=HTML)).text
    return (
        "/audit/integrity/exports/" + page.partition('href="/audit/integrity/exports/')[2].partition('"')[0]
    )


async def test_a_check_from_the_page(auditor: httpx2.AsyncClient, chain: Chain) -> None:
    assert "尚未核对" in (await auditor.get("/audit/integrity", headers=HTML)).text
    await ask(auditor, chain, "verify")
    page = unescape((await auditor.get("/audit/integrity", headers=HTML)).text)
    assert "个锚点：完好" in page
    ids = await chain.ids()
    await chain.admin.execute("UPDATE journal_event SET kind = 'thing.chansed' WHERE id = $1", ids[1])
    await ask(auditor, chain, "verify")
    page = unescape((await auditor.get("/audit/integrity", headers=HTML)).text)
    assert "发现 1 处损坏" in page
    assert f"第 2 条：记录的内容被改动（记录 {ids[1]}）" in page
    english = await auditor.get("/audit/integrity", headers=HTML | {"accept-language": "en"})
    assert f"No. 2: the event was changed (event {ids[1]})" in unescape(english.text)


async def test_an_outside_party_checks_the_export_alone(auditor: httpx2.AsyncClient, chain: Chain) -> None:
    """Nothing of the application is used here: the form in the manifest is enough."""
    file = await auditor.get(await exported(auditor, chain))
    assert file.status_code == 200
    with zipfile.ZipFile(io.BytesIO(file.content)) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(content["manifest.json"])
    assert {n: hashlib.sha256(content[n]).hexdigest() for n in manifest["sha256"]} == manifest["sha256"]
    previous = "0" * 64
    lines = [json.loads(line) for line in content["events.jsonl"].decode().splitlines()]
    assert [line["sequence"] for line in lines] == list(range(1, manifest["events"] + 1))
    for line in lines:
        if "who" in line:
            assert hashlib.sha256(line["who"].encode()).hexdigest() == line["who_digest"]
        event = hashlib.sha256(f"{line['what']}\n{line['who_digest']}".encode()).hexdigest()
        assert event == line["event_digest"]
        place = (PROVINCE, str(line["sequence"]), line["event_id"], str(line["txid"]), event, previous)
        previous = hashlib.sha256("\n".join(place).encode()).hexdigest()
        assert previous == line["digest"]
    assert manifest["head"] == {"sequence": len(lines), "digest": previous}
    anchor = json.loads(content["anchors.jsonl"].splitlines()[-1])
    assert anchor["digest"] == previous
    signed = ("delta-commons journal anchor 1", PROVINCE, str(anchor["sequence"]), previous, anchor["at"])
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(manifest["key"]))
    key.verify(bytes.fromhex(anchor["signature"]), "\n".join(signed).encode())
    assert content["events.csv"].count(b"\r\n") == len(lines) + 1
    everything = b"".join(content.values()).decode()
    assert "10.1.2.3" in everything
    assert str(STRANGER) not in everything, "who acted from another province is proved, not told"
    assert "10.9.9.9" not in everything


async def test_others_learn_nothing(clients: Clients, auditor: httpx2.AsyncClient, chain: Chain) -> None:
    file = await exported(auditor, chain)
    other = await clients.of("310000", roles=[Role.AUDITOR])
    admin = await clients.of(PROVINCE, roles=[Role.PROVINCE_ADMIN])
    assert (await other.get(file)).status_code == 404
    assert (await auditor.get(f"/audit/integrity/exports/{uuid4()}")).status_code == 404
    for path in ("/audit/integrity", "/audit/integrity/anchors.jsonl", file):
        assert (await admin.get(path, headers=HTML)).status_code == 403
    lines = (await auditor.get("/audit/integrity/anchors.jsonl")).text.splitlines()
    assert [json.loads(line)["province"] for line in lines] == [PROVINCE]
    assert (await other.get("/audit/integrity/anchors.jsonl")).text == ""
