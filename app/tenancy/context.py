"""Who a transaction is for. The only place that writes `app.*` settings."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, event
from sqlalchemy.orm import SessionTransaction

from app.core.db import ReadSession, SyncSession, open_with

KEY = "tenant_context"


@dataclass(frozen=True, slots=True)
class TenantContext:
    """The province and the caller behind a transaction; nothing set means a visitor, who sees public rows only."""

    tenant_id: str | None = None
    caller_id: UUID | None = None
    """The account of a person, or the client of a system."""
    request_id: str | None = None
    role: str | None = None
    """Another database role to act as, for the sign-in code."""
    read_only: bool = False
    client_id: UUID | None = None
    """The application through which the caller comes."""
    acting_for: UUID | None = None
    """Whose role the caller carries as a deputy."""
    session_id: UUID | None = None
    """The browser session or token grant."""
    address: str | None = None
    """Where the request came from, as the platform saw it."""

    def info(self) -> dict[Any, Any]:
        """The session info that carries this context."""
        return {KEY: self}

    def settings(self) -> dict[str, str]:
        """The transaction-local settings; all are written each time, so that nothing is inherited."""
        settings = {
            "app.tenant_id": self.tenant_id or "",
            "app.caller_id": str(self.caller_id or ""),
            "role": self.role or "none",
        }
        return settings | ({"transaction_read_only": "on"} if self.read_only else {})


VISITOR = TenantContext()


def context_of(session: ReadSession) -> TenantContext:
    """The context a session was opened with."""
    context: TenantContext = session.info.get(KEY, VISITOR)
    return context


@event.listens_for(SyncSession, "after_begin")
def _apply(session: SyncSession, transaction: SessionTransaction, connection: Connection) -> None:
    if not transaction.nested:
        open_with(connection, session.info.get(KEY, VISITOR).settings())
