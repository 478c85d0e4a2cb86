"""Who may do what: the matrix of roles in words, for everyone."""

from typing import Annotated

from fastapi import Request, Response

from app.access.guards import requires
from app.access.permissions import EXPLAINED, MATRIX, ROLES, WORDS, Permission
from app.access.principal import Principal
from app.web.public import Pages, render

pages = Pages(prefix="/help/roles")


@pages.get("")
async def show(request: Request, caller: Annotated[Principal, requires(Permission.PUBLIC)]) -> Response:
    """The roles, each in a sentence, and the table of what they may do."""
    return render(
        request,
        "identity/roles.html",
        caller=caller,
        roles=[(role, ROLES[role], EXPLAINED[role]) for role in MATRIX],
        permissions=[(permission, WORDS[permission]) for permission in Permission],
        matrix=MATRIX,
    )
