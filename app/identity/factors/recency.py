"""Whether a person showed of late who they are: asked before sensitive acts."""

from datetime import timedelta

from app.access.guards import ReauthenticationRequired
from app.access.principal import Principal
from app.core.db import ReadSession
from app.identity.factors import queries

RECENT = timedelta(minutes=15)


async def ensure_recently_authenticated(db: ReadSession, *, caller: Principal) -> None:
    """Let a person go on who signed in, or showed a factor, within 15 minutes in this browser; a system always may.

    Call it first in the service of a sensitive act: a new factor, a change of password or e-mail, closing an account,
    appointing an admin, registering a client. A page sends the browser to show who is there, and back. An access token
    does not say that its person is there now, so a person's application is always refused.

    Raises:
        ReauthenticationRequired: it was longer ago.
    """
    if caller.kind == "system":
        return
    recent = caller.scopes is None and await db.scalar(queries.authenticated_since(caller.session_id, RECENT))
    if not recent:
        raise ReauthenticationRequired
