"""The two columns that rows sent back for correction have beside their own, and telling them when they come again."""

from collections.abc import Sequence

from app.core.i18n import LOCALES, msg

ROW, REASON = msg("原文件行号"), msg("错误原因")
"""Where the row stood in the file it came from, and what was wrong with it."""


def added(columns: Sequence[str]) -> tuple[str, ...]:
    """Those of a file's columns that we had added, the row number's first; none in any other file."""
    for locale in LOCALES:
        row, reason = ROW.text(locale), REASON.text(locale)
        if row in columns:
            return (row, reason) if reason in columns else (row,)
    return ()


def own(columns: Sequence[str]) -> list[str]:
    """The columns the file had before."""
    ours = added(columns)
    return [name for name in columns if name not in ours]
