"""Every Chinese sentence of the application has an English one; no package translates another's differently."""

import re
from collections.abc import Iterator
from pathlib import Path

from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from app.web.static import APP

METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2.ext:babel_extract")]
OPTIONS = {"**/templates/**.html": {"silent": "false", "trim_blocks": "true", "lstrip_blocks": "true"}}
KEYWORDS = {"_": None, "msg": None}
CHINESE = re.compile(r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")
PLACEHOLDER = re.compile(r"\{\w+\}")


def _sentences() -> Iterator[tuple[str, str]]:
    """Every message id with the file that says it."""
    for file, _line, message, _comments, _context in extract_from_dir(
        APP, method_map=METHODS, options_map=OPTIONS, keywords=KEYWORDS
    ):
        if isinstance(message, str) and message:
            yield message, file


def _english() -> dict[str, dict[Path, str]]:
    found: dict[str, dict[Path, str]] = {}
    for path in sorted(APP.rglob("en.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale="en"):
                if isinstance(message.id, str) and message.id and isinstance(message.string, str):
                    found.setdefault(message.id, {})[path] = message.string
    return found


def test_no_sentence_is_without_english() -> None:
    english = _english()
    missing = {(file, sentence) for sentence, file in _sentences() if CHINESE.search(sentence)}
    assert sorted(pair for pair in missing if not any(english.get(pair[1], {}).values())) == []


def test_packages_agree_and_nothing_is_left_over() -> None:
    said = {sentence for sentence, _ in _sentences()}
    english = _english()
    assert {s: texts for s, texts in english.items() if len(set(texts.values())) > 1} == {}
    assert sorted(s for s in english if s not in said) == []


def test_placeholders_are_the_same() -> None:
    different = [
        sentence
        for sentence, texts in _english().items()
        for text in texts.values()
        if set(PLACEHOLDER.findall(sentence)) != set(PLACEHOLDER.findall(text))
    ]
    assert different == []


def test_templates_show_no_untranslated_chinese() -> None:
    """Chinese outside `_()` would stay Chinese on the English page; the style guide's samples may."""
    left = []
    for path in APP.glob("*/templates/**/*.html"):
        text = re.sub(
            r"\{#.*?#\}|\{\{.*?\}\}|\{%.*?%\}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL
        )
        if CHINESE.search(text) and path.name != "styleguide.html":
            left.append((str(path.relative_to(APP)), CHINESE.findall(text)))
    assert left == []
