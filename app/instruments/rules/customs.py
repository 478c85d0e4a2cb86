"""Duty-free goods under customs supervision 海关监管 serve their own organisation only (§2.2)."""

from datetime import date


def bars_others(*, supervised: bool, notice: str, until: date | None, on: date) -> bool:
    """Whether supervision keeps an instrument from serving other organisations on the local day `on`.

    They are served with the customs' written notice, or once the supervision has ended.
    """
    return supervised and not notice and (until is None or until >= on)
