"""What text may be, and how it is cleaned."""

import sys
import unicodedata
from typing import Annotated, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from app.core.text import BIDI, LAST_MARK, MOST_MARKS, Line, Prose, clean, fault, normalised, printable

anything = st.text(alphabet=st.characters(exclude_categories=()), max_size=60)
LINE = TypeAdapter(Annotated[str, Line(20)])
EMPTY_LINE = TypeAdapter(Annotated[str, Line(20, minimum=0)])
PROSE = TypeAdapter(Annotated[str, Prose(20)])


def code(adapter: TypeAdapter[str], value: object) -> str:
    with pytest.raises(ValidationError) as caught:
        adapter.validate_python(value)
    return caught.value.errors()[0]["type"]


@given(anything)
def test_clean_text_stays_as_it_is(text: str) -> None:
    cleaned = clean(text)
    assert clean(cleaned) == cleaned
    assert cleaned == cleaned.strip()
    assert unicodedata.is_normalized("NFC", cleaned)
    assert not set(cleaned) & set("\r\u2028\u2029")


@given(anything)
def test_what_passes_can_be_stored_and_stands_on_one_line(text: str) -> None:
    if fault(text) is None:
        assert "\0" not in text
        assert text.encode("utf-8").decode("utf-8") == text
        assert len(text.splitlines()) <= 1
        assert not BIDI & set(text)


@given(anything)
def test_prose_refuses_no_more_than_a_line(text: str) -> None:
    if fault(text) is None:
        assert fault(text, lines=True) is None
    assert fault(text.replace("\n", "").replace("\t", ""), lines=True) == fault(
        text.replace("\n", "").replace("\t", "")
    )


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a\0b", "nul_character"),
        ("abc\u202edef", "bidi_character"),
        ("a\u2066b", "bidi_character"),
        ("a\u061cb", "bidi_character"),
        ("a\x07b", "control_character"),
        ("a\nb", "control_character"),
        ("a\u2028b", "control_character"),
        ("a\x85b", "control_character"),
        ("a\ud800b", "string_unicode"),
        ("", "string_too_short"),
        (" \u3000\t ", "string_too_short"),
        ("字" * 21, "string_too_long"),
        (5, "string_type"),
        (None, "string_type"),
        (b"bytes", None),
    ],
)
def test_a_line_says_what_is_wrong(value: object, expected: str | None) -> None:
    if expected is None:
        assert LINE.validate_python(value) == "bytes"
    else:
        assert code(LINE, value) == expected


def test_half_a_character_is_found_where_pydantic_does_not_look() -> None:
    assert fault("a\ud83d", lines=True) == "lone_surrogate"


def test_lines_are_trimmed_and_composed() -> None:
    assert LINE.validate_python("\u3000 扫描电镜\n") == "扫描电镜"
    assert LINE.validate_python("e\u0301") == "\u00e9"
    assert LINE.validate_python("𠮷野家🔬") == "𠮷野家🔬"
    assert LINE.validate_python(" " * 50 + "字" * 20) == "字" * 20
    assert EMPTY_LINE.validate_python("  ") == ""


def test_prose_has_lines() -> None:
    assert PROSE.validate_python("一\r\n二\r三\u2028四\t五") == "一\n二\n三\n四\t五"
    assert PROSE.validate_python("") == ""
    assert code(PROSE, "a\0") == "nul_character"
    assert code(PROSE, "a\x0bb") == "control_character"
    assert code(PROSE, "字" * 21) == "string_too_long"


@pytest.mark.parametrize("form", ["NFC", "NFKC"])
@given(runs=st.lists(st.tuples(st.sampled_from("\u0315\u0316\u0300"), st.integers(1, 200)), max_size=6))
def test_no_run_of_marks_is_long_enough_to_make_sorting_slow(
    form: Literal["NFC", "NFKC"], runs: list[tuple[str, int]]
) -> None:
    """Sorting them is quadratic: 120 kB of marks would hold the process for seconds."""
    given_text = "e" + "".join(mark * count for mark, count in runs)
    longest = 0
    run = 0
    for character in normalised(given_text, form):
        run = run + 1 if unicodedata.combining(character) else 0
        longest = max(longest, run)
    assert longest <= MOST_MARKS


def test_all_marks_are_known() -> None:
    assert max(code for code in range(sys.maxunicode) if unicodedata.combining(chr(code))) < LAST_MARK


def test_what_people_write_in_no_script_is_changed() -> None:
    assert normalised("Phở Đặc Biệt") == unicodedata.normalize("NFC", "Phở Đặc Biệt")
    assert normalised("ＸＲＤ　№", "NFKC") == "XRD No"
    assert printable("表　1\n\u202e") == "表　1\ufffd\ufffd"
