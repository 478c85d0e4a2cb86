"""Every select of code lists."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, or_, select

from app.codes.models import Code, CodeScheme
from app.codes.schemas import CodeQuery
from app.core.keyset import Order

BY_CODE = Order((Code.code,))


def schemes() -> Select[CodeScheme]:
    """Every list that is loaded."""
    return select(CodeScheme).where(CodeScheme.version > 0).order_by(CodeScheme.name)


def scheme_for_update(name: str) -> Select[CodeScheme]:
    """A list's own row, locked: one import of a list at a time."""
    return select(CodeScheme).where(CodeScheme.name == name).with_for_update()


def all_entries(scheme: str, columns: Sequence[str]) -> Select[*tuple[Any, ...]]:
    """These columns of every entry of a list, without objects: lists have tens of thousands of entries."""
    return select(*(getattr(Code, column) for column in columns)).where(Code.scheme == scheme)


def by_codes(scheme: str, codes: Collection[str]) -> Select[Code]:
    """The entries with these codes, historical ones too."""
    return select(Code).where(Code.scheme == scheme, Code.code.in_(codes))


def entries(scheme: str, wanted: CodeQuery) -> Select[Code]:
    """The entries of a list that are asked for."""
    return select(Code).where(Code.scheme == scheme, *_conditions(wanted))


def children(scheme: str, parent: str | None) -> Select[Code]:
    """The current entries right below `parent`, or the top ones, by code."""
    below = Code.parent.is_(None) if parent is None else Code.parent == parent
    return select(Code).where(Code.scheme == scheme, below, Code.status == "current").order_by(Code.code)


def current(scheme: str, *, level: int | None) -> Select[Code]:
    """The current entries, of one level or all, by code."""
    found = select(Code).where(Code.scheme == scheme, Code.status == "current").order_by(Code.code)
    return found if level is None else found.where(Code.level == level)


def _conditions(wanted: CodeQuery) -> list[ColumnElement[bool]]:
    conditions = []
    if wanted.q is not None:
        named = [column.icontains(wanted.q, autoescape=True) for column in (Code.name_zh, Code.name_en)]
        conditions.append(or_(Code.code.istartswith(wanted.q, autoescape=True), *named))
    if wanted.parent is not None:
        conditions.append(Code.parent == wanted.parent)
    if wanted.level is not None:
        conditions.append(Code.level == wanted.level)
    if wanted.status != "all":
        conditions.append(Code.status == wanted.status)
    return conditions
