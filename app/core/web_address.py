"""Addresses of the web as people type them into fields that others will follow."""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from pydantic import AnyUrl, GetCoreSchemaHandler, GetJsonSchemaHandler, TypeAdapter, ValidationError
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from app.core.i18n import msg
from app.core.text import Line

_UNSAFE = re.compile(r'[\s"<>\\^`{|}]')
"""What RFC 3986 lets stand nowhere in an address; parsers mend it silently, each in its own way."""
_URL: TypeAdapter[AnyUrl] = TypeAdapter(AnyUrl)


@dataclass(frozen=True, slots=True)
class WebAddress:
    """The type of an absolute address: `Annotated[str, WebAddress(100)]`; `http` allows that scheme, `blank` none at all.

    It is kept as it was typed. One with a name and password is refused: readers take the name for the host.
    """

    maximum: int
    http: bool = False
    blank: bool = False

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """One line of text, then an address."""
        line = Line(self.maximum, minimum=0 if self.blank else 1)
        return core_schema.no_info_after_validator_function(
            self._check, line.__get_pydantic_core_schema__(source, handler)
        )

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """The schemes stand in the OpenAPI document."""
        pattern = rf"^{'https?' if self.http else 'https'}://"
        return {**handler(core), "pattern": f"^$|{pattern}" if self.blank else pattern}

    def _check(self, value: str) -> str:
        if value and not self._is_address(value):
            reason = (
                msg("应为以 https:// 或 http:// 开头的网址")
                if self.http
                else msg("应为以 https:// 开头的网址")
            )
            raise PydanticCustomError("url_malformed", "{message}", {"message": reason})
        return value

    def _is_address(self, value: str) -> bool:
        if _UNSAFE.search(value):
            return False
        try:
            url, typed = _URL.validate_python(value), urlsplit(value)
        except (ValidationError, ValueError):
            return False
        schemes = {"https", "http"} if self.http else {"https"}
        # The parser finds a host in "https:a" too; a browser's idea of it is not to be relied on.
        return url.scheme in schemes and bool(typed.netloc) and "@" not in typed.netloc
