"""What a whole entry of the register must keep, beyond what each field allows by itself."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Literal

from app.core.errors import FieldError
from app.core.i18n import Message, msg
from app.instruments.rules import limits
from app.instruments.rules.vocabulary import NO_CARRIER

Tier = Literal["national", "provincial", "other"]
DEFAULTS: Mapping[str, Any] = {
    "scope": "province",
    "name_en": "",
    "disciplines": [],
    "source": "purchased",
    "kind": "general",
    "funds": "own",
    "carrier_type": NO_CARRIER,
    "carrier_name": "",
    "department": "",
    "family_id": None,
    "worth_fen": None,
    "nation": "",
    "manufacturer": "",
    "model": "",
    "begin_date": None,
    "technical": "",
    "function": "",
    "service_content": "",
    "achievement": "",
    "requirement": "",
    "fee_note": "",
    "service_url": "",
    "image_url": "",
    "customs_supervised": False,
    "customs_until": None,
    "customs_notice": "",
    "customs_declaration": "",
    "customs_item": "",
    "customs_imported_on": None,
    "customs_form": "",
    "address": "",
    "postcode": "",
    "contact_name": "",
    "contact_phone": "",
    "contact_email": "",
    "running_state": "normal",
    "service_status": "open",
    "booking_mode": "self",
    "tz": "Asia/Shanghai",
}
"""What a field is when nobody says; the database has the same."""
TOLD_WHEN_OPEN = {
    "technical": msg("对外开放的仪器须填写主要技术指标"),
    "function": msg("对外开放的仪器须填写主要功能"),
    "requirement": msg("对外开放的仪器须填写开放共享规定"),
}
TOLD_WHEN_REPORTED = {
    "technical": msg("原值 30 万元以上的仪器须填写主要技术指标"),
    "function": msg("原值 30 万元以上的仪器须填写主要功能"),
}
TOLD_IF_KNOWN = {
    "technical": msg("没有主要技术指标，开放或上报前须补上"),
    "function": msg("没有主要功能，开放或上报前须补上"),
}
PROVINCE_DIGITS = 2
NATIONAL_FEN, PROVINCIAL_FEN = 50_000_000, 30_000_000
"""From 500,000 yuan an instrument is reported to the national platform, from 300,000 to the province's (§2.1)."""


def tier(worth_fen: int | None) -> Tier | None:
    """The class of an instrument by its purchase value; None while that is unknown."""
    if worth_fen is None:
        return None
    if worth_fen >= NATIONAL_FEN:
        return "national"
    return "provincial" if worth_fen >= PROVINCIAL_FEN else "other"


def faults(entry: Mapping[str, Any], *, tenant_id: str, today: date) -> list[FieldError]:
    """Everything wrong with an entry of the province `tenant_id`; `today` is the date there.

    A field that is known to be wrong may be left out: what depends on it is not judged, and all else is.
    The national form requires 主要技术指标 and 主要功能 of every instrument (§2.2). They are required here of whatever is
    reported, from 300,000 yuan, and of whatever others may use; of a small instrument for its own house, whose
    inventory often has no such text, their lack is only a caution. 开放共享规定 is required of what is open.
    """
    return [*_facts(entry, tenant_id, today), *_untold(entry)]


def cautions(entry: Mapping[str, Any]) -> Iterator[FieldError]:
    """What does not stand in the way of an entry, but of reporting it to the national platform."""
    _, required = _required(entry)
    for field, reason in TOLD_IF_KNOWN.items():
        if field not in required and entry.get(field) == "":
            yield FieldError(field, "missing_for_the_form", reason)
    for field, most in limits.NATIONAL_FORM.items():
        length = len(entry.get(field, ""))
        if length > most:
            reason = msg("国家平台填报只收 {most} 个字，现有 {length} 个", most=most, length=length)
            yield FieldError(field, "too_long_for_the_form", reason)


def _required(entry: Mapping[str, Any]) -> tuple[str, Mapping[str, Message]]:
    """The texts an entry must tell, and the code of why."""
    if entry.get("service_status") == "open":
        return "missing_when_open", TOLD_WHEN_OPEN
    if tier(entry.get("worth_fen")) in {"national", "provincial"}:
        return "missing_when_reported", TOLD_WHEN_REPORTED
    return "", {}


def _untold(entry: Mapping[str, Any]) -> Iterator[FieldError]:
    code, told = _required(entry)
    return (FieldError(field, code, reason) for field, reason in told.items() if entry.get(field) == "")


def _facts(entry: Mapping[str, Any], tenant_id: str, today: date) -> Iterator[FieldError]:
    adcode = entry.get("adcode")
    if adcode is not None and adcode[:PROVINCE_DIGITS] != tenant_id[:PROVINCE_DIGITS]:
        yield FieldError("adcode", "outside_province", msg("安放地须在本省（市）内"), value=adcode)
    begun = entry.get("begin_date")
    if begun is not None and begun > today:
        yield FieldError("begin_date", "in_the_future", msg("启用日期不能晚于今天"), value=begun.isoformat())
    imported = entry.get("customs_imported_on")
    if imported is not None and imported > today:
        yield FieldError(
            "customs_imported_on", "in_the_future", msg("进口日期不能晚于今天"), value=imported.isoformat()
        )
    if entry.get("carrier_type", NO_CARRIER) != NO_CARRIER and entry.get("carrier_name") == "":
        yield FieldError("carrier_name", "missing", msg("有所属载体时须填写载体名称"))
