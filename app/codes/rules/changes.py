"""What a new edition of a list changes."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Literal

Status = Literal["current", "historical"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One code of a list."""

    code: str
    name_zh: str = ""
    name_en: str = ""
    parent: str | None = None
    level: int = 1
    status: Status = "current"
    valid_from: date | None = None
    valid_to: date | None = None
    successor: str | None = None
    source: str = ""


@dataclass(slots=True)
class Changes:
    """Entries by what happens to them; each list holds them as they will be."""

    added: list[Entry] = field(default_factory=list)
    renamed: list[Entry] = field(default_factory=list)
    changed: list[Entry] = field(default_factory=list)
    retired: list[Entry] = field(default_factory=list)
    unchanged: int = 0

    def written(self) -> list[Entry]:
        """Every entry that differs from what is stored."""
        return [*self.added, *self.renamed, *self.changed, *self.retired]


def covered_levels(stored: Mapping[str, Entry], incoming: Mapping[str, Entry]) -> frozenset[int]:
    """The levels of which `incoming` has at least half as many codes as are current: it may speak for them.

    A list of counties names a few cities without counties too; that does not make it a list of cities.
    """
    before = Counter(entry.level for entry in stored.values() if entry.status == "current")
    now = Counter(entry.level for entry in incoming.values())
    return frozenset(level for level, count in now.items() if count * 2 >= before[level])


def compare(
    stored: Mapping[str, Entry],
    incoming: Mapping[str, Entry],
    *,
    complete: Collection[int] = (),
    as_of: date | None = None,
) -> Changes:
    """What `incoming` changes; current codes that it lacks are retired in the levels it is `complete` for.

    A historical entry never overrules a current one, and its name gives way to a later edition's. A blank field of the
    new edition leaves the stored one. Retired codes were in force until the day before `as_of`, where that is known.
    """
    changes = Changes()
    for code, entry in incoming.items():
        old = stored.get(code)
        if old is None:
            changes.added.append(entry)
            continue
        new = _merged(old, entry)
        if replace(new, source=old.source) == old:
            changes.unchanged += 1
        elif (new.name_zh, new.name_en) != (old.name_zh, old.name_en):
            changes.renamed.append(new)
        else:
            changes.changed.append(new)
    until = as_of - timedelta(days=1) if as_of else None
    changes.retired = [
        replace(old, status="historical", valid_to=old.valid_to or until)
        for old in stored.values()
        if old.status == "current" and old.level in complete and old.code not in incoming
    ]
    return changes


def _merged(old: Entry, new: Entry) -> Entry:
    if new.status == "historical" and (old.status == "current" or _known_later(old, new)):
        return old
    return replace(
        new,
        name_zh=new.name_zh or old.name_zh,
        name_en=new.name_en or old.name_en,
        valid_from=new.valid_from or old.valid_from,
        successor=new.successor or old.successor,
    )


def _known_later(old: Entry, new: Entry) -> bool:
    return old.valid_to is not None and (new.valid_to is None or new.valid_to < old.valid_to)
