"""How the sign-in code works in the database: as the role `login`, in short transactions of its own.

These routes do not use the request's one transaction: a password is hashed and a provider is asked between two
transactions, never inside one, and a refused token request must still commit what it revoked.
"""

from contextlib import AbstractAsyncContextManager
from dataclasses import replace

from fastapi import Request

from app.access.principal import VISITOR, Principal
from app.core.db import Database, Session
from app.core.requests import address_of
from app.settings import Settings
from app.tenancy.context import TenantContext


def sign_in_context(
    settings: Settings,
    *,
    tenant_id: str | None = None,
    request_id: str | None = None,
) -> TenantContext:
    """The context that sees every province's accounts, and nothing else; `tenant_id` is on whose behalf it acts."""
    return TenantContext(tenant_id, request_id=request_id, role=settings.role("login"))


def settings_of(request: Request) -> Settings:
    """The platform's settings."""
    settings: Settings = request.app.state.settings
    return settings


def sign_in_transaction(
    request: Request, caller: Principal = VISITOR
) -> AbstractAsyncContextManager[Session]:
    """A transaction of the sign-in code; it commits at the end. The journal is told that `caller` does what it does.

    Whoever signs in is not known by it before: what a browser was signed in as is then no part of the event.
    """
    database: Database = request.app.state.database
    request_id = getattr(request.state, "request_id", None)
    context = caller.context(request_id=request_id, address=address_of(request))
    # Of no province: its role sees them all.
    signs_in = replace(context, tenant_id=None, role=settings_of(request).role("login"))
    return database.transaction(signs_in.info())
