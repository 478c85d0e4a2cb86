"""The words pages and exports use."""

from app.core.i18n import Message, msg

KINDS: dict[str, Message] = {
    "university": msg("高等院校"),
    "institute": msg("科研院所"),
    "enterprise": msg("企业"),
    "medical": msg("医疗机构"),
    "government": msg("机关"),
    "other": msg("其他单位"),
}
STATUSES: dict[str, Message] = {"active": msg("正常"), "suspended": msg("已停用")}
SCOPES: dict[str, Message] = {
    "public": msg("向所有人公开"),
    "region": msg("成员省份可见"),
    "province": msg("本省可见"),
    "organisation": msg("仅本单位可见"),
}
SORTS: dict[str, Message] = {
    "name": msg("名称（拼音顺序）"),
    "-name": msg("名称（倒序）"),
    "-created": msg("最近登记在前"),
    "created": msg("最早登记在前"),
}
EXPORT_HEADS: tuple[Message, ...] = (
    msg("统一社会信用代码"),
    msg("单位名称"),
    msg("单位类型"),
    msg("省份"),
    msg("所在地代码"),
    msg("状态"),
    msg("可见范围"),
    msg("网址"),
    msg("登记时间"),
)
FIELDS: dict[str, Message] = {
    "uscc": msg("统一社会信用代码"),
    "name": msg("单位名称"),
    "kind": msg("单位类型"),
    "adcode": msg("所在地代码"),
    "scope": msg("可见范围"),
    "website": msg("网址"),
    "uscc_override_reason": msg("核准依据"),
}
"""What the fields are called where a change is told."""
WORDS: dict[str, dict[str, Message]] = {"kind": KINDS, "scope": SCOPES, "status": STATUSES}
