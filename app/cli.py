"""The `commons` command. Each subcommand imports what it needs when it runs, so that none waits for the others."""

import argparse
import asyncio
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from app.launch.errors import LaunchError

if TYPE_CHECKING:
    from datetime import datetime

    from app.core.i18n import Locale
    from app.settings import Settings

Arguments = argparse.Namespace
INTERRUPTED = 130
"""128 + SIGINT, what a shell reports for a program ended by Ctrl-C."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one subcommand; returns the exit code."""
    arguments, rest = _parser().parse_known_args(argv)
    if rest and arguments.run not in {_test, _codes, _people}:
        _parser().error(f"unrecognized arguments: {' '.join(rest)}")
    arguments.rest = rest
    run: Callable[[Arguments], int | None] = arguments.run
    try:
        return run(arguments) or 0
    except LaunchError as error:
        sys.stderr.write(f"commons: {error}\n")
        return error.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="commons", description="长三角创新资源共享平台 / Delta Commons")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    demo = commands.add_parser(
        "demo", help="everything at once, with demonstration data and its own PostgreSQL"
    )
    _add_port(demo)
    demo.add_argument(
        "--data", type=Path, metavar="DIR", help="data folder (DATA_DIR, else .data in the project)"
    )
    demo.set_defaults(run=_demo)

    serve = commands.add_parser("serve", help="serve pages and API on the database of DATABASE_URL")
    serve.add_argument(
        "--host", default="127.0.0.1", help="address to listen on (127.0.0.1: this machine only)"
    )
    _add_port(serve)
    serve.add_argument("--no-worker", action="store_true", help="leave jobs to `commons worker`")
    serve.add_argument(
        "--grace", type=int, default=10, metavar="SECONDS", help="time open answers get at the end"
    )
    serve.set_defaults(run=_serve)

    commands.add_parser("worker", help="run jobs of the queue").set_defaults(run=_worker)
    commands.add_parser("migrate", help="make roles and tables, as DATABASE_URL").set_defaults(run=_migrate)
    commands.add_parser("codes", add_help=False, help="code lists: take over an edition").set_defaults(
        run=_codes
    )
    _add_audit_commands(commands)
    admin = commands.add_parser("admin", add_help=False, help="a province's first two admins")
    admin.set_defaults(run=_people, command="admin")
    operator = commands.add_parser("operator", add_help=False, help="who keeps the platform running")
    operator.set_defaults(run=_people, command="operator")
    passwords = commands.add_parser("passwords", help="the list of breached passwords that nobody may choose")
    deeds = passwords.add_subparsers(required=True, metavar="DEED")
    take = deeds.add_parser(
        "import", help="make the list anew: HASH:COUNT lines of SHA-1, or plain passwords"
    )
    take.add_argument("files", nargs="+", type=Path, metavar="FILE")
    take.set_defaults(run=_passwords)
    _add_key_commands(commands)
    _add_remote_commands(commands)
    _add_development_commands(commands)
    return parser


def _add_port(command: argparse.ArgumentParser) -> None:
    command.add_argument("--port", type=int, default=8000, help="port to listen on (8000)")


def _add_audit_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    verify = commands.add_parser("verify", help="look through what must not change: `verify audit`")
    things = verify.add_subparsers(required=True, metavar="WHAT")
    audit = things.add_parser("audit", help="the journal's chains; exit code 1 names what is damaged")
    audit.add_argument("--province", metavar="CODE", help="one province (all)")
    audit.add_argument(
        "--since", type=_moment, metavar="DATE", help="from the last anchor before then (the beginning)"
    )
    audit.add_argument(
        "--anchors", type=Path, metavar="FILE", help="anchors kept outside, as `audit anchor` printed them"
    )
    audit.set_defaults(run=_verify_audit)

    journal = commands.add_parser("audit", help="the journal's chains: `audit anchor`")
    deeds = journal.add_subparsers(required=True, metavar="WHAT")
    anchor = deeds.add_parser("anchor", help="sign the chains' heads and print them, to be kept outside")
    anchor.add_argument("--province", metavar="CODE", help="one province (all)")
    anchor.set_defaults(run=_audit_anchor)


def _moment(value: str) -> "datetime":
    """A day or an instant; without an offset it is of the provinces' clock.

    Raises:
        ArgumentTypeError: it is none.
    """
    from datetime import datetime
    from zoneinfo import ZoneInfo

    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{value!r} is no date") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo("Asia/Shanghai"))


def _add_key_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    keys = commands.add_parser("keys", help="the keys that sign tokens")
    what = keys.add_subparsers(required=True, metavar="COMMAND")
    what.add_parser("list", help="each key, its state and since when").set_defaults(run=_keys_list)
    rotate = what.add_parser("rotate", help="let the next key sign, and publish another")
    rotate.add_argument(
        "--at-once",
        action="store_true",
        help="after a theft: forget the keys until now, and what they signed",
    )
    rotate.set_defaults(run=_keys_rotate)


def _add_remote_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    login = commands.add_parser("login", help="sign in to a platform from here, by a code typed in a browser")
    login.add_argument(
        "--server", default="http://127.0.0.1:8000", metavar="URL", help="its address (http://127.0.0.1:8000)"
    )
    login.set_defaults(run=_login)
    commands.add_parser("logout", help="sign out: the tokens kept here are revoked").set_defaults(run=_logout)
    commands.add_parser("whoami", help="who is signed in, and where").set_defaults(run=_whoami)
    api = commands.add_parser("api", help="call the API as whoever is signed in")
    api.add_argument("method", metavar="METHOD", help="GET, POST …")
    api.add_argument("path", metavar="PATH", help="for example /api/v1/instruments")
    api.add_argument("--data", metavar="JSON", help="the body")
    api.set_defaults(run=_api)


def _add_development_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    # No positional is declared: what argparse does not know keeps its order and goes to pytest.
    test = commands.add_parser(
        "test",
        help="every check; with paths or pytest options only those tests",
        usage="commons test [--full] [--cov] [PATH or pytest option ...]",
    )
    test.add_argument("--full", action="store_true", help="the long form of the proofs too")
    test.add_argument("--cov", action="store_true", help="measure branch coverage")
    test.set_defaults(run=_test)

    assets = commands.add_parser("assets", help="fetch the scripts, styles and icons the pages load")
    assets.add_argument(
        "--update", action="store_true", help="rewrite vendor.json from package-lock.json, icons.txt"
    )
    assets.set_defaults(run=_assets)

    commands.add_parser("openapi", help="rewrite openapi/openapi.yaml").set_defaults(run=_openapi)
    commands.add_parser("lock", help="resolve the dependencies anew").set_defaults(run=_lock)


def _demo(arguments: Arguments) -> None:
    from app.launch.listening import listen

    with listen("127.0.0.1", arguments.port) as door:
        from app.launch import data_folder, demonstration

        demonstration.run(door, data_folder.chosen(arguments.data))


def _serve(arguments: Arguments) -> None:
    from app.launch.listening import listen

    settings = _settings()
    with listen(arguments.host, arguments.port) as door:
        from app.launch import server

        server.serve(settings, door, worker=not arguments.no_worker, grace_seconds=arguments.grace)


def _worker(_arguments: Arguments) -> None:
    settings = _settings()

    import app.registry  # noqa: F401 - registers the jobs
    from app.core import logs
    from app.jobs.worker import run_until_signalled

    logs.configure(settings.log_level)
    asyncio.run(run_until_signalled(settings))


def _migrate(_arguments: Arguments) -> None:
    settings = _settings()

    from app.launch import schema

    schema.upgrade(settings)


def _codes(arguments: Arguments) -> int:
    from app.codes import commands
    from app.launch.errors import plain_database_errors

    with plain_database_errors("DATABASE_URL"):
        return commands.run(
            arguments.rest,
            settings=_settings_here,
            locale=_locale(),
        )


def _verify_audit(arguments: Arguments) -> int:
    from app.audit import commands
    from app.launch.errors import plain_database_errors

    try:
        outside = commands.read_anchors(arguments.anchors) if arguments.anchors else []
    except (OSError, ValueError) as error:
        raise LaunchError(
            f"无法读取锚点文件：{arguments.anchors}", f"the anchors cannot be read: {error}", exit_code=2
        ) from error
    asked = commands.Asked(arguments.province, arguments.since, outside)
    with plain_database_errors("DATABASE_URL"):
        return commands.verify(_settings_here(), asked, locale=_locale())


def _audit_anchor(arguments: Arguments) -> int:
    from app.audit import commands
    from app.launch.errors import plain_database_errors

    with plain_database_errors("DATABASE_URL"):
        return commands.anchor(_settings_here(), arguments.province, locale=_locale())


def _locale() -> "Locale":
    """The language of the terminal."""
    return "en" if os.environ.get("LANG", "").startswith("en") else "zh"


def _people(arguments: Arguments) -> int:
    from app.identity.appointments import commands
    from app.launch.errors import plain_database_errors

    with plain_database_errors("DATABASE_URL"):
        return commands.run(
            [arguments.command, *arguments.rest],
            settings=_settings_here,
            locale=_locale(),
        )


def _passwords(arguments: Arguments) -> None:
    from app.identity.contacts import breached
    from app.launch import data_folder

    settings = _from_environment()
    if settings.database_url is None and settings.app_database_url is None:
        settings = settings.model_copy(update={"data_dir": data_folder.chosen()})
    path = breached.file_of(settings)
    try:
        count = breached.take_over(path, arguments.files)
    except OSError as error:
        raise LaunchError(f"文件不能读写：{error}", f"a file cannot be read or written: {error}") from None
    sys.stdout.write(f"{path}: {count}\n")


def _keys_list(_arguments: Arguments) -> None:
    from app.launch import signing_keys
    from app.launch.errors import plain_database_errors

    with plain_database_errors("DATABASE_URL"):
        signing_keys.list_keys(_settings_here())


def _keys_rotate(arguments: Arguments) -> None:
    from app.launch import signing_keys
    from app.launch.errors import plain_database_errors

    with plain_database_errors("DATABASE_URL"):
        signing_keys.rotate_keys(_settings_here(), at_once=arguments.at_once)


def _login(arguments: Arguments) -> None:
    from app.launch import remote

    remote.login(arguments.server)


def _logout(_arguments: Arguments) -> None:
    from app.launch import remote

    remote.logout()


def _whoami(_arguments: Arguments) -> None:
    from app.launch import remote

    remote.whoami()


def _api(arguments: Arguments) -> int:
    from app.launch import remote

    return remote.api(arguments.method, arguments.path, data=arguments.data)


def _settings() -> "Settings":
    """The settings of the environment, which has to name a database."""
    settings = _from_environment()
    if settings.database_url is None and settings.app_database_url is None:
        raise LaunchError("未设置 DATABASE_URL", "DATABASE_URL is not set")
    return settings


def _settings_here() -> "Settings":
    """The settings of the environment or, where that names no database, of the demonstration running on the data folder."""
    from app.launch import data_folder

    settings = _from_environment()
    if settings.database_url is None and settings.app_database_url is None:
        return data_folder.of_the_running_demonstration(settings)
    return settings


def _from_environment() -> "Settings":
    """What the environment says; wrong settings are named without their values, which may be secrets."""
    from pydantic import ValidationError

    from app.settings import settings_from_environment

    try:
        return settings_from_environment()
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, fault['loc']))} {fault['msg']}".strip() for fault in error.errors()
        )
        raise LaunchError(f"设置有误：{faults}", f"the settings are wrong: {faults}") from None


def _test(arguments: Arguments) -> int:
    from app.launch import checks

    return checks.run(arguments.rest, full=arguments.full, coverage=arguments.cov)


def _assets(arguments: Arguments) -> None:
    from app.launch import assets

    if arguments.update:
        assets.update_manifest()
    assets.build()


def _openapi(_arguments: Arguments) -> None:
    from app.launch import openapi

    openapi.write()


def _lock(_arguments: Arguments) -> None:
    from app.launch import bootstrap, locks

    environment = bootstrap.environment_for_installers()
    locks.write_all(bootstrap.pinned_uv(environment), environment)


if __name__ == "__main__":
    sys.exit(main())
