"""Second factors of test people: an app with a secret, and a passkey made of software."""

import base64
import hashlib
import json
import re
import secrets
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import urlencode

import httpx2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from sqlalchemy import text
from webauthn.helpers import encode_cbor

from app.core.clock import now
from app.core.db import Database
from app.identity import public as identity
from app.identity.factors import totp
from app.settings import Settings
from tests.support.forms import form_to
from tests.support.people import Person

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
SECOND_FACTOR = "/sign-in/second-factor"
UP, UV, AT = 0x01, 0x04, 0x40
"""Flags of authenticator data (WebAuthn §6.1)."""


async def give_totp(
    database: Database, settings: Settings, person: Person, *, secret: str = SECRET, name: str = "手机"
) -> None:
    """Give a person an authenticator app."""
    async with database.transaction(identity.sign_in_context(settings).info()) as session:
        await identity.enrol_totp(
            session, settings, tenant_id=person.tenant_id, account_id=person.id, secret=secret, name=name
        )


def code(secret: str = SECRET, *, steps: int = 0) -> str:
    """What the app shows now, or some steps of 30 seconds later."""
    return totp.code_of(secret, totp.step_of(now()) + steps)


async def show(browser: httpx2.AsyncClient, *, next_path: str = "/", **typed: str) -> httpx2.Response:
    """Open the page of the second step and send one of its forms."""
    address = f"{SECOND_FACTOR}?{urlencode({'next': next_path})}"
    page = await browser.get(address, headers={"accept": "text/html"})
    assert page.status_code == 200, (page.status_code, page.headers.get("location"))
    token = dict(form_to(page.text, address).fields)["csrf_token"]
    return await browser.post(address, data={"csrf_token": token, **typed}, headers={"accept": "text/html"})


def options_of(page: str) -> dict[str, Any]:
    """What a page asks of the browser's passkeys."""
    found = re.search(r'data-options="([^"]+)"', page)
    assert found is not None
    options: dict[str, Any] = json.loads(unescape(found[1]))
    return options


def encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


@dataclass
class SoftPasskey:
    """An authenticator with one key; every part of what it says can be made wrong."""

    rp_id: str = "testserver"
    origin: str = "http://testserver"
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    user_handle: bytes = b""
    count: int = 0
    flags: int = UP | UV

    def create(self, options: dict[str, Any]) -> str:
        """The answer to `navigator.credentials.create`."""
        self.user_handle = base64.urlsafe_b64decode(options["user"]["id"] + "==")
        numbers = self.key.public_key().public_numbers()
        public = encode_cbor(
            {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        )
        length = len(self.credential_id).to_bytes(2, "big")
        attested = bytes(16) + length + self.credential_id + public
        data = self._data(self.flags | AT) + attested
        attestation = encode_cbor({"fmt": "none", "attStmt": {}, "authData": data})
        return self._answer(
            clientDataJSON=self._client_data("webauthn.create", options["challenge"]),
            attestationObject=attestation,
        )

    def get(self, options: dict[str, Any]) -> str:
        """The answer to `navigator.credentials.get`."""
        self.count += 1
        client = self._client_data("webauthn.get", options["challenge"])
        data = self._data(self.flags)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(SHA256()))
        return self._answer(
            clientDataJSON=client, authenticatorData=data, signature=signature, userHandle=self.user_handle
        )

    def _data(self, flags: int) -> bytes:
        return hashlib.sha256(self.rp_id.encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big")

    def _client_data(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin}).encode()

    def _answer(self, **response: bytes) -> str:
        id_ = encoded(self.credential_id)
        told = {name: encoded(value) for name, value in response.items()}
        return json.dumps({"id": id_, "rawId": id_, "type": "public-key", "response": told})


async def give_passkey(browser: httpx2.AsyncClient, passkey: SoftPasskey | None = None) -> SoftPasskey:
    """Let a signed-in person add a passkey on the page."""
    passkey = passkey or SoftPasskey()
    added = await enrol(browser, passkey)
    assert added.status_code in {200, 303}, added.text
    return passkey


async def enrol(browser: httpx2.AsyncClient, passkey: SoftPasskey, **changes: str) -> httpx2.Response:
    """Send the form that adds a passkey."""
    address = "/account/factors/passkey"
    page = await browser.get(address, headers={"accept": "text/html"})
    assert page.status_code == 200, page.headers.get("location")
    form = dict(form_to(page.text, address).fields)
    sent = {**form, "answer": passkey.create(options_of(page.text)), **changes}
    return await browser.post(address, data=sent, headers={"accept": "text/html"})


async def age_sessions(database: Database, settings: Settings, minutes: int = 16) -> None:
    """Let everybody have signed in some time ago."""
    late = "UPDATE browser_session SET authenticated_at = authenticated_at - make_interval(mins => :minutes)"
    async with database.transaction(identity.sign_in_context(settings).info()) as session:
        await session.execute(text(late), {"minutes": minutes})
