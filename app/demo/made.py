"""What a load has made so far, by the names of the plan."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from uuid import UUID

from app.access.permissions import Role
from app.access.principal import Principal
from app.demo.accounts import PEOPLE, Person
from app.demo.bookings import BookingPlan, bookings
from app.demo.data.provinces import Place, Province

Ids = Mapping[str, UUID]


@dataclass
class Made:
    """What there is already: province, step and name to id; and the Monday the fortnight begins with."""

    monday: datetime
    by_province: dict[str, dict[str, Ids]] = field(default_factory=dict)
    password_hash: str | None = None

    @cached_property
    def fortnight(self) -> list[BookingPlan]:
        """Every booking there will be."""
        return list(bookings(self.monday))

    def account(self, tenant_id: str, person: Person) -> UUID:
        """The account of a person."""
        return self.by_province[tenant_id]["accounts"][person.key]

    def organisation(self, tenant_id: str, place: Place) -> UUID:
        """The organisation's id."""
        return self.by_province[tenant_id]["organisations"][place.slug]

    def instrument(self, tenant_id: str, inner_id: str, unit_label: str | None = None) -> UUID:
        """The instrument's id, or that of one of its units."""
        return self.by_province[tenant_id]["instruments"][named(inner_id, unit_label)]

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


def one_in(people: Sequence[Person], role: Role) -> Person:
    """The first person of a role."""
    return next(person for person in people if person.role is role)


def named(inner_id: str, unit_label: str | None = None) -> str:
    """The plan's name of an instrument, or of one of its units."""
    return inner_id if unit_label is None else f"{inner_id}/{unit_label}"
