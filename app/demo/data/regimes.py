"""Ways instruments are opened and booked; each kind of instrument follows one."""

from dataclasses import dataclass
from datetime import time

WORKDAYS = (1, 2, 3, 4, 5)
EVERY_DAY = (1, 2, 3, 4, 5, 6, 7)
Hours = tuple[tuple[int, time, time], ...]
"""ISO weekday, opening and closing; closing at or before opening is the next morning."""


def _on(days: tuple[int, ...], opens: time, closes: time) -> Hours:
    return tuple((day, opens, closes) for day in days)


@dataclass(frozen=True, slots=True)
class Regime:
    """Opening hours (none: always open) and booking terms, all in minutes; `gap_min` is the usual idle time between."""

    hours: Hours
    mode: str
    step_min: int
    min_min: int
    max_min: int
    setup_min: int
    teardown_min: int
    lead_min: int
    horizon_days: int
    gap_min: int


def _regime(hours: Hours, *numbers: int, mode: str = "self") -> Regime:
    return Regime(hours, mode, *numbers)


REGIMES = {
    "counter": _regime(_on(WORKDAYS, time(8, 30), time(17, 30)), 15, 15, 180, 0, 0, 0, 14, 480),
    "bench": _regime(
        _on(WORKDAYS, time(8, 30), time(12)) + _on(WORKDAYS, time(13, 30), time(17, 30)),
        *(30, 30, 240, 0, 30, 120, 14, 300),
    ),
    "microscope": _regime(
        _on((1, 2, 3, 4, 5, 6), time(8, 30), time(21, 30)), *(30, 60, 480, 15, 30, 720, 21, 360), mode="mixed"
    ),
    "weekend": _regime(_on(EVERY_DAY, time(9), time(17)), 20, 40, 240, 0, 10, 60, 14, 480),
    "overnight": _regime(_on(WORKDAYS, time(18), time(8)), 60, 120, 840, 0, 30, 480, 14, 420),
    "allday": _regime((), *(60, 120, 2880, 30, 30, 1440, 30, 1080), mode="mixed"),
    "beam": _regime(
        _on(EVERY_DAY, time(8), time(8)), *(240, 480, 2880, 60, 60, 4320, 60, 1800), mode="assisted"
    ),
    "clinical": _regime(
        _on(WORKDAYS, time(17, 30), time(21, 30)) + _on((6, 7), time(8), time(18)),
        *(30, 30, 180, 10, 20, 1440, 14, 180),
        mode="assisted",
    ),
    "sample": _regime(_on(WORKDAYS, time(9), time(16, 30)), *(30, 60, 240, 0, 0, 0, 30, 0), mode="sample"),
}
