"""Names of the provincial divisions (GB/T 2260-2007 codes; short names by 国务院 usage), for badges without a query."""

from dataclasses import dataclass

from app.core.i18n import Locale
from app.tenancy.policies import PLATFORM


@dataclass(frozen=True, slots=True)
class ProvinceName:
    """A provincial division as badges show it: 浙, 浙江, Zhejiang."""

    character: str
    zh: str
    en: str

    def text(self, locale: Locale) -> str:
        """The short name."""
        return self.zh if locale == "zh" else self.en


_TABLE = """
110000 京 北京 Beijing|120000 津 天津 Tianjin|130000 冀 河北 Hebei|140000 晋 山西 Shanxi|150000 蒙 内蒙古 Inner-Mongolia
210000 辽 辽宁 Liaoning|220000 吉 吉林 Jilin|230000 黑 黑龙江 Heilongjiang|310000 沪 上海 Shanghai|320000 苏 江苏 Jiangsu
330000 浙 浙江 Zhejiang|340000 皖 安徽 Anhui|350000 闽 福建 Fujian|360000 赣 江西 Jiangxi|370000 鲁 山东 Shandong
410000 豫 河南 Henan|420000 鄂 湖北 Hubei|430000 湘 湖南 Hunan|440000 粤 广东 Guangdong|450000 桂 广西 Guangxi
460000 琼 海南 Hainan|500000 渝 重庆 Chongqing|510000 川 四川 Sichuan|520000 贵 贵州 Guizhou|530000 云 云南 Yunnan
540000 藏 西藏 Tibet|610000 陕 陕西 Shaanxi|620000 甘 甘肃 Gansu|630000 青 青海 Qinghai|640000 宁 宁夏 Ningxia
650000 新 新疆 Xinjiang|710000 台 台湾 Taiwan|810000 港 香港 Hong-Kong|820000 澳 澳门 Macao
"""
NAMES: dict[str, ProvinceName] = {
    code: ProvinceName(character, zh, en.replace("-", " "))
    for code, character, zh, en in (
        entry.split() for line in _TABLE.split("\n") for entry in line.split("|") if entry
    )
}
OPERATORS = ProvinceName("台", "平台", "Platform")
"""The tenant of the platform's own people, who belong to no province."""


def province_name(code: str) -> ProvinceName:
    """The names behind a province code; a code we do not know stands for itself."""
    return OPERATORS if code == PLATFORM else NAMES.get(code) or ProvinceName(code[:2], code, code)
