"""`commons keys`: the keys that sign our tokens, listed and rotated."""

import asyncio
import sys

from sqlalchemy import select

from app.core.db import Database
from app.identity.context import sign_in_context
from app.identity.provider.keys import TooSoon, load, rotate
from app.identity.provider.models import SigningKey
from app.launch.errors import LaunchError
from app.settings import Settings


def list_keys(settings: Settings) -> None:
    """Print each key: its state, since when, its id."""
    for line in asyncio.run(_listed(settings)):
        sys.stdout.write(f"{line}\n")


async def _listed(settings: Settings) -> list[str]:
    database = Database(settings.url_for("app"), pool_size=1, application_name="commons-keys")
    try:
        async with database.transaction(sign_in_context(settings).info()) as session:
            await load(session, settings)
            rows = await session.scalars(
                select(SigningKey).order_by(SigningKey.state, SigningKey.since.desc())
            )
            return [f"{row.state:9} {row.since:%Y-%m-%dT%H:%M:%SZ} {row.kid}" for row in rows]
    finally:
        await database.close()


def rotate_keys(settings: Settings, *, at_once: bool) -> None:
    """Let the next key sign; prints its id.

    Raises:
        LaunchError: the next key was published too lately for every client to know it.
    """
    try:
        kid = asyncio.run(_rotated(settings, at_once=at_once))
    except TooSoon:
        raise LaunchError(
            "下一把密钥公布不足 10 分钟，部分客户端可能还不知道；请稍后再试，密钥泄露时用 --at-once",
            "the next key was published less than 10 minutes ago and some client may not know it; "
            "try later, or with --at-once after a theft",
        ) from None
    sys.stdout.write(f"{kid}\n")


async def _rotated(settings: Settings, *, at_once: bool) -> str:
    database = Database(settings.url_for("app"), pool_size=1, application_name="commons-keys")
    try:
        async with database.transaction(sign_in_context(settings).info()) as session:
            return await rotate(session, settings, at_once=at_once)
    finally:
        await database.close()
