"""The one Jinja environment: templates of every package, the components, and what both may call."""

from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from app.core.i18n import Message
from app.web import csrf, formats, menu, provinces
from app.web.icons import icon
from app.web.page import current
from app.web.static import APP, static


def translate(sentence: str | Message, /, **params: Any) -> str:
    """`_("已有 {count} 条", count=3)`: the sentence in the reader's language."""
    message = sentence if isinstance(sentence, Message) else Message(sentence, params)
    return message.text(current.get().locale)


def translate_in(context: str, sentence: str, /, **params: Any) -> str:
    """`_p("one", "仪器")`: the sentence as it is said in a context."""
    return translate(Message(sentence, params, context))


def _said(value: Any) -> Any:
    spoken = isinstance(value, Message | provinces.ProvinceName)
    return value.text(current.get().locale) if spoken else value


def _when(value: date, until: datetime | None = None, tz: str | ZoneInfo = formats.SHANGHAI) -> str:
    return formats.when_text(value, current.get().locale, until=until, tz=tz)


def _minutes(minutes: int) -> str:
    return formats.minutes_text(minutes, current.get().locale)


def _worth(fen: int) -> str:
    return formats.worth_text(fen, current.get().locale)


def _own_name(thing: Any) -> str:
    """What something with `name_zh` and `name_en` is called in the reader's language; not everything has an English name."""
    english: str | None = thing.name_en if current.get().locale == "en" else None
    return english or str(thing.name_zh)


def _csrf_field() -> Markup:
    return Markup('<input type="hidden" name="{}" value="{}">').format(csrf.FIELD, current.get().csrf_token())


def _attributes(values: dict[str, Any]) -> Markup:
    """HTML attributes from a mapping: True stands alone, None and False are left out."""
    parts = []
    for name, value in values.items():
        if value is True:
            parts.append(Markup(" {}").format(name))
        elif value is not None and value is not False:
            parts.append(Markup(' {}="{}"').format(name, _said(value)))
    return Markup().join(parts)


def _language_link(locale: str) -> str:
    return current.get().here(lang=locale)


@lru_cache(maxsize=1)
def environment() -> Environment:
    """The environment of this process."""
    folders: list[Path] = [APP / "web" / "templates", *sorted(APP.glob("*/templates"))]
    made = Environment(
        loader=ChoiceLoader([FileSystemLoader(folder) for folder in folders]),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        finalize=_said,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["when"] = _when
    made.filters["minutes"] = _minutes
    made.filters["hours"] = formats.hours_text
    made.filters["money"] = formats.money_text
    made.filters["worth"] = _worth
    made.filters["own_name"] = _own_name
    made.filters["local_input"] = formats.local_input
    made.filters["attributes"] = _attributes
    made.globals.update(
        _=translate,
        _p=translate_in,
        static=static,
        icon=icon,
        csrf_field=_csrf_field,
        this_page=current.get,
        menu_entries=menu.entries_for,
        province_name=provinces.province_name,
        language_link=_language_link,
    )
    return made
