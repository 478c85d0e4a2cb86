"""From the text of a cell to the value of a field: money, dates, yes and no, words that stand for codes."""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from app.core.i18n import Message, msg
from app.core.text import normalised
from app.instruments.rules.synonyms import folded, meanings, usual_words

FEN_PER_YUAN = 100
FEN_PER_WAN = 1_000_000
_FEN_PER = {"亿": 10_000 * FEN_PER_WAN, "万": FEN_PER_WAN}
IMPLAUSIBLE_FEN = 10_000 * FEN_PER_WAN
"""One instrument of 100 million yuan: rather an amount in 元 under a heading that says 万元."""
CLASS_DIGITS = 6
MOST_UNITS = 50
_CURRENCY = "¥|人民币|rmb|cny"
_AMOUNT = re.compile(
    rf"(?P<sign>(?:{_CURRENCY})*)(?P<number>.*?)(?P<unit>亿|万)?(?P<yuan>(?:元|圆|{_CURRENCY})*)", re.DOTALL
)
_GROUPING = re.compile(r"[,\s]")
_DAY = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?")
_COMPACT_DAY = re.compile(r"(\d{4})(\d{2})(\d{2})")
_MIDNIGHT = re.compile(r"[T\s]+0{1,2}:00(:00(\.0+)?)?$")
_BETWEEN = re.compile(r"[,，、;；|\n]+")
WORDS = frozenset({
    "source", "kind", "funds", "carrier_type", "running_state", "service_status", "scope", "booking_mode", "nation",
})  # fmt: skip
"""Fields whose words stand for codes."""


class Unreadable(ValueError):  # noqa: N818 - what the cell is
    """A cell that does not say what its field needs; `code` and `reason` say why."""

    def __init__(self, code: str, reason: Message) -> None:
        super().__init__(code)
        self.code = code
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Noted:
    """A value that was understood, with something about it that its sender should know."""

    value: Any
    code: str
    reason: Message


def money(cell: str, fen_per_unit: int) -> int:
    """An amount as fen: in the unit written in the cell (万元, 元, ￥), else in the column's.

    Raises:
        Unreadable: no amount, negative, or finer than a fen.
    """
    return _fen(*_amount(cell, fen_per_unit))


def worth(cell: str, fen_per_unit: int) -> int | Noted:
    """As `money`, noted where the cell's unit is not the column's, or the amount hardly is one instrument's.

    Raises:
        Unreadable: as `money`.
    """
    number, written = _amount(cell, fen_per_unit)
    fen = _fen(number, written)
    yuan = f"{Decimal(fen) / FEN_PER_YUAN:,f}"
    if written != fen_per_unit:
        return Noted(fen, "unit_differs", msg("单元格里写的单位与列不同，按单元格读作 {yuan} 元", yuan=yuan))
    if fen >= IMPLAUSIBLE_FEN:
        reason = msg("读作 {yuan} 元，请核对单位是万元还是元", yuan=yuan)
        return Noted(fen, "worth_implausible", reason)
    return fen


def _amount(cell: str, fen_per_unit: int) -> tuple[str, int]:
    """The number in a cell, and the fen of its unit."""
    found = _AMOUNT.fullmatch(_GROUPING.sub("", normalised(cell, "NFKC").lower()))
    assert found is not None  # the number may be anything
    if unit := found["unit"]:
        return found["number"], _FEN_PER[unit]
    return found["number"], FEN_PER_YUAN if found["sign"] or found["yuan"] else fen_per_unit


def _fen(number: str, fen_per_unit: int) -> int:
    try:
        amount = Decimal(number) * fen_per_unit
    except ArithmeticError:
        raise Unreadable("amount_malformed", msg("应为金额，例如 67.81")) from None
    if not amount.is_finite() or amount < 0:
        raise Unreadable("amount_malformed", msg("应为金额，例如 67.81"))
    if amount != int(amount):
        raise Unreadable("amount_too_fine", msg("金额不能小于一分钱的精度"))
    return int(amount)


def wan_text(fen: int | None) -> str:
    """Fen as 万元 with at least two decimals, nothing lost: 67.81."""
    if fen is None:
        return ""
    whole, rest = divmod(fen, FEN_PER_WAN)
    return f"{whole}.{f'{rest:06d}'.rstrip('0'):0<2}"


def day(cell: str) -> date:
    """A date as people write it: 2021-03-15, 2021/3/15, 2021.3.15, 2021年3月15日, 20210315.

    Raises:
        Unreadable: it is no date; a month alone is not one either.
    """
    text = _MIDNIGHT.sub("", cell)
    found = _DAY.fullmatch(text) or _COMPACT_DAY.fullmatch(text)
    try:
        if found:
            return date(*(int(part) for part in found.groups()))
    except ValueError:
        pass
    raise Unreadable("date_malformed", msg("应为日期，例如 2021-03-15"))


def word(field: str, cell: str) -> str:
    """The code a word stands for.

    Raises:
        Unreadable: it stands for none.
    """
    code = meanings(field).get(folded(cell))
    if code is None:
        raise Unreadable("word_unknown", _expected(field))
    return code


def yes(cell: str) -> bool:
    """是 or 否.

    Raises:
        Unreadable: it says neither.
    """
    return word("customs_supervised", cell) == "true"


def _expected(field: str) -> Message:
    if field == "nation":
        return msg("应为国家或地区的名称或代码，例如 日本、JP")
    return msg("不认识的说法，可以写：{words}", words="、".join(usual_words(field)))


def class_code(cell: str) -> str:
    """A class of 2, 4 or 6 digits as six; a spreadsheet may have eaten the leading zero.

    Raises:
        Unreadable: it has another form.
    """
    digits = cell.removesuffix(".0")
    if digits.isascii() and digits.isdigit() and len(digits) <= CLASS_DIGITS:
        even = digits.zfill(len(digits) + len(digits) % 2)
        return even.ljust(CLASS_DIGITS, "0")
    raise Unreadable("class_malformed", msg("应为仪器分类编码，例如 010100"))


def several(cell: str) -> list[str]:
    """The items of a list written into one cell, each once."""
    return list(dict.fromkeys(item for part in _BETWEEN.split(cell) if (item := part.strip())))


def count(cell: str) -> int:
    """A number of units.

    Raises:
        Unreadable: it is none from 1 to 50.
    """
    digits = cell.removesuffix(".0")
    if digits.isascii() and digits.isdigit() and 1 <= int(digits) <= MOST_UNITS:
        return int(digits)
    raise Unreadable("count_malformed", msg("应为 1 至 {most} 的整数", most=MOST_UNITS))
