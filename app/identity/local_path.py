"""Where a person may be sent after signing in: a page of ours, never elsewhere."""

from urllib.parse import urlencode, urlsplit

HOME = "/"
LONGEST = 2000
"""Bytes: the path waits in a cookie while its person is at a provider."""


def local_path(value: str | None) -> str:
    r"""The path, when it is one of ours; the home page else.

    Browsers take `//host`, `/\\host` and `/<tab>/host` for another site, so a second slash, any backslash and any
    unprintable character is refused.
    """
    if not value or not value.isprintable() or len(value.encode()) > LONGEST or "\\" in value:
        return HOME
    if not value.startswith("/") or value.startswith("//"):
        return HOME
    try:
        parts = urlsplit(value)
    except ValueError:
        return HOME
    return HOME if parts.scheme or parts.netloc else value


def leading(url: str, next_path: str) -> str:
    """The address of a step on the way to a page of ours; the home page needs no telling."""
    return url if next_path == HOME else f"{url}?{urlencode({'next': next_path})}"
