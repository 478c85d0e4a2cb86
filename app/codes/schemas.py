"""What callers send and get."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from app.codes.schemes import ANY_CODE
from app.core.keyset import ListQuery
from app.core.schema import Instant, Output
from app.core.text import Line

Status = Literal["current", "historical"]
CodeText = Annotated[str, Field(pattern=f"^({ANY_CODE})$")]


class CodeQuery(ListQuery):
    """Which entries of a list are asked for."""

    q: Annotated[str, Line(100)] | None = Field(default=None, description="名称中的文字，或代码的开头")
    parent: CodeText | None = Field(default=None, description="上级代码")
    level: int | None = Field(default=None, ge=1, le=9, description="级别，最高一级为 1")
    status: Status | Literal["all"] = Field(
        default="current", description="historical：已废止的代码；all：全部"
    )


class SchemeOut(Output):
    """A list of codes."""

    scheme: str = Field(examples=["gb2260"])
    title: str = Field(examples=["行政区划（GB/T 2260）"])
    source: str
    version: int = Field(description="每次导入改动后加一")
    imported_at: Instant


class CodeOut(Output):
    """An entry of a list."""

    scheme: str = Field(examples=["gb2260"])
    code: str = Field(examples=["330106"])
    name: str = Field(examples=["西湖区"], description="按读者语言；没有该语言的名称时用另一种")
    name_zh: str = Field(examples=["西湖区"])
    name_en: str = Field(examples=["Xihu District"])
    parent: str | None = Field(examples=["330100"])
    level: int = Field(examples=[3])
    status: Status
    valid_from: date | None
    valid_to: date | None
    successor: str | None = Field(description="取代它的代码")
