"""From a row of a file to an entry of the register, or to every reason why not."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from app.core.errors import FieldError
from app.core.i18n import Message, msg
from app.core.problems import field_errors
from app.core.tabular import Row
from app.core.text import clean, printable
from app.instruments.importing import sent_back
from app.instruments.importing.lexicon import Lexicon
from app.instruments.importing.schemas import FieldSource
from app.instruments.registry.schemas import InstrumentFields
from app.instruments.rules import cells
from app.instruments.rules.cells import Noted, Unreadable
from app.instruments.rules.columns import BY_FIELD
from app.instruments.rules.record import DEFAULTS
from app.instruments.rules.synonyms import RETIRED

SHOWN = 80
"""Characters of a faulty value that are shown back."""
REQUIRED = ("organisation", "inner_id", "name_zh", "class_code", "adcode")
STORED = {"worth_wan": "worth_fen", "worth_yuan": "worth_fen"}
"""Fields of a file that are kept under another name."""
APART = frozenset({"organisation", "units"})
"""Fields that are no columns of an entry."""
LEFT_OUT_WHEN_BLANK = cells.WORDS | {"customs_supervised", "units"}
"""A blank cell says nothing about these; elsewhere it says the value is blank."""
JOINT = "-"
AND = " + "
"""Between the names of columns that make up one field, in any language."""
Parse = Callable[[str], Any]


@dataclass(slots=True)
class Draft:
    """A row as understood so far."""

    number: int
    organisation_id: UUID | None = None
    values: dict[str, Any] = field(default_factory=dict)
    units: int | None = None
    faults: list[FieldError] = field(default_factory=list)
    warnings: list[FieldError] = field(default_factory=list)
    cells: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[UUID, str] | None:
        """What the entry is known by, where the row tells it."""
        inner_id = self.values.get("inner_id")
        return (self.organisation_id, inner_id) if self.organisation_id and inner_id else None

    def blame(self, fault: FieldError) -> None:
        """Keep the row out, for one reason a field."""
        if all(fault.field != known.field for known in self.faults):
            self.faults.append(fault)


class Drafter:
    """Reads rows under one mapping."""

    def __init__(self, columns: Sequence[str], fields: Mapping[str, FieldSource], lexicon: Lexicon) -> None:
        self._places = {name: place for place, name in enumerate(columns)}
        self._numbered_by = next(iter(sent_back.added(columns)), None)
        self._fields = fields
        self._used: dict[str, list[str]] = {}
        for target, source in fields.items():
            for name in source.named:
                self._used.setdefault(name, []).append(target)
        self._parsers = _parsers(lexicon)

    @property
    def mapped(self) -> tuple[str, ...]:
        """The columns of an entry that the file speaks about."""
        return tuple(dict.fromkeys(STORED.get(name, name) for name in self._fields if name not in APART))

    def draft(self, row: Row) -> Draft:
        """What the row says."""
        made = Draft(row.number, cells=row.cells)
        for fault in row.faults:
            self._place_fault(made, fault)
        given: dict[str, Any] = {}
        said: dict[str, str] = {}
        blank: dict[str, Any] = {}
        for name, source in self._fields.items():
            text = self._text(source, row)
            if text == "":
                self._blank(made, blank, name)
                continue
            try:
                value = self._parsed(made, name, text)
            except Unreadable as error:
                made.blame(self._fault(made.number, name, error.code, error.reason, text))
                continue
            stored = STORED.get(name, name)
            first = said.setdefault(stored, name)
            if given.setdefault(stored, value) != value:
                reason = msg(
                    "「{first}」和「{second}」两列不一致",
                    first=self._called(first),
                    second=self._called(name),
                )
                made.blame(self._fault(made.number, name, "contradicting", reason, text))
        made.organisation_id = given.pop("organisation", None)
        made.units = given.pop("units", None)
        self._validate(made, blank | given, row)
        return made

    def column_of(self, name: str) -> str | None:
        """The column a field comes from, or all that make it up."""
        sources = (source for given, source in self._fields.items() if name in {given, STORED.get(given)})
        return next((AND.join(source.named) for source in sources if source.named), None)

    def located(self, fault: FieldError, number: int) -> FieldError:
        """A fault of an entry as a fault of its row and column."""
        name = fault.field.split(".")[0]
        return FieldError(
            name, fault.code, fault.message, row=number, column=self.column_of(name), value=fault.value
        )

    def _place_fault(self, made: Draft, fault: FieldError) -> None:
        """A cell that no field uses cannot keep the row out."""
        if fault.column is None:
            made.blame(fault)
            return
        targets = self._used.get(fault.column, [])
        for target in targets:
            made.blame(FieldError(target, fault.code, fault.message, fault.row, fault.column, fault.value))
        if not targets:
            made.warnings.append(fault)

    def _parsed(self, made: Draft, name: str, text: str) -> Any:
        """The value of a cell; what should be known of it becomes a warning of the row.

        Raises:
            Unreadable: it says none.
        """
        value = self._parsers[name](text)
        if not isinstance(value, Noted):
            return value
        made.warnings.append(self._fault(made.number, name, value.code, value.reason, text))
        return value.value

    def _called(self, name: str) -> str | Message:
        """What a person calls the place a field comes from."""
        return self.column_of(name) or BY_FIELD[name].title

    def _text(self, source: FieldSource, row: Row) -> str:
        if source.row_number is not None:
            number = self._row_number(row)
            return f"{source.row_number}{number}" if number else ""
        parts = [clean(row.cells[self._places[name]]) for name in source.named]
        return JOINT.join(part for part in parts if part) or source.fixed or ""

    def _row_number(self, row: Row) -> str:
        """Where the row stands; of a row that was sent back, where it stood first, so that it keeps its id."""
        return clean(row.cells[self._places[self._numbered_by]]) if self._numbered_by else str(row.number)

    def _blank(self, made: Draft, blank: dict[str, Any], name: str) -> None:
        if name in REQUIRED:
            made.blame(self._fault(made.number, name, "missing", msg("必填"), ""))
        elif name not in LEFT_OUT_WHEN_BLANK:
            stored = STORED.get(name, name)
            blank[stored] = DEFAULTS[stored]

    def _validate(self, made: Draft, given: dict[str, Any], row: Row) -> None:
        try:
            made.values = InstrumentFields.model_validate(given).given()
        except ValidationError as error:
            for fault in field_errors([dict(entry) for entry in error.errors()]):
                name = fault.field.split(".")[0]
                if fault.code != "missing":
                    source = self._fields.get(name)
                    text = self._text(source, row) if source else fault.value or ""
                    made.blame(self._fault(made.number, name, fault.code, fault.message, text))
            faulty = {fault.field for fault in made.faults}
            # Enough to look up its codes and to know the row again; a faulty row is never written.
            made.values = {name: value for name, value in given.items() if name not in faulty}

    def _fault(self, number: int, name: str, code: str, reason: Message, text: str) -> FieldError:
        shown = printable(text[:SHOWN])
        return FieldError(name, code, reason, row=number, column=self.column_of(name), value=shown)


def _parsers(lexicon: Lexicon) -> dict[str, Parse]:
    texts = (
        "inner_id name_zh name_en carrier_name manufacturer model technical function service_content achievement "
        "requirement fee_note service_url address contact_name contact_phone contact_email department image_url "
        "postcode customs_notice customs_declaration customs_item customs_form"
    )
    parsers: dict[str, Parse] = dict.fromkeys(texts.split(), str)
    parsers |= {name: _word(name) for name in cells.WORDS}
    return parsers | {
        "organisation": lexicon.organisation,
        "class_code": lexicon.class_code,
        "disciplines": lexicon.disciplines_in,
        "adcode": lexicon.division,
        "worth_wan": lambda text: cells.worth(text, cells.FEN_PER_WAN),
        "worth_yuan": lambda text: cells.worth(text, cells.FEN_PER_YUAN),
        "begin_date": cells.day,
        "customs_until": cells.day,
        "customs_imported_on": cells.day,
        "customs_supervised": cells.yes,
        "service_status": _status,
        "units": cells.count,
    }


def _word(name: str) -> Parse:
    return lambda text: cells.word(name, text)


def _status(text: str) -> str:
    status = cells.word("service_status", text)
    if status == RETIRED:
        raise Unreadable(RETIRED, msg("报废须在仪器页面办理，不能由导入改变"))
    return status
