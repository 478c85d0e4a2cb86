"""The words of applications."""

from app.core.i18n import Message, msg, pmsg
from app.identity.provider.models import OAuthClient

KINDS: dict[str, Message] = {
    "web": msg("网站应用"),
    "public": msg("手机、桌面或网页应用"),
    "system": pmsg("application", "系统对接"),
}
KINDS_EXPLAINED: list[tuple[str, Message, Message]] = [
    ("web", KINDS["web"], msg("有自己的服务器，能保管密钥")),
    ("public", KINDS["public"], msg("运行在用户的设备上，没有密钥")),
]
REVIEWS: dict[str, Message] = {
    "pending": pmsg("application", "待审核"),
    "approved": pmsg("application", "已批准"),
    "refused": msg("未获批准"),
}
TONES = {"pending": "info", "approved": "success", "refused": "danger"}
STATUSES: dict[str, Message] = {"active": msg("使用中"), "disabled": msg("已停用")}
METHODS: dict[str, Message] = {
    "none": msg("无密钥（PKCE）"),
    "client_secret": msg("密钥"),
    "private_key_jwt": msg("自有密钥签名（private_key_jwt）"),
}
FIELDS: dict[str, Message] = {
    "name": msg("应用名称"),
    "redirect_uris": msg("回调地址"),
    "post_logout_redirect_uris": msg("退出后返回的地址"),
    "scopes": msg("权限"),
}
"""What waits for an admin when it is changed."""
DECISIONS: list[tuple[str, Message, Message]] = [
    ("approve", msg("批准"), msg("所有人都可以使用该应用")),
    ("refuse", msg("不批准"), msg("须说明理由，开发者看得到")),
]


def state(client: OAuthClient) -> tuple[Message, str]:
    """How an application stands, and its colour."""
    if client.status == "disabled":
        return STATUSES["disabled"], "neutral"
    if client.proposed is not None:
        return msg("更改待审核"), "info"
    return REVIEWS[client.review], TONES[client.review]
