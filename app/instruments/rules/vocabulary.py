"""The words of the register: each coded value and how people say it (national reporting form and §2.2 of its guide)."""

from collections.abc import Mapping

from app.core.i18n import Message, msg, pmsg

Labels = Mapping[str, Message]

SOURCES: Labels = {
    "purchased": msg("购置"),
    "developed": msg("研制"),
    "donated": msg("赠送"),
    "other": msg("其他"),
}
KINDS: Labels = {"general": msg("通用"), "special": msg("专用")}
FUNDS: Labels = {
    "central": msg("中央财政"),
    "local": msg("地方财政"),
    "own": msg("单位自有"),
    "other": msg("其他"),
}
CARRIER_TYPES: Labels = {
    "无": msg("无"),
    "仪器中心": msg("仪器中心"),
    "重大设施": msg("重大设施"),
    "国家重点实验室": msg("国家重点实验室"),
    "工程中心": msg("工程中心"),
    "种质资源库": msg("种质资源库"),
}
"""所属载体; the form's own words are the codes."""
NO_CARRIER = "无"
RUNNING_STATES: Labels = {
    "normal": pmsg("state of an instrument", "正常"),
    "standby": msg("待机"),
    "remote": msg("远程服务中"),
    "occasional_fault": msg("偶有故障"),
    "frequent_fault": msg("故障频繁"),
    "awaiting_repair": msg("待修"),
    "awaiting_scrap": msg("待报废"),
}
BOOKING_STATUSES: Labels = {
    "requested": msg("待审批"),
    "confirmed": msg("已确认"),
    "rejected": msg("未批准"),
    "withdrawn": msg("已撤回"),
    "expired": msg("逾期未批"),
    "superseded": msg("已被占用"),
    "cancelled": msg("已取消"),
}
SERVICE_STATUSES: Labels = {
    "open": msg("开放"),
    "restricted": msg("限内部"),
    "suspended": pmsg("state", "停用"),
    "retired": msg("报废"),
}
BOOKING_MODES: Labels = {
    "self": msg("自主上机"),
    "assisted": msg("委托或陪同"),
    "sample": msg("送样"),
    "mixed": msg("多种方式"),
}
SCOPES: Labels = {
    "organisation": msg("仅本单位"),
    "province": msg("本省"),
    "region": msg("长三角"),
    "public": msg("公开"),
}
TIERS: Labels = {
    "national": msg("50 万元以上"),
    "provincial": msg("30 万元以上"),
    "other": msg("30 万元以下"),
}
"""By purchase value; 以上 includes the amount itself."""
YES_NO: Labels = {"true": msg("是"), "false": msg("否")}
WEEKDAYS: tuple[Message, ...] = (
    msg("周一"),
    msg("周二"),
    msg("周三"),
    msg("周四"),
    msg("周五"),
    msg("周六"),
    msg("周日"),
)
"""By ISO number, Monday first."""
