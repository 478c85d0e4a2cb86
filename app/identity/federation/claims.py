"""What a provider says of a person, read by its claim map."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.core.text import clean, printable
from app.identity.federation.models import SELF, IdentityProvider

LONGEST_METHOD, MOST_METHODS = 20, 10


@dataclass(frozen=True, slots=True)
class Facts:
    """What one provider said of one person at one sign-in; none where it said nothing."""

    name: str | None = None
    unit: str | None = None
    uscc: str | None = None
    assurance: str | None = None
    verified: bool = False
    """The assurance is one of those that mean a verified real name."""


def facts_of(provider: IdentityProvider, claims: Mapping[str, Any]) -> Facts:
    """The facts among a person's claims."""
    assurance = _text(at(claims, provider.assurance_claim), 100)
    uscc = _text(at(claims, provider.uscc_claim), 50)
    return Facts(
        name=_text(at(claims, provider.name_claim), 100),
        unit=_text(at(claims, provider.unit_claim), 200),
        uscc=uscc and uscc.upper(),
        assurance=assurance,
        verified=assurance is not None and assurance in provider.verified_assurances,
    )


def at(claims: object, path: str | None) -> Any:
    """The claim at a dotted path, or None. A name may itself hold dots (`https://id.example/unit`): the whole one counts first."""
    if path is None or not isinstance(claims, Mapping):
        return None
    if path in claims:
        return claims[path]
    dots = [place for place, character in enumerate(path) if character == "."]
    inside = (at(claims[path[:dot]], path[dot + 1 :]) for dot in dots if path[:dot] in claims)
    return next((found for found in inside if found is not None), None)


def paths_of(claims: Mapping[str, Any], before: str = "") -> list[str]:
    """The dotted names of claims, two levels deep, for an admin who writes a claim map."""
    found: list[str] = []
    for name in sorted(claims):
        inside = claims[name]
        found += (
            paths_of(inside, f"{name}.") if isinstance(inside, Mapping) and not before else [before + name]
        )
    return [printable(name)[:200] for name in found[:100]]


def methods_of(provider: IdentityProvider, claims: Mapping[str, Any]) -> list[str]:
    """How the person was authenticated (`amr`, RFC 8176); `mfa` only where the provider is trusted to say so."""
    given = claims.get("amr")
    said = (
        [m for m in given if isinstance(m, str) and 0 < len(m) <= LONGEST_METHOD]
        if isinstance(given, list)
        else []
    )
    methods = {m for m in said[:MOST_METHODS] if m.isascii() and m.isprintable()}
    two = "mfa" in methods or claims.get("acr") in provider.two_factor_acrs
    trusted = provider.trusts_factors or provider.issuer == SELF
    return sorted((methods - {"mfa"}) | ({"mfa"} if two and trusted else set()))


def _text(value: object, longest: int) -> str | None:
    """A text or a whole number as one line; None for what is neither, or empty."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    text = printable(clean(str(value)[: 4 * longest])).strip()[:longest].strip()
    return text or None
