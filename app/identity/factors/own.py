"""A person's own second factors: added, renamed, removed. All of it runs in the sign-in context."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, update

from app.access.guards import SecondFactorRequired
from app.access.permissions import STRONG
from app.access.principal import TWO_FACTORS, Principal
from app.core.clock import now
from app.core.db import Session
from app.core.errors import Conflict, FieldError, Invalid, NotFound, on_violation
from app.core.i18n import Message, msg
from app.identity.factors import challenges, notices, passkeys, queries, recovery_codes, totp
from app.identity.factors.models import Authenticator, RecoveryCode
from app.identity.factors.recency import ensure_recently_authenticated
from app.identity.factors.step import Standing
from app.identity.models import Account
from app.identity.sessions import strengthen
from app.journal.public import record
from app.settings import Settings

MOST = 10
"""Authenticators of one account."""


class TooManyFactors(Conflict):
    """Ten are enough."""

    code = "identity.too_many_factors"
    title = msg("验证方式已达上限，请先删除不用的")


class LastFactor(Conflict):
    """Who administers a province keeps a second factor."""

    code = "identity.last_factor"
    title = msg("管理员和审计员至少保留一种验证方式，请先添加新的，再删除这一种")


class PasskeyTaken(Conflict):
    """The passkey is known already."""

    code = "identity.passkey_taken"
    title = msg("该通行密钥已经添加过")


class CodeMismatch(Invalid):
    """The code is not the one the app shows."""

    code = "identity.code_mismatch"
    title = msg("验证码不正确")

    def __init__(self) -> None:
        reason = msg("请输入应用当前显示的 6 位数字，并确认手机时间准确")
        super().__init__(errors=[FieldError("code", "code_mismatch", reason)])


class PasskeyRefused(Invalid):
    """What the browser sent is no good passkey."""

    code = "identity.passkey_refused"
    title = msg("通行密钥未被接受，请重试")


on_violation("uq_authenticator_credential_id", PasskeyTaken)


@dataclass(frozen=True, slots=True)
class Added:
    """An authenticator was added, and the browser that did so has shown it."""

    token: str
    recovery_codes: tuple[str, ...]
    """With the first authenticator; shown once."""


async def may_change(session: Session, *, caller: Principal) -> Account:
    """The caller's account, locked; who has a factor must have shown one.

    Raises:
        ReauthenticationRequired: the caller showed who they are too long ago.
        SecondFactorRequired: the caller has a factor and has not shown it.
    """
    assert caller.id is not None
    await ensure_recently_authenticated(session, caller=caller)
    account = (await session.scalars(queries.account_locked(caller.id))).one()
    if TWO_FACTORS not in caller.methods and await session.scalar(queries.has_factor(caller.id)):
        raise SecondFactorRequired
    return account


async def add_totp(
    session: Session,
    settings: Settings,
    *,
    caller: Principal,
    standing: Standing,
    secret: str,
    code: str,
    name: str,
) -> Added:
    """Add an authenticator app that shows the right code for `secret`; the code is used up.

    Raises:
        CodeMismatch: it does not.
        TooManyFactors: the account has ten.
    """
    account = await may_change(session, caller=caller)
    step = totp.matching_step(secret, code, at=now(), after=0)
    if step is None:
        raise CodeMismatch
    kept = totp.sealed(settings, secret)
    return await _add(session, account, standing, kind="totp", name=name, key=kept, counter=step)


async def enrol_totp(
    session: Session, settings: Settings, *, tenant_id: str, account_id: UUID, secret: str, name: str
) -> None:
    """Give an account an authenticator app whose secret its person has already, as when accounts are taken over."""
    kept = totp.sealed(settings, secret)
    row = {"tenant_id": tenant_id, "account_id": account_id, "kind": "totp", "name": name}
    await session.execute(insert(Authenticator).values(**row, key=kept, counter=0))
    await record(
        session,
        "identity.factor_added",
        subject=("account", account_id),
        tenant_id=tenant_id,
        after={"kind": "totp"},
    )


async def add_passkey(
    session: Session,
    settings: Settings,
    *,
    caller: Principal,
    standing: Standing,
    answer: str,
    name: str,
) -> Added:
    """Add the passkey a browser has made.

    Raises:
        PasskeyRefused: the answer is not to our question, not from here, or did not verify its person.
        PasskeyTaken: it is known already.
        TooManyFactors: the account has ten.
    """
    account = await may_change(session, caller=caller)
    site = passkeys.site_of(settings)
    try:
        read = passkeys.Answer.read(answer)
        if site is None:
            raise PasskeyRefused
        new = passkeys.enrolled(site, read)
    except passkeys.Refused as error:
        raise PasskeyRefused from error
    if not await challenges.spend(session, settings, read.challenge, purpose="enrol", bound_to=account.id):
        raise PasskeyRefused
    return await _add(
        session,
        account,
        standing,
        kind="passkey",
        name=name,
        key=new.public_key,
        counter=new.sign_count,
        credential_id=new.credential_id,
    )


async def _add(
    session: Session,
    account: Account,
    standing: Standing,
    *,
    kind: str,
    name: str,
    **values: object,
) -> Added:
    known = (await session.scalars(queries.authenticators(account.id))).all()
    if len(known) >= MOST:
        raise TooManyFactors
    row = {"tenant_id": account.tenant_id, "account_id": account.id, "kind": kind, "name": name, **values}
    await session.execute(insert(Authenticator).values(**row))
    await _record(session, account, "identity.factor_added", after={"kind": kind})
    await _tell(session, account, notices.ADDED)
    codes = () if known else await recovery_codes.replace(session, account)
    method = "otp" if kind == "totp" else "swk"
    return Added(await strengthen(session, standing.held, method), codes)


async def rename(session: Session, *, caller: Principal, authenticator_id: UUID, name: str) -> None:
    """Call an authenticator something else.

    Raises:
        NotFound: the caller has none such.
    """
    change = (
        update(Authenticator)
        .where(Authenticator.id == authenticator_id, Authenticator.account_id == caller.id)
        .values(name=name)
        .returning(Authenticator.tenant_id)
    )
    tenant_id = await session.scalar(change)
    if tenant_id is None:
        raise NotFound
    await record(
        session,
        "identity.factor_renamed",
        subject=("authenticator", authenticator_id),
        tenant_id=tenant_id,
    )


async def remove(session: Session, *, caller: Principal, authenticator_id: UUID) -> None:
    """Remove an authenticator; with the last one the recovery codes go too.

    Raises:
        NotFound: the caller has none such.
        LastFactor: it is the last one of an admin or auditor.
    """
    account = await may_change(session, caller=caller)
    known = (await session.scalars(queries.authenticators(account.id))).all()
    gone = next((found for found in known if found.id == authenticator_id), None)
    if gone is None:
        raise NotFound
    if len(known) == 1 and (caller.roles | caller.withheld) & STRONG:
        raise LastFactor
    await session.execute(delete(Authenticator).where(Authenticator.id == authenticator_id))
    if len(known) == 1:
        await session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account.id))
    await _record(session, account, "identity.factor_removed", before={"kind": gone.kind})
    await _tell(session, account, notices.REMOVED)


async def new_recovery_codes(session: Session, *, caller: Principal) -> tuple[str, ...]:
    """Ten new codes, shown once; the old ones are dead.

    Raises:
        NotFound: without an authenticator there is nothing to recover.
    """
    account = await may_change(session, caller=caller)
    if not await session.scalar(queries.has_factor(account.id)):
        raise NotFound
    return await recovery_codes.replace(session, account)


async def own_authenticator(session: Session, *, caller: Principal, authenticator_id: UUID) -> Authenticator:
    """One of the caller's authenticators.

    Raises:
        NotFound: the caller has none such.
    """
    assert caller.id is not None
    known = (await session.scalars(queries.authenticators(caller.id))).all()
    found = next((found for found in known if found.id == authenticator_id), None)
    if found is None:
        raise NotFound
    return found


async def _tell(session: Session, account: Account, what: Message) -> None:
    await notices.tell(session, tenant_id=account.tenant_id, account_id=account.id, what=what)


async def _record(
    session: Session,
    account: Account,
    kind: str,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    await record(
        session,
        kind,
        subject=("account", account.id),
        tenant_id=account.tenant_id,
        before=before,
        after=after,
    )
