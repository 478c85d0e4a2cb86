"""The people of the province for its officers, of their organisations for managers."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request, Response

from app.access.entry import Reads
from app.access.guards import requires
from app.access.noting import personal
from app.access.permissions import OVERSEERS, ROLES, Permission, Role
from app.access.principal import Principal
from app.core import clock
from app.core.i18n import Locale, msg
from app.core.keyset import Part
from app.core.problems import locale_of
from app.core.tabular import Cell, write_csv
from app.identity import labels, people
from app.identity.context import sign_in_transaction
from app.identity.people import PersonEntry
from app.identity.schemas import PeopleQuery
from app.organisations.public import names
from app.web.public import SHANGHAI, Entry, Pages, render

pages = Pages(
    prefix="/people", entries=[Entry(msg("人员"), "/people", Permission.PEOPLE_READ, "manage", "users", 60)]
)
Officer = Annotated[Principal, requires(Permission.PEOPLE_READ)]


@pages.get("", dependencies=[personal("read.people")])
async def list_page(
    request: Request, db: Reads, caller: Officer, wanted: Annotated[PeopleQuery, Query()]
) -> Response:
    """People with their organisations and roles, under filters; htmx asks for the results alone."""
    part = Part.of(request, wanted)
    # First, in a transaction that ends before this request's begins: its role sees no login names.
    async with sign_in_transaction(request) as session:
        login_names = await people.login_names(session, caller=caller, wanted=wanted, part=part)
    found = await people.find(db, caller=caller, wanted=wanted, part=part)
    known = await names(db, caller, [wanted.organisation]) if wanted.organisation else {}
    return render(
        request,
        "identity/people.html",
        fragment="identity/_people.html",
        caller=caller,
        people=found.items,
        login_names=login_names,
        next_cursor=found.next,
        wanted=wanted,
        active=_active(wanted, known),
        export_url=_export_url(request),
        whole_province=bool(caller.roles & OVERSEERS),
        labels=labels,
    )


@pages.get("/export.csv", dependencies=[personal("read.people_file")])
async def export_csv(
    request: Request, db: Reads, caller: Officer, wanted: Annotated[PeopleQuery, Query()]
) -> Response:
    """The filtered list as CSV; a list that is too long is refused, not cut."""
    found = await people.every(db, caller=caller, wanted=wanted)
    body = b"".join(write_csv(_rows(found, locale_of(request))))
    name = f"people-{clock.now().astimezone(SHANGHAI):%Y%m%d}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(body, media_type="text/csv; charset=utf-8", headers=headers)


def _export_url(request: Request) -> str:
    query = request.url.remove_query_params(["cursor", "limit"]).query
    return f"/people/export.csv?{query}" if query else "/people/export.csv"


def _active(wanted: PeopleQuery, organisations: dict[UUID, str]) -> list[tuple[str, Any]]:
    """Each filter that is set: its parameter's name and what it asks for, in words."""
    shown: list[tuple[str, Any]] = []
    if wanted.q:
        shown.append(("q", f"“{wanted.q}”"))
    if wanted.organisation:
        shown.append(("organisation", organisations.get(wanted.organisation, str(wanted.organisation))))
    if wanted.role:
        shown.append(("role", labels.PEOPLE_ROLES[wanted.role]))
    if wanted.status:
        shown.append(("status", labels.STATUSES[wanted.status]))
    return shown


def _rows(found: Sequence[PersonEntry], locale: Locale) -> Iterator[list[Cell]]:
    yield [head.text(locale) for head in labels.EXPORT_HEADS]
    for person in found:
        yield [
            person.name,
            labels.STATUSES[person.status].text(locale),
            "; ".join(ROLES[Role(role)].text(locale) for role in person.roles),
            "; ".join(
                f"{m.organisation_name or ''} ({ROLES[Role(m.role)].text(locale)})"
                for m in person.memberships
            ),
            person.created_at.astimezone(SHANGHAI).replace(microsecond=0, tzinfo=None),
            str(person.id),
        ]
