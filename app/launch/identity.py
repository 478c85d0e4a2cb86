"""Under which account PostgreSQL runs: it refuses root, and root may be all a container has."""

import os
import pwd
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.launch.errors import LaunchError

SERVICE_ACCOUNTS = ("postgres", "nobody")
PAST_PRIVATE_FOLDERS = "+dac_override"
"""The capability that lets the server through a parent folder closed to it, such as /root; that folder's mode is not ours
to change."""


@dataclass(frozen=True)
class Identity:
    """How to start a program as an account PostgreSQL accepts: a changed uid, or a command put in front."""

    uid: int | None = None
    gid: int | None = None
    prefix: tuple[str, ...] = ()
    owner: int | None = None
    """The uid that must own the server's files, where it is not the caller's."""

    def run(self, command: Sequence[str | Path]) -> subprocess.CompletedProcess[str]:
        """Run `command` to its end in the root folder with an empty environment; its failure is the caller's to judge."""
        return subprocess.run(
            [*self.prefix, *command],
            user=self.uid,
            group=self.gid,
            extra_groups=None if self.uid is None else [],
            cwd="/",
            env={"PATH": os.defpath, "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )

    def reaches(self, folder: Path, initdb: Path) -> bool:
        """Whether this account may enter `folder` and use PostgreSQL: tried, because mode bits are not the whole truth."""
        trial = 'cd "$1" && "$2" --show --pgdata="$1/none"'
        try:
            return self.run(["/bin/sh", "-c", trial, "sh", folder, initdb]).returncode == 0
        except (OSError, subprocess.SubprocessError):
            return False


def choose(folder: Path, cluster: Path, initdb: Path) -> Identity:
    """The account to run PostgreSQL as so that it reaches `folder`; an existing `cluster` stays with its owner.

    Raises:
        LaunchError: the caller is root and no way of giving that up works here.
    """
    if os.geteuid() != 0:
        return Identity()
    for identity in _ways_out_of_root(cluster):
        if identity.reaches(folder, initdb):
            return identity
    raise LaunchError(
        f"以 root 身份运行时无法为 PostgreSQL 换用普通账号；请改用普通用户运行，或把项目移到其他账号可进入的目录：{folder}",
        f"PostgreSQL refuses root and no other account reaches {folder}; run as an ordinary user or move the project",
    )


def _ways_out_of_root(cluster: Path) -> Iterator[Identity]:
    for account in _accounts(cluster):
        yield Identity(uid=account.uid, gid=account.gid, owner=account.uid)
        yield Identity(
            prefix=(
                "setpriv",
                "--securebits=+no_setuid_fixup",  # else access(2), which initdb asks, ignores the capability
                f"--reuid={account.uid}",
                f"--regid={account.gid}",
                "--clear-groups",
                f"--inh-caps={PAST_PRIVATE_FOLDERS}",
                f"--ambient-caps={PAST_PRIVATE_FOLDERS}",
                "--pdeathsig=INT",
            ),
            owner=account.uid,
        )
    if not cluster.exists() or cluster.stat().st_uid == 0:
        yield Identity(prefix=("unshare", "--user", "--map-user=1000", "--map-group=1000"))


@dataclass(frozen=True)
class _Account:
    uid: int
    gid: int


def _accounts(cluster: Path) -> Iterator[_Account]:
    if cluster.exists():
        status = cluster.stat()
        if status.st_uid != 0:
            yield _Account(status.st_uid, status.st_gid)
        return
    for name in SERVICE_ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        yield _Account(entry.pw_uid, entry.pw_gid)
