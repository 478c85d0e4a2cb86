"""From when a sign-in counts as new for one authorization request (`prompt=login`, `max_age`): a mark we sign ourselves.

Without it such a request would either ask for ever, or believe the address bar that the person has just signed in.
"""

from datetime import UTC, datetime, timedelta

from app.core.clock import now
from app.core.crypto import sign, verify
from app.settings import Settings

SINCE = "since"
LONGEST = timedelta(minutes=15)
"""A sign-in takes no longer."""
_PURPOSE = "fresh-sign-in"


def mark_now(settings: Settings) -> str:
    """The mark: whoever signs in from this second on has signed in for this request."""
    second = str(int(now().timestamp()))
    return f"{second}.{sign(settings.secret, _PURPOSE, second.encode())}"


def signed_in_since(settings: Settings, mark: str) -> datetime | None:
    """From when a sign-in counts, by a mark of ours that is not too old."""
    second, _, signature = mark.partition(".")
    if not signature or not verify(settings.secret, _PURPOSE, second.encode(), signature):
        return None
    since = datetime.fromtimestamp(int(second), UTC)
    return since if now() - since <= LONGEST else None
