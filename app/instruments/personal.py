"""What instruments and bookings keep about a person, and the bookings that must be settled before an account closes."""

from sqlalchemy import func, select

from app.access.principal import Principal
from app.core.db import ReadSession
from app.core.i18n import Message, msg, pmsg
from app.identity.public import PSEUDONYM, Held, holds, holds_back
from app.instruments.models import Booking
from app.web.public import SHANGHAI

SHOWN = 20
"""Bookings that are named; settling those brings up the next."""
UNNAMED = {"holder_name": PSEUDONYM, "holder_organisation": ""}
holds(
    Held(
        "booking",
        "requester_id = :id",
        pmsg("one", "预约"),
        kept=msg("仪器所属单位的使用和结算凭据；姓名以「已注销用户」代替"),
        masked={"requester_name": PSEUDONYM},
    ),
    Held(
        "booking_approval",
        "decided_by = :id",
        pmsg("one", "预约审批"),
        kept=msg("审批的凭据；只含账号标识"),
    ),
    Held(
        "instrument_import",
        "created_by = :id",
        pmsg("one", "仪器导入"),
        kept=msg("30 天后删除；只含账号标识"),
    ),
    Held(
        "qualification",
        "holder_id = :id",
        pmsg("one", "上机资格"),
        kept=msg("授予单位的上机记录凭据；姓名以「已注销用户」代替"),
        masked=UNNAMED,
    ),
    Held(
        "qualification_request",
        "holder_id = :id",
        pmsg("one", "资格申请"),
        kept=msg("授予单位的审核凭据；姓名以「已注销用户」代替"),
        masked=UNNAMED | {"message": ""},
    ),
    Held(
        "qualification_evidence",
        "request_id IN (SELECT id FROM qualification_request WHERE holder_id = :id)",
        msg("资格申请的证明材料"),
        kept=msg("授予单位的审核凭据；撤回申请时删除"),
    ),
)


async def _bookings_ahead(session: ReadSession, caller: Principal) -> list[Message]:
    """Bookings that are not over yet are cancelled first, so that the instrument is free for others."""
    ahead = (
        select(Booking.instrument_name, Booking.starts_at)
        .where(
            Booking.requester_tenant_id == caller.tenant_id,
            Booking.requester_id == caller.id,
            Booking.blocking,
            func.upper(Booking.during) > func.clock_timestamp(),
        )
        .order_by(Booking.starts_at, Booking.id)
        .limit(SHOWN)
    )
    return [
        msg(
            "「{name}」的预约（{at}）尚未结束，请先取消",
            name=row.instrument_name,
            at=f"{row.starts_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}",
        )
        for row in await session.execute(ahead)
    ]


holds_back(_bookings_ahead)
