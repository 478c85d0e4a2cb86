"""Where an entry stands in its list, told by the code itself."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """Codes whose beginnings are the codes above them; `width` is the length upper codes are padded to with zeros."""

    prefixes: tuple[int, ...]
    """Digits that tell at each level: (2, 4, 6) says province, city, county."""
    width: int = 0

    def level(self, code: str) -> int:
        """The level of a code, from 1; 0 where its length fits none."""
        for level, prefix in enumerate(self.prefixes, start=1):
            if len(code) == max(prefix, self.width) and not code[prefix:].strip("0"):
                return level
        return 0

    def above(self, code: str) -> Iterator[str]:
        """The codes above this one, the nearest first."""
        for prefix in reversed(self.prefixes[: max(self.level(code) - 1, 0)]):
            yield code[:prefix].ljust(self.width, "0")
