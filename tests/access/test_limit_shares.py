"""Whatever processes do, whenever messages arrive and however clocks differ: a window admits no more than its quota."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.access.limits.policies import Per, Policy, counted_address, policies
from app.access.limits.shares import Lease, Share, joined

POLICY = Policy("probe", Per.ADDRESS, 40, 10, "probes")


@dataclass
class Counter:
    """The statement of `counter.py`, in Python, on the database's clock."""

    started_at: float = -1.0
    ends_at: float = -1.0
    taken: int = 0
    windows: list[tuple[float, float]] = field(default_factory=list)

    def take(self, *, stamped: float, now: float) -> Lease:
        if self.ends_at <= stamped:
            self.started_at, self.ends_at, self.taken = stamped, stamped + POLICY.window, 0
            self.windows.append((self.started_at, self.ends_at))
        permits = min(POLICY.batch, POLICY.quota - self.taken)
        self.taken += permits
        return Lease(int(self.started_at * 1e6), permits, POLICY.quota - self.taken, self.ends_at - now)


@dataclass
class Process:
    """One process, its clock `ahead` of the database's, with at most one question on its way."""

    ahead: float
    share: Share | None = None
    sent_at: float | None = None
    stamped: float | None = None
    lease: Lease | None = None

    def request(self, now: float) -> bool:
        """Whether a request is admitted at once; else, if nothing is known, the counter is asked."""
        mine = now + self.ahead
        if self.share is not None and self.share.take(mine):
            return True
        if self.sent_at is None and not (self.share and self.share.exhausted(mine)):
            self.sent_at = mine
        return False

    def step(self, counter: Counter, now: float) -> None:
        """The question goes one step further: stamped on arrival, carried out under the lock, answered."""
        if self.sent_at is None:
            return
        if self.stamped is None:
            self.stamped = now
        elif self.lease is None:
            self.lease = counter.take(stamped=self.stamped, now=now)
        else:
            self.share = joined(self.share, self.lease, self.sent_at)
            self.sent_at = self.stamped = self.lease = None


EVENTS = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.sampled_from(["requests", "step"]),
        st.sampled_from([0.0, 0.001, 0.2, 3.0, 9.9, 10.1]),
    ),
    max_size=150,
)


@given(st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=3), EVENTS)
def test_no_window_admits_more_than_its_quota(
    clocks: list[float], events: list[tuple[int, str, float]]
) -> None:
    counter, now = Counter(), 0.0
    processes = [Process(ahead) for ahead in clocks]
    admitted: list[float] = []
    for which, what, pause in events:
        now += pause
        if what == "requests":
            admitted += [now for _ in range(5) if processes[which].request(now)]
        else:
            processes[which].step(counter, now)
    slack = 1e-6  # clocks a million seconds apart lose that much in a float
    assert all(any(a - slack <= at < b + slack for a, b in counter.windows) for at in admitted)
    for start, end in counter.windows:
        assert sum(start - slack <= at < end - slack for at in admitted) <= POLICY.quota


def test_a_process_alone_is_bounded_by_its_own_count() -> None:
    share = Share.alone(POLICY, now=100.0)
    assert sum(share.take(100.0 + second / 100) for second in range(900)) == POLICY.quota
    assert share.exhausted(109.9)
    assert not share.take(110.0)
    assert not share.exhausted(110.0)


@pytest.mark.parametrize(
    ("host", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("fe80::1%eth0", "fe80::/64"),
        ("testclient", "unknown"),
        (None, "unknown"),
    ],
)
def test_what_counts_as_one_address(host: str | None, counted: str) -> None:
    assert counted_address(host) == counted


def test_a_deployment_overrides_the_table() -> None:
    changed = {policy.name: policy for policy in policies({"visitor": "300/90", "search": "off"})}
    assert (changed["visitor"].quota, changed["visitor"].window) == (300, 90)
    assert "search" not in changed
    assert changed["person"].quota == 1_200


@pytest.mark.parametrize("overrides", [{"visitors": "1/1"}, {"visitor": "many"}, {"visitor": "0/60"}])
def test_an_override_that_means_nothing_stops_the_start(overrides: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="RATE_LIMITS"):
        policies(overrides)
