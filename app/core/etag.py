"""Entity tags: a row's version as ETag, and If-Match on every change."""

from typing import Annotated

from fastapi import Depends, Header, Response

from app.core.errors import Stale, VersionRequired

Version = int


def etag(version: Version) -> str:
    """The strong entity tag of a row version."""
    return f'"v{version}"'


def tag(response: Response, version: Version) -> None:
    """Put the entity tag of a row version on the response."""
    response.headers["ETag"] = etag(version)


def expected_version(if_match: Annotated[str | None, Header(description='例如 "v3"')] = None) -> Version:
    """The version the caller means to change.

    Raises:
        VersionRequired: there is no If-Match header.
        Stale: it is not one of our entity tags, so it cannot be current.
    """
    if if_match is None:
        raise VersionRequired
    value = if_match.strip().removeprefix("W/").strip('"')
    digits = value.removeprefix("v")
    if not value.startswith("v") or not digits.isascii() or not digits.isdigit() or len(digits) > 18:  # noqa: PLR2004 - fits bigint
        raise Stale
    return int(digits)


IfMatch = Annotated[Version, Depends(expected_version)]
