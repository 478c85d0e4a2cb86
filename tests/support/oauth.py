"""An application and a browser that speak OAuth with the platform, for tests."""

import base64
import hashlib
import re
import secrets
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx2
from sqlalchemy import CursorResult, text

from app.core.db import Database
from app.identity import public as identity
from app.identity.provider.clients import Kind
from app.settings import Settings
from app.tenancy.context import TenantContext

REDIRECT_URI = "https://client.example/back"
LOGGED_OUT_URI = "https://client.example/bye"
SCOPES = ("openid", "profile", "bookings.read")
_FORM = re.compile(r'<form class="form" method="post" action="([^"]+)">(.*?)</form>', re.DOTALL)
_CSRF = re.compile(r'name="csrf_token" value="([^"]+)"')


@dataclass(frozen=True, slots=True)
class Pkce:
    """A verifier and its challenge."""

    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))

    @property
    def challenge(self) -> str:
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")


async def make_client(
    database: Database,
    settings: Settings,
    kind: Kind = "web",
    *,
    tenant_id: str = "320000",
    scopes: tuple[str, ...] = SCOPES,
    **values: Any,
) -> identity.Credentials:
    """An application of another province than most test people."""
    wanted = identity.Registration(
        tenant_id=tenant_id,
        name="仪器搜索助手",
        kind=kind,
        scopes=scopes,
        redirect_uris=() if kind == "system" else (REDIRECT_URI,),
        post_logout_redirect_uris=() if kind == "system" else (LOGGED_OUT_URI,),
        **values,
    )
    async with database.transaction(identity.sign_in_context(settings).info()) as session:
        return await identity.register_client(session, wanted)


async def as_sign_in(database: Database, settings: Settings, statement: str, **values: Any) -> Any:
    """Do or ask something in the tables that only the sign-in code sees; the first value of the first row."""
    async with database.transaction(identity.sign_in_context(settings).info()) as session:
        result = await session.execute(text(statement), values)
        return result.scalar() if isinstance(result, CursorResult) and result.returns_rows else None


def authorization_query(client_id: str, pkce: Pkce, **changes: str | None) -> dict[str, str]:
    """A good authorization request, with parameters changed, or left out when None."""
    query: dict[str, str | None] = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": REDIRECT_URI,
        "scope": " ".join(SCOPES),
        "state": "state-of-the-client",
        "nonce": "nonce-of-the-client",
        "code_challenge": pkce.challenge,
        "code_challenge_method": "S256",
    }
    return {name: value for name, value in (query | changes).items() if value is not None}


def answer_of(response: httpx2.Response) -> dict[str, str]:
    """The parameters of a redirect's target."""
    return dict(parse_qsl(urlsplit(response.headers["location"]).query))


async def submit(browser: httpx2.AsyncClient, page: httpx2.Response, **values: str) -> httpx2.Response:
    """Fill the page's form in and send it, hidden fields included."""
    form = _FORM.search(page.text)
    assert form is not None, page.text
    token = _CSRF.search(form[2])
    assert token is not None
    return await browser.post(unescape(form[1]), data={"csrf_token": token[1], **values})


async def allow(
    browser: httpx2.AsyncClient, client_id: str, pkce: Pkce, **changes: str | None
) -> dict[str, str]:
    """Let a signed-in person allow an application; what it is told."""
    query = authorization_query(client_id, pkce, **changes)
    page = await browser.get("/oauth/authorize", params=query)
    assert page.status_code == 200, page.text
    return answer_of(await submit(browser, page, decision="allow"))


async def tokens_for(
    http: httpx2.AsyncClient, client: identity.Credentials, **form: str | None
) -> httpx2.Response:
    """Ask the token endpoint, with the client's secret in the header where it has one."""
    data = {name: value for name, value in form.items() if value is not None}
    if client.secret is None:
        data["client_id"] = client.client_id
        return await http.post("/oauth/token", data=data)
    return await http.post("/oauth/token", data=data, auth=(client.client_id, client.secret))


async def redeem(
    http: httpx2.AsyncClient, client: identity.Credentials, code: str, pkce: Pkce, **changes: str | None
) -> httpx2.Response:
    """Exchange a code."""
    form: dict[str, str | None] = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": REDIRECT_URI,
        "code_verifier": pkce.verifier,
    }
    return await tokens_for(http, client, **(form | changes))


async def password_sign_in(
    browser: httpx2.AsyncClient,
    *,
    login_name: str,
    password: str,
    province: str = "310000",
    next_path: str = "/",
) -> httpx2.Response:
    """Sign in as a person does: choose the province, type the password, come back; the last redirect."""
    chosen = await browser.get("/sign-in", params={"next": next_path})
    link = re.search(rf'href="(/sign-in/{province}/[^"]+)"', chosen.text)
    assert link is not None, chosen.text
    sent = await browser.get(unescape(link[1]))
    assert sent.status_code == 303, sent.text
    form = await browser.get(sent.headers["location"])
    back = await submit(browser, form, login_name=login_name, password=password)
    if back.status_code != 303:
        return back
    return await browser.get(back.headers["location"])


async def journal(database: Database, tenant_id: str) -> list[str]:
    """The kinds of a province's journal, in order."""
    async with database.transaction(TenantContext(tenant_id).info()) as session:
        return list((await session.scalars(text("SELECT kind FROM journal_event ORDER BY id"))).all())
