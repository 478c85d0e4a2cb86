"""The table of requirements is whole, and what it names is there."""

import ast
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from tests.contract.asvs import LEVELS, REQUIREMENTS
from tests.contract.evidence import Requirement
from tests.contract.rfc9700 import RFC9700

TESTS = Path(__file__).parents[1]
EVERY = (*REQUIREMENTS, *RFC9700)
STILL_MISSING = 24
"""Rows without evidence; it only ever falls, and is zero in the end."""


@cache
def collected_in(file: str) -> frozenset[str]:
    """The names pytest collects in a file under tests/."""
    tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
    return frozenset(
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    )


def test_every_requirement_of_levels_1_and_2_stands_there_once() -> None:
    asked = {
        f"{section}.{number}"
        for section, levels in LEVELS.items()
        for number, level in enumerate(levels, 1)
        if level in "12"
    }
    assert len(asked) == 96
    assert Counter(one.id for one in REQUIREMENTS) == Counter(asked)


def test_every_attack_of_rfc_9700_stands_there_once() -> None:
    assert [one.id for one in RFC9700] == [f"4.{number}" for number in range(1, 18)]


@pytest.mark.parametrize("one", EVERY, ids=lambda one: one.id)
def test_a_requirement_has_its_evidence(one: Requirement) -> None:
    assert one.asks
    assert one.evidence
    if one.by == "tests":
        for name in one.evidence:
            file, _, test = name.partition("::")
            assert test in collected_in(file), name
    elif one.by == "text":
        file, words = one.evidence
        assert words in " ".join((TESTS.parent / file).read_text(encoding="utf-8").split()), one.id
    else:
        assert len(one.evidence[0]) > 15


def test_what_is_missing_is_counted() -> None:
    missing = [f"{one.id} {one.asks}: {one.evidence[0]}" for one in EVERY if one.by == "missing"]
    print("\n".join(missing))  # noqa: T201 - the list of what is left
    assert len(missing) == STILL_MISSING
