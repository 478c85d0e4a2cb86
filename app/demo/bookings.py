"""A fortnight of bookings, this week and next, that keep each instrument's terms.

Time is counted in minutes from the Monday 00:00 the fortnight begins with, in Asia/Shanghai, which has no summer time.
All were made before that Monday, so what is laid out depends on the week and not on the hour of loading.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from app.access.permissions import Role
from app.demo.accounts import PEOPLE, SEED, Person
from app.demo.data import words
from app.demo.data.provinces import Place
from app.demo.data.regimes import Regime
from app.demo.instruments import INSTRUMENTS, InstrumentPlan

ZONE = ZoneInfo("Asia/Shanghai")
DAY, WEEK = 1440, 7 * 1440
FORTNIGHT = 2 * WEEK
MORNING = 7 * 60
"""Nobody begins work in the small hours, even where one may."""
BUSTLE = (0.5, 1.0, 1.0, 1.8, 3.0)
"""How far idle times on an instrument stretch: a few are in demand, a few are not."""
FLAGSHIP_BUSTLE = (0.4, 0.6, 0.8)
ACROSS = 0.3
"""The part of bookings from other provinces, where they may."""
CANCELLED = 0.07
NOTED = 0.2
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class BookingPlan:
    """A booking to write; a cancelled one has the instant it was."""

    tenant_id: str
    instrument: InstrumentPlan
    unit_label: str
    requester_tenant_id: str
    requester: Person
    starts_at: datetime
    ends_at: datetime
    created_at: datetime
    cancelled_at: datetime | None
    cancel_reason: str
    purpose: str
    project: str
    note: str

    @property
    def payer(self) -> Place:
        """The organisation the requester books for."""
        assert self.requester.organisation is not None
        return self.requester.organisation

    @property
    def occupied(self) -> tuple[datetime, datetime]:
        """The time the unit is not free for others: with preparation and clean-up."""
        regime = self.instrument.regime
        return (
            self.starts_at - timedelta(minutes=regime.setup_min),
            self.ends_at + timedelta(minutes=regime.teardown_min),
        )


def monday_of(instant: datetime) -> datetime:
    """The beginning of the week `instant` lies in."""
    local = instant.astimezone(ZONE)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight - timedelta(days=local.weekday())


def bookings(monday: datetime) -> Iterator[BookingPlan]:
    """The fortnight that begins with `monday`; the same pattern whichever week it is."""
    for tenant_id, plans in INSTRUMENTS.items():
        random = Random(f"{SEED}-bookings-{tenant_id}")  # noqa: S311 - a demonstration, not secrets
        for plan in plans:
            if plan.takes_bookings:
                for unit in plan.units:
                    yield from _of_unit(random, monday, tenant_id, plan, unit["label"])


def _of_unit(
    random: Random, monday: datetime, tenant_id: str, plan: InstrumentPlan, label: str
) -> Iterator[BookingPlan]:
    gap = plan.regime.gap_min * random.choice(FLAGSHIP_BUSTLE if plan.flagship else BUSTLE)
    for span in open_spans(plan.regime):
        for start, end in _slots(random, plan.regime, span, gap):
            made = _made(random, plan.regime, start)
            called_off = random.randrange(made, min(0, start)) if random.random() < CANCELLED else None
            requester_tenant_id, requester = _requester(random, tenant_id, plan)
            yield BookingPlan(
                tenant_id=tenant_id,
                instrument=plan,
                unit_label=label,
                requester_tenant_id=requester_tenant_id,
                requester=requester,
                starts_at=monday + timedelta(minutes=start),
                ends_at=monday + timedelta(minutes=end),
                created_at=monday + timedelta(minutes=made),
                cancelled_at=None if called_off is None else monday + timedelta(minutes=called_off),
                cancel_reason="" if called_off is None else random.choice(words.CANCEL_REASONS),
                purpose=random.choices(("research", "development", "teaching", "other"), (14, 4, 2, 1))[0],
                project=random.choice(words.PROJECTS),
                note=random.choice(words.NOTES) if random.random() < NOTED else "",
            )


def open_spans(regime: Regime) -> list[Span]:
    """When an instrument is open in the fortnight, joined where one span ends as the next begins."""
    if not regime.hours:
        return [(0, FORTNIGHT)]
    joined: list[Span] = []
    for start, end in sorted(_weekly(regime)):
        if joined and joined[-1][1] == start:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


def _weekly(regime: Regime) -> Iterator[Span]:
    for week in (0, WEEK):
        for weekday, opens, closes in regime.hours:
            start, end = opens.hour * 60 + opens.minute, closes.hour * 60 + closes.minute
            midnight = week + (weekday - 1) * DAY
            yield midnight + start, midnight + end + (DAY if end <= start else 0)


def _slots(random: Random, regime: Regime, span: Span, gap: float) -> Iterator[Span]:
    """Spans on the regime's grid inside an open span, with room for preparation and clean-up between them."""
    step, at = regime.step_min, span[0]
    while True:
        start = -(-(at + int(random.expovariate(1 / gap))) // step) * step
        if start % DAY < MORNING and random.random() > 0.1:  # noqa: PLR2004 - a few night owls
            start += -(-(MORNING - start % DAY) // step) * step
        length = int(random.triangular(regime.min_min, regime.max_min, regime.min_min * 2)) // step * step
        if start + length > span[1]:
            return
        yield start, start + length
        at = start + length + regime.teardown_min + regime.setup_min


def _made(random: Random, regime: Regime, start: int) -> int:
    """When a slot was booked: before the first Monday, with the lead time, inside the horizon."""
    latest = min(0, start - regime.lead_min)
    earliest = max(start // DAY * DAY - regime.horizon_days * DAY, latest - WEEK)
    return random.randrange(earliest, latest)


def _requester(random: Random, tenant_id: str, plan: InstrumentPlan) -> tuple[str, Person]:
    fields = plan.fields
    inside = (
        fields["scope"] == "organisation"
        or fields["service_status"] == "restricted"
        or fields["customs_supervised"]
    )
    if not inside and fields["scope"] in {"region", "public"} and random.random() < ACROSS:
        tenant_id = random.choice([other for other in PEOPLE if other != tenant_id])
    researchers = [
        person
        for person in PEOPLE[tenant_id]
        if person.role is Role.MEMBER and (not inside or person.organisation == plan.owner)
    ]
    return tenant_id, random.choice(researchers)
