"""Schemathesis over the whole description with a fixed seed: no input makes a server error."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest

from app.access.permissions import Role
from app.core.db import Database
from app.main import create_app
from app.settings import Settings
from tests.support.people import make_person, sign_in
from tests.support.places import make_instrument
from tests.support.processes import servers

SEED = "20261121"


async def cookie_of_somebody_powerful(settings: Settings) -> str:
    """A Zhejiang admin who also manages an organisation with an instrument: most doors open."""
    database = Database(settings.url_for("app"), pool_size=2)
    try:
        place = await make_instrument(database, "330000")
        person = await make_person(
            database,
            settings,
            tenant_id="330000",
            roles=[Role.PROVINCE_ADMIN],
            organisations={place.organisation_id: Role.MANAGER},
        )
        async with httpx2.AsyncClient() as client:
            await sign_in(client, create_app(settings, database), person)
            return "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    finally:
        await database.close()


def fuzz(settings: Settings, folder: Path, examples: int) -> subprocess.CompletedProcess[str]:
    cookie = asyncio.run(cookie_of_somebody_powerful(settings))
    with servers(settings, 1) as (served,):
        command = [
            str(Path(sys.executable).parent / "schemathesis"),
            "run",
            f"{served.url}/openapi.json",
            "--checks=not_a_server_error",
            f"--max-examples={examples}",
            f"--seed={SEED}",
            "--generation-database=none",
            "--continue-on-failure",
            "--request-timeout=30",
            f"--header=Cookie: {cookie}",
            f"--header=Origin: {served.url}",
            # Signing the fuzzer out would leave the rest of the run anonymous.
            "--exclude-operation-id=revokeMySession",
            # Says 503 while no worker runs, as here.
            "--exclude-operation-id=getReadiness",
        ]
        return subprocess.run(
            command, cwd=folder, capture_output=True, text=True, env=os.environ, check=False
        )


@pytest.mark.timeout(600)
def test_no_input_makes_a_server_error(fresh_settings: Settings, tmp_path: Path) -> None:
    done = fuzz(fresh_settings, tmp_path, 2)
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]


@pytest.mark.full
@pytest.mark.timeout(3600)
def test_no_input_makes_a_server_error_in_depth(fresh_settings: Settings, tmp_path: Path) -> None:
    done = fuzz(fresh_settings, tmp_path, 100)
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
