"""What the journal's kinds mean to people; a kind without words is shown as it is."""

from datetime import datetime

from app.core.i18n import Message, msg, pmsg
from app.web.public import SHANGHAI

KINDS: dict[str, Message] = {
    "account.created": pmsg("event", "新建账号"),
    "account.reactivated": pmsg("event", "恢复账号"),
    "account.suspended": pmsg("event", "停用账号"),
    "appointment.approved": pmsg("event", "批准任命提议"),
    "appointment.declined": pmsg("event", "退回任命提议"),
    "appointment.proposed": pmsg("event", "提议任命"),
    "appointment.withdrawn": pmsg("event", "撤回任命提议"),
    "booking.cancelled": pmsg("event", "取消预约"),
    "booking.created": pmsg("event", "新建预约"),
    "booking.moved": pmsg("event", "更改预约时间"),
    "identity.factor_added": pmsg("event", "添加验证方式"),
    "identity.factor_removed": pmsg("event", "删除验证方式"),
    "identity.factor_renamed": pmsg("event", "重命名验证方式"),
    "identity.factors_reset": pmsg("event", "重置验证方式"),
    "delegation.confirmed": pmsg("event", "代理生效"),
    "delegation.created": pmsg("event", "委托代理"),
    "delegation.declined": pmsg("event", "辞去代理"),
    "delegation.revoked": pmsg("event", "收回代理"),
    "identity.linked": pmsg("event", "关联外部身份"),
    "identity.reauthenticated": pmsg("event", "再次验证身份"),
    "identity.recovery_code_used": pmsg("event", "使用恢复码"),
    "identity.recovery_codes_made": pmsg("event", "生成恢复码"),
    "identity.session_revoked": pmsg("event", "注销登录"),
    "identity.second_factor_asked": pmsg("event", "等待第二重验证"),
    "identity.second_factor_failed": pmsg("event", "第二重验证未通过"),
    "identity.sign_in_failed": pmsg("event", "登录失败"),
    "identity.signed_in": pmsg("event", "登录"),
    "instrument.changed": pmsg("event", "修改仪器"),
    "instrument.created": pmsg("event", "登记仪器"),
    "instrument.hours_changed": pmsg("event", "更改开放时间"),
    "instrument.retired": pmsg("event", "报废仪器"),
    "instrument_import.applied": pmsg("event", "批量导入仪器"),
    "join_request.approved": pmsg("event", "同意加入单位"),
    "join_request.declined": pmsg("event", "谢绝加入单位"),
    "join_request.sent": pmsg("event", "申请加入单位"),
    "join_request.withdrawn": pmsg("event", "撤回加入申请"),
    "membership.added": pmsg("event", "加入单位"),
    "membership.changed": pmsg("event", "更改成员角色"),
    "membership.removed": pmsg("event", "离开单位"),
    "oauth_client.grant_revoked": pmsg("event", "终止客户端的一项授权"),
    "oauth_client.registered": pmsg("event", "登记接口客户端"),
    "oauth_device.allowed": pmsg("event", "允许设备登录"),
    "oauth_device.denied": pmsg("event", "拒绝设备登录"),
    "oauth_grant.opened": pmsg("event", "授权应用"),
    "oauth_grant.revoked": pmsg("event", "撤销接口授权"),
    "organisation.changed": pmsg("event", "修改单位"),
    "organisation.reactivated": pmsg("event", "恢复单位"),
    "organisation.registered": pmsg("event", "登记单位"),
    "organisation.suspended": pmsg("event", "停用单位"),
    "organisation_application.approved": pmsg("event", "批准入驻申请"),
    "organisation_application.changed": pmsg("event", "修改入驻申请"),
    "organisation_application.drafted": pmsg("event", "起草入驻申请"),
    "organisation_application.evidence_added": pmsg("event", "上传证明材料"),
    "organisation_application.evidence_removed": pmsg("event", "移除证明材料"),
    "organisation_application.rejected": pmsg("event", "驳回入驻申请"),
    "organisation_application.returned": pmsg("event", "退回入驻申请"),
    "organisation_application.submitted": pmsg("event", "提交入驻申请"),
    "organisation_application.withdrawn": pmsg("event", "撤回入驻申请"),
    "organisation_invitation.accepted": pmsg("event", "接受加入邀请"),
    "organisation_invitation.declined": pmsg("event", "谢绝加入邀请"),
    "organisation_invitation.resent": pmsg("event", "重发加入邀请"),
    "organisation_invitation.revoked": pmsg("event", "撤回加入邀请"),
    "organisation_invitation.sent": pmsg("event", "发出加入邀请"),
    "role.granted": pmsg("event", "授予角色"),
    "role.revoked": pmsg("event", "免去角色"),
    "stewardship.added": pmsg("event", "任命机组管理员"),
    "stewardship.removed": pmsg("event", "免去机组管理员"),
    "unit.added": pmsg("event", "新增单元"),
    "unit.changed": pmsg("event", "修改单元"),
}
GROUPS: dict[str, Message] = {
    "account": pmsg("one", "账号"),
    "appointment": pmsg("one", "任命提议"),
    "booking": pmsg("one", "预约"),
    "delegation": pmsg("one", "代理"),
    "identity": pmsg("one", "登录与身份"),
    "instrument": pmsg("one", "仪器"),
    "instrument_import": pmsg("one", "仪器导入"),
    "join_request": pmsg("one", "加入申请"),
    "membership": pmsg("one", "单位成员"),
    "oauth_client": pmsg("one", "接口客户端"),
    "oauth_device": pmsg("one", "设备登录"),
    "oauth_grant": pmsg("one", "接口授权"),
    "organisation": pmsg("one", "单位"),
    "organisation_application": pmsg("one", "单位入驻申请"),
    "organisation_invitation": pmsg("one", "加入邀请"),
    "role": pmsg("one", "角色"),
    "stewardship": pmsg("one", "机组管理员"),
    "unit": pmsg("one", "单元"),
}
FIELDS: dict[str, Message] = {
    "account_id": pmsg("one", "账号"),
    "reason": msg("理由"),
    "scope": msg("可见范围"),
    "scopes": msg("授权范围"),
    "status": msg("状态"),
}
"""Fields that mean the same whatever they are of."""
EXPORT_HEADS: tuple[Message, ...] = (
    msg("时间"),
    msg("事件"),
    msg("事件代码"),
    msg("对象类型"),
    msg("对象"),
    msg("对象标识"),
    msg("对象所属省份"),
    msg("操作者省份"),
    msg("操作者"),
    msg("操作者标识"),
    msg("请求编号"),
    msg("更改前"),
    msg("更改后"),
)


def kind_label(kind: str) -> Message:
    """The words for a kind."""
    return KINDS.get(kind) or msg(kind)


def moment(at: datetime) -> str:
    """To the second, on the provinces' clock."""
    return f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}"
