"""What callers of an import send and get."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError
from sqlalchemy import Row

from app.core.i18n import Locale, Message, msg
from app.core.keyset import ListQuery
from app.core.schema import Input, Instant, Output
from app.core.text import Line
from app.instruments.models import ImportOutcome, ImportState, InstrumentImportRow
from app.instruments.rules.columns import BY_FIELD

State = Literal[ImportState, "checking", "applying", "failed"]
Mode = Literal["all", "good"]
MOST_JOINED = 5
IN_COMMON: Mapping[str, Message] = {"duplicate_in_file": msg("单位内编号与前面的行重复")}
"""Why rows are faulty where the reason of each names another row, by the fault's code."""
Header = Annotated[str, Field(min_length=1, max_length=500)]


class FieldSource(Input):
    """Where a field's value comes from; `fixed` stands in for blank cells, or alone for the whole file."""

    column: Header | None = Field(default=None, description="文件中的列名", examples=["仪器名称"])
    fixed: Annotated[str, Line(1500, minimum=0)] | None = Field(
        default=None, description="固定值，或空单元格的默认值"
    )
    columns: Annotated[list[Header], Field(min_length=1, max_length=MOST_JOINED)] | None = Field(
        default=None, description="只用于编号：把几列连成编号"
    )
    row_number: Annotated[str, Line(20, minimum=0)] | None = Field(
        default=None, description="只用于编号：以此前缀加行号作编号；行序变化后再次导入会错位"
    )

    @property
    def named(self) -> list[str]:
        """The columns it reads."""
        return self.columns or ([self.column] if self.column is not None else [])

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        given = [name for name in ("column", "columns", "row_number") if getattr(self, name) is not None]
        if (
            len(given) > 1
            or not (given or self.fixed is not None)
            or (given not in ([], ["column"]) and self.fixed)
        ):
            reason = msg("请只选一种来源：列、固定值、几列相连或行号")
            raise PydanticCustomError("one_source", "{message}", {"message": reason})
        return self


class ImportMapping(Input):
    """What the columns of a file mean."""

    fields: dict[str, FieldSource] = Field(
        examples=[{"name_zh": {"column": "仪器名称"}, "class_code": {"fixed": "990000"}}],
        description=f"字段：{', '.join(BY_FIELD)}",
    )

    @model_validator(mode="after")
    def _known_fields(self) -> Self:
        for name, source in self.fields.items():
            if name not in BY_FIELD:
                raise PydanticCustomError(
                    "field_unknown", "{message}", {"message": msg("没有字段 {name}", name=name)}
                )
            if name != "inner_id" and (source.columns is not None or source.row_number is not None):
                reason = msg("只有单位内编号可以由几列或行号生成")
                raise PydanticCustomError("one_source", "{message}", {"message": reason})
        return self


class Reading(Input):
    """How the file is to be read, where that cannot be told from it."""

    encoding: Annotated[str, Line(40)] | None = Field(default=None, description="文字编码", examples=["big5"])
    sheet: Annotated[str, Line(100)] | None = Field(default=None, description="工作表名称")
    header_row: Annotated[int, Field(ge=1, le=1_000)] | None = Field(default=None, description="表头所在行")


class ImportApply(Input):
    """How to apply a checked file."""

    mode: Mode = Field(description="all：有一行错误就全部不导入；good：只导入无误的行")


class RowQuery(ListQuery):
    """Which rows of a file are asked for."""

    only: Literal["errors", "warnings", "new", "changed", "unchanged"] | None = None
    field: Annotated[str, Line(60)] | None = Field(default=None, description="只要这个字段有错误的行")
    code: Annotated[str, Line(60)] | None = Field(default=None, description="只要有这种错误的行")


class ColumnOut(Output):
    """A column of the file, with its first values."""

    name: str
    samples: list[str]


class FileWarning(Output):
    """Something to know about the file or a row that does not stand in the way."""

    code: str
    message: str
    row: int | None
    column: str | None


class ImportOut(Output):
    """A file on its way into the register."""

    id: UUID
    state: State
    file_name: str
    file_bytes: int
    encoding: str | None
    delimiter: str | None
    sheet: str | None
    sheets: list[str]
    header_row: int | None
    columns: list[ColumnOut]
    warnings: list[FileWarning]
    mapping: dict[str, FieldSource] = Field(description="当前的列对应；上传后为猜测值")
    unstated: dict[Literal["service_status", "scope"], str] = Field(
        description="行中没有写明时，新增仪器的服务状态和共享范围",
        examples=[{"service_status": "open", "scope": "province"}],
    )
    counts: dict[ImportOutcome, int] = Field(description="检查或导入后各类行数")
    task_id: UUID | None = Field(description="正在进行或最近一次的任务，见 /tasks")
    done: int = Field(description="任务已处理的行数")
    total: int | None
    problem: dict[str, Any] | None = Field(description="失败原因（RFC 9457 问题文档）")
    created_at: Instant
    applied_at: Instant | None


class ImportItem(Output):
    """An import in a list; how far a task of it is, its own page tells."""

    id: UUID
    state: ImportState
    file_name: str
    file_bytes: int
    counts: dict[ImportOutcome, int]
    created_at: Instant
    applied_at: Instant | None


class RowFault(Output):
    """What is wrong with a row, or worth knowing."""

    field: str
    column: str | None
    label: str | None = Field(description="文件中的列名，几列连成的以 + 相连；不来自某一列时为字段名称")
    code: str
    value: str | None
    message: str

    @classmethod
    def of(cls, kept: dict[str, Any], locale: Locale) -> Self:
        """A fault as it was kept, in the reader's language."""
        texts = {name: kept.get(name) for name in ("field", "column", "code", "value")}
        column = BY_FIELD.get(kept["field"])
        label = kept.get("column") or (column.title.text(locale) if column else None)
        return cls(**texts, label=label, message=kept["message"][locale])


class Cause(Output):
    """A reason why rows are faulty, and how many are for it."""

    field: str
    code: str
    label: str | None = Field(description="文件中的列名，几列连成的以 + 相连；不来自某一列时为字段名称")
    message: str = Field(description="原因；各行不尽相同时取其一为例")
    varies: bool = Field(description="各行的原因是否不尽相同")
    rows: int = Field(description="有此错误的行数")

    @classmethod
    def of(cls, row: Row[Any], locale: Locale) -> Self:
        """A row of `queries.causes` in the reader's language."""
        fault = RowFault.of(row.example, locale)
        shared = IN_COMMON.get(row.code)
        return cls(
            field=row.field,
            code=row.code,
            label=fault.label,
            message=shared.text(locale) if shared else fault.message,
            varies=row.messages > 1 and shared is None,
            rows=row.rows,
        )


class RowOut(Output):
    """What became of a row."""

    row: int = Field(description="电子表格中的行号")
    outcome: ImportOutcome
    inner_id: str
    name: str
    instrument_id: UUID | None
    faults: list[RowFault]
    warnings: list[RowFault]

    @classmethod
    def of(cls, row: InstrumentImportRow, locale: Locale) -> Self:
        """The row in the reader's language."""
        return cls(
            row=row.row_number,
            outcome=row.outcome,
            inner_id=row.inner_id,
            name=row.name,
            instrument_id=row.instrument_id,
            faults=[RowFault.of(fault, locale) for fault in row.faults],
            warnings=[RowFault.of(fault, locale) for fault in row.warnings],
        )
