"""Static files of every package, addressed with a hash of their content so that browsers may keep them for ever.

`app/web/static` holds the design system, `app/<package>/static/<package>` a feature's own files, and
`app/web/static/vendor` what `commons assets` fetched (never committed).
"""

import hashlib
import os
from functools import lru_cache
from pathlib import Path
from urllib.parse import parse_qs

from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Scope

APP = Path(__file__).parent.parent
FOR_EVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "public, no-cache"
HASH_DIGITS = 12


def folders() -> list[Path]:
    """Where static files are, in the order they are looked up."""
    return [APP / "web" / "static", *(p for p in sorted(APP.glob("*/static")) if p.parent.name != "web")]


@lru_cache(maxsize=512)
def _digest(path: Path, _modified: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:HASH_DIGITS]


def digest(name: str) -> str | None:
    """The content hash of the file `name`, or None when there is none."""
    for folder in folders():
        path = folder / name
        if path.is_file():
            return _digest(path, path.stat().st_mtime_ns)
    return None


def static(name: str) -> str:
    """The address of a static file: `static('css/base.css')`."""
    found = digest(name)
    return f"/static/{name}?v={found}" if found else f"/static/{name}"


class _Files(StaticFiles):
    """Files addressed with their hash are immutable; others are asked for again."""

    def __init__(self) -> None:
        super().__init__(directory=APP / "web" / "static")
        self.all_directories = list(folders())

    def file_response(
        self,
        full_path: str | os.PathLike[str],
        stat_result: os.stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        response = super().file_response(full_path, stat_result, scope, status_code)
        asked = parse_qs(scope["query_string"].decode("latin-1")).get("v", [""])[0]
        current = _digest(Path(full_path), stat_result.st_mtime_ns)
        response.headers["cache-control"] = FOR_EVER if asked == current else ASK_AGAIN
        return response


def static_files() -> ASGIApp:
    """The application that serves /static."""
    return GZipMiddleware(_Files(), minimum_size=1024)
