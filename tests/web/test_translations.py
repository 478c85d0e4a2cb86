"""Every Chinese sentence of the application has an English one in its context; no package says another's differently."""

import re
from collections.abc import Iterator
from pathlib import Path

from babel.messages.extract import extract_from_dir

from app.core.i18n import sentences_of
from app.web.static import APP

METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2.ext:babel_extract")]
OPTIONS = {"**/templates/**.html": {"silent": "false", "trim_blocks": "true", "lstrip_blocks": "true"}}
IN_CONTEXT = ((1, "c"), 2)
KEYWORDS = {"_": None, "msg": None, "_p": IN_CONTEXT, "pmsg": IN_CONTEXT}
CHINESE = re.compile(r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")
PLACEHOLDER = re.compile(r"\{\w+\}")


Key = tuple[str, str]
"""Context, mostly none, and message id."""


def _said() -> Iterator[tuple[Key, str]]:
    """Every message of the code and the templates, with the file that says it."""
    for file, _line, message, _comments, context in extract_from_dir(
        APP, method_map=METHODS, options_map=OPTIONS, keywords=KEYWORDS
    ):
        if isinstance(message, str) and message:
            yield (context or "", message), file


def _english() -> dict[Key, dict[Path, tuple[str, ...]]]:
    found: dict[Key, dict[Path, tuple[str, ...]]] = {}
    for path in sorted(APP.rglob("en.po")):
        for key, forms in sentences_of(path).items():
            found.setdefault(key, {})[path] = forms
    return found


def test_no_sentence_is_without_english() -> None:
    english = _english()
    chinese = {(file, *key) for key, file in _said() if CHINESE.search(key[1])}
    complete = {key for key, places in english.items() if all(all(forms) for forms in places.values())}
    assert sorted(entry for entry in chinese if entry[1:] not in complete) == []


def test_no_two_packages_translate_the_same_sentence() -> None:
    assert {key: list(places) for key, places in _english().items() if len(places) > 1} == {}


def test_nothing_in_the_catalogs_is_unsaid() -> None:
    said = {key for key, _ in _said()}
    assert sorted(key for key in _english() if key not in said) == []


def test_placeholders_are_the_same() -> None:
    different = [
        (sentence, text)
        for (_, sentence), places in _english().items()
        for forms in places.values()
        for text in forms
        if set(PLACEHOLDER.findall(sentence)) != set(PLACEHOLDER.findall(text))
    ]
    assert different == []


def test_english_has_no_chinese_but_what_is_quoted() -> None:
    """What the sentence itself tells a reader to type stays."""
    quoted = {"转", "日本", "大学"}
    left = {
        key: forms
        for key, places in _english().items()
        for forms in places.values()
        if set(re.findall(r"[\u4e00-\u9fff]+", " ".join(forms))) - quoted
    }
    assert left == {}


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
