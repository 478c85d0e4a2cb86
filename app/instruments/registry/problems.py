"""What can stand in the way of a change to the register."""

from app.core.errors import Conflict, FieldError, Invalid, on_violation
from app.core.i18n import msg
from app.instruments.rules.cells import MOST_UNITS


class InnerIdTaken(Conflict):
    """The organisation has another instrument with this inner id."""

    code = "instruments.inner_id_taken"
    title = msg("该单位已有相同单位内编号的仪器")


class UnitLabelTaken(Conflict):
    """The instrument has another unit with this label."""

    code = "instruments.unit_label_taken"
    title = msg("该仪器已有同名的单元")


class StillBooked(Conflict):
    """Future bookings hold the unit or the instrument."""

    code = "instruments.still_booked"
    title = msg("还有未来的预约，请先取消或改到其他单元")


class TooManyUnits(Conflict):
    """An instrument has no more units than its form can show."""

    code = "instruments.too_many_units"
    title = msg("一台仪器最多 {most} 台（套）", most=MOST_UNITS)


class LastUnit(Conflict):
    """An instrument in use keeps one active unit."""

    code = "instruments.last_unit"
    title = msg("至少保留一个可预约的单元；整台仪器不再使用时请停用或报废")


class AlreadyRetired(Conflict):
    """It was retired before."""

    code = "instruments.already_retired"
    title = msg("该仪器已经报废")


class FamilyNameTaken(Conflict):
    """The organisation has another family of this name."""

    code = "instruments.family_name_taken"
    title = msg("该单位已有同名的仪器族")


class FamilyInUse(Conflict):
    """Instruments are in the family."""

    code = "instruments.family_in_use"
    title = msg("族中还有仪器（含已报废的），请先把它们移出")


def family_unknown() -> Invalid:
    """The family is none of the instrument's organisation."""
    return Invalid(errors=[FieldError("family_id", "family_unknown", msg("该单位没有这个仪器族"))])


def account_unknown() -> Invalid:
    """The account is not one of this province."""
    return Invalid(errors=[FieldError("account_id", "account_unknown", msg("没有这个账号，或不属于本省"))])


def _taken(field: str, problem: type[Conflict]) -> Conflict:
    return problem(errors=[FieldError(field, "taken", problem.title)])


on_violation("uq_instrument_organisation_id_inner_id", lambda: _taken("inner_id", InnerIdTaken))
on_violation("uq_instrument_unit_instrument_id_label", lambda: _taken("label", UnitLabelTaken))
on_violation("uq_instrument_family_organisation_id_name", lambda: _taken("name", FamilyNameTaken))
on_violation("fk_instrument_tenant_id_organisation_id_family_id", family_unknown)
on_violation("fk_stewardship_tenant_id_account_id", account_unknown)
