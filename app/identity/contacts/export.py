"""All a person's data as a ZIP: JSON for programs, a page for people."""

import json
import tempfile
import zipfile
from collections.abc import Iterator
from html import escape
from typing import IO, Any

from app.access.principal import Principal
from app.core.db import Database
from app.core.i18n import Locale, msg
from app.identity.contacts.personal import Held, in_order, rows_of
from app.identity.context import sign_in_context
from app.settings import Settings

IN_MEMORY = 4 * 1024 * 1024
"""Bytes of an archive before it goes to the disk."""
CHUNK = 64 * 1024


async def archive(database: Database, settings: Settings, *, caller: Principal, locale: Locale) -> IO[bytes]:
    """Everything the platform keeps about the caller, to be read from its start."""
    target = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - the answer closes it
    contents: list[tuple[Held, int]] = []
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as zipped:
        for held in in_order():
            rows = await _rows(database, settings, held, caller)
            contents.append((held, len(rows)))
            zipped.writestr(f"{held.table}.json", json.dumps(rows, ensure_ascii=False, indent=2))
        zipped.writestr("index.html", _index(contents, caller, locale))
    target.seek(0)
    return target


async def _rows(
    database: Database, settings: Settings, held: Held, caller: Principal
) -> list[dict[str, Any]]:
    context = sign_in_context(settings, tenant_id=caller.tenant_id) if held.signs_in else caller.context()
    async with database.transaction(context.info()) as session:
        return await rows_of(session, held, caller.id)


def _index(contents: list[tuple[Held, int]], caller: Principal, locale: Locale) -> str:
    title = escape(msg("「{name}」在平台上的数据", name=caller.name).text(locale))
    lines = "".join(
        f'<tr><td><a href="{held.table}.json">{escape(held.title.text(locale))}</a></td><td>{count}</td></tr>'
        for held, count in contents
    )
    heads = "".join(f"<th>{escape(word.text(locale))}</th>" for word in (msg("内容"), msg("条数")))
    language = "en" if locale == "en" else "zh-CN"
    return (
        f'<!doctype html><html lang="{language}"><meta charset="utf-8"><title>{title}</title>'
        f"<h1>{title}</h1><table><tr>{heads}</tr>{lines}</table></html>"
    )


def chunks(file: IO[bytes]) -> Iterator[bytes]:
    """The archive in pieces; it is gone afterwards."""
    with file:
        while chunk := file.read(CHUNK):
            yield chunk
