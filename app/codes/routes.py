"""Code lists over the API."""

from typing import Annotated

from fastapi import Path, Query, Request, Response

from app.access.entry import Reads, Router
from app.access.guards import requires
from app.access.permissions import Permission
from app.access.principal import Principal
from app.codes import service
from app.codes.models import Code
from app.codes.public import label
from app.codes.schemas import CodeOut, CodeQuery, CodeText, SchemeOut
from app.codes.schemes import NAME, scheme_of
from app.core.i18n import Locale
from app.core.keyset import Part, link_next
from app.core.problems import locale_of
from app.core.schema import PageOf

router = Router(prefix="/codes", tags=["codes"])
Reader = Annotated[Principal, requires(Permission.CODES_READ)]
SchemeName = Annotated[str, Path(pattern=f"^{NAME}$", examples=["gb2260"])]


@router.get("", operation_id="listCodeSchemes")
async def list_schemes(request: Request, db: Reads, _caller: Reader) -> list[SchemeOut]:
    """The lists that are loaded, with their source and version."""
    locale = locale_of(request)
    return [
        SchemeOut(
            scheme=row.name,
            title=scheme_of(row.name).title.text(locale),
            source=row.source,
            version=row.version,
            imported_at=row.imported_at,
        )
        for row in await service.schemes(db)
    ]


@router.get("/{scheme}", operation_id="listCodes")
async def list_codes(
    scheme: SchemeName,
    request: Request,
    response: Response,
    db: Reads,
    _caller: Reader,
    wanted: Annotated[CodeQuery, Query()],
) -> PageOf[CodeOut]:
    """The entries of a list by code: below a parent, of a level, by words of their name."""
    found = await service.find(db, scheme=scheme, wanted=wanted, part=Part.of(request, wanted))
    link_next(request, response, found.next)
    locale = locale_of(request)
    return PageOf(items=[_shown(entry, locale) for entry in found.items], next=found.next)


@router.get("/{scheme}/{code}", operation_id="getCode")
async def get_code(
    scheme: SchemeName, code: Annotated[CodeText, Path()], request: Request, db: Reads, _caller: Reader
) -> CodeOut:
    """One entry of a list; a code that is no longer in force still resolves, as historical."""
    return _shown(await service.get(db, scheme=scheme, code=code), locale_of(request))


def _shown(entry: Code, locale: Locale) -> CodeOut:
    shared = {name: getattr(entry, name) for name in CodeOut.model_fields if name != "name"}
    return CodeOut(name=label(entry, locale), **shared)
