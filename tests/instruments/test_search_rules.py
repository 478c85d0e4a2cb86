"""Search queries: any part of an indexed Chinese text is found, and nothing a person types is an error."""

import re
import unicodedata

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from app.core.db import Database
from app.instruments.rules.search import phrase, words

HAN = st.characters(min_codepoint=0x4E00, max_codepoint=0x4E2F) | st.sampled_from(
    "镜仪质谱显微\U00020000\u3400"
)
NAME = st.lists(
    st.text(HAN, min_size=1, max_size=8)
    | st.sampled_from(["SEM", "S-4800", "GC/MS", "（", "·", "10×20", "Φ3", " "]),
    min_size=1,
    max_size=5,
).map(lambda parts: unicodedata.normalize("NFKC", "".join(parts)))
FOUND = text(
    "SELECT array_agg(to_tsvector('simple', zh_bigram(:document)) @@ part::tsquery) FROM unnest(CAST(:parts AS text[])) AS part"
)


@pytest.mark.parametrize(
    ("word", "query"),
    [
        ("机器学习", "'机器' <2> '学习'"),
        ("显微镜", "'显微' <1> '微镜'"),
        ("镜", "'镜':*"),
        ("SEM", "'sem':*"),
        ("GC质谱", "'gc' <1> '质谱'"),
        ("质谱GC", "'质谱' <2> 'gc':*"),
        ("S-4800", "'s' <1> '4800':*"),
        ("BY3800", "'by' <1> '3800':*"),
        ("600MHz", "'600' <1> 'mhz':*"),
        ("X", "'x'"),
        ("10×20", "'10' <1> '20':*"),
        ("——", None),
        ("", None),
    ],
)
def test_the_query_of_a_word(word: str, query: str | None) -> None:
    assert phrase(word) == query


def test_words_are_split_folded_and_few() -> None:
    assert words("  扫描　电镜 SEM ＳＥＭ ") == ["扫描", "电镜", "sem"]
    assert len(words(" ".join(map(str, range(50))))) == 10


@given(st.text(max_size=60))
def test_a_query_holds_only_lexemes_and_distances(typed: str) -> None:
    for word in words(typed):
        query = phrase(word)
        assert query is None or re.fullmatch(r"'[^'\s]+'(:\*)?( <\d+> '[^'\s]+'(:\*)?)*", query), query


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=NAME)
async def test_every_part_of_a_chinese_name_is_found(database: Database, name: str) -> None:
    # A part that begins inside a Latin word is no part of the name's words.
    cuts = [
        place
        for place in range(len(name) + 1)
        if not re.search(r"[^\W\u3400-\U0003ffff]{2}", name[max(place - 1, 0) : place + 1])
    ]
    parts = [name[start:end] for start in cuts for end in cuts if start < end]
    queries = [query for part in parts for word in words(part) if (query := phrase(word))]
    if queries:
        async with database.transaction() as session:
            found = (await session.execute(FOUND, {"document": name, "parts": queries})).scalar_one()
        assert all(found), [query for query, hit in zip(queries, found, strict=True) if not hit]


@pytest.mark.parametrize(
    ("document", "typed"),
    [
        ("GS-6500", "GS-65"),
        ("GS6500", "GS-6500"),
        ("BY-3800", "BY3800"),
        ("BY 3800", "by3800"),
        ("核磁共振谱仪 600 MHz", "600MHz"),
        ("核磁共振谱仪600MHz", "600 MHz"),
        ("Scanning electron microscopy", "microscop"),
        ("Φ300mm", "Φ300"),
    ],
)
async def test_latin_words_are_found_by_their_beginning_however_joined(
    database: Database, document: str, typed: str
) -> None:
    queries = [phrase(word) for word in words(typed)]
    async with database.transaction() as session:
        found = (await session.execute(FOUND, {"document": document, "parts": queries})).scalar_one()
    assert found
    assert all(found)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(document=st.text(HAN, min_size=2, max_size=12), word=st.text(HAN, min_size=1, max_size=6))
async def test_what_is_not_in_the_text_is_not_found(database: Database, document: str, word: str) -> None:
    async with database.transaction() as session:
        found = (await session.execute(FOUND, {"document": document, "parts": [phrase(word)]})).scalar_one()
    assert found == [word in document]


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(typed=st.text(min_size=1, max_size=40))
async def test_postgresql_takes_every_query(database: Database, typed: str) -> None:
    queries = [query for word in words(typed) if (query := phrase(word))]
    async with database.transaction() as session:
        await session.execute(FOUND, {"document": "仪器", "parts": queries})
