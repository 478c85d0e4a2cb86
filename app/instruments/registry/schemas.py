"""What callers of the registry send."""

import re
from dataclasses import dataclass, field
from datetime import date, time
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    PlainSerializer,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from app.core.i18n import Message, msg
from app.core.keyset import ListQuery
from app.core.schema import Day, Input
from app.core.text import Line, Prose
from app.core.web_address import WebAddress
from app.instruments.rules import limits
from app.instruments.rules.cells import MOST_UNITS
from app.instruments.rules.nations import nations
from app.instruments.rules.opening import MIDNIGHT, closing_text
from app.instruments.rules.units import usual_label

Scope = Literal["organisation", "province", "region", "public"]
Source = Literal["purchased", "developed", "donated", "other"]
Kind = Literal["general", "special"]
Funds = Literal["central", "local", "own", "other"]
CarrierType = Literal["无", "仪器中心", "重大设施", "国家重点实验室", "工程中心", "种质资源库"]
RunningState = Literal[
    "normal", "standby", "remote", "occasional_fault", "frequent_fault", "awaiting_repair", "awaiting_scrap"
]
InUse = Literal["open", "restricted", "suspended"]
ServiceStatus = Literal["open", "restricted", "suspended", "retired"]
BookingMode = Literal["self", "assisted", "sample", "mixed"]
Sort = Literal["relevance", "name", "newest", "worth"]
MOST_WORTH_FEN = 10**15
MOST_HOURS = 50
MOST_DISCIPLINES = 4


def _unset() -> Any:
    return None


@dataclass(frozen=True, slots=True)
class Pattern:
    """The type of a text of one form, refused in words instead of by its regular expression."""

    pattern: str
    code: str
    reason: Message = field(hash=False)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Refuse what does not match."""
        expression = re.compile(self.pattern)

        def check(value: str) -> str:
            if not expression.fullmatch(value):
                raise PydanticCustomError(self.code, "{message}", {"message": self.reason})
            return value

        return core_schema.no_info_after_validator_function(check, handler(source))

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """The pattern stands in the OpenAPI document all the same."""
        return {**handler(core), "pattern": self.pattern}


def _in(known: Any, code: str, reason: Any) -> AfterValidator:
    def check(value: str) -> str:
        if value and value not in known():
            raise PydanticCustomError(code, "{message}", {"message": reason})
        return value

    return AfterValidator(check)


def _once_each(values: list[str]) -> list[str]:
    if len(set(values)) < len(values):
        raise PydanticCustomError("repeated", "{message}", {"message": msg("有重复的项")})
    return values


Adcode = Annotated[
    str,
    Pattern(r"^[0-9]{6}$", "adcode_malformed", msg("应为 6 位行政区划代码")),
    Field(examples=["330106"], description="行政区划代码（GB/T 2260）"),
]
ClassCode = Annotated[
    str,
    Pattern(r"^[0-9]{6}$", "class_malformed", msg("应为 6 位仪器分类编码")),
    Field(examples=["010100"], description="仪器分类编码；其他为 990000"),
]
Discipline = Annotated[
    str,
    Pattern(r"^[0-9]{3}$", "discipline_malformed", msg("应为 3 位一级学科代码")),
    Field(examples=["150"]),
]
Nation = Annotated[
    str,
    Pattern(r"^([A-Z]{2})?$", "nation_malformed", msg("应为两个大写字母的国家或地区代码")),
    Field(examples=["JP"], description="产地国别（ISO 3166-1）；空为不详"),
    _in(nations, "nation_unknown", msg("没有这个国家或地区代码")),
]
Zone = Literal["Asia/Shanghai"]
"""What typed times are read as; another zone waits until forms and the calendar know it."""
Email = Annotated[
    str,
    Line(limits.ENTRY["contact_email"], minimum=0),
    Pattern(
        r"^([^@\s]+@[^@\s]+\.[^@\s]+)?$", "email_malformed", msg("应为电子邮箱，例如 lab@example.edu.cn")
    ),
]
Phone = Annotated[
    str,
    Line(limits.ENTRY["contact_phone"], minimum=0),
    Pattern(
        r"^[0-9+()（） 转,，;；/*#.-]*$", "phone_malformed", msg("电话中只能有数字、空格、括号、横线和“转”")
    ),
]


Postcode = Annotated[
    str,
    Pattern(r"^([0-9]{6})?$", "postcode_malformed", msg("应为 6 位邮政编码")),
    Field(examples=["310027"], description="安放地邮政编码"),
]
CustomsItem = Annotated[
    str,
    Pattern(r"^([0-9]{1,2})?$", "customs_item_malformed", msg("应为 1 至 2 位数字的项号")),
]


def _line(field_name: str) -> Line:
    return Line(limits.ENTRY[field_name], minimum=int(field_name in limits.NEVER_BLANK))


def _prose(field_name: str) -> Prose:
    return Prose(limits.ENTRY[field_name])


class InstrumentChange(Input):
    """What is to change: fields left out stay as they are."""

    inner_id: Annotated[str, _line("inner_id")] = Field(
        default_factory=_unset, description="单位内编号，单位内唯一"
    )
    name_zh: Annotated[str, _line("name_zh")] = Field(
        default_factory=_unset, examples=["场发射扫描电子显微镜"]
    )
    name_en: Annotated[str, _line("name_en")] = Field(default_factory=_unset)
    scope: Scope = Field(default_factory=_unset, description="谁能看到：本单位、本省、长三角、公开")
    class_code: ClassCode = Field(default_factory=_unset)
    disciplines: Annotated[
        list[Discipline], Field(max_length=MOST_DISCIPLINES), AfterValidator(_once_each)
    ] = Field(default_factory=_unset, description="主要学科领域：至多四个一级学科（GB/T 13745）")
    source: Source = Field(default_factory=_unset, description="设备来源")
    kind: Kind = Field(default_factory=_unset, description="类别：通用、专用")
    funds: Funds = Field(default_factory=_unset, description="主要购置经费来源")
    carrier_type: CarrierType = Field(default_factory=_unset, description="所属载体类型")
    carrier_name: Annotated[str, _line("carrier_name")] = Field(default_factory=_unset)
    family_id: UUID | None = Field(default_factory=_unset, description="所属仪器族，须为同一单位的")
    department: Annotated[str, _line("department")] = Field(default_factory=_unset, description="部门")
    worth_fen: Annotated[int, Field(ge=0, le=MOST_WORTH_FEN)] | None = Field(
        default_factory=_unset, description="原值，单位为分", examples=[285000000]
    )
    nation: Nation = Field(default_factory=_unset)
    manufacturer: Annotated[str, _line("manufacturer")] = Field(
        default_factory=_unset, description="生产厂商"
    )
    model: Annotated[str, _line("model")] = Field(default_factory=_unset, description="规格型号")
    begin_date: Annotated[Day, Field(ge=date(1949, 1, 1))] | None = Field(
        default_factory=_unset, description="启用日期", examples=["2021-03-15"]
    )
    technical: Annotated[str, _prose("technical")] = Field(default_factory=_unset, description="主要技术指标")
    function: Annotated[str, _prose("function")] = Field(default_factory=_unset, description="主要功能")
    service_content: Annotated[str, _prose("service_content")] = Field(
        default_factory=_unset, description="服务内容"
    )
    achievement: Annotated[str, _prose("achievement")] = Field(default_factory=_unset, description="典型成果")
    requirement: Annotated[str, _prose("requirement")] = Field(
        default_factory=_unset, description="开放共享规定、用户须知"
    )
    fee_note: Annotated[str, _prose("fee_note")] = Field(default_factory=_unset, description="参考收费标准")
    service_url: Annotated[str, WebAddress(limits.ENTRY["service_url"], blank=True)] = Field(
        default_factory=_unset, description="预约服务网址（https）"
    )
    image_url: Annotated[str, WebAddress(limits.ENTRY["image_url"], blank=True)] = Field(
        default_factory=_unset, description="图片网址（https）"
    )
    customs_supervised: bool = Field(default_factory=_unset, description="是否海关监管的减免税设备")
    customs_until: Day | None = Field(
        default_factory=_unset, description="海关监管的最后一天；此后可对外单位开放", examples=["2027-06-30"]
    )
    customs_notice: Annotated[str, _line("customs_notice")] = Field(
        default_factory=_unset, description="海关通知书编号；有通知书时监管期内也可对外单位开放"
    )
    customs_declaration: Annotated[str, _line("customs_declaration")] = Field(
        default_factory=_unset, description="报关单号"
    )
    customs_item: CustomsItem = Field(default_factory=_unset, description="报关单项号")
    customs_imported_on: Day | None = Field(default_factory=_unset, description="进口日期")
    customs_form: Annotated[str, _line("customs_form")] = Field(
        default_factory=_unset, description="报关单上的名称"
    )
    adcode: Adcode = Field(default_factory=_unset)
    address: Annotated[str, _line("address")] = Field(default_factory=_unset, description="安放地址")
    postcode: Postcode = Field(default_factory=_unset)
    contact_name: Annotated[str, _line("contact_name")] = Field(default_factory=_unset)
    contact_phone: Phone = Field(default_factory=_unset, description="只对已登录的用户显示")
    contact_email: Email = Field(default_factory=_unset, description="只对已登录的用户显示")
    running_state: RunningState = Field(default_factory=_unset, description="运行状态")
    service_status: InUse = Field(default_factory=_unset, description="开放、限内部、停用；报废另有操作")
    booking_mode: BookingMode = Field(default_factory=_unset)
    tz: Zone = Field(default_factory=_unset, examples=["Asia/Shanghai"])

    def given(self) -> dict[str, Any]:
        """The fields the caller sent."""
        return self.model_dump(exclude_unset=True)


class UnitIn(Input):
    """A bookable unit 台(套)."""

    label: Annotated[str, Line(limits.UNIT_LABEL)] = Field(examples=[usual_label(1)])
    serial: Annotated[str, Line(limits.UNIT_SERIAL, minimum=0)] = Field(default="", description="出厂编号")


def _one_unit() -> list[UnitIn]:
    return [UnitIn(label=usual_label(1))]


class InstrumentFields(InstrumentChange):
    """A new entry's own fields; those left out take the usual value."""

    inner_id: Annotated[str, _line("inner_id")] = Field(
        description="单位内编号，单位内唯一", examples=["HZ-SEM-01"]
    )
    name_zh: Annotated[str, _line("name_zh")] = Field(examples=["场发射扫描电子显微镜"])
    class_code: ClassCode
    adcode: Adcode


class InstrumentCreate(InstrumentFields):
    """A new entry of the register, with its units."""

    organisation_id: UUID = Field(description="所属单位")
    units: Annotated[list[UnitIn], Field(min_length=1, max_length=MOST_UNITS)] = Field(
        default_factory=_one_unit
    )


class UnitChange(Input):
    """A unit's new name, or its taking out of or back into use."""

    label: Annotated[str, Line(limits.UNIT_LABEL)] = Field(default_factory=_unset)
    serial: Annotated[str, Line(limits.UNIT_SERIAL, minimum=0)] = Field(default_factory=_unset)
    active: bool = Field(default_factory=_unset, description="false：停用；有未来预约时不能停用")


def _end_of_day(value: object) -> object:
    return MIDNIGHT if value == "24:00" else value


def _clock(pattern: str, example: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": f"^({pattern})$", "examples": [example]})


_MINUTE_OF_DAY = "([01][0-9]|2[0-3]):[0-5][0-9]"
Opening = Annotated[
    time,
    PlainSerializer(lambda opens: f"{opens:%H:%M}", return_type=str, when_used="json"),
    _clock(_MINUTE_OF_DAY, "08:30"),
]
Closing = Annotated[
    time,
    BeforeValidator(_end_of_day),
    PlainSerializer(closing_text, return_type=str, when_used="json"),
    _clock(f"{_MINUTE_OF_DAY}|24:00", "17:30"),
]
"""When hours end: midnight may be sent as 24:00 or 00:00, and is always written 24:00."""


class HoursIn(Input):
    """Opening hours of one weekday in the instrument's zone; closing at or before opening means the next morning."""

    weekday: Annotated[int, Field(ge=1, le=7, description="1 为周一")]
    opens: Opening
    closes: Closing

    @model_validator(mode="after")
    def _whole_minutes(self) -> Self:
        for clock in (self.opens, self.closes):
            if clock.tzinfo is not None or clock.second or clock.microsecond:
                raise PydanticCustomError(
                    "not_a_minute", "{message}", {"message": msg("时间须为整分钟，不带时区")}
                )
        return self


class WeekIn(Input):
    """All opening hours; none at all means open at all hours."""

    hours: Annotated[list[HoursIn], Field(max_length=MOST_HOURS)]


class Retirement(Input):
    """Why an instrument goes out of service."""

    reason: Annotated[str, Line(500)] = Field(examples=["设备老化，已办理报废手续"])


class StewardIn(Input):
    """Who is to be a steward."""

    account_id: UUID


class InstrumentFilter(ListQuery):
    """Which instruments are asked for."""

    q: Annotated[str, Line(200)] | None = Field(
        default=None, description="名称、型号、厂商、编号、功能或单位中的文字"
    )
    province: Adcode | None = Field(default=None, description="省级代码，例如 330000")
    class_code: (
        Annotated[str, Pattern(r"^([0-9]{2}){1,3}$", "class_malformed", msg("应为 2、4 或 6 位仪器分类编码"))]
        | None
    ) = Field(default=None, alias="class", description="仪器分类：2、4 或 6 位")
    organisation: UUID | None = Field(default=None, description="所属单位")
    family: UUID | None = Field(default=None, description="仪器族")
    service_status: ServiceStatus | None = Field(default=None, description="不指定时不含已报废的")
    scope: Scope | None = None
    open_now: bool | None = Field(default=None, description="现在开放")
    mine: bool | None = Field(default=None, description="true：只列出调用者负责管理的")
    sort: Sort | None = Field(default=None, description="不指定时：有检索词按相关度，否则按登记时间从新到旧")

    @property
    def order(self) -> Sort:
        """What the list is sorted by."""
        if self.q is None:
            return "newest" if self.sort in {None, "relevance"} else self.sort or "newest"
        return self.sort or "relevance"
