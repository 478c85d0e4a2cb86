"""How the register looks from outside."""

from datetime import date
from typing import Any, Literal, Self
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import Field
from sqlalchemy import Row

from app.access.principal import Principal
from app.core import clock
from app.core.i18n import Locale
from app.core.schema import Instant, Output
from app.instruments.registry.policy import may_see_contact
from app.instruments.registry.schemas import (
    BookingMode,
    CarrierType,
    Closing,
    Funds,
    Kind,
    Opening,
    RunningState,
    Scope,
    ServiceStatus,
    Source,
)
from app.instruments.rules.customs import bars_others
from app.instruments.rules.opening import MIDNIGHT, closing_text
from app.instruments.rules.record import Tier, tier
from app.instruments.visibility import manages

CONTACT = ("contact_name", "contact_phone", "contact_email")
CUSTOMS_ENTRY = ("customs_declaration", "customs_item", "customs_imported_on", "customs_form")
"""What the customs know an instrument by: the business of those who run it."""


def class_name(row: Row[Any], locale: Locale) -> str:
    """The name of a row's instrument class, in the reader's language where it has one; blank for an unknown class."""
    return (row.class_en if locale == "en" else None) or row.class_zh or ""


class InstrumentItem(Output):
    """An instrument in a list."""

    id: UUID
    province: str = Field(examples=["330000"])
    organisation_id: UUID
    organisation_name: str | None = Field(description="所属单位未向您开放时为空", examples=["示例大学"])
    inner_id: str
    name_zh: str = Field(examples=["场发射扫描电子显微镜"])
    name_en: str
    class_code: str = Field(examples=["010100"])
    class_name: str = Field(examples=["电子光学"])
    model: str
    manufacturer: str
    worth_fen: int | None = Field(description="原值，单位为分")
    tier: Tier | None = Field(description="按原值：50 万元以上、30 万元以上、其他；原值不详时为空")
    adcode: str
    scope: Scope
    service_status: ServiceStatus
    running_state: RunningState
    booking_mode: BookingMode
    units: int = Field(description="可预约的单元数")
    open_now: bool = Field(description="现在是否在开放时间内")
    updated_at: Instant

    @classmethod
    def of(cls, row: Row[Any], locale: Locale) -> Self:
        """The item of a row of `queries.page`."""
        columns = cls.model_fields.keys() - {"province", "class_name", "tier"}
        return cls(
            **{name: getattr(row, name) for name in columns},
            province=row.tenant_id,
            class_name=class_name(row, locale),
            tier=tier(row.worth_fen),
        )


class Contact(Output):
    """Whom to ask."""

    name: str
    phone: str
    email: str


class CustomsEntry(Output):
    """An instrument's line of the customs declaration it was imported under."""

    declaration: str = Field(description="报关单号")
    item: str = Field(description="项号")
    imported_on: date | None = Field(description="进口日期")
    form: str = Field(description="报关单上的名称")


class UnitOut(Output):
    """A bookable unit 台(套)."""

    id: UUID
    label: str
    serial: str
    active: bool


class HoursOut(Output):
    """Opening hours of one weekday in the instrument's zone; closing at or before opening means the next morning."""

    weekday: int = Field(description="1 为周一")
    opens: Opening
    closes: Closing

    @property
    def overnight(self) -> bool:
        """Whether they end in the next morning."""
        return MIDNIGHT < self.closes <= self.opens

    @property
    def text(self) -> str:
        """The hours for people: `18:00–24:00`."""
        return f"{self.opens:%H:%M}–{closing_text(self.closes)}"


class FileOut(Output):
    """A picture or a manual of an instrument; `url` is for whoever sees the instrument."""

    id: UUID
    kind: Literal["picture", "manual"] = Field(description="图片或说明书，按文件内容判断")
    media_type: str = Field(examples=["image/png"])
    title: str
    name: str
    size: int = Field(description="字节数")
    width: int | None = Field(description="图片的像素宽度")
    height: int | None
    url: str

    @classmethod
    def of(cls, row: dict[str, Any], instrument_id: UUID) -> Self:
        """The file of an object of `queries.detail`."""
        kind = "picture" if str(row["media_type"]).startswith("image/") else "manual"
        url = f"/api/v1/instruments/{instrument_id}/files/{row['id']}"
        return cls.model_validate({**row, "kind": kind, "url": url})


class InstrumentOut(Output):
    """An entry of the register."""

    id: UUID
    version: int
    province: str = Field(examples=["330000"])
    organisation_id: UUID
    organisation_name: str | None = Field(description="所属单位未向您开放时为空")
    inner_id: str
    scope: Scope
    name_zh: str
    name_en: str
    class_code: str
    class_name: str
    disciplines: list[str]
    source: Source
    kind: Kind
    funds: Funds
    carrier_type: CarrierType
    carrier_name: str
    department: str
    family_id: UUID | None
    family_name: str | None = Field(description="所属仪器族；所属单位未向您开放时为空")
    worth_fen: int | None = Field(description="原值，单位为分")
    tier: Tier | None = Field(description="按原值：50 万元以上、30 万元以上、其他；原值不详时为空")
    nation: str
    manufacturer: str
    model: str
    begin_date: date | None
    technical: str
    function: str
    service_content: str
    achievement: str
    requirement: str
    fee_note: str
    service_url: str
    image_url: str
    customs_supervised: bool
    customs_until: date | None = Field(description="海关监管的最后一天")
    customs_notice: str = Field(description="海关通知书编号")
    customs_bars_others: bool = Field(description="现在是否因海关监管只供所属单位使用")
    customs: CustomsEntry | None = Field(description="报关信息，只对管理者显示")
    adcode: str
    address: str
    postcode: str
    contact: Contact | None = Field(description="登录后可见")
    running_state: RunningState
    service_status: ServiceStatus
    booking_mode: BookingMode
    tz: str
    units: list[UnitOut] = Field(description="停用的单元只对管理者显示")
    opening_hours: list[HoursOut] = Field(description="为空表示全天开放")
    files: list[FileOut] = Field(description="图片和说明书，按显示的顺序")
    open_now: bool
    may_manage: bool = Field(description="调用者能否修改")
    created_at: Instant
    updated_at: Instant

    @classmethod
    def of(cls, row: Row[Any], caller: Principal, locale: Locale) -> Self:
        """The entry of a row of `queries.detail`, as this caller may see it."""
        entry = row.Instrument
        runs = manages(caller, entry)
        units = [UnitOut.model_validate(unit) for unit in row.units or ()]
        contact = Contact(name=entry.contact_name, phone=entry.contact_phone, email=entry.contact_email)
        customs = CustomsEntry(
            declaration=entry.customs_declaration,
            item=entry.customs_item,
            imported_on=entry.customs_imported_on,
            form=entry.customs_form,
        )
        derived = {
            "tier": tier(entry.worth_fen),
            "customs_bars_others": bars_others(
                supervised=entry.customs_supervised,
                notice=entry.customs_notice,
                until=entry.customs_until,
                on=clock.now().astimezone(ZoneInfo(entry.tz)).date(),
            ),
            "customs": customs if runs else None,
            "province": entry.tenant_id,
            "organisation_name": row.organisation_name,
            "family_name": row.family_name,
            "class_name": class_name(row, locale),
            "contact": contact if may_see_contact(caller) else None,
            "units": units if runs else [unit for unit in units if unit.active],
            "opening_hours": [HoursOut.model_validate(rule) for rule in row.hours or ()],
            "files": [FileOut.of(file, entry.id) for file in row.files or ()],
            "open_now": row.open_now,
            "may_manage": runs,
        }
        return cls(
            **{name: getattr(entry, name) for name in cls.model_fields.keys() - derived.keys()}, **derived
        )


class StewardOut(Output):
    """A steward 机组管理员 of an instrument."""

    account_id: UUID
    name: str
    is_primary: bool = Field(description="是否负责人：至多一位，其余为替补")
