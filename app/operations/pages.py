"""The state of the platform as a page."""

from typing import Annotated

from fastapi import Path, Request, Response

from app.access.entry import Reads, Writes
from app.access.guards import requires
from app.access.permissions import Permission
from app.access.principal import Principal
from app.core.i18n import Message, msg, pmsg
from app.identity.public import sign_in_transaction
from app.operations import service
from app.web.public import Entry, Pages, render, see_other

pages = Pages(
    prefix="/operations",
    entries=[Entry(msg("平台运维"), "/operations", Permission.OPERATE, "manage", "server", 90)],
)
Operator = Annotated[Principal, requires(Permission.OPERATE)]
JobId = Annotated[int, Path(ge=1, lt=2**63)]
JOB_STATES: dict[str, Message] = {
    "queued": pmsg("state", "等待执行"),
    "picked": pmsg("state", "执行中"),
    "failed": pmsg("state", "已放弃"),
}
MESSAGE_STATES: dict[str, Message] = {
    "queued": pmsg("state", "等待发送"),
    "sent": pmsg("state", "已发送"),
    "failed": pmsg("state", "发送失败"),
}
KEY_STATES: dict[str, Message] = {
    "next": pmsg("state", "下一把"),
    "active": pmsg("state", "签名中"),
    "retiring": pmsg("state", "即将停用"),
}


@pages.get("")
async def show(request: Request, db: Reads, caller: Operator) -> Response:
    """Workers, queue, mail, keys, provinces."""
    # First, in a transaction that ends before this request's begins.
    async with sign_in_transaction(request) as session:
        hidden = await service.hidden(session)
    return render(
        request,
        "operations/operations.html",
        caller=caller,
        state=await service.state(db),
        hidden=hidden,
        job_states=JOB_STATES,
        mail_tiles=[(number, MESSAGE_STATES[state]) for state, number in hidden.mails.items()],
        sms_tiles=[(number, MESSAGE_STATES[state]) for state, number in hidden.sms.items()],
        key_states=KEY_STATES,
    )


@pages.post("/jobs/{job_id}/run")
async def run_again(job_id: JobId, request: Request, db: Writes, _caller: Operator) -> Response:
    """Run a job again that was given up."""
    await service.run_again(db, job_id=job_id)
    return see_other(request, "/operations", notice=msg("已重新排队"))
