import re

from app.web.icons import icon
from app.web.static import APP

LISTED = set((APP / "web" / "icons.txt").read_text(encoding="utf-8").split())
NAMED = re.compile(r'(?:\bicon\(|icon_name=|\bicon=)"([a-z0-9-]+)"')


def test_every_icon_a_page_names_is_listed() -> None:
    files = [*APP.glob("*/templates/**/*.html"), *APP.glob("*/pages.py"), *APP.glob("*/*/pages.py")]
    named = {name for path in files for name in NAMED.findall(path.read_text(encoding="utf-8"))}
    assert sorted(named - LISTED) == []


def test_an_icon_is_decoration_unless_it_is_named() -> None:
    assert 'aria-hidden="true"' in icon("search")
    assert 'role="img" aria-label="&lt;关闭&gt;"' in icon("x", "<关闭>")


def test_before_the_assets_are_there_the_label_stands_alone() -> None:
    assert icon("no-such-icon") == ""
    assert icon("no-such-icon", "<b>") == "&lt;b&gt;"
