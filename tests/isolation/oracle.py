"""Who may see and write a row, worked out in Python from what its model declares: a second opinion on the SQL.

Rows are as `to_jsonb` gives them. A kind of policy that is not known here is an error: it needs its own reading.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import singledispatch
from typing import Any

from app.registry import metadata
from app.tenancy import policies
from app.tenancy.policies import RowPolicy

Data = Mapping[str, Any]
ById = Callable[[str, str], Data]


@dataclass(frozen=True, slots=True)
class Viewer:
    """A caller as the database knows one; no province is a visitor."""

    tenant_id: str | None = None
    caller_id: str | None = None


def policy_of(table: str) -> RowPolicy:
    policy: RowPolicy = metadata.tables[table].info["row_policy"]
    return policy


def may_see(viewer: Viewer, table: str, row: Data, by_id: ById) -> bool:
    """Whether the row may be read; `by_id` finds a row of another table."""
    policy = policy_of(table)
    if isinstance(policy, policies.Parent):
        return may_see(viewer, policy.table, by_id(policy.table, row[policy.column]), by_id)
    return _sees(policy, viewer, row)


def may_write(viewer: Viewer, table: str, row: Data) -> bool:
    """Whether the row may be made, changed or deleted, as far as provinces go."""
    policy = policy_of(table)
    if isinstance(policy, policies.ScopedAmongMembers | policies.Parent | policies.Outbox):
        return _is_own(viewer, row)
    if isinstance(policy, policies.Reference):
        return False
    return _sees(policy, viewer, row)


def _is_own(viewer: Viewer, row: Data) -> bool:
    return viewer.tenant_id is not None and row["tenant_id"] == viewer.tenant_id


@singledispatch
def _sees(policy: RowPolicy, viewer: Viewer, row: Data) -> bool:
    raise NotImplementedError(f"say here in Python who sees a row of {policy}")


@_sees.register
def _(_policy: policies.Own, viewer: Viewer, row: Data) -> bool:
    return _is_own(viewer, row)


@_sees.register
def _(_policy: policies.ScopedAmongMembers, viewer: Viewer, row: Data) -> bool:
    member = viewer.tenant_id not in {None, policies.PLATFORM}
    shared = {"public", "region"} if member else {"public"}
    return _is_own(viewer, row) or row["scope"] in shared


@_sees.register
def _(policy: policies.Parties, viewer: Viewer, row: Data) -> bool:
    return viewer.tenant_id is not None and viewer.tenant_id in [row[column] for column in policy.columns]


@_sees.register
def _(policy: policies.Personal, viewer: Viewer, row: Data) -> bool:
    return _is_own(viewer, row) and viewer.caller_id is not None and row[policy.column] == viewer.caller_id


@_sees.register
def _(_policy: policies.Reference, viewer: Viewer, row: Data) -> bool:
    return True


@_sees.register
def _(_policy: policies.Members, viewer: Viewer, row: Data) -> bool:
    return bool(row["member"])


@_sees.register
def _(_policy: policies.Platform, viewer: Viewer, row: Data) -> bool:
    return True


@_sees.register
def _(_policy: policies.Hidden, viewer: Viewer, row: Data) -> bool:
    return False


@_sees.register
def _(_policy: policies.Outbox, viewer: Viewer, row: Data) -> bool:
    return False
