"""The limits, as one table."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Network, ip_address

_OVERRIDE = re.compile(r"([1-9]\d{0,9})/([1-9]\d{0,4})")
UNKNOWN_ADDRESS = "unknown"
_EXEMPT = re.compile(r"/(?:healthz|readyz|metrics|static/.*)")


class Per(StrEnum):
    """Whose requests are counted together."""

    ADDRESS = "address"
    """An IPv4 address or the /64 of an IPv6 address, whoever asks."""
    VISITOR = "visitor"
    """The address of a caller who is not signed in."""
    PERSON = "person"
    """A signed-in person, in browsers and through applications."""
    CLIENT = "client"
    """A registered application, whomever it acts for."""
    APPLICATION = "application"
    """A registered application that proves itself at our OAuth endpoints; a public one proves nothing."""
    CALLER = "caller"
    """The person, else the client, else the visitor's address."""


@dataclass(frozen=True, slots=True, eq=False)
class Policy:
    """`quota` requests in `window` seconds; `on` matches "METHOD /path", or every request. Compared by identity: it is a key."""

    name: str
    per: Per
    quota: int
    window: int
    what: str
    on: re.Pattern[str] | None = None

    @property
    def batch(self) -> int:
        """Permits that a process takes at once."""
        return max(1, self.quota // 20)


def _on(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


_TOKEN = _on(r"POST /oauth/(token|revoke|device.*)")
_PAR = _on(r"POST /oauth/par")
_INTROSPECTION = _on(r"POST /oauth/introspect")
POLICIES = (
    Policy("address", Per.ADDRESS, 6_000, 60, "every request"),
    Policy("visitor", Per.VISITOR, 600, 60, "requests of nobody signed in"),
    Policy("person", Per.PERSON, 1_200, 60, "requests of a signed-in person"),
    Policy("client", Per.CLIENT, 3_000, 60, "requests with an application's access tokens"),
    Policy("search", Per.CALLER, 300, 60, "searches", _on(r"GET (/api/v1)?/instruments")),
    Policy("export", Per.CALLER, 60, 600, "downloads of whole lists", _on(r"GET .*/(export|errors)\.\w+")),
    Policy(
        "upload",
        Per.CALLER,
        60,
        600,
        "uploads",
        _on(r"POST (/api/v1/instrument-imports|/instruments/imports|.*/(evidence|files))"),
    ),
    Policy(
        "invitation",
        Per.CALLER,
        100,
        3_600,
        "invitations sent, by mail to whomever",
        _on(r"POST .*/invitations(/[^/]+/resend)?"),
    ),
    Policy("token", Per.ADDRESS, 1_200, 60, "tokens given and revoked", _TOKEN),
    Policy("client_token", Per.APPLICATION, 1_200, 60, "tokens given and revoked", _TOKEN),
    Policy("par", Per.ADDRESS, 600, 60, "pushed authorization requests", _PAR),
    Policy("client_par", Per.APPLICATION, 600, 60, "pushed authorization requests", _PAR),
    Policy("introspection", Per.ADDRESS, 3_000, 60, "introspection", _INTROSPECTION),
    Policy("client_introspection", Per.APPLICATION, 3_000, 60, "introspection", _INTROSPECTION),
    Policy(
        "account", Per.ADDRESS, 60, 3_600, "registration and recovery", _on(r"POST /(register|recover)(/.*)?")
    ),
)
"""A campus of two thousand people may be one address: what is counted by address is generous."""


def policies(overrides: Mapping[str, str]) -> tuple[Policy, ...]:
    """The table as a deployment wants it: `{"visitor": "300/60", "search": "off"}`.

    Raises:
        ValueError: an override names no policy, or is neither "quota/seconds" nor "off".
    """
    unknown = set(overrides) - {policy.name for policy in POLICIES}
    if unknown:
        raise ValueError(f"RATE_LIMITS names unknown limits: {', '.join(sorted(unknown))}")
    return tuple(
        _overridden(policy, overrides.get(policy.name))
        for policy in POLICIES
        if overrides.get(policy.name) != "off"
    )


def _overridden(policy: Policy, wanted: str | None) -> Policy:
    if wanted is None:
        return policy
    found = _OVERRIDE.fullmatch(wanted)
    if found is None:
        raise ValueError(f'RATE_LIMITS: {policy.name} must be "quota/seconds" or "off"')
    return replace(policy, quota=int(found[1]), window=int(found[2]))


def in_words() -> str:
    """The table for the API's description."""
    rows = (f"| `{p.name}` | {p.what} | {p.per} | {p.quota:,} | {p.window} |" for p in POLICIES)
    return "\n".join(("| limit | counts | per | requests | seconds |", "|---|---|---|---:|---:|", *rows))


def exempt(path: str) -> bool:
    """Whether nobody is kept from this address: health, figures and static files."""
    return _EXEMPT.fullmatch(path) is not None


@lru_cache(maxsize=4096)
def counted_address(host: str | None) -> str:
    """What is counted as one address: IPv4 as it is, IPv6 by its /64, the part a site is given (RFC 6177 §2)."""
    try:
        address = ip_address((host or "").partition("%")[0])
    except ValueError:
        return UNKNOWN_ADDRESS
    if isinstance(address, IPv4Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(IPv6Network((address, 64), strict=False))
