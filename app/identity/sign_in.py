"""Signing in: a password at the built-in provider, and a provider's subject at the platform."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, update

from app.access.principal import TWO_FACTORS
from app.core.crypto import token_digest
from app.core.db import Session
from app.core.errors import NotFound, TooManyRequests
from app.identity import queries, throttle
from app.identity.contacts.addresses import sign_in_name
from app.identity.contacts.reach import keep_locale
from app.identity.devices import Device
from app.identity.factors.queries import has_factor
from app.identity.federation import queries as federation
from app.identity.federation.linking import account_of
from app.identity.federation.relying_party import Vouched
from app.identity.models import Account, BrowserSession, IdentityProvider
from app.identity.new_device import tell_of_new_device
from app.identity.passwords import password_matches
from app.identity.provider.models import OAuthClient
from app.identity.sessions import Origin, open_session
from app.journal.public import record
from app.settings import Settings
from app.tenancy.models import Province

Transaction = Callable[[], AbstractAsyncContextManager[Session]]
LONGEST_NAME = 254


async def password_sign_in(
    transaction: Transaction,
    settings: Settings,
    *,
    login_name: str,
    password: str,
    address: str,
    browser: str | None,
    client: OAuthClient,
) -> Account | None:
    """The account of this name and password, or None: nothing tells whether the name exists, not the time either.

    `browser`: the mark of one that its holder signed in with before. The password is looked at between two transactions. A refusal is noted in the journal of the account's province, or
    where there is no such account in that of the client the person came through.

    Raises:
        TooManyRequests: the name or the address was tried too often; Retry-After says how long to wait.
    """
    name = sign_in_name(login_name)
    keys = throttle.Keys.of(settings, name, address, browser)
    async with transaction() as session:
        found = (await session.execute(queries.credential(name, address))).one_or_none()
        at_home = browser is not None or (found is not None and found.at_home)
        wait = await throttle.admit(session, keys, at_home=at_home)
    if wait:
        raise TooManyRequests(headers={"Retry-After": str(wait)})
    account: Account | None = found.Account if found else None
    matches = await password_matches(password, found.password_hash if found else None)
    async with transaction() as session:
        if matches and account is not None and account.status == "active":
            forgive = throttle.forgive_here if at_home else throttle.forgive
            await forgive(session, keys)
            return account
        if account is not None:
            subject = ("account", account.id)
            await record(session, "identity.sign_in_failed", subject=subject, tenant_id=account.tenant_id)
        if account is None or account.tenant_id != client.tenant_id:
            # Also for another province's account: a journal without this line would tell that the name exists there.
            subject = ("oauth_client", client.id)
            await record(session, "identity.sign_in_failed", subject=subject, tenant_id=client.tenant_id)
    return None


@dataclass(frozen=True, slots=True)
class Choice:
    """A province on the sign-in page, and where its people sign in."""

    code: str
    name_zh: str
    name_en: str
    providers: tuple[IdentityProvider, ...]


async def choices(session: Session) -> list[Choice]:
    """The member provinces in their order, each with its providers."""
    found: dict[str, tuple[Province, list[IdentityProvider]]] = {}
    for province, provider in await session.execute(federation.enabled_by_province()):
        known = found.setdefault(province.code, (province, []))
        if provider is not None:
            known[1].append(provider)
    return [Choice(p.code, p.name_zh, p.name_en, tuple(providers)) for p, providers in found.values()]


async def provider_of(session: Session, tenant_id: str, provider_id: UUID) -> IdentityProvider:
    """An enabled provider of a province.

    Raises:
        NotFound: there is none.
    """
    provider: IdentityProvider | None = await session.scalar(federation.provider(provider_id))
    if provider is None or provider.tenant_id != tenant_id or not provider.enabled:
        raise NotFound
    return provider


@dataclass(frozen=True, slots=True)
class Opened:
    """A session just opened."""

    token: str
    awaiting_factor: bool
    """The person must show a second factor first: send them to `/sign-in/second-factor`."""


async def open_for_vouched(
    session: Session, provider: IdentityProvider, vouched: Vouched, *, device: Device, replaces: str | None
) -> Opened:
    """Open a browser session for the account of a person whom a provider vouches for.

    A province's own provider opens accounts of that province alone; the built-in one is ours and opens any.

    Raises:
        NotFound: the provider was disabled while the person was there.
        NotLinked: they have no account, and the provider makes none.
    """
    # Whoever disables it waits for this session, and ends it.
    if await session.scalar(federation.enabled_held(provider.id)) is None:
        raise NotFound
    account = await account_of(session, provider, vouched)
    origin = Origin(
        methods=vouched.methods,
        authenticated_at=vouched.authenticated_at,
        identity_provider_id=provider.id,
        provider_session=vouched.provider_session,
    )
    return await open_for_account(session, account, origin=origin, device=device, replaces=replaces)


async def open_for_account(
    session: Session, account: Account, *, origin: Origin, device: Device, replaces: str | None
) -> Opened:
    """Open a browser session for an account; it awaits a second factor where the account has one and none was shown.

    `replaces` is the browser's token until now: it ends, so that nobody keeps a session fixed before the sign-in.
    """
    if replaces:
        old = update(BrowserSession).where(
            BrowserSession.digest == token_digest(replaces), BrowserSession.revoked_at.is_(None)
        )
        await session.execute(old.values(revoked_at=func.clock_timestamp()))
    await keep_locale(session, account.id, device.locale)
    awaiting = TWO_FACTORS not in origin.methods and bool(await session.scalar(has_factor(account.id)))
    if not awaiting:
        await tell_of_new_device(
            session, tenant_id=account.tenant_id, account_id=account.id, device=device.as_kept()
        )
    token = await open_session(
        session,
        tenant_id=account.tenant_id,
        account_id=account.id,
        device=device,
        origin=origin,
        awaiting_factor=awaiting,
    )
    await record(
        session,
        "identity.second_factor_asked" if awaiting else "identity.signed_in",
        subject=("account", account.id),
        tenant_id=account.tenant_id,
        actor_id=account.id,
        after={
            "identity_provider_id": origin.identity_provider_id,
            "methods": sorted(origin.methods),
        },
    )
    return Opened(token, awaiting)
