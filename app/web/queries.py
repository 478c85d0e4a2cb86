"""What the platform's own pages read."""

from collections.abc import Sequence

from sqlalchemy import select

from app.core.db import ReadSession
from app.tenancy.models import Province


async def provinces(db: ReadSession) -> Sequence[Province]:
    """The member provinces, in their order."""
    return (await db.scalars(select(Province).order_by(Province.position, Province.code))).all()
