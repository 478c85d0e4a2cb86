"""Icons: lucide's SVG files, fetched by `commons assets` as listed in icons.txt, written into the page."""

import re
from functools import lru_cache
from pathlib import Path

from markupsafe import Markup, escape

FOLDER = Path(__file__).parent / "static" / "vendor" / "icons"
_DRAWING = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)


@lru_cache(maxsize=256)
def _drawing(name: str) -> str | None:
    path = FOLDER / f"{name}.svg"
    found = _DRAWING.search(path.read_text(encoding="utf-8")) if path.is_file() else None
    return " ".join(found.group(1).split()) if found else None


def icon(name: str, label: str | None = None) -> Markup:
    """The icon `name`, decorative unless `label` says what it means; nothing before the assets were fetched."""
    drawing = _drawing(name)
    if drawing is None:
        return escape(label or "")
    meaning = f'role="img" aria-label="{escape(label)}"' if label else 'aria-hidden="true"'
    return Markup(  # noqa: S704 - the drawing is a pinned file, the label is escaped
        f'<svg class="icon" {meaning} viewBox="0 0 24 24" width="20" height="20" fill="none" stroke="currentColor"'
        f' stroke-width="2" stroke-linecap="round" stroke-linejoin="round">{drawing}</svg>'
    )
