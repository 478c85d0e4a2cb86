"""The table of requirements is whole, and what it names is there."""

import ast
import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from tests.contract.asvs import LEVELS, REQUIREMENTS
from tests.contract.evidence import Requirement
from tests.contract.rfc9700 import RFC9700

TESTS = Path(__file__).parents[1]
EVERY = (*REQUIREMENTS, *RFC9700)
OF_DOCUMENTS = {"6.1.1", "6.1.3", "7.1.1", "7.1.2", "7.1.3", "8.1.2"}
"""What asks for a document, and what the program does shows nothing of."""


@cache
def collected_in(file: str) -> frozenset[str]:
    """The names pytest collects in a file under tests/."""
    tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
    return frozenset(
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    )


@cache
def sections() -> dict[str, str]:
    """SECURITY.md by heading."""
    parts = re.split(
        r"^(## .+)$", (TESTS.parent / "SECURITY.md").read_text(encoding="utf-8"), flags=re.MULTILINE
    )
    return dict(zip(parts[1::2], parts[2::2], strict=True))


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
    elif one.by == "section":
        (heading,) = one.evidence
        assert len(sections()[heading]) > 200, heading
    else:
        assert len(one.evidence[0]) > 15


def test_words_alone_are_evidence_where_a_document_is_asked_for() -> None:
    assert {one.id for one in EVERY if one.by == "section"} == OF_DOCUMENTS
