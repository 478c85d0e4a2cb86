"""Fictional organisations of the four provinces; only the districts they sit in are real (GB/T 2260)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """An organisation to be: `slug` names it in addresses and numbers, `share` is its part of the instruments."""

    slug: str
    name: str
    kind: str
    adcode: str
    district: str
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
            Place("hubin", "沪滨理工大学（示例）", "university", "310112", "闵行区", 14),
            Place("shenlan", "申岚大学（示例）", "university", "310110", "杨浦区", 12),
            Place("pulan", "浦澜微纳技术研究院（示例）", "institute", "310115", "浦东新区", 11),
            Place("ruiting", "沪上瑞汀医院（示例）", "medical", "310104", "徐汇区", 6),
            Place("yunjiao", "上海云礁生物医药有限公司（示例）", "enterprise", "310117", "松江区", 4),
            Place("chengyu", "上海澄屿芯材科技有限公司（示例）", "enterprise", "310114", "嘉定区", 3),
        ),
    ),
    Province(
        "320000",
        "js",
        (
            Place("sulan", "苏澜大学（示例）", "university", "320113", "南京市栖霞区", 14),
            Place("wuzhu", "吴渚工业大学（示例）", "university", "320506", "苏州市吴中区", 12),
            Place("liangting", "梁汀新材料研究院（示例）", "institute", "320211", "无锡市滨湖区", 11),
            Place("huaiting", "淮汀附属医院（示例）", "medical", "320311", "徐州市泉山区", 6),
            Place("maoxiu", "江苏茅岫分析检测有限公司（示例）", "enterprise", "320412", "常州市武进区", 4),
            Place("haimo", "江苏海陌智能装备有限公司（示例）", "enterprise", "320612", "南通市通州区", 3),
        ),
    ),
    Province(
        "330000",
        "zj",
        (
            Place("qianting", "钱汀理工大学（示例）", "university", "330106", "杭州市西湖区", 14),
            Place("yongyu", "甬屿大学（示例）", "university", "330212", "宁波市鄞州区", 12),
            Place("yuecheng", "越澄海洋与环境研究所（示例）", "institute", "330602", "绍兴市越城区", 11),
            Place("huting", "湖汀医学中心（示例）", "medical", "330108", "杭州市滨江区", 6),
            Place("oulan", "浙江瓯岚光电有限公司（示例）", "enterprise", "330302", "温州市鹿城区", 4),
            Place("wuyu", "浙江婺屿新能源有限公司（示例）", "enterprise", "330702", "金华市婺城区", 3),
        ),
    ),
    Province(
        "340000",
        "ah",
        (
            Place("wanling", "皖岭大学（示例）", "university", "340104", "合肥市蜀山区", 14),
            Place("feilan", "淝澜科技大学（示例）", "university", "340111", "合肥市包河区", 12),
            Place("huixiu", "徽岫光子与量子研究所（示例）", "institute", "340103", "合肥市庐阳区", 11),
            Place("luting", "庐汀医院（示例）", "medical", "340202", "芜湖市镜湖区", 6),
            Place("chaoyu", "安徽巢屿环境检测有限公司（示例）", "enterprise", "340102", "合肥市瑶海区", 4),
            Place("wancheng", "安徽皖澄量子器件有限公司（示例）", "enterprise", "340303", "蚌埠市蚌山区", 3),
        ),
    ),
)
