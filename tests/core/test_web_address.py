"""Addresses that others will follow."""

from typing import Annotated

import pytest
from pydantic import TypeAdapter, ValidationError

from app.core.web_address import WebAddress

SECURE = TypeAdapter(Annotated[str, WebAddress(60)])
ANY = TypeAdapter(Annotated[str, WebAddress(60, http=True)])
BLANK = TypeAdapter(Annotated[str, WebAddress(60, blank=True)])


@pytest.mark.parametrize(
    "address",
    [
        "https://a.example",
        "https://a.example:8443/b?c=d%20e#f",
        "https://大学.example/仪器",
        "https://[::1]/",
    ],
)
def test_an_address_is_kept_as_typed(address: str) -> None:
    assert SECURE.validate_python(f" {address} ") == address


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JavaScript://a.example/%0aalert(1)",
        "data:text/html,x",
        "ftp://a.example",
        "//a.example",
        "a.example",
        "https:a.example",
        "https:///a.example",
        "https://",
        "https://a.example:port/",
        'https://a.example/"onmouseover="x',
        "https://a.example/<b>",
        "https://a.example/a b",
        "https://a.example\\@b.example",
        "https://a.example@b.example/",
        "https://a:b@b.example/",
        "https://[::1",
    ],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    for kind in (SECURE, ANY, BLANK):
        with pytest.raises(ValidationError) as refused:
            kind.validate_python(address)
        assert refused.value.errors()[0]["type"] == "url_malformed"


def test_which_schemes_and_lengths() -> None:
    assert ANY.validate_python("http://a.example") == "http://a.example"
    assert BLANK.validate_python("  ") == ""
    for kind, address, code in (
        (SECURE, "http://a.example", "url_malformed"),
        (SECURE, "", "string_too_short"),
        (SECURE, "https://a.example/" + "x" * 60, "string_too_long"),
    ):
        with pytest.raises(ValidationError) as refused:
            kind.validate_python(address)
        assert refused.value.errors()[0]["type"] == code


def test_the_schemes_stand_in_the_document() -> None:
    assert SECURE.json_schema()["pattern"] == "^https://"
    assert ANY.json_schema()["pattern"] == "^https?://"
    assert BLANK.json_schema()["pattern"] == "^$|^https://"
