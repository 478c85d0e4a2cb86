"""An admin's word on a developer's application, and on what its developer wants changed."""

from collections.abc import Sequence
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import func

from app.access.guards import ensure
from app.access.principal import Principal
from app.core.db import ReadSession, Session
from app.core.errors import FieldError, Invalid
from app.core.i18n import msg
from app.identity.factors.recency import ensure_recently_authenticated
from app.identity.oauth_applications import queries
from app.identity.oauth_applications.news import tell
from app.identity.oauth_applications.policy import may_review
from app.identity.oauth_applications.problems import NothingToReview
from app.identity.oauth_applications.service import get, write
from app.identity.provider.models import OAuthClient

Decision = Literal["approve", "refuse"]


async def number_waiting(db: ReadSession, *, caller: Principal) -> int:
    """How many applications and changes wait."""
    return int(await db.scalar(queries.waiting(caller)) or 0)


def wanted_scopes(client: OAuthClient) -> list[str]:
    """The scopes it would have."""
    scopes: list[str] = (client.proposed or {}).get("scopes", client.scopes)
    return scopes


async def review(
    db: Session,
    *,
    caller: Principal,
    application_id: UUID,
    version: int,
    decision: Decision,
    reason: str | None = None,
    scopes: Sequence[str] | None = None,
) -> OAuthClient:
    """Approve, with all the scopes asked for or fewer, or refuse; a refused change leaves the application as it was.

    Raises:
        ReauthenticationRequired: the caller showed who they are too long ago.
        NotFound: no such application in the province.
        Forbidden: the caller is no admin, or its developer.
        NothingToReview: it was decided already.
        Stale: `version` is no longer current.
        Invalid: a refusal without a reason, no scope, or one that was not asked for.
    """
    await ensure_recently_authenticated(db, caller=caller)
    client = await get(db, caller=caller, application_id=application_id)
    ensure(may_review(caller, client))
    if client.status != "active" or (client.review != "pending" and client.proposed is None):
        raise NothingToReview
    word: dict[str, Any] = {
        "review_reason": reason,
        "reviewed_by": caller.id,
        "reviewed_at": func.clock_timestamp(),
    }
    if decision == "refuse":
        if not reason:
            raise Invalid(errors=[FieldError("reason", "missing", msg("请说明不批准的理由"))])
        if client.proposed is None:
            word["review"] = "refused"
        told = {"reason": reason}
        refused = await write(db, client, version, "oauth_client.refused", after=told, **word, proposed=None)
        await tell(db, refused, "refused", by=caller.id)
        return refused
    asked = wanted_scopes(client)
    given = asked if scopes is None else [scope for scope in asked if scope in scopes]
    if not given or set(scopes or []) - set(asked):
        raise Invalid(errors=[FieldError("scopes", "scope_unknown", msg("请在所申请的权限中至少选择一项"))])
    values = {**(client.proposed or {}), "scopes": given, "review": "approved"}
    approved = await write(
        db, client, version, "oauth_client.approved", after=values, **word, **values, proposed=None
    )
    await tell(db, approved, "approved", by=caller.id)
    return approved
