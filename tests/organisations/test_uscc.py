"""The unified social credit code."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import uscc

from app.organisations.rules.uscc import Standing, examine, normalise

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


@pytest.mark.parametrize(
    ("code", "standing"),
    [
        ("12100000400000624D", Standing.VALID),
        ("91110000600037341L", Standing.VALID),
        ("91110000600037341M", Standing.DOUBTFUL),  # wrong check character
        ("91350100M0001TGQXM", Standing.DOUBTFUL),  # a legal legacy code
        (
            "N2330100MF12345678",
            Standing.DOUBTFUL,
        ),  # authorities A, N and Y exist; the library wants eight digits
        ("91110000600037341", Standing.MALFORMED),
        ("91110000600037341LL", Standing.MALFORMED),
        ("91110000600037341I", Standing.MALFORMED),
        ("9111000060003734１L", Standing.MALFORMED),
        ("", Standing.MALFORMED),
    ],
)
def test_examine(code: str, standing: Standing) -> None:
    assert examine(code) is standing


@pytest.mark.parametrize(
    "typed",
    [
        "12100000400000624d",
        "1210 0000 4000 0062 4D",
        "12100000-40000062-4D",
        "１２１００００0400000624Ｄ",
        "12100000　400000624D",
    ],
)
def test_normalise(typed: str) -> None:
    assert normalise(typed) == "12100000400000624D"


@given(
    st.from_regex(r"[0-9]{8}", fullmatch=True),
    st.text(ALPHABET, min_size=9, max_size=9),
    st.sampled_from(ALPHABET),
)
def test_exactly_one_check_character_is_valid(front: str, back: str, last: str) -> None:
    body = front + back
    right = str(uscc.calc_check_digit(body))
    assert examine(body + right) is Standing.VALID
    assert examine(body + last) is (Standing.VALID if last == right else Standing.DOUBTFUL)


@given(st.text())
def test_any_text_is_judged(typed: str) -> None:
    code = normalise(typed)
    assert normalise(code) == code or "ſ" in typed or not code.isascii()
    if examine(code) is not Standing.MALFORMED:
        assert len(code) == 18
        assert set(code) <= set(ALPHABET)
