"""Who decides how the people of a province are recognised."""

from app.access.principal import Principal
from app.core.db import ReadSession
from app.core.errors import Forbidden
from app.core.i18n import msg
from app.identity.appointments.queries import admins
from app.identity.factors.recency import ensure_recently_authenticated


async def ensure_in_charge(db: ReadSession, *, caller: Principal) -> None:
    """An admin in their own right, there now: a deputy could let themselves in as an admin, and stay one.

    Raises:
        Forbidden: the caller is no admin in their own right.
        ReauthenticationRequired: the caller showed who they are too long ago.
    """
    if caller.id not in (await db.scalars(admins(caller.tenant_id))).all():
        raise Forbidden(msg("只有省级管理员本人可以设置身份提供方；代理人不能代为办理"))
    await ensure_recently_authenticated(db, caller=caller)
