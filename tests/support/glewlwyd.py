"""Glewlwyd, a provider by other people in another language (Debian package `glewlwyd`), as a real process."""

import json
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from joserfc.jwk import RSAKey

from app.identity.federation.relying_party import CALLBACK
from tests.support.idp import CLIENT
from tests.support.processes import free_port, wait_until_up

TABLES = Path("/usr/share/dbconfig-common/data/glewlwyd/install/sqlite3")
MODULES = Path("/usr/lib/glewlwyd")
PLUGIN = "oidc"
SECRET = "letters-and-digits-of-a-secret-0123456789"
"""Glewlwyd 2.7.5 takes what HTTP Basic carries as it is, not form-encoded (RFC 6749 §2.3.1): nothing here would be."""
CONFIGURATION = """
port = {port}
bind_address = "127.0.0.1"
external_url = "http://127.0.0.1:{port}"
login_url = "login.html"
api_prefix = "api"
log_mode = "console"
log_level = "ERROR"
cookie_secure = 0
session_key = "GLEWLWYD2_SESSION_ID"
admin_scope = "g_admin"
profile_scope = "g_profile"
user_module_path = "{modules}/user"
client_module_path = "{modules}/client"
user_auth_scheme_module_path = "{modules}/scheme"
plugin_module_path = "{modules}/plugin"
hash_algorithm = "SHA512"
database = {{ type = "sqlite3" path = "{database}" }};
"""


@dataclass
class Glewlwyd:
    """A running server with one plugin that speaks OpenID Connect; its issuer has a path."""

    url: str
    admin: httpx2.Client

    @property
    def issuer(self) -> str:
        return f"{self.url}/api/{PLUGIN}"

    def say(self, method: str, path: str, told: dict[str, Any]) -> None:
        """Set something up, as its administrator."""
        answer = self.admin.request(method, f"/api/{path}", json=told)
        assert answer.status_code == httpx2.codes.OK, answer.text

    def sign_with(self, key: RSAKey, *, new: bool = False) -> None:
        """Let it sign with a key; from now on with no other."""
        told = {"module": "oidc", "name": PLUGIN, "display_name": PLUGIN, "parameters": self._parameters(key)}
        if new:
            self.say("POST", "mod/plugin/", told | {"enabled": True})
        else:
            self.say("PUT", f"mod/plugin/{PLUGIN}", told | {"enabled": True})
            self.say("PUT", f"mod/plugin/{PLUGIN}/reset", {})

    def _parameters(self, key: RSAKey) -> dict[str, Any]:
        ways = ("token", "id-token", "password", "client", "device", "refresh")
        return {
            "iss": self.issuer,
            "jwt-type": "rsa",
            "jwt-key-size": "256",
            "jwks-private": json.dumps({"keys": [key.as_dict(private=True)]}),
            "default-kid": key.kid,
            "access-token-duration": 3600,
            "refresh-token-duration": 3600,
            "code-duration": 60,
            "allow-non-oidc": False,
            "auth-type-code-enabled": True,
            **{f"auth-type-{way}-enabled": False for way in ways},
            "jwks-show": True,
            "subject-type": "public",
            "pkce-allowed": True,
            "pkce-required": True,
            "name-claim": "on-demand",
            "name-claim-scope": ["openid"],
            "allowed-scope": ["openid"],
        }

    def sign_in(self, url: str, *, login: str, password: str) -> str:
        """Follow a browser's redirect here as its login page does; where the person is sent then."""
        with httpx2.Client(base_url=self.url) as browser:
            form = browser.get(url)
            assert form.is_redirect, form.text
            back = parse_qs(urlsplit(form.headers["location"]).query)["callback_url"][0]
            person = {"username": login, "password": password}
            assert browser.post("/api/auth/", json=person).status_code == httpx2.codes.OK
            granted = browser.put(f"/api/auth/grant/{CLIENT}", json={"scope": "openid"})
            assert granted.status_code == httpx2.codes.OK, granted.text
            return str(browser.get(f"{back}&g_continue").headers["location"])


@contextmanager
def glewlwyd(folder: Path, *, platform: str, people: dict[str, tuple[str, str]]) -> Iterator[Glewlwyd]:
    """A server that knows the platform at this address, and these people: login name to name and password.

    Without the package the test is skipped: `apt-get install glewlwyd` brings it.
    """
    program = shutil.which("glewlwyd")
    if program is None or not TABLES.exists():
        pytest.skip("glewlwyd is not installed (Debian: apt-get install glewlwyd)")
    database = folder / "glewlwyd.db"
    with sqlite3.connect(database) as made:
        made.executescript(TABLES.read_text(encoding="utf-8"))
    made.close()
    port = free_port()
    configuration = folder / "glewlwyd.conf"
    configuration.write_text(CONFIGURATION.format(port=port, modules=MODULES, database=database))
    url = f"http://127.0.0.1:{port}"
    process = subprocess.Popen(
        [program, "-c", str(configuration)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        wait_until_up(url, process, path="/config")
        with httpx2.Client(base_url=url) as admin:
            running = Glewlwyd(url, admin)
            running.say("POST", "auth/", {"username": "admin", "password": "password"})
            running.say(
                "POST",
                "client/",
                {
                    "client_id": CLIENT,
                    "name": CLIENT,
                    "confidential": True,
                    "password": SECRET,
                    "enabled": True,
                    "redirect_uri": [platform + CALLBACK],
                    "authorization_type": ["code"],
                    "token_endpoint_auth_method": ["client_secret_basic", "client_secret_post"],
                },
            )
            for login, (name, password) in people.items():
                told = {"username": login, "name": name, "password": password}
                running.say("POST", "user/", told | {"enabled": True, "scope": ["openid"]})
            yield running
    finally:
        process.terminate()
        process.wait()
