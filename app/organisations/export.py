"""The list of organisations as a file for a spreadsheet."""

from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import Literal

from app.core.clock import now
from app.core.i18n import Locale
from app.core.tabular import Cell, write_csv, write_xlsx
from app.organisations.labels import EXPORT_HEADS, KINDS, SCOPES, STATUSES
from app.organisations.models import Organisation
from app.web.public import SHANGHAI, province_name

Format = Literal["csv", "xlsx"]
MEDIA_TYPES: dict[Format, str] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def file_of(organisations: Sequence[Organisation], kind: Format, locale: Locale) -> bytes:
    """The file: a header and one row an organisation, in the reader's language, times of Asia/Shanghai."""
    rows = _rows(organisations, locale)
    if kind == "csv":
        return b"".join(write_csv(rows))
    target = BytesIO()
    write_xlsx(rows, target, sheet="organisations")
    return target.getvalue()


def file_name(kind: Format) -> str:
    """The name the file is saved under."""
    return f"organisations-{now().astimezone(SHANGHAI):%Y%m%d}.{kind}"


def _rows(organisations: Sequence[Organisation], locale: Locale) -> Iterator[list[Cell]]:
    yield [head.text(locale) for head in EXPORT_HEADS]
    for row in organisations:
        yield [
            row.uscc,
            row.name,
            KINDS[row.kind].text(locale),
            province_name(row.tenant_id).text(locale),
            row.adcode,
            STATUSES[row.status].text(locale),
            SCOPES[row.scope].text(locale),
            row.website,
            row.created_at.astimezone(SHANGHAI).replace(microsecond=0, tzinfo=None),
        ]
