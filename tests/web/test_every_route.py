"""Every route, whoever asks and however it answers: the headers, the cookies, nothing inline, nowhere else to go."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import httpx2
import pytest
from fastapi import FastAPI

from app.access.permissions import Role
from app.core.db import Database
from app.main import create_app
from app.settings import Settings
from app.web import csrf
from app.web.security import CSP
from app.web.static import APP
from tests.isolation.doors import USUAL, Door, dependants, doors
from tests.support.people import make_person, sign_in

HOST = "commons.example"
NOBODYS = "018f3b1e-0000-7000-8000-00000000beef"
ALWAYS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
    "x-frame-options": "DENY",
    "strict-transport-security": "max-age=63072000; includeSubDomains",
}
STRICTER = {"referrer-policy": "no-referrer"}
FOR_OTHERS = {"/.well-known/openid-configuration", "/.well-known/oauth-authorization-server", "/oauth/jwks"}
"""Read by other sites' scripts."""
THE_SAME_FOR_ALL = {"/openapi.json", "/healthz", "/readyz", "/metrics"}
DIRECTIVES = {
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "upgrade-insecure-requests",
}
INLINE = re.compile(
    r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|javascript:|<(?:iframe|object|embed|base)\b",
    re.IGNORECASE,
)
FOREIGN = re.compile(
    r"""<(?:script|link|img|source)\b[^>]*\s(?:src|href)=["'](?:https?:)?//""", re.IGNORECASE
)


@pytest.fixture
def tls(settings: Settings, database: Database) -> FastAPI:
    """The platform as people reach it in production."""
    changed = {"base_url": f"https://{HOST}", "environment": "production"}
    return create_app(settings.model_copy(update=changed), database)


@asynccontextmanager
async def browsing(app: FastAPI) -> AsyncIterator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
    headers = {"accept": "text/html", "sec-fetch-site": "same-origin"}
    async with httpx2.AsyncClient(transport=transport, base_url=f"https://{HOST}", headers=headers) as client:
        yield client


def address(door: Door) -> str:
    path = door.path
    for name in door.parameters:
        path = path.replace(f"{{{name}}}", NOBODYS if name in door.ids else USUAL.get(name, "x"))
    return path


async def answers(app: FastAPI, client: httpx2.AsyncClient) -> dict[str, httpx2.Response]:
    """What every route says to this client."""
    found = {}
    for door in doors(app):
        if door.path in {"/sign-out", "/oauth/logout", "/oauth/logout/decision"}:
            continue  # the caller would be gone for the rest of the walk
        found[str(door)] = await client.request(door.method, address(door))
        if door.safe and found[str(door)].status_code < 300:
            found[f"HEAD {door.path}"] = await client.head(address(door))
    return found | {"GET /nowhere": await client.get("/nowhere")}


@pytest.fixture(params=["visitor", "admin"])
async def walked(
    request: pytest.FixtureRequest, tls: FastAPI, database: Database, settings: Settings
) -> dict[str, httpx2.Response]:
    async with browsing(tls) as client:
        if request.param == "admin":
            person = await make_person(database, settings, tenant_id="330000", roles=[Role.PROVINCE_ADMIN])
            await sign_in(client, tls, person)
        return await answers(tls, client)


async def test_every_answer_is_hardened(walked: dict[str, httpx2.Response]) -> None:
    assert len(walked) > 100
    for name, answer in walked.items():
        assert answer.status_code < 500 or name.endswith("/readyz"), (name, answer.text)
        for header, value in ALWAYS.items():
            assert answer.headers[header] in {value, STRICTER.get(header)}, (name, header)
        resource = "cross-origin" if name.partition(" ")[2] in FOR_OTHERS else "same-origin"
        assert answer.headers["cross-origin-resource-policy"] == resource, name
        policy = answer.headers[CSP].split("; ")
        assert set(policy) >= DIRECTIVES, name
        assert "unsafe" not in answer.headers[CSP], name
        assert "camera=()" in answer.headers["permissions-policy"], name
        assert answer.headers["cache-control"], name
        assert "server" not in answer.headers, name
        assert "x-powered-by" not in answer.headers, name


async def test_every_page_is_free_of_inline_and_foreign_code(walked: dict[str, httpx2.Response]) -> None:
    pages = {
        name: answer
        for name, answer in walked.items()
        if answer.headers.get("content-type", "").startswith("text/html") and answer.text
    }
    assert len(pages) > 10
    for name, page in pages.items():
        assert not INLINE.search(page.text), name
        assert not FOREIGN.search(page.text), name


async def test_every_redirect_stays_here(walked: dict[str, httpx2.Response]) -> None:
    targets = {name: answer.headers["location"] for name, answer in walked.items() if answer.is_redirect}
    assert targets
    assert {urlsplit(target).netloc for target in targets.values()} <= {"", HOST}


async def test_every_redirect_forgets_what_was_posted(walked: dict[str, httpx2.Response]) -> None:
    """A 307 or 308 would have the browser post a password again, elsewhere (RFC 9700 §4.12)."""
    assert {answer.status_code for answer in walked.values() if answer.is_redirect} <= {302, 303}


async def test_what_a_signed_in_person_reads_is_not_kept(
    tls: FastAPI, database: Database, settings: Settings
) -> None:
    async with browsing(tls) as client:
        await sign_in(client, tls, await make_person(database, settings, roles=[Role.PROVINCE_ADMIN]))
        for name, answer in (await answers(tls, client)).items():
            if name.partition(" ")[2] in THE_SAME_FOR_ALL:
                continue
            kept = answer.headers["cache-control"]
            assert kept == "no-store" or kept.startswith("public") or answer.status_code >= 400, (name, kept)


async def test_every_cookie_is_locked_to_this_host(
    tls: FastAPI, database: Database, settings: Settings
) -> None:
    seen: dict[str, set[str]] = {}

    async def note(answer: httpx2.Response) -> None:
        for cookie in answer.headers.get_list("set-cookie"):
            pair, *flags = (part.strip().lower() for part in cookie.split(";"))
            seen.setdefault(pair.partition("=")[0], set()).update({"; ".join(sorted(flags))})

    async with browsing(tls) as client:
        client.event_hooks["response"].append(note)
        page = await client.get("/sign-in?lang=en")
        link = re.search(r'href="(/sign-in/\d{6}/[^"]+)"', page.text)
        assert link is not None
        await client.get(link[1])
        person = await make_person(database, settings, roles=[Role.PROVINCE_ADMIN])
        await sign_in(client, tls, person)
        await answers(tls, client)
        token = re.search(r'name="csrf_token" value="([^"]+)"', (await client.get("/account")).text)
        assert token is not None
        gone = await client.post("/sign-out", data={"csrf_token": token[1]})
        assert gone.status_code == 303
        await client.get("/")
    assert {"__host-csrf", "__host-lang", "__host-sign_in", "__host-commons_session", "__host-flash"} <= set(
        seen
    )
    for name, variants in seen.items():
        assert name.startswith("__host-"), name
        for flags in variants:
            given = flags.split("; ")
            assert {"httponly", "secure", "path=/", "samesite=lax"} <= set(given), (name, flags)
            assert not any(flag.startswith("domain") for flag in given), name


def test_cookies_are_set_in_one_place() -> None:
    setting = [
        path.relative_to(APP).as_posix()
        for path in APP.rglob("*.py")
        if re.search(
            r"\.(set|delete)_cookie\(|[\"']set-cookie[\"']", path.read_text(encoding="utf-8"), re.IGNORECASE
        )
    ]
    assert setting == ["web/cookies.py"]


async def test_signing_out_clears_what_the_browser_kept(
    tls: FastAPI, database: Database, settings: Settings
) -> None:
    async with browsing(tls) as client:
        await sign_in(client, tls, await make_person(database, settings))
        token = re.search(r'name="csrf_token" value="([^"]+)"', (await client.get("/account")).text)
        assert token is not None
        gone = await client.post("/sign-out", data={"csrf_token": token[1]})
        assert gone.headers["clear-site-data"] == '"cache", "storage"'
        assert (await client.get("/account")).status_code == 303


UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}
MACHINES = (
    "/oauth/token",
    "/oauth/revoke",
    "/oauth/introspect",
    "/oauth/userinfo",
    "/oauth/par",
    "/oauth/device",
    "/sign-in/{province}/{provider_id}/logout",
)
"""Called by programs with credentials of their own; a browser's cookie counts for nothing there."""
FROM_CLIENTS = {"/oauth/authorize", "/oauth/logout"}
"""A client's page may post here (OpenID Connect Core §3.1.2.1): the browser is sent to ask by address, and nothing is changed."""


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_no_other_sites_page_changes_anything(
    tls: FastAPI, database: Database, settings: Settings, site: str
) -> None:
    async with browsing(tls) as client:
        await sign_in(client, tls, await make_person(database, settings, roles=[Role.PROVINCE_ADMIN]))
        client.headers["sec-fetch-site"] = site
        asked = [
            d
            for d in doors(tls)
            if d.method in UNSAFE and not d.path.startswith(MACHINES) and d.path not in FROM_CLIENTS
        ]
        assert len(asked) > 30
        for door in asked:
            answer = await client.request(door.method, address(door))
            assert answer.status_code == 403, (door, answer.status_code)


def test_every_unsafe_page_wants_its_token(tls: FastAPI) -> None:
    asked = [d for d in doors(tls) if d.method in UNSAFE and d.is_page and not d.path.startswith(MACHINES)]
    assert len(asked) > 20
    unprotected = {d.path for d in asked if csrf.protect not in {one.call for one in dependants(d.route)}}
    assert unprotected == FROM_CLIENTS
