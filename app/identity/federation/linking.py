"""From a vouched person to an account: found by (issuer, subject), made at the first sign-in, or linked by the person."""

from uuid import UUID

from sqlalchemy import func, insert, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import IntegrityError

from app.core.db import Session
from app.core.i18n import msg
from app.identity.accounts import create_account
from app.identity.federation import queries
from app.identity.federation.claims import Facts
from app.identity.federation.models import SELF, ExternalIdentity, IdentityProvider
from app.identity.federation.problems import IdentityTaken, NotLinked, SignInFailed
from app.identity.federation.relying_party import Vouched
from app.identity.models import Account, Membership
from app.journal.public import record


async def account_of(session: Session, provider: IdentityProvider, vouched: Vouched) -> Account:
    """The active account of a vouched person, with what the provider said of them kept. Runs in the sign-in context.

    Where none is linked, the provider decides whether one is made; two first sign-ins at once make one.

    Raises:
        NotLinked: there is none, or it may not sign in.
        SignInFailed: an account is to be made, and the provider gives no name.
    """
    identity = await session.scalar(queries.identity(provider, vouched.subject))
    if identity is None:
        identity = await _first_sign_in(session, provider, vouched)
    account: Account | None = await session.get(Account, identity.account_id)
    if account is None or account.status != "active":
        raise NotLinked
    await _keep(session, provider, identity.id, vouched.facts)
    await _join_unit(session, provider, account, vouched.facts)
    return account


async def link(
    session: Session, provider: IdentityProvider, vouched: Vouched, *, tenant_id: str, account_id: UUID
) -> None:
    """Let a vouched person sign this account in as well. Runs in the sign-in context.

    Raises:
        IdentityTaken: it signs another account in, or the provider is another province's.
    """
    if provider.tenant_id != tenant_id or provider.issuer == SELF:
        raise IdentityTaken
    values = _identity(provider, vouched.subject, account_id)
    new = upsert(ExternalIdentity).values(**values).on_conflict_do_nothing().returning(ExternalIdentity.id)
    identity_id = await session.scalar(new)
    if identity_id is None:
        present = (await session.scalars(queries.identity(provider, vouched.subject))).one()
        if present.account_id != account_id:
            raise IdentityTaken
        identity_id = present.id
    else:
        await _record_link(session, provider, account_id)
    await _keep(session, provider, identity_id, vouched.facts)


async def _first_sign_in(session: Session, provider: IdentityProvider, vouched: Vouched) -> ExternalIdentity:
    if provider.first_sign_in != "create" or provider.issuer == SELF:
        raise NotLinked
    name = vouched.facts.name
    if name is None:
        raise SignInFailed(msg("身份提供方没有给出您的姓名，无法开通账号；请联系省级管理员"))
    try:
        async with session.begin_nested():
            account_id = await create_account(session, tenant_id=provider.tenant_id, display_name=name)
            new = insert(ExternalIdentity).values(**_identity(provider, vouched.subject, account_id))
            identity = (await session.scalars(new.returning(ExternalIdentity))).one()
            await _record_link(session, provider, account_id)
    except IntegrityError:
        # The same person's other sign-in was a moment earlier.
        found: ExternalIdentity | None = await session.scalar(queries.identity(provider, vouched.subject))
        if found is None:
            raise
        return found
    return identity


def _identity(provider: IdentityProvider, subject: str, account_id: UUID) -> dict[str, object]:
    return {
        "tenant_id": provider.tenant_id,
        "account_id": account_id,
        "issuer": provider.issuer,
        "subject": subject,
        "identity_provider_id": provider.id,
    }


async def _record_link(session: Session, provider: IdentityProvider, account_id: UUID) -> None:
    await record(
        session,
        "identity.linked",
        subject=("account", account_id),
        tenant_id=provider.tenant_id,
        actor_id=account_id,
        after={"identity_provider_id": provider.id},
    )


async def _keep(session: Session, provider: IdentityProvider, identity_id: UUID, facts: Facts) -> None:
    """What the provider says now counts; what it said before is forgotten."""
    seen = update(ExternalIdentity).where(ExternalIdentity.id == identity_id)
    values: dict[str, object] = {"last_seen_at": func.clock_timestamp()}
    if provider.issuer != SELF:
        values |= {
            "identity_provider_id": provider.id,
            "name": facts.name,
            "unit": facts.unit,
            "uscc": facts.uscc,
            "assurance": facts.assurance,
            "verified": facts.verified,
        }
    await session.execute(seen.values(**values).execution_options(synchronize_session=False))


async def _join_unit(session: Session, provider: IdentityProvider, account: Account, facts: Facts) -> None:
    """A provider that vouches for units makes the person a member of theirs; who is one already stays what they are."""
    if not provider.vouches_for_units or facts.uscc is None:
        return
    organisation_id = await session.scalar(queries.active_organisation(provider.tenant_id, facts.uscc))
    if organisation_id is None:
        return
    values = {
        "tenant_id": account.tenant_id,
        "account_id": account.id,
        "organisation_id": organisation_id,
        "role": "member",
    }
    joined = upsert(Membership).values(**values).on_conflict_do_nothing().returning(Membership.account_id)
    if await session.scalar(joined) is not None:
        await record(
            session,
            "membership.added",
            subject=("account", account.id),
            tenant_id=account.tenant_id,
            after={"organisation_id": organisation_id, "role": "member", "identity_provider_id": provider.id},
        )
