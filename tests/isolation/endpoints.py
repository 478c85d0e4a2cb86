"""Walks every route as people of each province, looking for anything of another province's hidden rows."""

import re
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from io import BytesIO
from itertools import islice, product
from typing import Any
from uuid import UUID
from zipfile import ZipFile

import httpx2
from fastapi import FastAPI

from app.access.permissions import Role
from app.registry import metadata
from app.tenancy.policies import PLATFORM
from app.web import csrf
from app.web.cookies import cookie_name
from tests.isolation.doors import USUAL, Door, choices, doors, filled, holds, is_word, places_of_ids, sample
from tests.isolation.oracle import Viewer
from tests.isolation.rows import PROVINCES
from tests.isolation.world import Row, World, connect
from tests.support.people import Person, sign_in

NOBODYS = "018f3b1e-0000-7000-8000-00000000beef"
"""An id no row has."""
NOTHING = "018f3b1e-0000-7000-8000-00000000cafe"
"""Another, for a caller who owns no such row."""
NONSENSE = "c4nffffffffffff"
"""A mark no row has."""
ROLES = (Role.MEMBER, Role.MANAGER, Role.PROVINCE_ADMIN, Role.AUDITOR, Role.STEWARD)
DISCLOSED: dict[str, set[str]] = {
    # One chooses a province's provider before anybody knows who one is.
    "/sign-in": {"identity_provider"},
    "/sign-in/{province}/{provider_id}": {"identity_provider"},
    "/sign-in/callback": {"identity_provider"},
}
"""Tables of which a page tells everyone something, with the reason."""
READERS = (Role.VISITOR, Role.MANAGER, Role.AUDITOR, Role.OPERATOR)
"""Who between them may read everything."""
MOST_PAGES = 5
_CHANGING = re.compile(
    r"(state|nonce|code_challenge)=[\w-]{43}|\"bookable_(from|until)\":\"[^\"]+|"
    r"[0-9a-f]{32}|[A-Za-z0-9_-]{16}\.[A-Za-z0-9_-]{22}|[A-Za-z0-9_=-]{70,}|data:image/svg[^\"]+|([A-Z2-7]{4} ){7}[A-Z2-7]{4}"
)
"""Request ids, form tokens, what binds a sign-in to its browser and what counts from now differ in every answer."""


@dataclass
class Caller:
    """Somebody of a province, signed in, or a visitor."""

    viewer: Viewer
    role: Role
    client: httpx2.AsyncClient

    def __str__(self) -> str:
        return f"{self.viewer.tenant_id} {self.role}"


@dataclass
class Town:
    """The application over a world, and its people."""

    app: FastAPI
    world: World
    doors: list[Door]
    callers: list[Caller]
    full: bool
    """Everybody asks for everything; else people of one province ask at each door, the next at the next."""
    findings: list[str] = field(default_factory=list)

    def callers_at(self, door: Door, *roles: Role) -> list[Caller]:
        """Who asks at this door; `roles` are enough where nothing depends on more."""
        if self.full:
            return self.callers
        province = PROVINCES[self.doors.index(door) % len(PROVINCES)]
        return [
            caller
            for caller in self.callers
            if caller.viewer.tenant_id in {None, PLATFORM, province} and (not roles or caller.role in roles)
        ]

    @property
    def rows_each(self) -> int | None:
        """How many hidden rows of one table are asked for at each door; None: of every province one."""
        return None if self.full else 1

    async def ask(self, caller: Caller, door: Door, path: str, **options: Any) -> httpx2.Response:
        """Ask, and note anything the caller should not have been told."""
        accept = "text/html" if door.is_page else "application/json"
        headers = {"accept": accept, "if-match": '"v1"', **options.pop("headers", {})}
        answer = await caller.client.request(door.method, path, headers=headers, **options)
        said = text_of(answer) + str(answer.headers)
        for word in options.get("params", {}).values():
            said = said.replace(str(word), "")
        if betrayed := self.world.betrayed(caller.viewer, said) - DISCLOSED.get(door.path, set()):
            self.findings.append(f"{caller} reads at {door}: {sorted(betrayed)}")
        if answer.status_code >= 500 and answer.status_code != 503:
            self.findings.append(f"{caller} breaks {door}: {answer.status_code} {path}")
        return answer


@asynccontextmanager
async def town(app: FastAPI, world: World, *, full: bool) -> AsyncIterator[Town]:
    """People of every province and role, an operator, and a visitor, each with a browser."""
    async with AsyncExitStack() as stack:

        async def browser() -> httpx2.AsyncClient:
            transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
            client = httpx2.AsyncClient(transport=transport, base_url="http://testserver")
            return await stack.enter_async_context(client)

        callers = [Caller(Viewer(), Role.VISITOR, await browser())]
        for tenant, role in [*product(PROVINCES, ROLES), (PLATFORM, Role.OPERATOR)]:
            account = _somebody(world, tenant, role)
            client = await browser()
            await _sign_in(client, app, Person(UUID(account), tenant, "", None))
            callers.append(Caller(Viewer(tenant, account), role, client))
        yield Town(app, world, doors(app), callers, full)


async def _sign_in(client: httpx2.AsyncClient, app: FastAPI, person: Person) -> None:
    """A session, and a form token that fits it."""
    await sign_in(client, app, person)
    admin = await connect(app.state.settings)
    session_id = await admin.fetchval(
        "SELECT id FROM browser_session WHERE account_id = $1 ORDER BY created_at DESC LIMIT 1", person.id
    )
    await admin.close()
    seed = csrf.new_seed()
    client.cookies.set(cookie_name(app.state.settings, csrf.COOKIE), seed)
    client.headers[csrf.HEADER] = csrf.token(app.state.settings.secret, seed, session_id)


def _somebody(world: World, province: str, role: Role) -> str:
    table, column = {
        Role.MEMBER: ("membership", "role"),
        Role.MANAGER: ("membership", "role"),
        Role.STEWARD: ("stewardship", None),
    }.get(role, ("role_grant", "role"))
    return next(
        str(row.data["account_id"])
        for row in world.tables[table]
        if row.data["tenant_id"] == province and (column is None or row.data[column] == role)
    )


def plain_path(door: Door, ids: dict[str, str]) -> str:
    """The address with its ids, and something for what is no id."""
    return door.path.format(**{name: ids.get(name) or USUAL.get(name, "x") for name in door.parameters})


def tables_of(parameter: str) -> list[str]:
    """The tables whose rows a parameter may stand for: those that have its word in their name, else all."""
    word = parameter.removesuffix("s").removesuffix("_id")
    named = [
        name for name, table in metadata.tables.items() if word in name.split("_") and "id" in table.columns
    ]
    exact = [name for name in named if name == word]
    return exact or named or [name for name, table in metadata.tables.items() if "id" in table.columns]


def hidden_from(town: Town, viewer: Viewer, parameter: str) -> Iterable[Row]:
    """Rows of other provinces the parameter could stand for, that the viewer may not see."""
    for table in tables_of(parameter):
        by_owner = {str(row.data["tenant_id"]): row for row in town.world.hidden(viewer, table)}
        yield from islice(by_owner.values(), town.rows_each)


def own_id(world: World, viewer: Viewer, parameter: str) -> str:
    """A row of the viewer's own province for the parameter."""
    for table in tables_of(parameter):
        for row in world.tables[table]:
            if row.data.get("tenant_id") == viewer.tenant_id and world.sees(viewer, row):
                return row.id
    return NOTHING


def text_of(answer: httpx2.Response) -> str:
    """What an answer says; of a workbook the parts with its cells."""
    if not answer.content.startswith(b"PK"):
        return answer.text
    with ZipFile(BytesIO(answer.content)) as workbook:
        parts = sorted(name for name in workbook.namelist() if name != "docProps/core.xml")
        return "\n".join(workbook.read(name).decode() for name in parts)


def same(answer: httpx2.Response, given: str, other: httpx2.Response, instead: str) -> bool:
    """Whether two answers differ in nothing but what was asked for."""
    return _said(answer, given) == _said(other, instead)


def _said(answer: httpx2.Response, given: str) -> tuple[int, str, list[tuple[str, str]]]:
    def blank(text: str) -> str:
        return _CHANGING.sub("~", text.replace(given, "~"))

    ignored = {"content-length", "x-request-id", "set-cookie"}
    headers = sorted((name, blank(value)) for name, value in answer.headers.items() if name not in ignored)
    return answer.status_code, blank(text_of(answer)), headers


async def walk_reads(town: Town) -> dict[str, set[int]]:
    """Ask every GET for rows the caller may not see; gives the statuses each answered with."""
    return await _walk_ids(town, [door for door in town.doors if door.safe])


async def walk_changes(town: Town) -> dict[str, set[int]]:
    """Ask every other method to change rows the caller may not see; gives the statuses each answered with."""
    return await _walk_ids(town, [door for door in town.doors if not door.safe])


async def _walk_ids(town: Town, chosen: list[Door]) -> dict[str, set[int]]:
    """A hidden row, and one that is not there: nothing may tell them apart."""
    statuses: dict[str, set[int]] = {}
    for door in chosen:
        for parameter in door.ids:
            for caller in town.callers_at(door):
                seen = statuses.setdefault(f"{door} {parameter}", set())
                if HTTPStatus.NOT_FOUND in seen and not town.full:
                    break
                others = {
                    name: own_id(town.world, caller.viewer, name) for name in door.ids if name != parameter
                }
                nothing = await _ask_for(town, caller, door, {**others, parameter: NOBODYS})
                for row in hidden_from(town, caller.viewer, parameter):
                    answer = await _ask_for(town, caller, door, {**others, parameter: row.id})
                    seen.add(answer.status_code)
                    if row.table in DISCLOSED.get(door.path, set()):
                        continue
                    if answer.is_success and parameter == door.ids[0]:
                        town.findings.append(f"{caller} gets {answer.status_code} at {door} for {row.table}")
                    if not same(answer, row.id, nothing, NOBODYS):
                        town.findings.append(
                            f"{caller} can tell a hidden {row.table} from none at {door}: "
                            f"{answer.status_code} {nothing.status_code}"
                        )
    return statuses


async def _ask_for(town: Town, caller: Caller, door: Door, ids: dict[str, str]) -> httpx2.Response:
    options: dict[str, Any] = {"params": filled(door.queries(required=True))}
    if (body := body_of(town, door)) is not None:
        options["json"] = body
    elif not door.safe and (form := filled(door.form())):
        options["data"] = form
    return await town.ask(caller, door, plain_path(door, ids), **options)


def body_of(town: Town, door: Door) -> Any:
    """A JSON body that fits the operation."""
    content = door.operation.get("requestBody", {}).get("content", {})
    if "application/json" not in content:
        return None
    return sample(content["application/json"]["schema"], town.app.openapi()["components"]["schemas"])


async def walk_bodies(town: Town) -> set[str]:
    """Send ids of hidden rows in bodies; gives the routes that take any."""
    asked = set()
    schemas = town.app.openapi()["components"]["schemas"]
    for door in town.doors:
        body = body_of(town, door)
        content = door.operation.get("requestBody", {}).get("content", {})
        if not isinstance(body, dict):
            continue
        for name in places_of_ids(content["application/json"]["schema"], schemas):
            asked.add(f"{door} {name}")
            for caller in town.callers_at(door):
                path = plain_path(door, {one: own_id(town.world, caller.viewer, one) for one in door.ids})
                fitting = {key: own_id(town.world, caller.viewer, key) for key in body if key.endswith("_id")}
                nothing = await town.ask(caller, door, path, json={**body, **fitting, name: NOBODYS})
                for row in hidden_from(town, caller.viewer, name):
                    answer = await town.ask(caller, door, path, json={**body, **fitting, name: row.id})
                    if answer.is_success or not same(answer, row.id, nothing, NOBODYS):
                        town.findings.append(
                            f"{caller} can tell a hidden {row.table} in {name} of {door}: "
                            f"{answer.status_code} {nothing.status_code}"
                        )
    return asked


async def walk_queries(town: Town) -> set[str]:
    """Search and filter by what only hidden rows hold; gives the parameters tried."""
    asked = set()
    for door in (one for one in town.doors if one.safe):
        for name, kind in door.queries().items():
            for caller in town.callers_at(door, *READERS):
                path = plain_path(door, {one: own_id(town.world, caller.viewer, one) for one in door.ids})
                for given, instead in _questions(town, caller.viewer, name, kind):
                    asked.add(f"{door} {name}")
                    answer = await town.ask(caller, door, path, params={name: given})
                    other = await town.ask(caller, door, path, params={name: instead})
                    if not same(answer, given, other, instead):
                        town.findings.append(f"{caller} can tell {given} from nothing by {name} of {door}")
    return asked


def _questions(town: Town, viewer: Viewer, name: str, kind: Any) -> Iterable[tuple[str, str]]:
    if name.endswith("_id") or holds(kind, UUID):
        yield from ((row.id, NOBODYS) for row in hidden_from(town, viewer, name))
    elif is_word(kind) and name not in {"cursor", "lang"}:
        for table in ("instrument", "organisation", "account", "booking"):
            yield from ((row.canary, NONSENSE) for row in islice(town.world.hidden(viewer, table), 1))


async def walk_lists(town: Town) -> int:
    """Read everything there is to read, page by page, by every sort and filter with fixed values; how much was read."""
    read = 0
    for door in (one for one in town.doors if one.safe):
        for caller in town.callers_at(door, *READERS):
            path = plain_path(door, {one: own_id(town.world, caller.viewer, one) for one in door.ids})
            fixed = [
                {name: value}
                for name, kind in door.queries().items()
                for value in choices(kind)
                if name != "lang"
            ]
            for params in [{}, *fixed]:
                read += await _read_pages(town, caller, door, path, params)
    return read


async def _read_pages(town: Town, caller: Caller, door: Door, path: str, params: dict[str, str]) -> int:
    limit = {"limit": "100"} if "limit" in door.queries() else {}
    answer = await town.ask(caller, door, path, params=params | limit)
    for page in range(1, MOST_PAGES):
        if "next" not in answer.links:
            return page
        answer = await town.ask(caller, door, answer.links["next"]["url"])
    return MOST_PAGES


async def walk_shared(town: Town) -> int:
    """Open what another province shares: the row may be read, and nothing hidden behind it."""
    read = 0
    for door in (one for one in town.doors if one.safe and len(one.ids) == 1):
        for caller in town.callers_at(door, *READERS):
            for table in tables_of(door.ids[0]):
                shared = (
                    row
                    for row in town.world.tables[table]
                    if row.data.get("tenant_id") not in {None, caller.viewer.tenant_id}
                    and town.world.sees(caller.viewer, row)
                )
                for row in islice(shared, 2):
                    await town.ask(caller, door, plain_path(door, {door.ids[0]: row.id}))
                    read += 1
    return read


async def transcript(town: Town, province: str) -> dict[str, tuple[int, str, list[tuple[str, str]]]]:
    """What people of a province, and a visitor, read at every GET without looking for anything."""
    read = {}
    for door in (one for one in town.doors if one.safe and not one.path.startswith("/metrics")):
        for caller in town.callers:
            if caller.viewer.tenant_id in {None, PLATFORM, province} and caller.role in READERS:
                path = plain_path(door, {one: own_id(town.world, caller.viewer, one) for one in door.ids})
                answer = await town.ask(caller, door, path, params=filled(door.queries(required=True)))
                read[f"{caller} {door}"] = _said(answer, path)
    return read
