"""What other features use of organisations."""

from collections.abc import Collection
from uuid import UUID

from app.access.principal import Principal
from app.core.db import ReadSession
from app.organisations.labels import FIELDS, KINDS, WORDS
from app.organisations.models import Organisation
from app.organisations.places import place_choices, place_names
from app.organisations.problems import UsccTaken
from app.organisations.queries import called, names_of, visible_to
from app.organisations.rules.uscc import Standing, examine
from app.organisations.schemas import Adcode, Kind, OrganisationCreate, Reason, UsccText, Website
from app.organisations.service import ensure_registrable, find_registered, get, register

__all__ = [
    "FIELDS",
    "KINDS",
    "WORDS",
    "Adcode",
    "Kind",
    "Organisation",
    "OrganisationCreate",
    "Reason",
    "Standing",
    "UsccTaken",
    "UsccText",
    "Website",
    "called",
    "ensure_registrable",
    "examine",
    "find_registered",
    "get",
    "names",
    "place_choices",
    "place_names",
    "register",
    "visible_to",
]


async def names(db: ReadSession, caller: Principal, ids: Collection[UUID]) -> dict[UUID, str]:
    """The names of organisations by id, by one statement; those the caller may not see are left out."""
    return {row.id: row.name for row in await db.execute(names_of(caller, ids))} if ids else {}
