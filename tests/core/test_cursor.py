"""Cursors come back as they were made, and only where they were made for."""

import base64

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.core.cursor import Cursors
from app.core.errors import Invalid

positions = st.lists(
    st.none() | st.text(max_size=40) | st.integers() | st.floats(allow_nan=False, allow_infinity=False),
    max_size=4,
)
filters = st.dictionaries(st.text(max_size=10), st.none() | st.text(max_size=10) | st.integers(), max_size=4)
CURSORS = Cursors("a secret")


def refused(cursor: str, bound_to: object, cursors: Cursors = CURSORS) -> bool:
    with pytest.raises(Invalid) as caught:
        cursors.decode(cursor, bound_to=bound_to)
    return [error.code for error in caught.value.errors] == ["cursor_invalid"]


@given(positions, filters)
def test_a_cursor_comes_back_as_it_was_made(position: list[str | int | float | None], bound: object) -> None:
    assert CURSORS.decode(CURSORS.encode(position, bound_to=bound), bound_to=bound) == position


@given(positions, filters, filters)
def test_a_cursor_of_another_filter_is_refused(
    position: list[str | int | float | None], bound: object, other: object
) -> None:
    assume(bound != other)
    assert refused(CURSORS.encode(position, bound_to=bound), other)


@given(positions, filters, st.text(min_size=1, max_size=20))
def test_a_cursor_of_another_secret_is_refused(
    position: list[str | int | float | None], bound: object, secret: str
) -> None:
    assume(secret != CURSORS.secret)
    assert refused(CURSORS.encode(position, bound_to=bound), bound, Cursors(secret))


@given(positions, positions)
def test_another_position_under_a_good_signature_is_refused(
    position: list[str | int | float | None], wished: list[str | int | float | None]
) -> None:
    assume(repr(position) != repr(wished))
    signature = CURSORS.encode(position, bound_to="list").partition(".")[2]
    forged = CURSORS.encode(wished, bound_to="list").partition(".")[0]
    assert refused(f"{forged}.{signature}", "list")


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=200))
def test_text_that_is_no_cursor_is_refused(text: str) -> None:
    assert refused(text, "list")


def test_a_cursor_tells_its_order_of_keys_apart_from_nothing() -> None:
    cursor = CURSORS.encode(["北京", 1], bound_to={"a": 1, "b": 2})
    assert CURSORS.decode(cursor, bound_to={"b": 2, "a": 1}) == ["北京", 1]
    assert cursor.isascii()
    assert base64.urlsafe_b64decode(cursor.partition(".")[0] + "==").startswith(b"[")
