"""What a word that was typed may name: organisations and places, as the search text has them."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, Text, and_, cast, column, func, literal, or_, select, union_all
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import aliased

from app.access.principal import Principal
from app.codes.public import Code
from app.core.db import ReadSession
from app.instruments.registry.references import DIVISIONS
from app.organisations import public as organisations
from app.organisations.public import Organisation

MOST_ORGANISATIONS, MOST_PLACES = 1_000, 50
"""A word in the names of more than this ("大学", "district") means none of them in particular."""
CITY = 2
"""The level of cities in GB/T 2260."""


async def named(db: ReadSession, caller: Principal, words: Sequence[str]) -> dict[str, list[str]]:
    """The organisations and places that carry each word in their names, as the search text has them; one statement."""
    asked = (
        func.unnest(literal(list(words), ARRAY(Text)))
        .table_valued(column("word", Text), name="asked")
        .render_derived()
    )
    found = union_all(_organisations_named(asked, caller), _places_named(asked))
    lexemes: dict[str, list[str]] = {}
    for row in await db.execute(found):
        lexemes.setdefault(row.word, []).extend(row.lexemes)
    return lexemes


def _organisations_named(asked: Any, caller: Principal) -> Select[Any]:
    lexeme = literal("@") + cast(Organisation.id, Text)
    in_name = func.strpos(func.lower(Organisation.name), asked.c.word) > 0
    return (
        select(asked.c.word, func.array_agg(lexeme).label("lexemes"))
        .join(Organisation, and_(in_name, organisations.visible_to(caller)))
        .group_by(asked.c.word)
        .having(func.count() <= MOST_ORGANISATIONS)
    )


def _places_named(asked: Any) -> Select[Any]:
    """A county is named with its city before it too: 杭州市西湖区."""
    city = aliased(Code)
    lexeme = literal("#") + func.regexp_replace(Code.code, "(00)+$", "")
    names = func.concat(city.name_zh, Code.name_zh, " ", func.lower(Code.name_en))
    own = func.concat(Code.name_zh, " ", func.lower(Code.name_en))
    # What the city's name alone has is found by the city itself, whose code begins its counties' codes.
    in_name = or_(
        func.strpos(own, asked.c.word) > 0,
        and_(func.strpos(names, asked.c.word) > 0, func.strpos(city.name_zh, asked.c.word) == 0),
    )
    return (
        select(asked.c.word, func.array_agg(lexeme).label("lexemes"))
        .join(Code, and_(Code.scheme == DIVISIONS, func.char_length(asked.c.word) > 1))
        .outerjoin(city, and_(city.scheme == DIVISIONS, city.code == Code.parent, city.level == CITY))
        .where(in_name)
        .group_by(asked.c.word)
        .having(func.count() <= MOST_PLACES)
    )
