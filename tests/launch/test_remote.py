"""`commons login` and what follows, as processes, against a real server."""

import asyncio
import json
import os
import stat
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from fastapi import FastAPI

from app.core.db import Database
from app.settings import Settings
from tests.support.oauth import as_sign_in, submit
from tests.support.people import make_person, sign_in
from tests.support.processes import servers
from tests.support.server import ROOT


class Terminal:
    """A person's shell: its own home, no settings of the platform."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.file = home / "config" / "delta-commons" / "login.json"
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        self.environment = kept | {"HOME": str(home), "XDG_CONFIG_HOME": str(home / "config")}

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "app.cli", *arguments]
        pipe = subprocess.PIPE
        return subprocess.Popen(
            command, cwd=ROOT, env=self.environment, stdout=pipe, stderr=pipe, text=True, bufsize=1
        )

    async def run(self, *arguments: str) -> tuple[int, str, str]:
        process = self.start(*arguments)
        out, error = await asyncio.to_thread(process.communicate, timeout=120)
        return process.returncode, out, error


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return Terminal(tmp_path)


@pytest.fixture
async def served(fresh_settings: Settings) -> AsyncIterator[str]:
    with servers(fresh_settings) as running:
        yield running[0].url


@pytest.fixture
async def browser(
    served: str, fresh_settings: Settings, fresh_database: Database
) -> AsyncIterator[httpx2.AsyncClient]:
    app = FastAPI()
    app.state.settings, app.state.database = fresh_settings, fresh_database
    person = await make_person(fresh_database, fresh_settings, tenant_id="340000", name="程望舒")
    async with httpx2.AsyncClient(base_url=served, timeout=60) as http:
        await sign_in(http, app, person)
        yield http


async def begin(terminal: Terminal, served: str) -> tuple[subprocess.Popen[str], str]:
    """The command that waits, and the code it shows."""
    process = terminal.start("login", "--server", served)
    assert process.stderr is not None
    lines = [await asyncio.to_thread(process.stderr.readline) for _ in range(2)]
    assert f"{served}/device" in lines[0], lines
    return process, lines[1].split()[-1]


async def decide(browser: httpx2.AsyncClient, user_code: str, decision: str) -> None:
    page = await submit(browser, await browser.get("/device"), user_code=user_code)
    assert "Delta Commons 命令行" in page.text
    await submit(browser, page, user_code=user_code, decision=decision)


async def test_a_person_signs_in_asks_and_signs_out(
    terminal: Terminal,
    served: str,
    browser: httpx2.AsyncClient,
    fresh_settings: Settings,
    fresh_database: Database,
) -> None:
    assert (await terminal.run("whoami"))[0] == 1
    process, user_code = await begin(terminal, served)
    await decide(browser, user_code, "allow")
    await asyncio.to_thread(process.communicate, timeout=120)
    assert process.returncode == 0
    assert stat.S_IMODE(terminal.file.stat().st_mode) == 0o600
    assert stat.S_IMODE(terminal.file.parent.stat().st_mode) == 0o700
    assert await terminal.run("whoami") == (0, f"程望舒 (340000) @ {served}\n", "")

    code, out, _ = await terminal.run("api", "GET", "/api/v1/me")
    assert (code, json.loads(out)["name"]) == (0, "程望舒")
    missing = await terminal.run("api", "GET", "/api/v1/organisations/00000000-0000-0000-0000-000000000000")
    assert (missing[0], json.loads(missing[1])["code"]) == (1, "not_found")
    elsewhere = await terminal.run("api", "GET", "//evil.example/api")
    assert (elsewhere[0], elsewhere[1]) == (1, "")

    kept = json.loads(terminal.file.read_text())
    terminal.file.write_text(json.dumps(kept | {"expires_at": 0}))
    both = await asyncio.gather(terminal.run("whoami"), terminal.run("whoami"))
    assert [code for code, *_ in both] == [0, 0], "two at once refresh once"
    renewed = json.loads(terminal.file.read_text())
    assert renewed["refresh_token"] != kept["refresh_token"]

    assert (await terminal.run("logout"))[0] == 0
    assert not terminal.file.exists()
    alive = "SELECT count(*) FROM oauth_grant WHERE revoked_at IS NULL"
    assert await as_sign_in(fresh_database, fresh_settings, alive) == 0


async def test_a_no_and_a_wrong_address_are_told(
    terminal: Terminal, served: str, browser: httpx2.AsyncClient
) -> None:
    process, user_code = await begin(terminal, served)
    await decide(browser, user_code, "deny")
    _, told = await asyncio.to_thread(process.communicate, timeout=120)
    assert process.returncode == 1
    assert "denied" in told
    assert not terminal.file.exists()
    for server in ("http://platform.example", "http://127.0.0.1:9", served.replace("127.0.0.1", "localhost")):
        code, _, told = await terminal.run("login", "--server", server)
        assert (code, "Traceback" in told) == (1, False), told


async def test_keys_are_listed_and_rotated(fresh_settings: Settings, terminal: Terminal) -> None:
    terminal.environment |= {
        "DATABASE_URL": str(fresh_settings.database_url),
        "DATABASE_ROLES": fresh_settings.database_roles,
        "SECRET_KEY": fresh_settings.secret,
    }
    listed = [line.split() for line in (await terminal.run("keys", "list"))[1].splitlines()]
    assert [line[0] for line in listed] == ["active", "next"]
    code, _, told = await terminal.run("keys", "rotate")
    assert (code, "10 minutes" in told) == (1, True)
    code, signing, _ = await terminal.run("keys", "rotate", "--at-once")
    assert (code, signing.strip()) == (0, listed[1][2])
