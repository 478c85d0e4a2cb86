"""Which instruments a caller sees, inside what row-level security lets through: one predicate for everything."""

from typing import Any

from sqlalchemy import ColumnElement, and_, or_

from app.access.permissions import Role
from app.access.principal import Principal
from app.instruments.models import Instrument

WHOLE_PROVINCE = frozenset({Role.PROVINCE_ADMIN, Role.AUDITOR})


def visible_to(caller: Principal, row: Any = Instrument) -> ColumnElement[bool]:
    """Public rows are for all, region rows for member provinces, province rows for their own, the rest for insiders.

    Insiders are the organisation's members, the instrument's stewards, and the province's officers; `row` is the
    entity, or anything with its columns tenant_id, scope, organisation_id and id.
    """
    if caller.tenant_id is None:
        return or_(row.scope == "public")
    own = row.tenant_id == caller.tenant_id
    seen = [row.scope.in_(("public", "region")), and_(own, row.scope == "province")]
    if caller.roles & WHOLE_PROVINCE:
        seen.append(own)
    if caller.organisations:
        seen.append(row.organisation_id.in_(caller.organisations))
    if caller.stewardships:
        seen.append(row.id.in_(caller.stewardships))
    return or_(*seen)


def manages(caller: Principal, instrument: Instrument) -> bool:
    """Whether the caller runs this instrument: its steward, its organisation's manager, its province's admin."""
    return (
        instrument.id in caller.stewardships
        or caller.manages(instrument.organisation_id)
        or caller.administers(instrument.tenant_id)
    )
