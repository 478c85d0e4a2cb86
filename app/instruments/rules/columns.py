"""The columns of a register as a file: what each field is called there, in Chinese, English and the national form's keys."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.core.i18n import Message, msg
from app.core.text import normalised

_NOISE = re.compile(r"[\s_\-*:：()（）\[\]【】/\\.,，、\"'“”]+")


@dataclass(frozen=True, slots=True)
class Column:
    """A field as a column of a file; `called` are other names it goes by, as `normal` writes them."""

    field: str
    title: Message
    called: tuple[str, ...]
    """The national reporting form's key first, where it has one; where a file has several, the first of these is meant."""
    exported: bool = True


def _column(field: str, title: Message, called: str, *, exported: bool = True) -> Column:
    return Column(field, title, tuple(called.split()), exported)


COLUMNS: tuple[Column, ...] = (
    _column(
        "organisation",
        msg("所属单位"),
        "organisation organization 单位 单位名称 所在单位 单位标识 inscode 统一社会信用代码 uscc 依托单位 管理单位 法人单位 institution owner",
    ),
    _column(
        "inner_id",
        msg("单位内编号"),
        "innerid 仪器编号 设备编号 资产编号 编号 内部编号 id code assetid assettag assetnumber equipmentid instrumentid "
        "eusinstrumentid identifier serialid",
    ),
    _column(
        "name_zh",
        msg("仪器名称"),
        "cname 名称 中文名称 仪器中文名称 仪器设备名称 设备名称 设备中文名称 name description title instrumentname equipmentname "
        "eusdisplayname displayname instrument equipment",
    ),
    _column(
        "name_en", msg("英文名称"), "ename 仪器英文名称 设备英文名称 englishname nameen eusinstrumentname"
    ),
    _column(
        "class_code",
        msg("仪器分类编码"),
        "instrcategory 分类编码 分类 仪器分类 类别编码 分类代码 class classcode category",
    ),
    _column(
        "disciplines", msg("主要学科领域"), "subject 学科 学科领域 主要学科 disciplines discipline subjects"
    ),
    _column("source", msg("设备来源"), "instrsource 来源 仪器来源 source acquisition"),
    _column("kind", msg("类别"), "type 仪器类别 通用专用 设备类别 kind"),
    _column("funds", msg("主要购置经费来源"), "funds 经费来源 购置经费来源 funding fundingsource"),
    _column("carrier_type", msg("所属载体类型"), "instrbelongstype 载体类型 carriertype"),
    _column(
        "carrier_name",
        msg("所属载体名称"),
        "instrbelongsname resourcename 载体名称 所属载体 carriername facility",
    ),
    _column(
        "department", msg("所在部门"), "insidedepart 部门 使用部门 院系 所属院系 实验室 department unit dept"
    ),
    _column("worth_wan", msg("原值（万元）"), "worth 原值万元 原值 价值万元 单价万元 设备原值万元 worthwan"),
    _column(
        "worth_yuan",
        msg("原值（元）"),
        "原值元 价值元 金额元 单价元 worthyuan price cost value purchaseprice",
        exported=False,
    ),
    _column("nation", msg("产地国别"), "nation 国别 产地 国家 原产国 country countryoforigin"),
    _column(
        "manufacturer",
        msg("生产厂商"),
        "manufacturer 制造厂商 生产商 厂商 厂家 生产厂家 制造商 品牌 maker vendor brand supplier",
    ),
    _column("model", msg("规格型号"), "instrversion 型号 规格 型号规格 model modelnumber modelno type型号"),
    _column(
        "begin_date",
        msg("启用日期"),
        "begindate 启用时间 投入使用日期 购置日期 启用年月 commissioned startdate inservicedate",
    ),
    _column(
        "technical",
        msg("主要技术指标"),
        "technical 技术指标 主要规格及技术指标 指标 specification specifications technicaldata",
    ),
    _column("function", msg("主要功能"), "function 功能 主要功能及特色 用途 功能用途 functions capability"),
    _column("service_content", msg("服务内容"), "servicecontent 对外服务内容 服务项目 services servicelist"),
    _column("achievement", msg("典型成果"), "achievement 成果 服务典型成果 achievements outcomes"),
    _column(
        "requirement",
        msg("开放共享规定"),
        "requirement 对外开放共享规定 用户须知 共享规定 开放规定 terms accesspolicy rules",
    ),
    _column("fee_note", msg("参考收费标准"), "fee 收费标准 收费 价格 fees charges rates"),
    _column(
        "service_url",
        msg("预约服务网址"),
        "serviceurl 网址 预约网址 服务网址 链接 url website web contacturl link",
    ),
    _column("image_url", msg("图片网址"), "image 图片 照片 仪器图片 图片链接 imageurl photo picture"),
    _column(
        "customs_supervised",
        msg("海关监管"),
        "instrsupervise 是否海关监管 海关监管情况 customs customssupervised",
    ),
    _column("customs_until", msg("海关监管截止日期"), "监管截止日期 监管到期日 解除监管日期 customsuntil"),
    _column("customs_notice", msg("海关通知书编号"), "servicecode 海关通知书 通知书编号 customsnotice"),
    _column("customs_declaration", msg("报关单号"), "declarationnumber 报关单编号 customsdeclaration"),
    _column("customs_item", msg("报关单项号"), "itemnumber 项号 customsitem"),
    _column("customs_imported_on", msg("进口日期"), "importdate 进口时间 customsimportedon"),
    _column("customs_form", msg("报关单上的名称"), "formname 报关名称 customsform"),
    _column(
        "adcode",
        msg("安放地行政区划"),
        "county 区县 所在区县 district 行政区划代码 adcode 行政区划 city 城市 所在城市 地区",
    ),
    _column(
        "address",
        msg("安放地址"),
        "street 地址 存放地址 存放地点 安放地点 详细地址 所在地址 address sitelocation location building room",
    ),
    _column("postcode", msg("邮政编码"), "postalcode 邮编 zip zipcode postcode"),
    _column("contact_name", msg("联系人"), "contact 联系人姓名 负责人 机组负责人 contactname contactperson"),
    _column(
        "contact_phone",
        msg("联系电话"),
        "phone 电话 联系方式 手机 contacttelephone telephone tel contactphone",
    ),
    _column("contact_email", msg("电子邮箱"), "email 邮箱 电子邮件 联系邮箱 contactemail mail"),
    _column("running_state", msg("运行状态"), "status 状态 设备状态 仪器状态 runningstate condition"),
    _column(
        "service_status",
        msg("服务状态"),
        "servicestatus 开放状态 是否开放 active eusactivesw isactive enabled",
    ),
    _column("scope", msg("共享范围"), "sharemode 共享模式 共享方式 开放范围 scope visibility sharing"),
    _column("booking_mode", msg("预约方式"), "bookingmode 使用方式 服务方式 servicemode"),
    _column("units", msg("台（套）数"), "台套数 台数 套数 数量 units quantity qty count"),
)
BY_FIELD: Mapping[str, Column] = {column.field: column for column in COLUMNS}
_BY_NAME = {name: column.field for column in reversed(COLUMNS) for name in column.called}


def normal(header: str) -> str:
    """A header without case, width, spaces and punctuation."""
    return _NOISE.sub("", normalised(header, "NFKC").lower())


_TITLES = frozenset(normal(column.title.id) for column in COLUMNS)


def guess(headers: Sequence[str]) -> dict[str, str]:
    """Which header seems to be which field; each gets the one that says its title, or a name earliest in `called`."""
    named: dict[str, str] = {}
    for header in headers:
        named.setdefault(normal(header), header)
    found: dict[str, str] = {}
    for column in COLUMNS:
        title = normal(column.title.id)
        names = [name for name in column.called if name not in _TITLES and _BY_NAME[name] == column.field]
        if known := next((name for name in (title, *names) if name in named), None):
            found[column.field] = named[known]
    if "worth_wan" in found:
        found.pop("worth_yuan", None)
    return found
