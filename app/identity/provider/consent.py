"""What a person is asked before another application acts for them, in plain words."""

from collections.abc import Sequence

from app.access.principal import Principal
from app.core.db import Session
from app.core.i18n import Message, msg
from app.identity.provider import queries
from app.identity.provider.authorization import AuthorizationRequest

WORDS: dict[str, Message] = {
    "openid": msg("确认您的身份"),
    "profile": msg("读取您的姓名和所在省份"),
    "account": msg("查看和结束您的登录会话"),
    "codes.read": msg("读取公开的代码表"),
    "organisations.read": msg("读取单位信息"),
    "organisations.manage": msg("以您的身份管理单位信息"),
    "instruments.read": msg("查找仪器和查看空闲时段"),
    "instruments.manage": msg("以您的身份修改仪器信息"),
    "instruments.import": msg("以您的身份批量导入仪器"),
    "bookings.read": msg("读取您的预约"),
    "instruments.book": msg("以您的身份预约"),
    "bookings.change": msg("以您的身份改期和取消预约"),
    "tasks.read": msg("查看您发起的后台任务的进度"),
    "people.read": msg("读取您管理范围内的人员名单"),
    "audit.read": msg("读取您有权查看的操作记录"),
}


def scope_words(scopes: Sequence[str]) -> list[Message]:
    """What the scopes let an application do."""
    return [WORDS[scope] for scope in scopes]


async def consented(session: Session, asked: AuthorizationRequest, caller: Principal) -> bool:
    """Whether the person allowed this application as much before; an application without a secret always asks."""
    if asked.client.secret_digest is None or caller.id is None:
        return False
    allowed = await session.scalars(queries.allowed_before(caller.id, asked.client.id))
    return any(set(asked.scopes) <= set(scopes) for scopes in allowed)
