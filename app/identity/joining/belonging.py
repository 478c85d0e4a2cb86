"""What joining adds to pages of identity: one's account, and the members of an organisation."""

from typing import Any

from app.access.principal import Principal
from app.core import clock
from app.core.db import ReadSession
from app.identity.accounts import account_names
from app.identity.joining import invitations, labels, requests
from app.organisations.public import Organisation, names


async def on_account(db: ReadSession, *, caller: Principal) -> dict[str, Any]:
    """What waits for the caller, and what they asked for; for the template `joining/_account.html`."""
    asked = await requests.mine(db, caller=caller)
    known = await names(db, caller, {one.organisation_id for one in asked})
    return {
        "invited": await invitations.waiting(db, caller=caller),
        "requested": [(one, known[one.organisation_id]) for one in asked if one.organisation_id in known],
        "join_labels": labels,
    }


async def on_members(db: ReadSession, *, caller: Principal, organisation: Organisation) -> dict[str, Any]:
    """Who waits to be let in and who is invited; for the template `joining/_waiting.html`."""
    waiting = await requests.waiting(db, caller=caller, organisation_id=organisation.id)
    return {
        "waiting": waiting,
        "requesters": await account_names(db, [one.account_id for one in waiting]),
        "invited": await invitations.sent(db, caller=caller, organisation_id=organisation.id),
        "now": clock.now(),
    }
