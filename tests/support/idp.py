"""Provinces' identity providers as real processes: npm's oidc-provider, and a person's browser there."""

import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import urljoin, urlsplit
from uuid import UUID

import httpx2

from app.core.db import Database
from app.identity.federation.relying_party import CALLBACK
from app.identity.federation.secrets import keep_client_secret
from app.settings import Settings
from tests.support.node import NODE, peers
from tests.support.oauth import as_sign_in
from tests.support.processes import free_port

CLIENT, SECRET = "delta-commons", "a+b/c%d of at least 32 characters"


@dataclass
class Idp:
    """A running provider."""

    issuer: str
    process: subprocess.Popen[str]

    def tell(self, change: Mapping[str, Any]) -> None:
        """Change it while it runs."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(change) + "\n")
        self.process.stdin.flush()
        for line in self.process.stdout:
            if line.strip() == "ready":
                return
        raise RuntimeError(f"the provider ended: {self.process.wait()}")

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


@contextmanager
def idp(
    *, claims: list[str], accounts: Mapping[str, Any], platform: str, userinfo_only: bool, **client: Any
) -> Iterator[Idp]:
    """A provider that knows the platform at this address, and these people by these claims."""
    port = free_port()
    issuer = f"http://127.0.0.1:{port}"
    process = subprocess.Popen(
        [NODE, "idp.mjs"],
        cwd=peers(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    running = Idp(issuer, process)
    registered = {
        "client_id": CLIENT,
        "client_secret": SECRET,
        "redirect_uris": [platform + CALLBACK],
        "post_logout_redirect_uris": [f"{platform}/sign-out/done"],
        "token_endpoint_auth_method": "client_secret_basic",
        "scope": "openid person",
        **client,
    }
    try:
        running.tell(
            {
                "port": port,
                "issuer": issuer,
                "clients": [registered],
                "claims": claims,
                "accounts": accounts,
                "userinfoOnly": userinfo_only,
            }
        )
        yield running
    finally:
        running.kill()


async def add_provider(
    database: Database, settings: Settings, issuer: str, *, tenant_id: str = "330000", **columns: Any
) -> UUID:
    """A province's provider as its admin would set it up, with columns changed."""
    values = {
        "tenant_id": tenant_id,
        "name_zh": "省统一认证",
        "name_en": "Province identity",
        "issuer": issuer,
        "client_id": CLIENT,
        "client_secret": keep_client_secret(settings, SECRET),
        "token_auth_method": "client_secret_basic",
        "scopes": ["openid", "person"],
        "first_sign_in": "create",
        "name_claim": "name",
        "position": 0,
    } | columns
    bound = ", ".join(
        f"CAST(:{name} AS jsonb)" if isinstance(value, list) else f":{name}" for name, value in values.items()
    )
    given = {name: json.dumps(v) if isinstance(v, list) else v for name, v in values.items()}
    statement = f"INSERT INTO identity_provider ({', '.join(values)}) VALUES ({bound}) RETURNING id"
    found: UUID = await as_sign_in(database, settings, statement, **given)
    return found


@dataclass
class Person:
    """Somebody's browser at the providers."""

    subject: str
    cookies: httpx2.Cookies = field(default_factory=httpx2.Cookies)

    async def sign_in(self, url: str, *, until: str) -> str:
        """Follow the provider's pages from `url`, typing the name where asked; the address under `until` it ends at."""
        async with httpx2.AsyncClient(cookies=self.cookies) as browser:
            for _ in range(12):
                if url.startswith(until):
                    self.cookies = browser.cookies
                    return url
                answer = await browser.get(url)
                if answer.status_code == 200:
                    answer = await self._submit(browser, url, answer.text)
                assert answer.is_redirect, answer.text
                url = urljoin(url, answer.headers["location"])
        raise AssertionError(f"the provider never came back: {url}")

    async def _submit(self, browser: httpx2.AsyncClient, url: str, page: str) -> httpx2.Response:
        form = re.search(r'<form[^>]*action="([^"]+)"[^>]*>(.*?)</form>', page, re.DOTALL)
        assert form is not None, page
        hidden = re.findall(r'<input[^>]*type="hidden"[^>]*name="([^"]+)"[^>]*value="([^"]*)"', form[2])
        fields = {name: unescape(value) for name, value in hidden}
        if 'name="login"' in form[2]:
            fields |= {"login": self.subject, "password": "any"}
        if 'name="logout"' in page:
            fields["logout"] = "yes"
        return await browser.post(urljoin(url, unescape(form[1])), data=fields)


def path_of(url: str) -> str:
    """The address without its origin."""
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
