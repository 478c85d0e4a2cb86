"""`commons demo`: a database, the demonstration data and the platform from one command, in one process.

A supervisor with the server as its child was turned down: this process imports the platform once instead of twice, and
there is no second process to outlive the first. The database belongs to a keeper (app/launch/keeper.py) that stops it
as soon as this process is gone, however it went.
"""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from app.demo import accounts, seed
from app.launch import assets, data_folder, postgres, schema, server
from app.launch.bootstrap import say
from app.launch.errors import LaunchError, plain_database_errors
from app.settings import Settings

GRACE_SECONDS = 1


def run(door: socket.socket, data_dir: Path) -> None:
    """Serve the demonstration on the listening socket `door` until Ctrl-C or SIGTERM.

    Raises:
        LaunchError: the disk is full, the data folder unusable or its contents newer than this version.
    """
    host, port = door.getsockname()
    with _until_stopped():
        assets.build()
        with _database(data_dir) as url:
            settings = Settings(
                database_url=url,
                secret_key=os.environ.get("SECRET_KEY") or data_folder.secret_key(data_dir),
                base_url=os.environ.get("BASE_URL") or f"http://{host}:{port}",
                data_dir=data_dir,
                log_level="WARNING",
                demonstration=True,
            )
            say("正在检查数据表 …", "bringing the tables up to date …")
            schema.upgrade(settings)
            _load(settings, url)
            say("正在启动服务 …", "starting to serve …")
            served = settings.model_copy(
                update={"database_url": None, "app_database_url": settings.url_for("app")}
            )
            server.serve(
                served,
                door,
                worker=True,
                grace_seconds=GRACE_SECONDS,
                when_ready=lambda: _announce(served.base_url),
            )


def _load(settings: Settings, url: str) -> None:
    try:
        with plain_database_errors(schema.describe(url)):
            asyncio.run(seed.load(settings, told=_tell))
    except seed.DemonstrationRefusedError as error:
        raise LaunchError(
            "演示数据的密码是公开的，不能载入生产环境（ENVIRONMENT=production）",
            "the demonstration's passwords are public: it is not loaded into production",
        ) from error


def _tell(number: int, total: int) -> None:
    """A line for each fifth of the demonstration data."""
    fifth = max(1, total // 5)
    if number % fifth == 1 or fifth == 1:
        say(f"正在载入演示数据（{number}/{total}）…", f"loading the demonstration data ({number}/{total}) …")


@contextmanager
def _database(data_dir: Path) -> Iterator[str]:
    """The administrator's URL: DATABASE_URL if it is set, else an embedded server on the data folder."""
    if given := Settings().database_url:
        yield given
        return
    say("正在启动数据库 …", "starting the database …")
    with postgres.running(data_dir) as url:
        yield asyncio.run(schema.create_database(url, data_folder.DATABASE))


@contextmanager
def _until_stopped() -> Iterator[None]:
    """Make SIGTERM unwind like Ctrl-C, and both end quietly."""

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    except KeyboardInterrupt:
        say("已停止", "stopped")
    finally:
        signal.signal(signal.SIGTERM, before)


def _announce(base_url: str) -> None:
    sys.stdout.write(
        f"\n长三角创新资源共享平台 Delta Commons\n\n  {base_url}\n\n{accounts.LISTING}\n\n按 Ctrl-C 停止 / Ctrl-C stops\n"
    )
    sys.stdout.flush()
