"""The `commons` command from outside: exit codes and one plain line for what a person can mend."""

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

from app.identity.contacts.breached import is_breached

ROOT = Path(__file__).parents[2]
OURS = {"DATABASE_URL", "APP_DATABASE_URL", "SECRET_KEY", "BASE_URL", "ENVIRONMENT", "DATA_DIR"}


def commons(*arguments: str, cwd: Path = ROOT, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name not in OURS}
    return subprocess.run(
        [sys.executable, "-m", "app.cli", *arguments],
        cwd=cwd,
        env=environment | {"PYTHONPATH": str(ROOT)} | settings,
        capture_output=True,
        text=True,
        check=False,
    )


def test_starting_imports_nothing_heavy() -> None:
    program = "import sys, app.cli; print(sorted({'sqlalchemy', 'fastapi', 'pydantic', 'alembic'} & set(sys.modules)))"
    result = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert result.stdout == "[]\n"


def test_wrong_usage_is_two() -> None:
    for arguments in ((), ("fly",), ("demo", "--prot", "1"), ("demo", "--port", "many")):
        result = commons(*arguments)
        assert result.returncode == 2, arguments
        assert "usage: commons" in result.stderr


def test_test_hands_paths_and_options_to_pytest_in_order(tmp_path: Path) -> None:
    (tmp_path / "test_some.py").write_text("def test_one(): pass\ndef test_two(): assert False\n")
    result = commons("test", "test_some.py", "-k", "two", "-p", "no:cacheprovider", cwd=tmp_path)
    assert result.returncode == 1
    assert "1 failed, 1 deselected" in result.stdout.splitlines()[-1]


def test_missing_database_is_said_in_one_line() -> None:
    for command in (("serve", "--port", "0"), ("worker",), ("migrate",)):
        result = commons(*command)
        assert (result.returncode, result.stderr) == (
            1,
            "commons: 未设置 DATABASE_URL / DATABASE_URL is not set\n",
        ), command


def test_without_database_or_demonstration_both_are_named(tmp_path: Path) -> None:
    codes = ("codes", "import", "gb2260", str(ROOT / "README.md"))
    appoint = ("admin", "appoint", "--province", "330000", "--login", "zj.manager")
    for command in (codes, ("verify", "audit"), ("audit", "anchor"), ("keys", "list"), appoint):
        result = commons(*command, DATA_DIR=str(tmp_path))
        assert result.returncode == 1, command
        assert result.stderr == (
            f"commons: 未设置 DATABASE_URL，{tmp_path} 上也没有正在运行的演示"
            f" / DATABASE_URL is not set, and no demonstration runs on {tmp_path}\n"
        )
    assert not any(tmp_path.iterdir())


def test_help_needs_no_settings() -> None:
    names = re.findall(r"^    (\w+)", commons("--help").stdout, re.MULTILINE)
    assert {
        "admin",
        "api",
        "audit",
        "keys",
        "login",
        "logout",
        "whoami",
        "operator",
        "passwords",
        "verify",
        "demo",
        "serve",
        "worker",
        "migrate",
        "codes",
        "test",
        "assets",
        "openapi",
        "lock",
    } == set(names)
    for command in (*((name,) for name in names), ("codes", "import")):
        result = commons(*command, "--help", SECRET_KEY="", ENVIRONMENT="wrong")
        assert (result.returncode, result.stderr) == (0, ""), command
        assert "usage: commons" in result.stdout
    assert "port to listen on" in commons("demo", "--help").stdout


def test_wrong_settings_are_named_without_their_values() -> None:
    result = commons("serve", "--port", "0", ENVIRONMENT="production", SECRET_KEY="too-short-a-secret")
    assert result.returncode == 1
    assert result.stderr.startswith("commons: 设置有误：")
    assert "SECRET_KEY must be a real secret" in result.stderr
    assert "too-short-a-secret" not in result.stderr


def test_taken_port_is_two() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = commons("serve", "--port", str(port), DATABASE_URL="postgresql://nobody@127.0.0.1:1/none")
    assert result.returncode == 2
    assert f"port {port} is taken" in result.stderr


def test_breached_passwords_are_taken_over_without_a_database(tmp_path: Path) -> None:
    source = tmp_path / "leak.txt"
    source.write_text("correct horse battery staple\n7C4A8D09CA3762AF61E59520943DC26494F8941B:42\n")
    data = tmp_path / "data"
    result = commons("passwords", "import", str(source), DATA_DIR=str(data))
    path = data / "breached-passwords"
    assert (result.returncode, result.stdout, result.stderr) == (0, f"{path}: 2\n", "")
    for known in ("correct horse battery staple", "123456"):
        assert is_breached(path, known)
    missing = commons("passwords", "import", str(source), str(tmp_path / "none"), DATA_DIR=str(data))
    assert missing.returncode == 1
    assert missing.stderr.startswith("commons: 文件不能读写：")
    assert len(missing.stderr.splitlines()) == 1
    assert is_breached(path, "123456")
