"""Organisations with credit codes that keep every rule of the standard and that no registry can have given out."""

from dataclasses import dataclass

from stdnum.cn import uscc

from app.demo.data.provinces import PROVINCES, Place, Province

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_REGISTRATION = {"university": "12", "institute": "12", "medical": "12", "enterprise": "91"}
"""GB 32100-2015 table 1: 12 public institution 事业单位, 91 company."""


@dataclass(frozen=True, slots=True)
class OrganisationPlan:
    """An organisation to register."""

    place: Place
    uscc: str
    website: str


def organisations(province: Province) -> list[OrganisationPlan]:
    """The organisations of a province."""
    return [
        OrganisationPlan(place, _code(province, place, number), f"https://{place.slug}.example/")
        for number, place in enumerate(province.organisations, start=1)
    ]


def _code(province: Province, place: Place, number: int) -> str:
    # Real organisation codes are digits or begin with M; one that begins with YRD belongs to nobody.
    body = f"YRD{province.code[:2]}{number:03d}"
    head = f"{_REGISTRATION[place.kind]}{place.adcode}{body}{_organisation_check(body)}"
    return head + uscc.calc_check_digit(head)


def _organisation_check(body: str) -> str:
    """The check character of the organisation code inside (GB 11714-1997)."""
    total = sum(weight * _ALPHABET.index(char) for weight, char in zip(_WEIGHTS, body, strict=True))
    return "0123456789X0"[11 - total % 11]


def applicant(province: Province) -> OrganisationPlan:
    """A company that applies, and is not registered yet."""
    place = Place(
        "xinrui",
        f"{province.organisations[0].name[:2]}新芮科技有限公司（示例）",
        "enterprise",
        province.organisations[-1].adcode,
        0,
    )
    number = len(province.organisations) + 1
    return OrganisationPlan(place, _code(province, place, number), f"https://{place.slug}.example/")


ORGANISATIONS = {province.code: organisations(province) for province in PROVINCES}
APPLICANTS = {province.code: applicant(province) for province in PROVINCES}
