"""Every select of the provider."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, insert, or_, select, type_coerce
from sqlalchemy.dialects.postgresql import JSONB

from app.identity.models import Account
from app.identity.provider.models import DeviceCode, OAuthClient, OAuthCode, OAuthGrant, RefreshToken

ACTIVE_CLIENT = select(OAuthClient).where(
    OAuthClient.client_id == bindparam("client_id"), OAuthClient.status == "active"
)
"""The application with a public id. Built once, like the others in capitals: each call of a machine asks it."""
LIVE_GRANT = (
    select(OAuthGrant.account_id, OAuthGrant.scopes)
    .outerjoin(Account, Account.id == OAuthGrant.account_id)
    .where(
        OAuthGrant.id == bindparam("grant_id"),
        OAuthGrant.client_id == bindparam("client_id"),
        OAuthGrant.revoked_at.is_(None),
        OAuthGrant.expires_at > func.clock_timestamp(),
        or_(OAuthGrant.account_id.is_(None), Account.status == "active"),
    )
)
"""A client's grant that still counts: whose it is, were it a person's, and what for."""
NEW_GRANT = insert(OAuthGrant).returning(OAuthGrant.id)


def locked_code(digest: bytes) -> Select[OAuthCode, bool]:
    """A code, and whether it is still in time; a second use waits for the first one's commit."""
    in_time = (OAuthCode.expires_at > func.clock_timestamp()).label("in_time")
    return select(OAuthCode, in_time).where(OAuthCode.digest == digest).with_for_update()


def locked_refresh_token(digest: bytes) -> Select[RefreshToken, OAuthGrant, bool]:
    """A refresh token with its grant, and whether it is in time; a second use waits for the first one's commit."""
    in_time = and_(
        RefreshToken.expires_at > func.clock_timestamp(),
        OAuthGrant.expires_at > func.clock_timestamp(),
        OAuthGrant.revoked_at.is_(None),
    )
    return (
        select(RefreshToken, OAuthGrant, in_time.label("in_time"))
        .join(OAuthGrant, OAuthGrant.id == RefreshToken.grant_id)
        .where(RefreshToken.digest == digest)
        .with_for_update(of=RefreshToken)
    )


def refresh_token_grant(digest: bytes) -> Select[UUID, datetime]:
    """The grant and expiry of a refresh token that was not used yet."""
    return select(RefreshToken.grant_id, RefreshToken.expires_at).where(
        RefreshToken.digest == digest,
        RefreshToken.used_at.is_(None),
        RefreshToken.expires_at > func.clock_timestamp(),
    )


def active_account(account_id: UUID | None) -> Select[UUID]:
    """The id of an account that may sign in."""
    return select(Account.id).where(Account.id == account_id, Account.status == "active")


def name_of_account(account_id: UUID | None) -> Select[str]:
    """What a person is called."""
    return select(Account.display_name).where(Account.id == account_id)


def person_grants(account_id: UUID | None) -> Select[OAuthGrant]:
    """What a person allowed other applications, the latest first."""
    return (
        select(OAuthGrant)
        .where(
            OAuthGrant.account_id == account_id,
            OAuthGrant.first_party.is_(False),
            OAuthGrant.revoked_at.is_(None),
            OAuthGrant.expires_at > func.clock_timestamp(),
        )
        .order_by(OAuthGrant.created_at.desc(), OAuthGrant.id)
    )


def ended_grants(account_id: UUID | None, reasons: Collection[str], since: timedelta) -> Select[OAuthGrant]:
    """What a person allowed and that was ended for one of these reasons, the latest first."""
    return (
        select(OAuthGrant)
        .where(
            OAuthGrant.account_id == account_id,
            OAuthGrant.revoked_reason.in_(reasons),
            OAuthGrant.revoked_at > func.clock_timestamp() - since,
        )
        .order_by(OAuthGrant.revoked_at.desc(), OAuthGrant.id)
        .limit(20)
    )


def province_of_client(id_: UUID) -> Select[str]:
    """Whose application it is."""
    return select(OAuthClient.tenant_id).where(OAuthClient.id == id_)


def allowed_before(account_id: UUID, client_id: UUID) -> Select[list[str]]:
    """The scopes of each grant a person gave a client and that still counts."""
    return select(OAuthGrant.scopes).where(
        OAuthGrant.account_id == account_id,
        OAuthGrant.client_id == client_id,
        OAuthGrant.first_party.is_(False),
        OAuthGrant.revoked_at.is_(None),
        OAuthGrant.expires_at > func.clock_timestamp(),
    )


def account_held(account_id: UUID) -> Select[UUID]:
    """A person's account, so that what they decide happens one thing at a time."""
    return select(Account.id).where(Account.id == account_id).with_for_update(key_share=True)


def exceeds(
    row: type[OAuthCode | DeviceCode | OAuthGrant], account_id: UUID, client_id: UUID, scopes: Sequence[str]
) -> ColumnElement[bool]:
    """Whether a row gives a client more of a person than these scopes."""
    whose = and_(row.account_id == account_id, row.client_id == client_id)
    return and_(whose, ~type_coerce(row.scopes, JSONB).contained_by(list(scopes)))


def wider_grants(account_id: UUID, client_id: UUID, scopes: Sequence[str]) -> Select[UUID]:
    """The connections of a person with a client that allow more than these scopes."""
    live = select(OAuthGrant.id).where(
        exceeds(OAuthGrant, account_id, client_id, scopes),
        OAuthGrant.first_party.is_(False),
        OAuthGrant.revoked_at.is_(None),
    )
    return live.order_by(OAuthGrant.id)


def waiting_device(user_code: bytes) -> Select[DeviceCode, OAuthClient]:
    """The device that waits under a user code, and its application."""
    return (
        select(DeviceCode, OAuthClient)
        .join(OAuthClient, OAuthClient.id == DeviceCode.client_id)
        .where(
            DeviceCode.user_code == user_code,
            DeviceCode.decision.is_(None),
            DeviceCode.expires_at > func.clock_timestamp(),
            OAuthClient.status == "active",
        )
    )


def locked_device(digest: bytes) -> Select[DeviceCode, bool, bool]:
    """A device code: is it in time, does it ask too soon; a second question waits for the first one's commit."""
    in_time = DeviceCode.expires_at > func.clock_timestamp()
    pause = func.make_interval(0, 0, 0, 0, 0, 0, DeviceCode.poll_seconds)
    too_fast = func.coalesce(DeviceCode.polled_at > func.clock_timestamp() - pause, False)
    return (
        select(DeviceCode, in_time.label("in_time"), too_fast.label("too_fast"))
        .where(DeviceCode.digest == digest)
        .with_for_update()
    )
