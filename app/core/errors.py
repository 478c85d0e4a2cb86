"""What can go wrong, said once: every refusal is a Problem (RFC 9457) with a stable code.

A service raises a Problem; the entry point turns it into problem+json or a page in the caller's language. Constraint
violations become Problems by the constraint's *name* (`on_violation`), so no rule is checked before an insert in vain.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, ClassVar

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from app.core.i18n import DEFAULT, Locale, Message, msg

SERIALIZATION_FAILURE = "40001"
DEADLOCK_DETECTED = "40P01"
CHECK_VIOLATION = "23514"
INSUFFICIENT_PRIVILEGE = "42501"
CONNECTION_CLASS = "08"
SERVER_AWAY = frozenset({"53300", "57P01", "57P02", "57P03"})
"""Too many connections; shut down by an administrator or a crash; still starting."""
SOON = {"Retry-After": "1"}
"""The headers of a refusal that is over in a second."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """One fault of the input: where, a stable code, and the reason in words."""

    field: str
    code: str
    message: Message
    row: int | None = None
    column: str | None = None
    value: str | None = None

    def as_json(self, locale: Locale) -> dict[str, Any]:
        """The fault as the API shows it."""
        shown: dict[str, Any] = {"field": self.field, "code": self.code, "message": self.message.text(locale)}
        for key in ("row", "column", "value"):
            if getattr(self, key) is not None:
                shown[key] = getattr(self, key)
        return shown


class Problem(Exception):  # noqa: N818 - RFC 9457's own word
    """A refusal with its HTTP status, stable code, title, detail and typed data."""

    status: ClassVar[int] = HTTPStatus.BAD_REQUEST
    code: ClassVar[str] = "bad_request"
    title: ClassVar[Message] = msg("请求有误")
    advice: ClassVar[Message | None] = None
    """What a person does next, where the page's words for the status are not it."""
    ways_on: ClassVar[tuple[tuple[Message, str], ...]] = ()
    """Pages that help further, each with its name."""

    def __init__(
        self,
        detail: Message | None = None,
        *,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
        **data: Any,
    ) -> None:
        """`data` is shown as members of the problem document, so it must be JSON-ready."""
        super().__init__(self.code)
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})
        self.data = data

    def as_json(self, locale: Locale = DEFAULT) -> dict[str, Any]:
        """The problem document of RFC 9457."""
        document: dict[str, Any] = {
            "type": "about:blank",
            "status": int(self.status),
            "code": self.code,
            "title": self.title.text(locale),
        }
        if self.detail:
            document["detail"] = self.detail.text(locale)
        if self.errors:
            document["errors"] = [error.as_json(locale) for error in self.errors]
        return document | self.data


class NotJson(Problem):
    """The body is not JSON at all."""

    code = "json_invalid"
    title = msg("请求内容不是有效的 JSON")


class Unauthorized(Problem):
    """The caller is unknown."""

    status = HTTPStatus.UNAUTHORIZED
    code = "unauthorized"
    title = msg("请先登录")


class Forbidden(Problem):
    """Visible to the caller, but not allowed; the detail gives the reason."""

    status = HTTPStatus.FORBIDDEN
    code = "forbidden"
    title = msg("无权进行此操作")


class NotFound(Problem):
    """Missing, or hidden from the caller: the two look the same."""

    status = HTTPStatus.NOT_FOUND
    code = "not_found"
    title = msg("没有找到")


class MethodNotAllowed(Problem):
    """The resource does not know this method."""

    status = HTTPStatus.METHOD_NOT_ALLOWED
    code = "method_not_allowed"
    title = msg("不支持此操作方式")


class Conflict(Problem):
    """The state of the resource, or another one, is in the way."""

    status = HTTPStatus.CONFLICT
    code = "conflict"
    title = msg("与现有数据冲突")


class Stale(Problem):
    """If-Match names a version that is no longer current."""

    status = HTTPStatus.PRECONDITION_FAILED
    code = "stale_version"
    title = msg("内容已被他人修改，请刷新后重试")


class VersionRequired(Problem):
    """The change needs an If-Match header."""

    status = HTTPStatus.PRECONDITION_REQUIRED
    code = "if_match_required"
    title = msg("缺少 If-Match 版本标识")


class BodyTooLarge(Problem):
    """The body is larger than we take."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    code = "body_too_large"
    title = msg("请求内容过大")


class UnsupportedMediaType(Problem):
    """The body is of a kind we do not take."""

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    code = "unsupported_media_type"
    title = msg("不支持的内容类型")


class Misdirected(Problem):
    """The request names a host we are not (RFC 9110 §15.5.20)."""

    status = HTTPStatus.MISDIRECTED_REQUEST
    code = "misdirected"
    title = msg("本平台不使用此域名")


class Invalid(Problem):
    """The input breaks rules; `errors` names each fault."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "invalid"
    title = msg("提交的内容有误")


class TooManyRequests(Problem):
    """Slow down; the header Retry-After says how long."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    code = "too_many_requests"
    title = msg("请求过于频繁，请稍后再试")


class Unavailable(Problem):
    """We cannot answer now, but may soon."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "unavailable"
    title = msg("服务暂时不可用，请稍后再试")


class InternalError(Problem):
    """A fault of ours; the log has the reason under the request id."""

    status = HTTPStatus.INTERNAL_SERVER_ERROR
    code = "internal_error"
    title = msg("服务器内部错误，请稍后再试")


AWAY = (ConnectionError, PoolTimeoutError)
"""What is raised where no connection to the database is to be had."""
_violations: dict[str, Callable[[], Problem]] = {}


def on_violation(constraint: str, problem: Callable[[], Problem]) -> None:
    """Say which Problem the violation of a named constraint means."""
    _violations[constraint] = problem


def sqlstate(error: BaseException) -> str | None:
    """The SQLSTATE of a database error, if it has one."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    while cause is not None:
        state = getattr(cause, "sqlstate", None)
        if isinstance(state, str):
            return state
        cause = cause.__cause__
    return None


def constraint_name(error: DBAPIError) -> str | None:
    """The name of the constraint a statement violated."""
    cause: BaseException | None = error.orig
    while cause is not None:
        name = getattr(cause, "constraint_name", None)
        if isinstance(name, str):
            return name
        cause = cause.__cause__
    return None


def problem_of(error: Exception) -> Problem | None:
    """The Problem a database error means to the caller, or None when it is a fault of ours."""
    if not isinstance(error, DBAPIError):
        # The driver raises what happens while connecting bare.
        return Unavailable(headers=SOON) if isinstance(error, AWAY) else None
    name = constraint_name(error)
    if name in _violations:
        return _violations[name]()
    return Unavailable(headers=SOON) if retryable(error) or _away(error) else None


def retryable(error: BaseException) -> bool:
    """Whether running the whole transaction again may succeed."""
    return sqlstate(error) in {SERIALIZATION_FAILURE, DEADLOCK_DETECTED}


def _away(error: DBAPIError) -> bool:
    state = sqlstate(error) or ""
    return error.connection_invalidated or state.startswith(CONNECTION_CLASS) or state in SERVER_AWAY
