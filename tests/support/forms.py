"""Filling in a page's form the way a browser without script does: every field is sent as the page shows it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import httpx2

HTML = {"accept": "text/html"}
Value = str | list[str]
Values = Mapping[str, Any]
"""Texts, or lists of them for a field that is there several times."""


@dataclass
class HtmlForm:
    """A form: where it goes, and its fields in order."""

    action: str
    fields: list[tuple[str, str]] = field(default_factory=list)


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[HtmlForm] = []
        self._select: str | None = None
        self._options: list[tuple[str, bool]] = []
        self._area: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(HtmlForm(given.get("action", "")))
        elif not self.forms:
            return
        elif tag == "input" and given.get("name"):
            self._input(given)
        elif tag == "select":
            self._select, self._options = given.get("name"), []
        elif tag == "option":
            self._options.append((given.get("value", ""), "selected" in given))
        elif tag == "textarea":
            self._area = given["name"]
            self.forms[-1].fields.append((self._area, ""))

    def _input(self, given: dict[str, str]) -> None:
        ticked = given.get("type") not in {"checkbox", "radio"} or "checked" in given
        if ticked and given.get("type") != "file":
            self.forms[-1].fields.append((given["name"], given.get("value", "on")))

    def handle_data(self, data: str) -> None:
        if self._area is not None:
            self.forms[-1].fields[-1] = (self._area, data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._area = None
        elif tag == "select" and self._select and self._options:
            chosen = next((value for value, selected in self._options if selected), self._options[0][0])
            self.forms[-1].fields.append((self._select, chosen))
            self._select = None


@dataclass
class _Element:
    attributes: dict[str, str]
    text: str = ""


class _Faults(HTMLParser):
    """The links of the summary above a form, and every element that has an id."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[_Element] = []
        self.by_id: dict[str, _Element] = {}
        self.repeated: list[str] = []
        self._in_summary = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if "data-error-summary" in given:
            self._in_summary = True
        if self._in_summary and tag == "li":
            self.links.append(_Element({}))
        if self._in_summary and tag == "a":
            self.links[-1].attributes = given
        if given.get("id"):
            if given["id"] in self.by_id:
                self.repeated.append(given["id"])
            self.by_id[given["id"]] = _Element({"tag": tag, **given})

    def handle_data(self, data: str) -> None:
        if self._in_summary and self.links:
            self.links[-1].text += data.strip()

    def handle_endtag(self, tag: str) -> None:
        if tag == "ul":
            self._in_summary = False


def faults_of(html: str) -> list[str]:
    """What the summary above a refused form says: each entry leads to a field that says why it is wrong."""
    page = _Faults()
    page.feed(html)
    assert page.repeated == []
    for link in page.links:
        target = page.by_id[link.attributes["href"].removeprefix("#")].attributes
        if target["tag"] in {"input", "select", "textarea"}:
            assert target["aria-invalid"] == "true", target
            assert page.by_id[target["aria-describedby"].split()[-1]].attributes["class"] == "field__error", (
                target
            )
    return [link.text for link in page.links]


def forms_of(html: str) -> list[HtmlForm]:
    """The forms of a page."""
    parser = _Parser()
    parser.feed(html)
    return parser.forms


def form_to(html: str, action: str) -> HtmlForm:
    """The form that goes to `action`."""
    return next(found for found in forms_of(html) if found.action == action)


async def submit(
    client: httpx2.AsyncClient, page: str, action: str, values: Values | None = None, **options: Any
) -> httpx2.Response:
    """Open a page, change these fields of the form that goes to `action`, and send it."""
    shown = await client.get(page, headers=HTML)
    assert shown.status_code == 200, shown.text
    fields: dict[str, Value] = {}
    for name, value in form_to(shown.text, action).fields:
        if name in fields:
            before = fields[name]
            fields[name] = [*(before if isinstance(before, list) else [before]), value]
        else:
            fields[name] = value
    return await client.post(action, data={**fields, **(values or {})}, headers=HTML, **options)
