"""Words found in registers for what we keep as codes, beside the words of `vocabulary.py` and the codes themselves."""

from collections.abc import Mapping
from functools import cache

from app.core.text import normalised
from app.instruments.rules import vocabulary
from app.instruments.rules.nations import nations
from app.instruments.rules.vocabulary import Labels

YES = "是 有 y yes true t 1 √ ✓ 对"
NO = "否 无 n no false f 0 × ✗ 不是 没有"
_WORDS: Mapping[str, tuple[Labels, Mapping[str, str]]] = {
    "source": (
        vocabulary.SOURCES,
        {
            "purchased": "购买 采购 外购 purchase bought",
            "developed": "自研 自制 研发 selfdeveloped inhouse",
            "donated": "捐赠 受赠 接受捐赠 donation gift",
        },
    ),
    "kind": (vocabulary.KINDS, {"general": "通用设备 通用仪器", "special": "专用设备 专用仪器 specific"}),
    "funds": (
        vocabulary.FUNDS,
        {"central": "中央财政资金 中央", "local": "地方财政资金 地方", "own": "单位自有资金 自有资金 自筹"},
    ),
    "carrier_type": (
        vocabulary.CARRIER_TYPES,
        {"无": "none 没有 否", "仪器中心": "大型仪器中心 分析测试中心 测试中心"},
    ),
    "running_state": (
        vocabulary.RUNNING_STATES,
        {
            "normal": "正常运行 运行 在用 完好 良好 good working",
            "standby": "闲置 idle",
            "occasional_fault": "偶发故障",
            "frequent_fault": "经常故障",
            "awaiting_repair": "维修 维修中 故障 broken repair",
            "awaiting_scrap": "拟报废",
        },
    ),
    "service_status": (
        vocabulary.SERVICE_STATUSES,
        {
            "open": f"对外开放 外部共享 外部 active available {YES}",
            "restricted": "内部 内部共享 限内部使用 不对外开放 internal",
            "suspended": f"暂停 停止 不开放 inactive unavailable {NO}",
        },
    ),
    "scope": (
        vocabulary.SCOPES,
        {
            "organisation": "内部 内部共享 不共享 本单位 private internal",
            "province": "省内 本市 本省市",
            "region": "区域 长三角区域",
            "public": "外部 外部共享 全社会 社会公开 external",
        },
    ),
    "booking_mode": (
        vocabulary.BOOKING_MODES,
        {
            "self": "自主 自助 占用",
            "assisted": "委托 陪同 技术 代测",
            "sample": "送样检测 委托检测",
            "mixed": "其他 混合 均可",
        },
    ),
    "customs_supervised": (vocabulary.YES_NO, {"true": YES, "false": NO}),
}
_NATIONS = {
    "CN": "中国大陆 国产 中华人民共和国 china prc",
    "US": "美利坚 美利坚合众国 usa america unitedstatesofamerica",
    "GB": "英格兰 大不列颠 uk england greatbritain britain",
    "KR": "南韩 大韩民国 korea southkorea",
    "RU": "俄国 russia",
    "DE": "德意志 deutschland",
    "NL": "holland",
    "CZ": "捷克共和国 czechrepublic",
    "TW": "台湾 台湾省 中国台湾省 taiwan",
    "HK": "香港 hongkong",
    "MO": "澳门 macao macau",
}


RETIRED = "retired"
"""An instrument is retired on its own page, with a reason; a file cannot."""


def folded(word: str) -> str:
    """A word without case, width and inner spaces."""
    return "".join(normalised(word, "NFKC").lower().split())


@cache
def meanings(field: str) -> Mapping[str, str]:
    """The codes of a field by every word that stands for one."""
    if field == "nation":
        return _nation_words()
    labels, more = _WORDS[field]
    found = {word: code for code, words in more.items() for word in words.split()}
    for code, label in labels.items():
        found |= {folded(code): code, folded(label.id): code, folded(label.text("en")): code}
    return found


def usual_words(field: str) -> list[str]:
    """How people usually say a field's codes, in Chinese; those that a file may set."""
    labels, _ = _WORDS[field]
    return [label.id for code, label in labels.items() if code != RETIRED]


def _nation_words() -> Mapping[str, str]:
    found = {word: code for code, words in _NATIONS.items() for word in words.split()}
    for names in (nations("en"), nations("zh")):
        found |= {folded(name): code for code, name in names.items()}
    return found | {code.lower(): code for code in nations()}
