"""Fictional organisations of the four provinces; only the districts they sit in are real (GB/T 2260)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """An organisation to be: `slug` names it in addresses and numbers, `share` is its part of the instruments."""

    slug: str
    name: str
    kind: str
    adcode: str
    share: int


@dataclass(frozen=True, slots=True)
class Province:
    """A province and its organisations; `abbreviation` begins its people's login names."""

    code: str
    abbreviation: str
    organisations: tuple[Place, ...]


PROVINCES = (
    Province(
        "310000",
        "sh",
        (
            Place("hubin", "沪滨理工大学（示例）", "university", "310112", 14),
            Place("shenlan", "申岚大学（示例）", "university", "310110", 12),
            Place("pulan", "浦澜微纳技术研究院（示例）", "institute", "310115", 11),
            Place("ruiting", "沪上瑞汀医院（示例）", "medical", "310104", 6),
            Place("yunjiao", "上海云礁生物医药有限公司（示例）", "enterprise", "310117", 4),
            Place("chengyu", "上海澄屿芯材科技有限公司（示例）", "enterprise", "310114", 3),
        ),
    ),
    Province(
        "320000",
        "js",
        (
            Place("sulan", "苏澜大学（示例）", "university", "320113", 14),
            Place("wuzhu", "吴渚工业大学（示例）", "university", "320506", 12),
            Place("liangting", "梁汀新材料研究院（示例）", "institute", "320211", 11),
            Place("huaiting", "淮汀附属医院（示例）", "medical", "320311", 6),
            Place("maoxiu", "江苏茅岫分析检测有限公司（示例）", "enterprise", "320412", 4),
            Place("haimo", "江苏海陌智能装备有限公司（示例）", "enterprise", "320612", 3),
        ),
    ),
    Province(
        "330000",
        "zj",
        (
            Place("qianting", "钱汀理工大学（示例）", "university", "330106", 14),
            Place("yongyu", "甬屿大学（示例）", "university", "330212", 12),
            Place("yuecheng", "越澄海洋与环境研究所（示例）", "institute", "330602", 11),
            Place("huting", "湖汀医学中心（示例）", "medical", "330108", 6),
            Place("oulan", "浙江瓯岚光电有限公司（示例）", "enterprise", "330302", 4),
            Place("wuyu", "浙江婺屿新能源有限公司（示例）", "enterprise", "330702", 3),
        ),
    ),
    Province(
        "340000",
        "ah",
        (
            Place("wanling", "皖岭大学（示例）", "university", "340104", 14),
            Place("feilan", "淝澜科技大学（示例）", "university", "340111", 12),
            Place("huixiu", "徽岫光子与量子研究所（示例）", "institute", "340103", 11),
            Place("luting", "庐汀医院（示例）", "medical", "340202", 6),
            Place("chaoyu", "安徽巢屿环境检测有限公司（示例）", "enterprise", "340102", 4),
            Place("wancheng", "安徽皖澄量子器件有限公司（示例）", "enterprise", "340303", 3),
        ),
    ),
)
