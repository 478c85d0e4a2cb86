"""An admin resets the second factors of a person of the province."""

from typing import Annotated
from uuid import UUID

from fastapi import Request, Response

from app.access.guards import requires
from app.access.permissions import Permission
from app.access.principal import Principal
from app.core.i18n import msg
from app.identity.context import sign_in_transaction
from app.identity.factors.reset import reset_factors, resettable
from app.web.public import Pages, render, see_other

pages = Pages(prefix="/people/{account_id}/factors")
Officer = Annotated[Principal, requires(Permission.PEOPLE_READ)]


@pages.get("/reset")
async def ask(request: Request, caller: Officer, account_id: UUID) -> Response:
    """Say what it means."""
    async with sign_in_transaction(request, caller) as session:
        account = await resettable(session, caller=caller, account_id=account_id)
    return render(request, "identity/factors_reset.html", caller=caller, account=account)


@pages.post("/reset")
async def do(request: Request, caller: Officer, account_id: UUID) -> Response:
    """Do it."""
    async with sign_in_transaction(request, caller) as session:
        await reset_factors(session, caller=caller, account_id=account_id)
    return see_other(request, "/people", notice=msg("已重置；本人下次登录后可以重新设置"))
