"""The browser behind a session."""

from dataclasses import dataclass, replace

from app.core.i18n import DEFAULT, Locale

USER_AGENT_LENGTH, ADDRESS_LENGTH = 300, 64


@dataclass(frozen=True, slots=True)
class Device:
    """A browser, in its own words."""

    user_agent: str = ""
    address: str = ""
    locale: Locale = DEFAULT
    """The language its person reads."""

    def as_kept(self) -> "Device":
        """As the database keeps it: printable, and no longer than it takes."""
        return replace(
            self,
            user_agent=_plain(self.user_agent, USER_AGENT_LENGTH),
            address=_plain(self.address, ADDRESS_LENGTH),
        )


def _plain(value: str, length: int) -> str:
    return "".join(c for c in value if c.isprintable())[:length]
