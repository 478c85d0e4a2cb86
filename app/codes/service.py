"""Reading the lists."""

from collections.abc import Sequence

from app.codes import queries
from app.codes.models import Code, CodeScheme
from app.codes.schemas import CodeQuery
from app.core.db import ReadSession
from app.core.errors import NotFound
from app.core.keyset import Part, Slice, fetch


async def schemes(db: ReadSession) -> Sequence[CodeScheme]:
    """Every list that is loaded."""
    return (await db.scalars(queries.schemes())).all()


async def get(db: ReadSession, *, scheme: str, code: str) -> Code:
    """One entry, current or historical.

    Raises:
        NotFound: the list has no such code.
    """
    found: Code | None = await db.scalar(queries.by_codes(scheme, [code]))
    if found is None:
        raise NotFound
    return found


async def find(db: ReadSession, *, scheme: str, wanted: CodeQuery, part: Part) -> Slice[Code]:
    """The entries of a list that are asked for, by code.

    Raises:
        NotFound: there is no such list.
        Invalid: the cursor is forged, or of another list or filter.
    """
    found = await fetch(
        db,
        queries.entries(scheme, wanted),
        queries.BY_CODE,
        part,
        bound_to=["codes", scheme, wanted.filters()],
    )
    if not found.items and scheme not in {row.name for row in await schemes(db)}:
        raise NotFound
    return found
