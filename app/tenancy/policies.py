"""Who may see and change a table's rows, said on the model and held by row-level security.

A model declares `__table_args__ = (..., {"info": {"row_policy": Scoped()}})`; its migration calls
`protect(op, "table", Scoped())`. Because migrations call them, the SQL of these classes never changes: a new rule is a
new class. Column `tenant_id` is the owner. Comparisons are on text, whose operators are leakproof, so indexes work.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

TENANT = "(SELECT nullif(current_setting('app.tenant_id', true), ''))"
PLATFORM = "000000"
"""The tenant of the platform's operators: no province, and never shown as one."""
CALLER = "(SELECT nullif(current_setting('app.caller_id', true), '')::uuid)"


class RowPolicy(Protocol):
    """Two predicates over a row: may it be seen, may it be written."""

    def read(self) -> str: ...
    def write(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Own:
    """Only the owner province sees the row."""

    def read(self) -> str:
        return f"tenant_id = {TENANT}"

    def write(self) -> str:
        return f"tenant_id = {TENANT}"


@dataclass(frozen=True, slots=True)
class Scoped:
    """The owner decides by the row's `scope`: organisation, province, region or public."""

    def read(self) -> str:
        return f"tenant_id = {TENANT} OR scope = 'public' OR (scope = 'region' AND {TENANT} IS NOT NULL)"

    def write(self) -> str:
        return f"tenant_id = {TENANT}"


@dataclass(frozen=True, slots=True)
class ScopedAmongMembers:
    """`Scoped`, where the platform's own tenant is no member: it sees public rows only."""

    def read(self) -> str:
        return f"tenant_id = {TENANT} OR scope = 'public' OR (scope = 'region' AND {TENANT} <> '{PLATFORM}')"

    def write(self) -> str:
        return f"tenant_id = {TENANT}"


@dataclass(frozen=True, slots=True)
class Parent:
    """The row is seen by whoever sees the row `column` points at in `table`."""

    table: str
    column: str

    def read(self) -> str:
        return f"EXISTS (SELECT 1 FROM {self.table} parent WHERE parent.id = {self.column})"

    def write(self) -> str:
        return f"tenant_id = {TENANT}"


@dataclass(frozen=True, slots=True)
class Parties:
    """A dealing: each province named in `columns` sees and writes it."""

    columns: tuple[str, ...]

    def read(self) -> str:
        return " OR ".join(f"{column} = {TENANT}" for column in self.columns)

    def write(self) -> str:
        return self.read()


@dataclass(frozen=True, slots=True)
class Personal:
    """Only the caller whose own row it is, inside the province."""

    column: str

    def read(self) -> str:
        return f"tenant_id = {TENANT} AND {self.column} = {CALLER}"

    def write(self) -> str:
        return self.read()


@dataclass(frozen=True, slots=True)
class Reference:
    """Public reference data: everyone reads, only the owner role (migration, import) writes."""

    def read(self) -> str:
        return "true"

    def write(self) -> str:
        return "false"


@dataclass(frozen=True, slots=True)
class Members(Reference):
    """Reference data of the member provinces; the platform's own tenant is in no list."""

    def read(self) -> str:
        return "member"


@dataclass(frozen=True, slots=True)
class Platform:
    """The platform's own bookkeeping without any province's data; the application reads and writes it."""

    def read(self) -> str:
        return "true"

    def write(self) -> str:
        return "true"


@dataclass(frozen=True, slots=True)
class Hidden:
    """Nobody but the roles named in extra policies (sign-in secrets)."""

    def read(self) -> str:
        return "false"

    def write(self) -> str:
        return "false"


@dataclass(frozen=True, slots=True)
class Outbox:
    """A province puts rows in and never sees them again; a role named in an extra policy takes them out."""

    def read(self) -> str:
        return "false"

    def write(self) -> str:
        return f"tenant_id = {TENANT}"


def ddl(table: str, policy: RowPolicy, *, owner: str) -> Sequence[str]:
    """The statements that put `policy` on `table`: enabled and forced, reading and writing apart."""
    statements = [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY {table}_read ON {table} FOR SELECT USING ({policy.read()})",
        f"CREATE POLICY {table}_insert ON {table} FOR INSERT WITH CHECK ({policy.write()})",
        f"CREATE POLICY {table}_update ON {table} FOR UPDATE USING ({policy.write()}) WITH CHECK ({policy.write()})",
        f"CREATE POLICY {table}_delete ON {table} FOR DELETE USING ({policy.write()})",
    ]
    if isinstance(policy, Reference):
        statements.append(f"CREATE POLICY {table}_owner ON {table} TO {owner} USING (true) WITH CHECK (true)")
    return statements


def admit(table: str, role: str, *, name: str, command: str = "ALL", predicate: str = "true") -> str:
    """One named policy that lets `role` cross tenants on `table`, for a listed purpose."""
    check = "" if command in {"SELECT", "DELETE"} else f" WITH CHECK ({predicate})"
    using = "" if command == "INSERT" else f" USING ({predicate})"
    return f"CREATE POLICY {table}_{name} ON {table} FOR {command} TO {role}{using}{check}"
