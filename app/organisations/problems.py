"""What can be wrong with an organisation."""

from app.core.errors import Conflict, FieldError, Invalid, on_violation
from app.core.i18n import msg


class UsccTaken(Conflict):
    """The code belongs to an organisation already, perhaps one the caller may not see: it is a public register number."""

    code = "organisations.uscc_taken"
    title = msg("该统一社会信用代码已登记")


class StatusUnchanged(Conflict):
    """The organisation is suspended, or active, already."""

    code = "organisations.status_unchanged"
    title = msg("单位已处于该状态")


def uscc_doubtful(code: str) -> Invalid:
    """The check character fails, and no reason to accept the code was given."""
    message = msg("校验位不符；如确为有效的历史代码，请填写核准理由")
    return Invalid(
        errors=[
            FieldError("uscc", "organisations.uscc_doubtful", message, value=code),
            FieldError(
                "uscc_override_reason", "organisations.uscc_override_reason_needed", msg("请说明核准依据")
            ),
        ]
    )


def adcode_unknown(code: str) -> Invalid:
    """No county or city of the own province."""
    message = msg("不是本省现行的市、县代码")
    return Invalid(errors=[FieldError("adcode", "organisations.adcode_unknown", message, value=code)])


on_violation("uq_organisation_uscc", UsccTaken)
