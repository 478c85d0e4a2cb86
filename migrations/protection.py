"""What migrations share: row-level security on a table, by the policy classes of `app.tenancy`."""

from alembic import op

from app.settings import Settings, settings_from_environment
from app.tenancy.policies import RowPolicy, admit, ddl


def role(name: str) -> str:
    given = op.get_context().config
    settings = given.attributes.get("settings") if given else None
    return (settings if isinstance(settings, Settings) else settings_from_environment()).role(name)


def protect(table: str, policy: RowPolicy) -> None:
    for statement in ddl(table, policy, owner=role("owner")):
        op.execute(statement)


def allow(table: str, to: str, *, name: str, command: str = "ALL", predicate: str = "true") -> None:
    """A named policy and the privilege for the role `to` to cross tenants on `table`."""
    op.execute(
        f"GRANT {'SELECT, INSERT, UPDATE, DELETE' if command == 'ALL' else command} ON {table} TO {role(to)}"
    )
    op.execute(admit(table, role(to), name=name, command=command, predicate=predicate))


def append_only(table: str) -> None:
    op.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {role('app')}")


def broker_function(signature: str, *, to: str = "app") -> None:
    """Hand a SECURITY DEFINER function to the broker, to be called by the role `to` alone."""
    op.execute(f"ALTER FUNCTION {signature} OWNER TO {role('broker')}")
    op.execute(f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {signature} TO {role(to)}")
