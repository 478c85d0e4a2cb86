"""Which instruments a caller sees, inside what row-level security lets through: one predicate for everything."""

from sqlalchemy import ColumnElement, or_, true

from app.access.permissions import Role
from app.access.principal import Principal
from app.instruments.models import Instrument

WHOLE_PROVINCE = frozenset({Role.PROVINCE_ADMIN, Role.AUDITOR})


def visible_to(caller: Principal) -> ColumnElement[bool]:
    """Rows of organisation scope are for that organisation's members, its stewards, and the province's own officers."""
    if caller.roles & WHOLE_PROVINCE:
        # Another province's rows of organisation scope are stopped by row-level security.
        return true()
    seen: list[ColumnElement[bool]] = [Instrument.scope != "organisation"]
    if caller.organisations:
        seen.append(Instrument.organisation_id.in_(caller.organisations))
    if caller.stewardships:
        seen.append(Instrument.id.in_(caller.stewardships))
    return or_(*seen)


def manages(caller: Principal, instrument: Instrument) -> bool:
    """Whether the caller runs this instrument: its steward, its organisation's manager, its province's admin."""
    return (
        instrument.id in caller.stewardships
        or caller.manages(instrument.organisation_id)
        or caller.administers(instrument.tenant_id)
    )
