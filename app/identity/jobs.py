"""Forgetting what no longer signs anyone in."""

from sqlalchemy import text

from app.core.logs import logger
from app.identity.appointments import news as office_news
from app.identity.contacts import work
from app.identity.context import sign_in_context
from app.identity.joining import news
from app.identity.provider.keys import rotate_by_age
from app.jobs.public import Job, periodic

log = logger(__name__)
__all__ = ["news", "office_news", "trim", "work"]

TRIM = tuple(
    text(statement)
    for statement in (
        "DELETE FROM oauth_code WHERE expires_at < clock_timestamp() - interval '1 day'",
        "DELETE FROM refresh_token WHERE expires_at < clock_timestamp() - interval '1 day'",
        """
        DELETE FROM oauth_grant g WHERE g.expires_at < clock_timestamp() - interval '1 day'
        AND NOT EXISTS (SELECT 1 FROM oauth_code c WHERE c.grant_id = g.id)
        AND NOT EXISTS (SELECT 1 FROM refresh_token r WHERE r.grant_id = g.id)
        """,
        """
        DELETE FROM browser_session
        WHERE least(expires_at, last_seen_at + interval '24 hours') < clock_timestamp() - interval '30 days'
        """,
        "DELETE FROM spent_challenge WHERE expires_at < clock_timestamp()",
        "DELETE FROM pushed_request WHERE expires_at < clock_timestamp()",
        "DELETE FROM device_code WHERE expires_at < clock_timestamp() - interval '1 day'",
        "DELETE FROM used_proof WHERE expires_at < clock_timestamp()",
        "DELETE FROM provider_logout WHERE kept_until < clock_timestamp()",
        "DELETE FROM login_attempt WHERE last_at < clock_timestamp() - interval '1 day'",
    )
)


@periodic("41 3 * * *", "identity.trim")
async def trim(job: Job) -> None:
    """Delete expired codes, tokens, grants and tries after a day, sessions after 30 days, challenges at once."""
    async with job.database.transaction(sign_in_context(job.settings).info()) as session:
        for statement in TRIM:
            await session.execute(statement)


@periodic("17 2 * * *", "identity.rotate_keys")
async def rotate_keys(job: Job) -> None:
    """Let the next signing key take over when the active one is old enough."""
    async with job.database.transaction(sign_in_context(job.settings).info()) as session:
        if await rotate_by_age(session, job.settings):
            log.info("signing_key_rotated")
