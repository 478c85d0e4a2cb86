"""The second step of signing in, and showing a factor again before a sensitive act."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import func, update

from app.access.principal import TWO_FACTORS
from app.core.clock import now
from app.core.crypto import token_digest
from app.core.db import Session
from app.core.errors import TooManyRequests, Unauthorized
from app.identity import throttle
from app.identity.devices import Device
from app.identity.factors import challenges, passkeys, queries, recovery_codes, totp
from app.identity.factors.models import Authenticator
from app.identity.models import Account, BrowserSession
from app.identity.sessions import IDLE, Origin, strengthen
from app.identity.sign_in import Opened, Transaction, open_for_account
from app.journal.public import record
from app.settings import Settings


@dataclass(frozen=True, slots=True)
class Standing:
    """A browser's session, also one that awaits its second factor, and what its person can show."""

    held: BrowserSession
    account: Account
    authenticators: Sequence[Authenticator]
    recovery_codes: int

    @property
    def apps(self) -> list[Authenticator]:
        """Those that show codes."""
        return [found for found in self.authenticators if found.kind == "totp"]

    @property
    def passkeys(self) -> list[bytes]:
        """The ids of the passkeys."""
        return [found.credential_id for found in self.authenticators if found.credential_id is not None]


async def standing_of(session: Session, token: str | None) -> Standing | None:
    """Who holds this session token; None where it is no live one. Runs in the sign-in context."""
    row = (await session.execute(queries.presented(token_digest(token or ""), IDLE))).one_or_none()
    if row is None:
        return None
    held, account = row
    found = (await session.scalars(queries.authenticators(account.id))).all()
    left = await session.scalar(queries.unused_codes(account.id))
    return Standing(held, account, found, left or 0)


@dataclass(frozen=True, slots=True)
class Attempt:
    """A browser that shows a second factor."""

    transaction: Transaction
    settings: Settings
    token: str | None
    address: str

    async def code(self, typed: str) -> str | None:
        """Show the code of an authenticator app: as `passkey`."""

        async def check(session: Session, standing: Standing) -> str | None:
            return "otp" if await _code_matches(session, self.settings, standing, typed) else None

        return await self._show(check)

    async def recovery_code(self, typed: str) -> str | None:
        """Show a recovery code: as `passkey`."""

        async def check(session: Session, standing: Standing) -> str | None:
            return "otp" if await recovery_codes.use(session, standing.account, typed) else None

        return await self._show(check)

    async def passkey(self, answer: str) -> str | None:
        """Show a passkey; the new token of the session, or None where it is not accepted.

        Raises:
            Unauthorized: the session is no live one.
            TooManyRequests: too many tries; Retry-After says how long to wait.
        """

        async def check(session: Session, standing: Standing) -> str | None:
            try:
                read = passkeys.Answer.read(answer)
                bound_to = standing.account.id
                found = await _accepted(session, self.settings, read, "second_factor", bound_to=bound_to)
            except passkeys.Refused:
                return None
            account, method = found
            return method if account.id == standing.account.id else None

        return await self._show(check)

    async def _show(self, check: Callable[[Session, Standing], Awaitable[str | None]]) -> str | None:
        async with self.transaction() as session:
            standing = await self._standing(session)
            keys = throttle.Keys.of(self.settings, f"second-factor {standing.account.id}", self.address)
            at_home = bool(await session.scalar(queries.at_home(standing.account.id, self.address)))
            # Counted before it is looked at, in a transaction of its own: tries at the same moment count too.
            wait = await throttle.admit(session, keys, at_home=at_home, everywhere=throttle.OF_FACTOR)
        if wait:
            raise TooManyRequests(headers={"Retry-After": str(wait)})
        async with self.transaction() as session:
            standing = await self._standing(session)
            method = await check(session, standing)
            if method is not None:
                await throttle.forgive(session, keys)
                return await strengthen(session, standing.held, method)
            await record(
                session,
                "identity.second_factor_failed",
                subject=("account", standing.account.id),
                tenant_id=standing.account.tenant_id,
                actor_id=standing.account.id,
            )
        return None

    async def _standing(self, session: Session) -> Standing:
        standing = await standing_of(session, self.token)
        if standing is None:
            raise Unauthorized
        return standing


async def _code_matches(session: Session, settings: Settings, standing: Standing, typed: str) -> bool:
    for app in standing.apps:
        secret = totp.opened(settings, app.key)
        step = secret and totp.matching_step(secret, typed, at=now(), after=app.counter)
        if step and await _advance(session, app, step):
            return True
    return False


async def _advance(session: Session, used: Authenticator, counter: int) -> bool:
    """Note the use of an authenticator; whether nobody was there before with this counter or a later one."""
    newer = Authenticator.counter < counter
    # Passkeys that are synchronised count nothing and always say 0.
    silent = (Authenticator.kind == "passkey") & (Authenticator.counter == 0) & (counter == 0)
    advance = (
        update(Authenticator)
        .where(Authenticator.id == used.id, newer | silent)
        .values(counter=counter, last_used_at=func.clock_timestamp())
        .returning(Authenticator.id)
    )
    return await session.scalar(advance) is not None


async def _accepted(
    session: Session,
    settings: Settings,
    answer: passkeys.Answer,
    purpose: passkeys.Purpose,
    *,
    bound_to: object = "",
) -> tuple[Account, str]:
    """Whose passkey was shown, and its method.

    Raises:
        Refused: it was not, or not to us, or not now.
    """
    site = passkeys.site_of(settings)
    row = (await session.execute(queries.passkey(answer.credential_id))).one_or_none()
    if site is None or row is None:
        raise passkeys.Refused
    found, account = row
    if answer.user_handle not in {None, account.id.bytes}:
        raise passkeys.Refused
    proof = passkeys.shown(site, answer, public_key=found.key, sign_count=found.counter)
    fresh = await challenges.spend(session, settings, answer.challenge, purpose=purpose, bound_to=bound_to)
    if not fresh or not await _advance(session, found, proof.sign_count):
        raise passkeys.Refused
    return account, proof.method


async def passkey_sign_in(
    session: Session, settings: Settings, answer: str, *, device: Device, replaces: str | None
) -> Opened | None:
    """Sign in with a passkey alone; None where it is not accepted. Runs in the sign-in context.

    It says itself who its person is, and has verified them: two factors at once.
    """
    try:
        account, method = await _accepted(session, settings, passkeys.Answer.read(answer), "sign_in")
    except passkeys.Refused:
        return None
    origin = Origin(methods=(method, TWO_FACTORS))
    return await open_for_account(session, account, origin=origin, device=device, replaces=replaces)
