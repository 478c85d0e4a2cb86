"""From exceptions to Problems and problem+json answers, in the reader's language."""

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, TypeVar

from fastapi import Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ValidationError
from starlette.exceptions import HTTPException

from app.core import errors
from app.core.errors import FieldError, Problem
from app.core.i18n import Locale, Message, msg, negotiate
from app.core.text import printable

MEDIA_TYPE = "application/problem+json"
Model = TypeVar("Model", bound=BaseModel)
_QUOTED = re.compile(r"'([^']*)'")
SHOWN_INPUT = 80
"""Characters of a refused value, or of an unknown field's name, that are shown back."""
LANGUAGE = "lang"
"""The query parameter, and the cookie, of the reader's language."""
SHOWN_ERRORS = 100
"""Faults of one request that are told."""

_REASONS: dict[str, Message] = {
    "missing": msg("必填"),
    "extra_forbidden": msg("不认识的字段"),
    "json_invalid": msg("不是有效的 JSON"),
    "model_attributes_type": msg("应为对象"),
    "model_type": msg("应为对象"),
    "dict_type": msg("应为对象"),
    "list_type": msg("应为数组"),
    "string_type": msg("应为文本"),
    "int_type": msg("应为整数"),
    "int_parsing": msg("应为整数"),
    "int_from_float": msg("应为整数"),
    "int_parsing_size": msg("数值过大"),
    "float_type": msg("应为数字"),
    "float_parsing": msg("应为数字"),
    "finite_number": msg("应为有限的数字"),
    "bool_type": msg("应为 true 或 false"),
    "bool_parsing": msg("应为 true 或 false"),
    "uuid_parsing": msg("不是有效的标识"),
    "uuid_type": msg("不是有效的标识"),
    "datetime_type": msg("应为日期时间"),
    "datetime_parsing": msg("不是有效的日期时间"),
    "datetime_from_date_parsing": msg("不是有效的日期时间"),
    "datetime_object_invalid": msg("不是有效的日期时间"),
    "datetime_out_of_range": msg("不是有效的日期时间"),
    "timezone_aware": msg("日期时间须带时区偏移，例如 2026-11-23T09:00:00+08:00"),
    "date_type": msg("应为日期"),
    "date_parsing": msg("不是有效的日期"),
    "date_from_datetime_parsing": msg("不是有效的日期"),
    "date_from_datetime_inexact": msg("不是有效的日期"),
    "url_parsing": msg("不是有效的网址"),
    "url_scheme": msg("网址须以 https:// 开头"),
    "nul_character": msg("含有空字符（NUL）"),
    "bidi_character": msg("含有改变文字方向的隐藏字符"),
    "control_character": msg("含有控制字符"),
    "string_unicode": msg("含有无效的字符编码"),
}
_BOUNDED: dict[str, tuple[Message, str]] = {
    "string_too_short": (msg("至少 {bound} 个字符"), "min_length"),
    "string_too_long": (msg("最多 {bound} 个字符"), "max_length"),
    "too_short": (msg("至少 {bound} 项"), "min_length"),
    "too_long": (msg("最多 {bound} 项"), "max_length"),
    "greater_than": (msg("须大于 {bound}"), "gt"),
    "greater_than_equal": (msg("不得小于 {bound}"), "ge"),
    "less_than": (msg("须小于 {bound}"), "lt"),
    "less_than_equal": (msg("不得大于 {bound}"), "le"),
    "enum": (msg("只能是：{bound}"), "expected"),
    "literal_error": (msg("只能是：{bound}"), "expected"),
    "string_pattern_mismatch": (msg("格式不符：{bound}"), "pattern"),
}
_BY_STATUS: dict[int, type[Problem]] = {
    kind.status: kind
    for kind in (
        errors.Unauthorized,
        errors.Forbidden,
        errors.NotFound,
        errors.MethodNotAllowed,
        errors.BodyTooLarge,
        errors.UnsupportedMediaType,
        errors.TooManyRequests,
        errors.Unavailable,
    )
}


def locale_of(request: Request) -> Locale:
    """The reader's language: `?lang=`, the cookie, Accept-Language, Chinese."""
    kept = request.cookies
    chosen = request.query_params.get(LANGUAGE) or kept.get(f"__Host-{LANGUAGE}") or kept.get(LANGUAGE)
    return negotiate(chosen=chosen, accept_language=request.headers.get("accept-language"))


def field_errors(found: Sequence[Mapping[str, Any]]) -> list[FieldError]:
    """Pydantic's findings as our field errors, each with a stable code and a reason in words."""
    return [_field_error(error) for error in found[:SHOWN_ERRORS]]


def _field_error(error: Mapping[str, Any]) -> FieldError:
    where = [str(part) for part in error["loc"]]
    if where and where[0] in {"body", "query", "path", "header", "cookie"}:
        where = where[1:] or where
    kind = str(error["type"])
    context = error.get("ctx", {})
    if isinstance(context.get("message"), Message):
        reason = context["message"]
    elif kind in _BOUNDED:
        sentence, bound = _BOUNDED[kind]
        allowed = str(context.get(bound, ""))
        # Pydantic quotes the allowed words and joins them in English.
        words = ", ".join(_QUOTED.findall(allowed)) if bound == "expected" else ""
        reason = Message(sentence.id, {"bound": words or allowed})
    else:
        reason = _REASONS.get(kind, msg("值不符合要求"))
    given = error.get("input")
    value = printable(str(given)[:SHOWN_INPUT]) if isinstance(given, str | int | float) else None
    return FieldError(printable(".".join(where)[:SHOWN_INPUT]), kind, reason, value=value)


def understood(model: type[Model], **values: Any) -> Model:
    """Loose parameters, form fields for example, as one model.

    Raises:
        Invalid: with every fault, as a body of that model would have.
    """
    try:
        return model(**values)
    except ValidationError as error:
        raise errors.Invalid(errors=field_errors([dict(found) for found in error.errors()])) from error


def from_http(error: HTTPException) -> Problem:
    """The Problem behind one of the framework's own HTTP errors."""
    kind = _BY_STATUS.get(error.status_code)
    if kind is None:
        kind = errors.InternalError if error.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR else Problem
    return kind(headers=error.headers)


def from_validation(found: Sequence[Mapping[str, Any]]) -> Problem:
    """The Problem of a request that does not fit its schema.

    A body that is no JSON is a plain 400; an address whose path cannot be that of anything, "/bookings/abc", is a 404.
    """
    if any(error["loc"][:1] == ("path",) for error in found):
        return errors.NotFound()
    kind = errors.NotJson if any(error["type"] == "json_invalid" for error in found) else errors.Invalid
    return kind(errors=field_errors(found))


def problem_json(problem: Problem, request: Request) -> Response:
    """The problem+json answer."""
    document = problem.as_json(locale_of(request))
    request_id = getattr(request.state, "request_id", None)
    if request_id:
        document["request_id"] = request_id
    return JSONResponse(document, status_code=problem.status, headers=problem.headers, media_type=MEDIA_TYPE)
