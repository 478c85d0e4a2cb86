"""WCAG 2.2 AA: text 4.5:1, large text and the parts of controls 3:1; computed from the tokens in both schemes."""

import re

import pytest

from app.web.static import APP

TOKENS = (APP / "web" / "static" / "css" / "tokens.css").read_text(encoding="utf-8")
TEXT = 4.5
PARTS = 3.0
PAIRS = [
    *(
        (ink, ground, TEXT)
        for ink in ("ink", "ink-soft", "link", "link-hover")
        for ground in ("bg", "bg-sunken", "bg-raised")
    ),
    ("on-brand-deep", "brand-deep", TEXT),
    ("on-brand-deep-soft", "brand-deep", TEXT),
    ("on-brand-soft", "brand-soft", TEXT),
    ("on-action", "action", TEXT),
    ("on-action", "action-hover", TEXT),
    ("on-danger", "danger", TEXT),
    *((tone, f"{tone}-soft", TEXT) for tone in ("success", "warning", "danger", "info")),
    *((tone, f"{tone}-soft", TEXT) for tone in ("shanghai", "jiangsu", "zhejiang", "anhui")),
    ("danger", "bg", TEXT),
    ("ink", "danger-soft", TEXT),
    ("ink", "warning-soft", TEXT),
    ("brand", "bg", PARTS),
    ("brand", "bg-sunken", PARTS),
    ("accent", "bg", PARTS),
    ("focus", "bg", PARTS),
    ("focus", "bg-sunken", PARTS),
    ("focus", "bg-raised", PARTS),
    ("focus", "brand-deep", PARTS),
    ("line-strong", "bg", PARTS),
    ("line-strong", "bg-raised", PARTS),
    ("line-strong", "bg-sunken", PARTS),
]


def _scheme(dark: bool) -> dict[str, str]:
    light, _, night = TOKENS.partition("@media (prefers-color-scheme: dark)")
    found = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", light))
    return found | dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", night)) if dark else found


def _luminance(colour: str) -> float:
    def channel(start: int) -> float:
        part = int(colour[start : start + 2], 16) / 255
        return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4

    return float(0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5))


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2.2."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_pair_can_be_read(dark: bool) -> None:
    scheme = _scheme(dark)
    weak = {
        f"{ink} on {ground}": round(contrast(scheme[ink], scheme[ground]), 2)
        for ink, ground, least in PAIRS
        if contrast(scheme[ink], scheme[ground]) < least
    }
    assert weak == {}


def test_both_schemes_name_the_same_colours() -> None:
    light, _, night = TOKENS.partition("@media (prefers-color-scheme: dark)")
    names = re.compile(r"--([a-z-]+): #")
    assert set(names.findall(light)) == set(names.findall(night))
