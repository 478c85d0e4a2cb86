"""What a load has made so far, by the names of the plan."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from uuid import UUID

from app.access.permissions import Role
from app.access.principal import Principal
from app.demo.accounts import NEWCOMERS, PEOPLE, Person
from app.demo.bookings import BookingPlan, bookings
from app.demo.data.provinces import Place, Province
from app.settings import Settings

Ids = Mapping[str, UUID]


@dataclass
class Made:
    """What there is already, by province; and the Monday the fortnight begins with."""

    monday: datetime
    settings: Settings
    steps: dict[str, set[str]] = field(default_factory=dict)
    """The steps that are done."""
    ids: dict[str, dict[str, UUID]] = field(default_factory=dict)
    """By login name, slug, inner id, or inner id and unit: no two things of a province share a name."""
    password_hash: str | None = None

    def add(self, tenant_id: str, step: str, ids: Ids) -> None:
        """Remember what a step made."""
        self.steps.setdefault(tenant_id, set()).add(step)
        self.ids.setdefault(tenant_id, {}).update(ids)

    def has(self, tenant_id: str, step: str) -> bool:
        """Whether a step is done."""
        return step in self.steps.get(tenant_id, ())

    @cached_property
    def fortnight(self) -> list[BookingPlan]:
        """Every booking there will be."""
        return list(bookings(self.monday))

    def account(self, tenant_id: str, person: Person) -> UUID:
        """The account of a person."""
        return self.ids[tenant_id][person.key]

    def organisation(self, tenant_id: str, place: Place) -> UUID:
        """The organisation's id."""
        return self.ids[tenant_id][place.slug]

    def instrument(self, tenant_id: str, inner_id: str, unit_label: str | None = None) -> UUID:
        """The instrument's id, or that of one of its units."""
        return self.ids[tenant_id][named(inner_id, unit_label)]

    def admin(self, province: Province) -> Principal:
        """The province's admin, who registers everything."""
        admin = one_in(PEOPLE[province.code], Role.PROVINCE_ADMIN)
        return Principal(
            "person",
            self.account(province.code, admin),
            province.code,
            admin.name,
            roles=frozenset({Role.PROVINCE_ADMIN}),
        )

    def newcomer(self, province: Province) -> Principal:
        """Somebody without an organisation."""
        person = NEWCOMERS[province.code]
        return Principal("person", self.account(province.code, person), province.code, person.name)


def one_in(people: Sequence[Person], role: Role) -> Person:
    """The first person of a role."""
    return next(person for person in people if person.role is role)


def named(inner_id: str, unit_label: str | None = None) -> str:
    """The plan's name of an instrument, or of one of its units."""
    return inner_id if unit_label is None else f"{inner_id}/{unit_label}"
