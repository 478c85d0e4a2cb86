"""What the header and the account menu offer; every `Pages` router brings its own entries."""

from dataclasses import dataclass
from typing import Literal

from app.access.permissions import Permission
from app.access.principal import Principal
from app.core.i18n import Message

Place = Literal["main", "account", "manage"]


@dataclass(frozen=True, slots=True)
class Entry:
    """A link of the menu, shown to callers who hold `permission` somewhere."""

    label: Message
    href: str
    permission: Permission = Permission.PUBLIC
    place: Place = "main"
    icon: str = ""
    position: int = 50

    def is_current(self, path: str) -> bool:
        """Whether the page at `path` belongs under this entry."""
        return path == self.href or path.startswith(self.href.rstrip("/") + "/")


_entries: list[Entry] = []


def add(*entries: Entry) -> None:
    """Offer more entries."""
    _entries.extend(entry for entry in entries if entry not in _entries)
    _entries.sort(key=lambda entry: (entry.position, entry.href))


def entries_for(caller: Principal, place: Place) -> list[Entry]:
    """What the caller is offered at `place`, in order."""
    if place != "main" and caller.kind == "visitor":
        return []
    return [entry for entry in _entries if entry.place == place and caller.may(entry.permission)]
