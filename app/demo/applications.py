"""Applications that the newcomer develops: one that everybody may use, and one that waits for an admin."""

from app.core.db import Session
from app.demo.accounts import CLIENT_SECRET
from app.demo.data.provinces import Province
from app.demo.made import Ids, Made
from app.identity import public as identity

PLANS = (
    ("board", "仪器看板", "在课题组的大屏上显示本周的预约", ("openid", "bookings.read"), True),
    (
        "calendar",
        "预约日历",
        "把预约同步到个人日历，改期时提醒",
        ("openid", "profile", "bookings.read"),
        False,
    ),
)
"""Key, name, purpose, scopes, and whether it was reviewed."""


async def applications(session: Session, province: Province, made: Made) -> Ids:
    """What the newcomer registered."""
    ids = {}
    for key, name, purpose, scopes, reviewed in PLANS:
        registered = await identity.register_client(
            session,
            identity.Registration(
                tenant_id=province.code,
                name=name,
                kind="web",
                scopes=scopes,
                redirect_uris=("https://board.example/callback",),
                owner_id=made.newcomer(province).id,
                purpose=purpose,
                homepage="https://board.example/",
                reviewed=reviewed,
                client_id=f"demo-{province.abbreviation}-{key}",
                secret=CLIENT_SECRET,
            ),
        )
        ids[key] = registered.id
    return ids
