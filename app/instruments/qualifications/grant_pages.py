"""The page of a training session's list: whom to tick, and what became of each."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Request, Response
from pydantic import Field

from app.access.entry import Reads, Writes
from app.access.guards import ensure, requires
from app.access.permissions import Permission
from app.access.principal import Principal
from app.core.db import ReadSession
from app.core.i18n import Message, msg, named
from app.core.schema import Day, Input
from app.core.text import Line
from app.identity import public as identity
from app.instruments.qualifications import granting, policy, queries, requests, service, words
from app.instruments.qualifications.granting import Granted
from app.instruments.qualifications.models import QualificationRequest
from app.instruments.qualifications.schemas import Basis, GrantIn
from app.instruments.rules.qualified import GRANTED, Level
from app.web.public import Form, Pages, province_name, render

pages = Pages(prefix="/qualifications/types")
Granter = Annotated[Principal, requires(Permission.QUALIFICATIONS_GRANT)]
MOST_LISTED = 100
"""People to tick; a search narrows them."""


class GrantForm(Input):
    """A session's list."""

    level: Level
    valid_from: Day | None = None
    valid_to: Day | None = None
    basis: Basis = ""
    account_ids: list[UUID] = Field(default_factory=list)
    request_ids: list[UUID] = Field(default_factory=list)


@pages.get("/{type_id}/grant")
async def grant_page(
    type_id: UUID, request: Request, db: Reads, caller: Granter, q: Annotated[str, Line(100, 0)] = ""
) -> Response:
    """Whom a session's list may name."""
    return await _grant_page(request, db, caller, type_id, Form({}), q)


@pages.post("/{type_id}/grants")
async def grant_submit(type_id: UUID, request: Request, db: Writes, caller: Granter) -> Response:
    """Grant the list, then show what became of each; sent again, it changes nothing more."""
    form: Form[GrantForm] = await Form.read(request, GrantForm)
    told = await form.submit(
        db,
        lambda typed: granting.grant_all(
            db, caller=caller, type_id=type_id, order=GrantIn(**typed.model_dump())
        ),
    )
    if told is None:
        return await _grant_page(request, db, caller, type_id, form, "")
    return await _grant_page(request, db, caller, type_id, Form({}), "", told)


async def _grant_page(
    request: Request,
    db: ReadSession,
    caller: Principal,
    type_id: UUID,
    form: Form[Any],
    q: str,
    told: list[Granted] | None = None,
) -> Response:
    kind = await service.get(db, caller=caller, type_id=type_id)
    nobody = UUID(int=0)
    ensure(policy.may_grant(caller, nobody, "observer", runs=kind.runs, trains=kind.trains))
    members = await identity.members_of(db, kind.type.organisation_id)
    listed = [(str(one), name) for one, name in members.items() if one != caller.id and q in name]
    waiting = await requests.waiting(db, caller=caller, type_id=type_id)
    return render(
        request,
        "qualifications/grant.html",
        status_code=form.status,
        kind=kind,
        name=named(kind.type.name_zh, kind.type.name_en),
        form=form,
        q=q,
        members=listed[:MOST_LISTED],
        more=len(listed) > MOST_LISTED,
        waiting=[(str(row.id), row.holder_name, _from(row)) for row in waiting if row.holder_id != caller.id],
        told=told,
        done=sum(one.outcome in GRANTED for one in told or ()),
        today=queries.today(),
        levels=words.LEVEL_CHOICES if kind.runs else words.RECOGNISED_CHOICES,
        words=words,
    )


def _from(row: QualificationRequest) -> Message:
    """Where somebody who asks comes from."""
    name = province_name(row.holder_tenant_id)
    province = named(name.zh, name.en)
    return msg("{organisation}（{province}）", organisation=row.holder_organisation or "—", province=province)
