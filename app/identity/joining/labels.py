"""The words of applications, invitations and requests."""

from app.core.i18n import Message, msg, pmsg

STATES: dict[str, Message] = {
    "draft": pmsg("application", "草稿"),
    "submitted": pmsg("application", "待审核"),
    "returned": pmsg("application", "退回补正"),
    "approved": pmsg("application", "已批准"),
    "rejected": pmsg("application", "已驳回"),
    "withdrawn": pmsg("application", "已撤回"),
}
TONES = {
    "draft": "neutral",
    "submitted": "info",
    "returned": "warning",
    "approved": "success",
    "rejected": "danger",
    "withdrawn": "neutral",
}
REVIEWED = tuple(state for state in STATES if state != "draft")
"""The states an officer sees."""
FIELDS: dict[str, Message] = {
    "uscc": msg("统一社会信用代码"),
    "name": msg("单位名称"),
    "kind": msg("单位类型"),
    "adcode": msg("所在市、县"),
    "website": msg("网址"),
    "contact_name": msg("联系人"),
    "contact_phone": msg("联系电话"),
    "evidence": msg("证明材料"),
}
"""What a reviewer can ask to be corrected."""
DECISIONS: list[tuple[str, Message, Message]] = [
    ("approve", msg("批准"), msg("登记该单位，申请人成为单位管理员")),
    ("return", msg("退回补正"), msg("申请人改正后可以再次提交")),
    ("reject", msg("驳回"), msg("本次申请到此为止，须说明理由")),
]
REQUEST_STATES: dict[str, Message] = {
    "open": msg("等待审核"),
    "approved": pmsg("request", "已同意"),
    "declined": pmsg("request", "已谢绝"),
    "withdrawn": pmsg("application", "已撤回"),
}
REQUEST_TONES = {"open": "info", "approved": "success", "declined": "warning", "withdrawn": "neutral"}
INVITE_BY: list[tuple[str, Message, Message]] = [
    ("email", msg("电子邮箱"), msg("对方收到一个链接，没有账号的可以先注册")),
    ("login_name", msg("登录名"), msg("对方在自己的账户页看到邀请")),
]
EXPORT_HEADS: tuple[Message, ...] = (
    msg("统一社会信用代码"),
    msg("单位名称"),
    msg("单位类型"),
    msg("所在地代码"),
    msg("状态"),
    msg("联系人"),
    msg("联系电话"),
    msg("提交时间"),
)
