"""`commons admin` and `commons operator`: what only whoever runs the server may do."""

import argparse
import asyncio
import getpass
import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from sqlalchemy.exc import DBAPIError

from app.core.db import Database, Session
from app.core.errors import Problem, problem_of
from app.core.i18n import Locale
from app.identity.appointments.operators import add_operator, appoint_first_admin, remove_operator
from app.identity.context import sign_in_context
from app.identity.passwords import hash_password
from app.settings import Settings

Work = Callable[[Session], Awaitable[Any]]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="commons")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    admin = commands.add_parser("admin", help="a province's first two admins")
    appoint = admin.add_subparsers(required=True, metavar="ACTION").add_parser(
        "appoint", help="make an account of a province its admin, while it has fewer than two"
    )
    appoint.add_argument("--province", required=True, metavar="CODE", help="GB/T 2260 code, 330000")
    appoint.add_argument("--login", required=True, metavar="NAME")
    appoint.set_defaults(act=_appoint)

    operator = commands.add_parser("operator", help="who keeps the platform running")
    actions = operator.add_subparsers(required=True, metavar="ACTION")
    add = actions.add_parser(
        "add", help="a new operator; the password is asked for, or read from standard input"
    )
    add.add_argument("--login", required=True, metavar="NAME")
    add.add_argument("--name", metavar="NAME", help="shown to others (the login name)")
    add.set_defaults(act=_add)
    remove = actions.add_parser("remove", help="close an operator's account")
    remove.add_argument("--login", required=True, metavar="NAME")
    remove.set_defaults(act=_remove)
    return parser


def run(argv: Sequence[str], *, settings: Callable[[], Settings], locale: Locale) -> int:
    """Carry one of them out; returns the exit code: 0 done, 1 refused, with the reason on standard error."""
    arguments = _parser().parse_args(argv)
    try:
        asyncio.run(_in_one_transaction(settings(), arguments.act, arguments))
    except Problem as refused:
        reasons = [error.message for error in refused.errors] or [refused.detail or refused.title]
        sys.stderr.write("".join(f"{reason.text(locale)}\n" for reason in reasons))
        return 1
    return 0


async def _in_one_transaction(
    settings: Settings, work: Callable[[argparse.Namespace], Awaitable[Work]], arguments: argparse.Namespace
) -> None:
    prepared = await work(arguments)
    database = Database(settings.url_for("app"), pool_size=1, application_name="commons-admin")
    try:
        async with database.transaction(sign_in_context(settings).info()) as session:
            await prepared(session)
    except DBAPIError as error:
        raise (problem_of(error) or error) from error
    finally:
        await database.close()


async def _appoint(arguments: argparse.Namespace) -> Work:
    return lambda session: appoint_first_admin(
        session, tenant_id=arguments.province, login_name=arguments.login
    )


async def _add(arguments: argparse.Namespace) -> Work:
    typed = getpass.getpass() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    hashed = await hash_password(typed)
    return lambda session: add_operator(
        session,
        login_name=arguments.login,
        display_name=arguments.name or arguments.login,
        password_hash=hashed,
    )


async def _remove(arguments: argparse.Namespace) -> Work:
    return lambda session: remove_operator(session, login_name=arguments.login)
