"""The words of the lists of people."""

from collections.abc import Collection

from app.access.permissions import ROLES, Role
from app.core.i18n import Message, msg, pmsg

PEOPLE_ROLES: dict[str, Message] = {
    role.value: ROLES[role]
    for role in (Role.MEMBER, Role.MANAGER, Role.STEWARD, Role.PROVINCE_ADMIN, Role.AUDITOR)
}
MEMBER_ROLES: dict[str, Message] = {role.value: ROLES[role] for role in (Role.MEMBER, Role.MANAGER)}
STATUSES: dict[str, Message] = {
    "active": msg("正常"),
    "suspended": pmsg("account", "已停用"),
    "closed": msg("已注销"),
}
STATUS_TONES = {"active": "success", "suspended": "warning", "closed": "neutral"}
SORTS: dict[str, Message] = {
    "-created": msg("最近开通在前"),
    "created": msg("最早开通在前"),
    "name": msg("姓名（顺序）"),
    "-name": msg("姓名（倒序）"),
}
EXPORT_HEADS: tuple[Message, ...] = (
    msg("姓名"),
    msg("状态"),
    msg("省内角色"),
    msg("单位与角色"),
    msg("开通时间"),
    msg("账号标识"),
)
LOAN_STATES: dict[str, Message] = {
    "waiting": msg("等待批准"),
    "coming": msg("尚未开始"),
    "live": msg("代理中"),
    "ended": pmsg("state", "已结束"),
}
LOAN_TONES = {"waiting": "warning", "coming": "info", "live": "success", "ended": "neutral"}
PROPOSAL_STATES: dict[str, Message] = {
    "open": msg("等待批准"),
    "approved": pmsg("state", "已批准"),
    "declined": pmsg("state", "已退回"),
    "withdrawn": pmsg("state", "已撤回"),
    "expired": pmsg("state", "已过期"),
}
PROPOSAL_TONES = {
    "open": "warning",
    "approved": "success",
    "declined": "danger",
    "withdrawn": "neutral",
    "expired": "neutral",
}
FACTORS: dict[str, Message] = {
    "pwd": msg("密码"),
    "otp": msg("验证码"),
    "hwk": msg("通行密钥"),
    "swk": msg("通行密钥"),
}
"""Methods of RFC 8176 that people know by name."""
FACTOR_KINDS: dict[str, Message] = {"totp": msg("验证器应用"), "passkey": msg("通行密钥")}


def methods_words(methods: Collection[str]) -> list[Message]:
    """How a person was authenticated, in words."""
    shown = {words.id: words for method, words in FACTORS.items() if method in methods}
    return list(shown.values())


TOKEN_AUTH_METHODS: dict[str, Message] = {
    "client_secret_basic": msg("客户端密钥，放在请求头（client_secret_basic）"),
    "client_secret_post": msg("客户端密钥，放在表单（client_secret_post）"),
    "none": msg("没有密钥（公开客户端，只用 PKCE）"),
}
FIRST_SIGN_INS: dict[str, Message] = {
    "refuse": msg("拒绝，由管理员开通账号"),
    "create": msg("按声明自动开通本省账号"),
}
