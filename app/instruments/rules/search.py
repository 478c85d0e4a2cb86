"""What people type into the search box, as a PostgreSQL text query over the bigrams of `zh_bigram`.

The index holds every pair of neighbouring Chinese characters at its place, so a phrase of pairs finds exactly the
records that contain the characters in that order: 机器学习 is '机器' <2> '学习'; odd lengths overlap the last pair.
Digits and letters are words of their own, whatever stands between them, so that BY3800, BY-3800 and BY 3800 are one;
the last of them may go on: GS-65 finds GS-6500, microscop both microscope and microscopy.
"""

import re
from itertools import pairwise

from app.core.text import normalised

HAN = "\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_RUNS = re.compile(f"([{HAN}]+)|([0-9]+|[a-z\u00c0-\u024f\u0370-\u03ff]+)")
"""The same runs as `zh_bigram` (migration 0008) sees."""
MOST_WORDS = 10
PAIR = 2
_LATIN = re.compile(f"'[^{HAN}']{{2,}}'")
"""A lexeme of letters or digits, long enough to be the beginning of others."""


def words(typed: str) -> list[str]:
    """The words of a search, each once; more than ten are one too many."""
    return list(dict.fromkeys(_folded(typed).split()))[:MOST_WORDS]


def phrase(word: str) -> str | None:
    """The text query of one word, or None when it has nothing to search for."""
    lexemes: list[tuple[int, str]] = []
    place = 0
    for han, other in _RUNS.findall(_folded(word)):
        if han:
            lexemes += [(place + offset, _han(han, offset)) for offset in _offsets(len(han))]
            place += len(han)
        for part in _alphanumeric(other):
            lexemes.append((place, f"'{part}'"))
            place += 1
    if not lexemes:
        return None
    steps = [f" <{after - before}> {lexeme}" for (before, _), (after, lexeme) in pairwise(lexemes)]
    goes_on = _LATIN.fullmatch(lexemes[-1][1])
    return lexemes[0][1] + "".join(steps) + (":*" if goes_on else "")


def _folded(typed: str) -> str:
    return normalised(typed, "NFKC").lower()


def _offsets(length: int) -> list[int]:
    """Where the pairs that cover a run of characters begin."""
    if length <= PAIR:
        return [0]
    even = list(range(0, length - 1, PAIR))
    return even if length % PAIR == 0 else [*even, length - PAIR]


def _han(run: str, offset: int) -> str:
    pair = run[offset : offset + PAIR]
    return f"'{pair}'" if len(pair) == PAIR else f"'{pair}':*"


def _alphanumeric(run: str) -> list[str]:
    """PostgreSQL's parser parts a run at signs such as × that stand among the letters of Latin-1."""
    return "".join(c if c.isalnum() else " " for c in run).split()
