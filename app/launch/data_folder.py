"""The demonstration's data folder: which one it is, its secret, and the database while one runs on it."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from pydantic import SecretStr

from app.launch import postgres
from app.launch.bootstrap import ROOT
from app.launch.errors import LaunchError
from app.settings import Settings

DATABASE = "commons"


def chosen(given: Path | None = None) -> Path:
    """The folder given, else that of DATA_DIR, else `.data` in the project."""
    return (given or Path(os.environ.get("DATA_DIR") or ROOT / ".data")).absolute()


def secret_key(data_dir: Path) -> str:
    """The data folder's own secret, made on first use; linked into place, so that nobody ever reads half of one."""
    key = data_dir / "secret.key"
    if not key.exists():
        data_dir.mkdir(parents=True, exist_ok=True)
        fresh = data_dir / f"secret.key.{os.getpid()}"
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(48))
        try:
            with suppress(FileExistsError):  # another process was first; its key holds
                key.hardlink_to(fresh)
        finally:
            fresh.unlink()
    return key.read_text().strip()


def of_the_running_demonstration(settings: Settings) -> Settings:
    """These settings with the database and the secret of the demonstration that runs on the data folder.

    Raises:
        LaunchError: none runs there.
    """
    data_dir = chosen()
    url = postgres.url_of(data_dir)
    if url is None:
        raise LaunchError(
            f"未设置 DATABASE_URL，{data_dir} 上也没有正在运行的演示",
            f"DATABASE_URL is not set, and no demonstration runs on {data_dir}",
        )
    return settings.model_copy(
        update={
            "database_url": f"{url.rpartition('/')[0]}/{DATABASE}",
            "secret_key": SecretStr(os.environ.get("SECRET_KEY") or secret_key(data_dir)),
            "data_dir": data_dir,
        }
    )
