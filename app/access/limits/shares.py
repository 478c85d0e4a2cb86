"""What a process holds of a window, and how it is spent: pure, so that the bound can be proved by properties."""

from dataclasses import dataclass
from typing import Self

from app.access.limits.policies import Policy


@dataclass(frozen=True, slots=True)
class Lease:
    """The shared counter's answer."""

    window: int
    """Which window of its key the permits belong to."""
    permits: int
    remaining: int
    """What the window still has for everyone."""
    seconds: float
    """Until the window ends, reckoned when the counter answered."""


@dataclass(slots=True)
class Share:
    """Permits of one window; `ends_at` is on this process's own clock."""

    window: int | None
    """None: counted alone, without the shared counter."""
    left: int
    remaining: int
    ends_at: float

    @classmethod
    def alone(cls, policy: Policy, now: float) -> Self:
        """The whole quota, for a process that cannot reach the counter."""
        return cls(None, policy.quota, 0, now + policy.window)

    def open(self, now: float) -> bool:
        """Whether the window still runs, so that what it says counts."""
        return now < self.ends_at

    def take(self, now: float) -> bool:
        """Spend a permit, if there is one and its window still runs."""
        if self.left == 0 or not self.open(now):
            return False
        self.left -= 1
        return True

    def exhausted(self, now: float) -> bool:
        """Whether nobody has anything left of the window, as far as is known."""
        return self.open(now) and self.left == 0 and self.remaining == 0


def joined(share: Share | None, lease: Lease, sent_at: float) -> Share:
    """The share with a lease that was asked for at `sent_at`.

    The window ends for this process no later than it does for the counter: the counter answered after `sent_at`.
    Permits of another window are forgotten.
    """
    ends_at = sent_at + lease.seconds
    if share is not None and share.window == lease.window:
        return Share(lease.window, share.left + lease.permits, lease.remaining, min(share.ends_at, ends_at))
    return Share(lease.window, lease.permits, lease.remaining, ends_at)
