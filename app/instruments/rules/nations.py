"""Countries of origin 产地国别: ISO 3166-1 codes inside, Chinese names on forms (GB/T 2659; names by Unicode CLDR)."""

from collections.abc import Mapping
from functools import lru_cache

from babel import Locale

from app.core.i18n import Locale as Language

_NOT_ISO = frozenset({"AC", "CP", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "XK", "ZZ"})
"""Codes that CLDR names and ISO 3166-1 does not."""
_OFFICIAL = {
    "zh": {"HK": "中国香港", "MO": "中国澳门", "TW": "中国台湾"},
    "en": {"HK": "Hong Kong, China", "MO": "Macao, China", "TW": "Taiwan, China"},
}
CODE_LETTERS = 2


@lru_cache(maxsize=2)
def nations(language: Language = "zh") -> Mapping[str, str]:
    """Every code with its name."""
    named = {
        code: str(name)
        for code, name in Locale(language).territories.items()
        if len(code) == CODE_LETTERS and code.isalpha() and code not in _NOT_ISO
    }
    return dict(sorted((named | _OFFICIAL[language]).items()))


def nation_name(code: str, language: Language = "zh") -> str:
    """The country behind a code."""
    return nations(language).get(code, code)
