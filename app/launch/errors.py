"""The one kind of error a person sees on the command line instead of a traceback."""

from collections.abc import Iterator
from contextlib import contextmanager

DISK_FULL = "53100"
NO_LOGIN = frozenset({"28000", "28P01"})
NO_DATABASE = "3D000"
"""PostgreSQL's SQLSTATE codes (appendix A of its manual)."""


class LaunchError(Exception):
    """Something outside the program has to change before it can start; `str()` is one bilingual line."""

    def __init__(self, chinese: str, english: str, *, exit_code: int = 1) -> None:
        """Keep both wordings; which language the person at the terminal reads is unknown."""
        super().__init__(f"{chinese} / {english}")
        self.exit_code = exit_code


@contextmanager
def plain_database_errors(where: str) -> Iterator[None]:
    """Turn what the administrator can mend (server away, wrong password, full disk) into a LaunchError; keep the rest."""
    try:
        yield
    except Exception as error:
        if (plain := _plain(error, where)) is not None:
            raise plain from error
        raise


def _plain(error: BaseException | None, where: str) -> LaunchError | None:
    while error is not None:
        state = getattr(error, "sqlstate", None)
        if state == DISK_FULL:
            return LaunchError(
                f"磁盘已满，数据库无法写入：{where}", f"the disk is full, the database cannot write: {where}"
            )
        if state in NO_LOGIN:
            return LaunchError(f"数据库拒绝登录：{where}", f"the database refuses the login: {where}")
        if state == NO_DATABASE:
            return LaunchError(f"数据库不存在：{where}", f"there is no such database: {where}")
        if isinstance(error, ConnectionError | TimeoutError):
            return LaunchError(f"无法连接数据库：{where}", f"the database cannot be reached: {where}")
        error = error.__cause__ or error.__context__
    return None
