"""Lock files: exact, hashed, consistent with each other and naming no host."""

import json
import re
import tomllib
from pathlib import Path

from app.launch.locks import LOCKS

ROOT = Path(__file__).parents[2]
PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*])?==(\S+)", re.MULTILINE)


def pins(name: str) -> dict[str, str]:
    return dict(PIN.findall((ROOT / name).read_text()))


def direct(requirements: list[str]) -> set[str]:
    return {re.split(r"[\[<>=! ]", requirement, maxsplit=1)[0].lower() for requirement in requirements}


def test_locks_name_no_host() -> None:
    found = sorted(path.name for path in ROOT.glob("*.lock"))
    assert found == sorted(LOCKS)
    for name in found:
        text = (ROOT / name).read_text()
        assert "://" not in text
        assert "--index-url" not in text
    assert '"resolved"' not in (ROOT / "package-lock.json").read_text()
    assert "://" not in (ROOT / "package-lock.json").read_text()


def test_every_pin_has_hashes() -> None:
    for name in LOCKS:
        text = (ROOT / name).read_text()
        entries = re.split(r"^(?=[a-z])", text, flags=re.MULTILINE)[1:]
        assert len(entries) >= len(pins(name)) > 0
        assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []


def test_development_lock_only_adds() -> None:
    assert pins("requirements.lock").items() <= pins("requirements-dev.lock").items()


def test_locks_hold_what_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = project["dependency-groups"]
    assert direct(project["project"]["dependencies"]) <= pins("requirements.lock").keys()
    assert direct(groups["dev"]) <= pins("requirements-dev.lock").keys()
    assert direct(groups["assets"]) == pins("requirements-assets.lock").keys()
    assert direct(groups["bootstrap"]) == pins("requirements-bootstrap.lock").keys()


def test_npm_packages_are_pinned_as_locked() -> None:
    wanted = json.loads((ROOT / "package.json").read_text())["dependencies"]
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    assert {name: packages[f"node_modules/{name}"]["version"] for name in wanted} == wanted
    assert all("integrity" in entry for name, entry in packages.items() if name)
