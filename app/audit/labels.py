"""What the journal's kinds mean to people; a kind without words is shown as it is."""

from app.core.i18n import Message, msg

KINDS: dict[str, Message] = {
    "account.created": msg("新建账号"),
    "booking.cancelled": msg("取消预约"),
    "booking.created": msg("新建预约"),
    "booking.moved": msg("更改预约时间"),
    "identity.linked": msg("关联外部身份"),
    "identity.session_revoked": msg("注销登录"),
    "identity.sign_in_failed": msg("登录失败"),
    "identity.signed_in": msg("登录"),
    "instrument.changed": msg("修改仪器"),
    "instrument.created": msg("登记仪器"),
    "instrument.hours_changed": msg("更改开放时间"),
    "instrument.retired": msg("仪器退役"),
    "instrument_import.applied": msg("批量导入仪器"),
    "membership.added": msg("加入单位"),
    "membership.removed": msg("离开单位"),
    "oauth_client.registered": msg("登记接口客户端"),
    "oauth_grant.revoked": msg("撤销接口授权"),
    "organisation.changed": msg("修改单位"),
    "organisation.reactivated": msg("恢复单位"),
    "organisation.registered": msg("登记单位"),
    "organisation.suspended": msg("停用单位"),
    "role.granted": msg("授予角色"),
    "stewardship.added": msg("任命机组管理员"),
    "stewardship.removed": msg("免去机组管理员"),
    "unit.added": msg("新增机位"),
    "unit.changed": msg("修改机位"),
}
GROUPS: dict[str, Message] = {
    "account": msg("账号"),
    "booking": msg("预约"),
    "identity": msg("登录与身份"),
    "instrument": msg("仪器"),
    "instrument_import": msg("仪器导入"),
    "membership": msg("单位成员"),
    "oauth_client": msg("接口客户端"),
    "oauth_grant": msg("接口授权"),
    "organisation": msg("单位"),
    "role": msg("角色"),
    "stewardship": msg("机组管理员"),
    "unit": msg("机位"),
}
ADDRESSES: dict[str, str] = {
    "booking": "/bookings/{id}",
    "instrument": "/instruments/{id}",
    "organisation": "/organisations/{id}",
}
"""Where a subject has a page."""
EXPORT_HEADS: tuple[Message, ...] = (
    msg("时间"),
    msg("事件"),
    msg("事件代码"),
    msg("对象类型"),
    msg("对象标识"),
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


def address_of(subject_type: str, subject_id: str) -> str | None:
    """The page of an event's subject."""
    pattern = ADDRESSES.get(subject_type)
    return pattern.format(id=subject_id) if pattern else None
