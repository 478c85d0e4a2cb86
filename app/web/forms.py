"""HTML forms: read into a Pydantic model, carried out in a savepoint, shown again with what was typed.

    form = await Form.read(request, BookingForm)
    booking = await form.submit(db, lambda typed: service.book(db, caller=caller, during=typed.during))
    if booking:
        return see_other(request, f"/bookings/{booking.id}", notice=msg("预约成功"))
    return render(request, "instruments/book.html", status_code=form.status, form=form, ...)

What was typed comes back with every fault beside its field, and above the form with the name the page gives the field.
"""

import re
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Generic, TypeVar, get_args, get_origin

from fastapi import Request
from pydantic import BaseModel, BeforeValidator, ValidationError, ValidationInfo
from sqlalchemy.exc import DBAPIError
from starlette.datastructures import FormData, UploadFile

from app.core.db import Session
from app.core.errors import Conflict, FieldError, Forbidden, Invalid, Problem, Stale, problem_of
from app.core.i18n import Message, msg
from app.core.problems import field_errors
from app.core.schema import Instant
from app.web import csrf
from app.web.formats import SHANGHAI, local_input

Model = TypeVar("Model", bound=BaseModel)
Result = TypeVar("Result")
Item = TypeVar("Item")
Typed = str | list[str]
UNDECODED = "\ufffd"
_WALL_CLOCK = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?")


def _local(value: Any, info: ValidationInfo) -> Any:
    if isinstance(value, str) and _WALL_CLOCK.fullmatch(value):
        try:
            return datetime.fromisoformat(value).replace(tzinfo=info.data.get("tz", SHANGHAI))
        except ValueError:
            return value
    return value


LocalInstant = Annotated[Instant, BeforeValidator(_local)]
"""What `<input type="datetime-local">` sends: wall-clock time in the zone of the form's `tz`, else Asia/Shanghai."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A line of the summary above a form."""

    field: str | None
    """The field of the page to go to; None when the page has none for it."""
    label: Any
    message: Message


class Form(Generic[Model]):
    """A form as typed, as understood, and what is wrong with it."""

    def __init__(
        self,
        typed: Mapping[str, Typed] | None = None,
        *,
        value: Model | None = None,
        errors: Sequence[FieldError] = (),
        names: Mapping[str, str] | None = None,
        sent: bool = False,
    ) -> None:
        self._sent = sent
        self._typed = dict(typed or {})
        self.names = dict(names or {})
        """What the form calls the fields of the service."""
        self._labels: dict[str, Any] = {}
        self._value = value
        self.errors: list[FieldError] = []
        self.problem: Problem | None = None
        """Why the form as a whole was refused."""
        self._add(errors)

    @classmethod
    def filled(cls, values: Mapping[str, Any]) -> "Form[Model]":
        """A form that is shown for the first time with these values."""
        return cls({name: _shown(value) for name, value in values.items() if value is not None})

    @classmethod
    async def read(
        cls, request: Request, model: type[Model], *, names: Mapping[str, str] | None = None
    ) -> "Form[Model]":
        """The request's form as `model`; `names` maps a service's field (`during.start`) to the form's (`starts_at`)."""
        sent = await csrf.form_of(request)
        typed = _typed(sent, model)
        given: dict[str, Any] = {name: value for name, value in typed.items() if value != ""}
        given |= await _files(sent, model)
        if undecoded := _undecoded(typed):
            return cls(typed, errors=undecoded, names=names, sent=True)
        try:
            return cls(typed, value=model.model_validate(given), names=names, sent=True)
        except ValidationError as error:
            found = field_errors([dict(entry) for entry in error.errors()])
            return cls(typed, errors=found, names=names, sent=True)

    @property
    def valid(self) -> bool:
        """Whether nothing is wrong so far."""
        return self._value is not None and not self.errors and self.problem is None

    @property
    def value(self) -> Model:
        """What was understood.

        Raises:
            Invalid: something is wrong with the form.
        """
        if self._value is None:
            raise Invalid(errors=self.errors)
        return self._value

    @property
    def status(self) -> int:
        """The status of the page that shows this form."""
        if self.problem is not None:
            return int(self.problem.status)
        return int(Invalid.status) if self.errors else 200

    async def submit(self, db: Session, action: Callable[[Model], Awaitable[Result]]) -> Result | None:
        """Carry the form out when it is valid; a refusal undoes what was written and is kept for the page.

        Problems that are not about what was typed (404, 401) pass.
        """
        if not self.valid:
            return None
        try:
            async with db.begin_nested():
                return await action(self.value)
        except (Invalid, Conflict, Forbidden, Stale) as problem:
            self.blame(problem)
        except DBAPIError as error:
            meant = problem_of(error)
            if meant is None:
                raise
            self.blame(meant)
        return None

    def blame(self, problem: Problem) -> None:
        """Keep a refusal: its field errors beside their fields, the rest above the form."""
        self.problem = problem
        self._add(problem.errors)

    def _add(self, errors: Sequence[FieldError]) -> None:
        for error in errors:
            field = self.names.get(error.field, error.field)
            self.errors.append(FieldError(field, error.code, error.message, value=error.value))

    def has(self, name: str) -> bool:
        """Whether the field was sent or prefilled, were it empty."""
        return name in self._typed

    @property
    def was_sent(self) -> bool:
        """Whether a person sent this form, so that a box that is missing was left empty."""
        return self._sent

    def typed(self, name: str) -> str:
        """What was typed into a field."""
        value = self._typed.get(name, "")
        return value if isinstance(value, str) else (value[0] if value else "")

    def chosen(self, name: str) -> list[str]:
        """What was chosen in a group."""
        value = self._typed.get(name, [])
        return [value] if isinstance(value, str) else value

    def errors_of(self, name: str) -> list[Message]:
        """What is wrong with a field, said once each."""
        found = (e.message for e in self.errors if e.field == name or e.field.startswith(f"{name}."))
        return list(_once(found))

    def named(self, name: str, label: Any) -> Any:
        """The label a page gives a field, kept for the summary."""
        self._labels[name] = label
        return label

    @property
    def summary(self) -> list[Fault]:
        """One fault a field, for the summary above the form; to be asked for when the fields have been named."""
        first = {error.field: error for error in reversed(self.errors)}
        return list(_once(self._fault(error) for error in reversed(first.values())))

    def _fault(self, error: FieldError) -> Fault:
        field = error.field
        while field and field not in self._labels:
            field = field.rpartition(".")[0]
        return Fault(field or None, self._labels.get(field, error.field), error.message)


def _once(found: Iterator[Item]) -> Iterator[Item]:
    seen: list[Item] = []
    for item in found:
        if item not in seen:
            seen.append(item)
            yield item


def _is_many(annotation: Any) -> bool:
    origin = get_origin(annotation)
    if origin in {list, set, tuple, frozenset}:
        return True
    return any(_is_many(part) for part in get_args(annotation)) if origin is not None else False


def _typed(sent: FormData, model: type[BaseModel]) -> dict[str, Typed]:
    """The texts of the form; the CSRF token is not the model's business."""
    typed: dict[str, Typed] = {}
    for key in sent:
        field = model.model_fields.get(key)
        texts = [value for value in sent.getlist(key) if isinstance(value, str)]
        if key == csrf.FIELD or not texts:
            continue
        typed[key] = texts if field is not None and _is_many(field.annotation) else texts[-1]
    return typed


def _undecoded(typed: Mapping[str, Typed]) -> list[FieldError]:
    """The fields whose bytes are not UTF-8, a lone surrogate for example: decoding left U+FFFD in their place."""
    return [
        FieldError(name, "string_unicode", msg("含有无效的字符编码"))
        for name, value in typed.items()
        if any(UNDECODED in text for text in ([value] if isinstance(value, str) else value))
    ]


async def _files(sent: FormData, model: type[BaseModel]) -> dict[str, UploadFile | list[UploadFile]]:
    """The files that were chosen, from their start: a transaction that runs again reads them again."""
    given: dict[str, UploadFile | list[UploadFile]] = {}
    for name in sent:
        field = model.model_fields.get(name)
        files = [file for file in sent.getlist(name) if isinstance(file, UploadFile) and file.filename]
        for file in files:
            await file.seek(0)
        if files:
            given[name] = files if field is not None and _is_many(field.annotation) else files[-1]
    return given


def _shown(value: Any) -> Typed:
    if isinstance(value, datetime):
        return local_input(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | tuple | set | frozenset):
        return [str(item) for item in value]
    return str(value)
