"""A person's own page: who they are here, which applications act for them."""

from typing import Annotated

from fastapi import Request, Response

from app.access.entry import Reads
from app.access.guards import requires
from app.access.permissions import ROLES, Permission
from app.access.principal import Principal
from app.core.i18n import msg
from app.identity.contacts import security
from app.identity.context import sign_in_transaction
from app.identity.federation.identities import own_identities
from app.identity.joining.belonging import on_account as joining
from app.identity.me import described
from app.web.public import Entry, Pages, render

pages = Pages(
    prefix="/account",
    entries=[Entry(msg("我的账户"), "/account", Permission.PROFILE_READ, "account", "id-card", 90)],
)
Self = Annotated[Principal, requires(Permission.ACCOUNT_MANAGE)]


@pages.get("")
async def show(request: Request, db: Reads, caller: Self) -> Response:
    """Who I am, how I sign in, my connected applications."""
    # First, in a transaction that ends before this request's begins: its role sees no identities.
    async with sign_in_transaction(request) as session:
        identities = await own_identities(session, caller=caller)
        known = await security.ways(session, caller.id)
    return render(
        request,
        "identity/account.html",
        caller=caller,
        known=known,
        roles=ROLES,
        identities=identities,
        me=await described(db, caller=caller),
        **await joining(db, caller=caller),
    )
