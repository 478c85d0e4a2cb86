"""`commons verify audit` and `commons audit anchor` as their user meets them."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.core.db import Database
from app.settings import Settings
from tests.journal.chains import PROVINCE, Chain, chain_in
from tests.support.processes import environment_of
from tests.support.server import ROOT


@pytest.fixture
async def chain(fresh_settings: Settings, fresh_database: Database) -> AsyncIterator[Chain]:
    async with chain_in(fresh_settings, fresh_database) as chain:
        await chain.write(3)
        await chain.seal(3)
        yield chain


async def commons(chain: Chain, *arguments: str, language: str = "zh_CN.UTF-8") -> tuple[int, str, str]:
    environment = environment_of(chain.settings, base_url="http://127.0.0.1") | {"LANG": language}
    command = [sys.executable, "-m", "app.cli", *arguments]
    ended = await asyncio.to_thread(
        subprocess.run, command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    return ended.returncode, ended.stdout, ended.stderr


async def test_a_whole_journal(chain: Chain) -> None:
    code, said, _ = await commons(chain, "verify", "audit", "--province", PROVINCE)
    assert code == 0
    assert said.startswith("330000  已核对 3 条记录和 0 个锚点：完好；待封存 0 条\n")


async def test_one_flipped_byte_is_located(chain: Chain) -> None:
    ids = await chain.ids()
    await chain.admin.execute("UPDATE journal_event SET subject_id = 'x' WHERE id = $1", ids[1])
    code, said, _ = await commons(chain, "verify", "audit")
    assert code == 1
    assert f"  第 2 条：记录的内容被改动（记录 {ids[1]}）；相邻的第 1, 3 条完好\n" in said
    assert "310000  已核对 0 条记录和 0 个锚点：完好" in said
    code, said, _ = await commons(chain, "verify", "audit", "--province", PROVINCE, language="en_GB.UTF-8")
    assert code == 1
    assert f"No. 2: the event was changed (event {ids[1]}); beside it, No. 1, 3 is whole" in said


async def test_an_anchor_kept_outside(chain: Chain, tmp_path: Path) -> None:
    code, said, _ = await commons(chain, "audit", "anchor")
    assert code == 0
    kept = json.loads(said)
    assert (kept["province"], kept["sequence"]) == (PROVINCE, 3)
    file = tmp_path / "anchors.jsonl"
    file.write_text(said)
    await chain.admin.execute("DELETE FROM journal_anchor")
    await chain.admin.execute("DELETE FROM journal_event WHERE id = $1", (await chain.ids())[2])
    await chain.admin.execute("DELETE FROM journal_seal WHERE sequence = 3")
    assert (await commons(chain, "verify", "audit"))[0] == 0
    code, said, _ = await commons(chain, "verify", "audit", "--anchors", str(file))
    assert code == 1
    assert "第 3 条：链尾被截断" in said


async def test_wrong_usage(chain: Chain, tmp_path: Path) -> None:
    (tmp_path / "x").write_text("{}")
    for arguments, fault in (
        (("verify", "audit", "--province", "999999"), "没有省份 999999"),
        (("verify", "audit", "--anchors", str(tmp_path / "x")), "锚点文件"),
        (("verify", "audit", "--since", "soon"), "is no date"),
        (("audit", "anchor", "--province", "x"), "没有省份 x"),
    ):
        code, _, said = await commons(chain, *arguments)
        assert code == 2
        assert fault in said
        assert "Traceback" not in said
