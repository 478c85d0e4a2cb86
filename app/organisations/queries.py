"""Every select of organisations."""

import re
from collections.abc import Collection
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, or_, select, true

from app.access.permissions import OVERSEERS
from app.access.principal import Principal
from app.core.keyset import Order
from app.organisations.models import Organisation
from app.organisations.rules.uscc import Standing, examine, normalise
from app.organisations.schemas import OrganisationQuery

_WHOLE = re.compile("(00)+$")
"""Pairs of zeros at the end of a GB/T 2260 code: all of the city or province before them."""
ORDERS = {
    "name": Order((Organisation.name_key, Organisation.id)),
    "-name": Order((Organisation.name_key, Organisation.id), descending=True),
    "created": Order((Organisation.id,)),
    "-created": Order((Organisation.id,), descending=True),
}


def visible_to(caller: Principal) -> ColumnElement[bool]:
    """Inside what row-level security lets through: organisation scope is for its members and the province's officers."""
    if caller.roles & OVERSEERS:
        return true()
    shared = Organisation.scope != "organisation"
    return or_(shared, Organisation.id.in_(caller.organisations)) if caller.organisations else shared


def organisation_by_id(caller: Principal, organisation_id: UUID) -> Select[Organisation]:
    """One organisation, when the caller may see it."""
    return select(Organisation).where(Organisation.id == organisation_id, visible_to(caller))


def organisation_by_uscc(caller: Principal, uscc: str) -> Select[Organisation]:
    """The organisation of a code, when the caller may see it."""
    return select(Organisation).where(Organisation.uscc == uscc, visible_to(caller))


def is_registered(uscc: str) -> Select[bool]:
    """Whether a code is registered in any province, seen or hidden."""
    return select(func.organisation_is_registered(uscc))


def organisations(caller: Principal, wanted: OrganisationQuery) -> Select[Organisation]:
    """The organisations the caller may see and asks for."""
    return select(Organisation).where(visible_to(caller), *_conditions(wanted))


def names_of(caller: Principal, ids: Collection[UUID]) -> Select[UUID, str]:
    """Ids and names, for features that show whose a thing is."""
    return select(Organisation.id, Organisation.name).where(Organisation.id.in_(ids), visible_to(caller))


def called(caller: Principal, text: str) -> Select[UUID]:
    """Organisations with a text in their name, as far as the caller may see them."""
    return select(Organisation.id).where(
        Organisation.name.icontains(text, autoescape=True), visible_to(caller)
    )


def _conditions(wanted: OrganisationQuery) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.q:
        conditions.append(_text(wanted.q))
    if wanted.province:
        conditions.append(Organisation.tenant_id == wanted.province)
    if wanted.kind:
        conditions.append(Organisation.kind == wanted.kind)
    if wanted.status:
        conditions.append(Organisation.status == wanted.status)
    if wanted.adcode:
        conditions.append(Organisation.adcode.startswith(_WHOLE.sub("", wanted.adcode)))
    return conditions


def _text(typed: str) -> ColumnElement[bool]:
    code = normalise(typed)
    if examine(code) is not Standing.MALFORMED:
        return Organisation.uscc == code
    return Organisation.name.icontains(typed, autoescape=True)
