"""Signing in where there is no browser (RFC 8628): the device shows a short code, its person types it in a browser."""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import func, insert, update

from app.access.principal import Principal
from app.core.clock import now
from app.core.crypto import new_token, token_digest
from app.core.db import Session
from app.core.errors import Invalid, TooManyRequests
from app.core.i18n import msg
from app.identity import throttle
from app.identity.provider import queries
from app.identity.provider.answers import INVALID_GRANT, Denied
from app.identity.provider.authorization import SignedIn
from app.identity.provider.clients import allowed_scopes
from app.identity.provider.consent import Question, maker_of, question
from app.identity.provider.grants import end_wider
from app.identity.provider.models import DeviceCode, OAuthClient
from app.journal.public import record
from app.settings import Settings

LIFETIME = timedelta(minutes=10)
POLL_SECONDS = 5
ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"
"""Twenty consonants: no words, nothing that looks like a digit (RFC 8628 §6.1)."""
CODE_LENGTH = 8
GUESSES = throttle.Limit(free=5, longest=900)
"""20⁸ codes, ten minutes each: a person who guesses on at this pace finds one in 10⁸ times (RFC 8628 §5.1)."""


class CodeUnknown(Invalid):
    """There is no such code, or it was used, or it is too old: one answer for all."""

    code = "identity.device_code_unknown"
    title = msg("代码不正确或已过期，请核对设备上显示的代码")


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a device is told to show."""

    device_code: str
    user_code: str

    def answer(self, settings: Settings) -> dict[str, Any]:
        """The answer of the device authorization endpoint (RFC 8628 §3.2)."""
        address = f"{settings.base_url}/device"
        return {
            "device_code": self.device_code,
            "user_code": self.user_code,
            "verification_uri": address,
            "verification_uri_complete": f"{address}?user_code={self.user_code}",
            "expires_in": int(LIFETIME.total_seconds()),
            "interval": POLL_SECONDS,
        }


@dataclass(frozen=True, slots=True)
class Asking:
    """A device that waits, as its person sees it."""

    client: OAuthClient
    maker: str | None
    question: Question
    address: str


def normal(user_code: str) -> str:
    """The letters of a code, however it was typed."""
    return "".join(letter for letter in user_code.upper() if letter in ALPHABET)


def _kept_under(settings: Settings, user_code: str) -> bytes:
    return throttle.key_of(settings, "device-user-code", normal(user_code))


async def begin(
    session: Session, settings: Settings, client: OAuthClient, *, scope: str | None, address: str
) -> Waiting | Denied:
    """A device code and a user code for this client, for ten minutes."""
    allowed = allowed_scopes(client)
    asked = allowed if scope is None else list(dict.fromkeys(scope.split()))
    scopes = [one for one in asked if one in allowed]
    if not scopes:
        return Denied("invalid_scope", "This client has none of these scopes.")
    letters = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))
    waiting = Waiting(new_token(), f"{letters[:4]}-{letters[4:]}")
    await session.execute(
        insert(DeviceCode).values(
            tenant_id=client.tenant_id,
            digest=token_digest(waiting.device_code),
            user_code=_kept_under(settings, letters),
            client_id=client.id,
            scopes=scopes,
            address=address[:64],
            expires_at=now() + LIFETIME,
            poll_seconds=POLL_SECONDS,
        )
    )
    return waiting


async def asking(session: Session, settings: Settings, caller: Principal, user_code: str) -> Asking | int:
    """The device with this code, or how many seconds to wait after too many wrong ones.

    A wrong code counts against the person who types it, so return, do not raise: the count must be committed.
    """
    key = throttle.key_of(settings, "device-guess", str(caller.id))
    if wait := await throttle.count(session, key, GUESSES):
        return wait
    row = (await session.execute(queries.waiting_device(_kept_under(settings, user_code)))).one_or_none()
    if row is None or not row.OAuthClient.serves(caller.id):
        return 0
    await throttle.forget(session, key)
    return Asking(
        row.OAuthClient,
        await maker_of(session, row.OAuthClient),
        await question(session, row.OAuthClient, row.DeviceCode.scopes, caller),
        row.DeviceCode.address,
    )


def found(answer: Asking | int) -> Asking:
    """The device, once the count is committed.

    Raises:
        TooManyRequests: too many wrong codes.
        CodeUnknown: there is no such code.
    """
    if isinstance(answer, Asking):
        return answer
    if answer:
        raise TooManyRequests(headers={"Retry-After": str(answer)})
    raise CodeUnknown


async def decide(
    session: Session, settings: Settings, person: SignedIn, *, user_code: str, allow: bool
) -> None:
    """The person's word on a device; it is given once.

    Raises:
        CodeUnknown: no device waits under this code any more.
    """
    word = (
        update(DeviceCode)
        .where(
            DeviceCode.user_code == _kept_under(settings, user_code),
            DeviceCode.decision.is_(None),
            DeviceCode.expires_at > func.clock_timestamp(),
        )
        .values(
            decision="allowed" if allow else "denied",
            account_tenant_id=person.tenant_id,
            account_id=person.account_id,
            methods=list(person.methods),
            authenticated_at=person.authenticated_at,
            browser_session_id=person.session_id,
        )
        .returning(DeviceCode.client_id, DeviceCode.scopes)
    )
    decided = (await session.execute(word)).one_or_none()
    if decided is None:
        raise CodeUnknown
    client_id, scopes = decided
    if allow:
        await end_wider(session, account_id=person.account_id, client_id=client_id, scopes=scopes)
    await record(
        session,
        "oauth_device.allowed" if allow else "oauth_device.denied",
        subject=("oauth_client", client_id),
        tenant_id=person.tenant_id,
        actor_id=person.account_id,
    )


@dataclass(frozen=True, slots=True)
class Allowed:
    """What the person allowed the device."""

    person: SignedIn
    scopes: tuple[str, ...]


async def redeem(session: Session, client: OAuthClient, device_code: str) -> Allowed | Denied:
    """What becomes of a device's question: wait, no, or once the person's yes (RFC 8628 §3.5)."""
    row = (await session.execute(queries.locked_device(token_digest(device_code)))).one_or_none()
    if row is None or row.DeviceCode.client_id != client.id or row.DeviceCode.used_at is not None:
        return INVALID_GRANT
    code: DeviceCode = row.DeviceCode
    if not row.in_time:
        return Denied("expired_token", "The code has expired; ask for another.")
    if code.decision == "denied":
        return Denied("access_denied", "The person said no.")
    polled = update(DeviceCode).where(DeviceCode.digest == code.digest)
    if code.decision is None:
        slower = POLL_SECONDS if row.too_fast else 0
        seconds = code.poll_seconds + slower
        await session.execute(polled.values(polled_at=func.clock_timestamp(), poll_seconds=seconds))
        if row.too_fast:
            return Denied("slow_down", f"Ask every {seconds} seconds.")
        return Denied("authorization_pending", "The person has not decided yet.")
    await session.execute(polled.values(used_at=func.clock_timestamp()))
    assert code.account_id is not None  # a CHECK: decided by somebody, at some time
    assert code.account_tenant_id is not None
    assert code.authenticated_at is not None
    person = SignedIn(
        code.account_tenant_id,
        code.account_id,
        tuple(code.methods),
        code.authenticated_at,
        code.browser_session_id,
    )
    return Allowed(person, tuple(code.scopes))
