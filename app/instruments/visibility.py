"""Which instruments a caller sees, inside what row-level security lets through: one predicate for everything."""

from typing import Any
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    Boolean,
    ColumnElement,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    or_,
)
from sqlalchemy.dialects.postgresql import ARRAY

from app.access.permissions import Role
from app.access.principal import Principal
from app.instruments.models import Instrument
from app.tenancy.policies import PLATFORM

WHOLE_PROVINCE = frozenset({Role.PROVINCE_ADMIN, Role.AUDITOR})


def visible(row: Any = Instrument, caller: Principal | None = None) -> ColumnElement[bool]:
    """Public rows are for all, region rows for member provinces, province rows for their own, the rest for insiders.

    Insiders are the organisation's members, the instrument's stewards, and the province's officers. `row` is the
    entity, or anything with its columns tenant_id, scope, organisation_id and id. Without a caller the statement is
    the same for everyone, and is executed with the parameters `visibility` gives.
    """
    given = visibility(caller) if caller else {}

    def parameter(name: str, type_: Any) -> BindParameter[Any]:
        return bindparam(name, given[name], type_=type_) if given else bindparam(name, type_=type_)

    tenant = parameter("caller_tenant", Text)
    oversees = parameter("caller_oversees", Boolean)
    return or_(
        row.scope == "public",
        and_(row.scope == "region", tenant != PLATFORM),
        and_(row.tenant_id == tenant, or_(row.scope == "province", oversees)),
        row.organisation_id == any_(parameter("caller_belongs_to", ARRAY(Uuid))),
        row.id == any_(parameter("caller_is_steward_of", ARRAY(Uuid))),
    )


def visibility(caller: Principal) -> dict[str, Any]:
    """The parameters of `visible` for a caller."""
    return {
        "caller_tenant": caller.tenant_id,
        "caller_oversees": bool(caller.roles & WHOLE_PROVINCE),
        "caller_belongs_to": list(caller.organisations),
        "caller_is_steward_of": list(caller.stewardships),
    }


def visible_to(caller: Principal, row: Any = Instrument) -> ColumnElement[bool]:
    """`visible` with the caller's parameters filled in."""
    return visible(row, caller)


def runs(caller: Principal, *, instrument_id: UUID, owner_id: UUID, tenant_id: str) -> bool:
    """Whether the caller runs an instrument: its steward, its organisation's manager, its province's admin."""
    return instrument_id in caller.stewardships or caller.manages(owner_id) or caller.administers(tenant_id)


def manages(caller: Principal, instrument: Instrument) -> bool:
    """`runs` for an entry of the register."""
    return runs(
        caller,
        instrument_id=instrument.id,
        owner_id=instrument.organisation_id,
        tenant_id=instrument.tenant_id,
    )


def run_by(caller: Principal, *, instrument_id: Any, owner_id: Any, tenant_id: Any) -> ColumnElement[bool]:
    """`runs` in SQL, over these columns; a system runs what it acts for."""
    found: list[ColumnElement[bool]] = [instrument_id.in_(caller.stewardships), owner_id.in_(caller.managed)]
    if caller.acts_for_province or Role.PROVINCE_ADMIN in caller.roles:
        found.append(tenant_id == caller.tenant_id)
    return or_(*found)
