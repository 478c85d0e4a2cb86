"""Every select of second factors."""

from uuid import UUID

from sqlalchemy import Select, exists, select

from app.identity.factors.models import Authenticator


def has_factor(account_id: UUID) -> Select[bool]:
    """Whether an account has a second factor."""
    return select(exists().where(Authenticator.account_id == account_id))
