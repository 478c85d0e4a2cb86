"""Entity tags and If-Match."""

import pytest
from fastapi import Response
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import Stale, VersionRequired
from app.core.etag import etag, expected_version, tag


@given(st.integers(min_value=0, max_value=10**18 - 1))
def test_a_version_comes_back(version: int) -> None:
    assert expected_version(etag(version)) == version
    assert expected_version(f" W/{etag(version)} ") == version


def test_the_header_of_a_response() -> None:
    response = Response()
    tag(response, 7)
    assert response.headers["etag"] == '"v7"'


def test_a_change_needs_a_version() -> None:
    with pytest.raises(VersionRequired):
        expected_version(None)


@pytest.mark.parametrize("value", ["", "*", '"x"', '"v"', '"v-1"', '"v١"', '"v1", "v2"', "v" + "9" * 19, "7"])
def test_what_is_no_tag_of_ours_cannot_be_current(value: str) -> None:
    with pytest.raises(Stale):
        expected_version(value)
