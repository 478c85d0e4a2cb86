"""The pages by which managers choose several of their instruments, see what would change, and change them."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Query, Request, Response
from pydantic import BaseModel, Field, model_validator
from pydantic_core import PydanticCustomError

from app.access.entry import Reads, Writes
from app.access.guards import requires
from app.access.permissions import Permission
from app.access.principal import Principal
from app.core.db import ReadSession
from app.core.errors import Stale
from app.core.i18n import Message, msg
from app.core.keyset import Part
from app.core.problems import locale_of, understood
from app.core.schema import RowVersion
from app.core.text import Line
from app.instruments.registry import choices, listing
from app.instruments.registry.bulk import service
from app.instruments.registry.bulk.schemas import MOST, BulkChange
from app.instruments.registry.bulk.service import Planned
from app.instruments.registry.export import WORDS
from app.instruments.registry.families.queries import of_organisations
from app.instruments.registry.schemas import BookingMode, Email, InstrumentFilter, InUse, Phone, Scope
from app.instruments.registry.telling import FIELDS
from app.instruments.registry.views import InstrumentItem
from app.instruments.rules import limits
from app.web.public import Entry, Form, Pages, render, see_other

pages = Pages(
    prefix="/instruments",
    entries=[
        Entry(
            msg("负责的仪器"),
            "/instruments/mine",
            Permission.INSTRUMENTS_MANAGE,
            place="manage",
            icon="list-checks",
            position=15,
        )
    ],
)
Manager = Annotated[Principal, requires(Permission.INSTRUMENTS_MANAGE)]
Clearable = Literal["department", "family_id", "contact_name", "contact_phone", "contact_email"]
CLEARED: dict[Clearable, str | None] = {
    "department": "",
    "family_id": None,
    "contact_name": "",
    "contact_phone": "",
    "contact_email": "",
}
"""What may be emptied, and what it is then."""
EMPTY = msg("（空）")


class Chosen(BaseModel):
    """Which instruments are chosen."""

    instrument_id: Annotated[list[UUID], Field(max_length=MOST)] = Field(default_factory=list)


class BulkForm(BaseModel):
    """What is to change of the chosen instruments; a box left empty changes nothing."""

    instrument_id: Annotated[list[UUID], Field(min_length=1, max_length=MOST)]
    service_status: InUse | None = None
    scope: Scope | None = None
    booking_mode: BookingMode | None = None
    department: Annotated[str, Line(limits.ENTRY["department"], minimum=0)] | None = None
    family_id: UUID | None = None
    contact_name: Annotated[str, Line(limits.ENTRY["contact_name"], minimum=0)] | None = None
    contact_phone: Phone | None = None
    contact_email: Email | None = None
    clear: list[Clearable] = Field(default_factory=list)

    @model_validator(mode="after")
    def _not_both(self) -> Self:
        if any(getattr(self, name) for name in self.clear):
            reason = msg("不能既填写又清空同一项")
            raise PydanticCustomError("both", "{message}", {"message": reason})
        return self

    def changes(self) -> BulkChange:
        """What was asked for.

        Raises:
            Invalid: nothing was.
        """
        filled = {
            name: value for name in BulkChange.model_fields if (value := getattr(self, name)) is not None
        }
        return understood(BulkChange, **filled, **{name: CLEARED[name] for name in self.clear})


class ApplyForm(BulkForm):
    """The same, with the versions that the preview showed, in the order of the instruments."""

    version: Annotated[list[RowVersion], Field(max_length=MOST)]

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if len(self.version) != len(self.instrument_id):
            reason = msg("表单不完整，请重新打开此页再填")
            raise PydanticCustomError("rows_incomplete", "{message}", {"message": reason})
        return self


@pages.get("/mine")
async def mine_page(
    request: Request, db: Reads, caller: Manager, wanted: Annotated[InstrumentFilter, Query()]
) -> Response:
    """The instruments one is in charge of, to choose among."""
    locale = locale_of(request)
    wanted = wanted.model_copy(update={"mine": True, "limit": MOST})
    asked = await listing.search(db, caller=caller, wanted=wanted)
    found = await listing.find(db, asked, Part.of(request, wanted))
    items = [InstrumentItem.of(row, locale) for row in found.items]
    families = await of_organisations(db, {item.organisation_id for item in items})
    return render(
        request,
        "instruments/bulk/mine.html",
        instruments=items,
        families=[(str(family.id), family.name) for family in families],
        next_cursor=found.next,
        query=request.url.remove_query_params(["cursor", "limit", "lang", "mine"]).query,
        wanted=wanted,
        words=choices,
    )


@pages.get("/bulk")
async def bulk_page(
    request: Request, db: Reads, caller: Manager, chosen: Annotated[Chosen, Query()]
) -> Response:
    """What is to change of the chosen instruments."""
    if not chosen.instrument_id:
        return see_other(request, "/instruments/mine", notice=msg("请先选择仪器"), tone="info")
    return await _form_page(request, db, caller, chosen.instrument_id, Form({}))


@pages.post("/bulk")
async def preview(request: Request, db: Writes, caller: Manager) -> Response:
    """What would become of each, before it is done."""
    form: Form[BulkForm] = await Form.read(request, BulkForm)

    async def planned(typed: BulkForm) -> list[Planned]:
        return await service.plan(db, caller=caller, ids=typed.instrument_id, changes=typed.changes())

    plan = await form.submit(db, planned)
    if plan is None:
        return await _form_page(request, db, caller, _ids(form), form)
    return await _preview_page(request, db, plan, form)


@pages.post("/bulk/apply")
async def apply(request: Request, db: Writes, caller: Manager) -> Response:
    """Change all of them, or none."""
    form: Form[ApplyForm] = await Form.read(request, ApplyForm)

    async def carry_out(typed: ApplyForm) -> list[Planned]:
        versions = dict(zip(typed.instrument_id, typed.version, strict=True))
        return await service.apply(db, caller=caller, versions=versions, changes=typed.changes())

    done = await form.submit(db, carry_out)
    if done is not None:
        count = sum(bool(one.after) for one in done)
        return see_other(request, "/instruments/mine", notice=msg("已修改 {count} 台仪器", count=count))
    if not form.valid and form.problem is None:
        return await _form_page(request, db, caller, _ids(form), form)
    ids, changes = form.value.instrument_id, form.value.changes()
    plan = await service.plan(db, caller=caller, ids=ids, changes=changes)
    return await _preview_page(request, db, plan, form)


def _ids(form: Form[Any]) -> list[UUID]:
    """The chosen instruments of a form that is wrong elsewhere."""
    try:
        return Chosen(instrument_id=form.chosen("instrument_id")).instrument_id
    except ValueError:
        return []


async def _form_page(
    request: Request, db: ReadSession, caller: Principal, ids: Sequence[UUID], form: Form[Any]
) -> Response:
    instruments = await service.chosen(db, caller=caller, ids=ids)
    families = await of_organisations(db, {one.organisation_id for one in instruments})
    return render(
        request,
        "instruments/bulk/form.html",
        status_code=form.status,
        form=form,
        instruments=instruments,
        families=[(str(family.id), family.name) for family in families],
        clearable=[(name, FIELDS[name]) for name in CLEARED],
        words=choices,
    )


async def _preview_page(
    request: Request, db: ReadSession, plan: Sequence[Planned], form: Form[Any]
) -> Response:
    families = await of_organisations(db, {one.instrument.organisation_id for one in plan})
    names = {family.id: family.name for family in families}
    return render(
        request,
        "instruments/bulk/preview.html",
        status_code=form.status,
        form=form,
        plan=[(one, _said(one, names)) for one in plan],
        changing=sum(bool(one.after) for one in plan),
        wrong=sum(bool(one.faults) for one in plan),
        ids_query=urlencode([("instrument_id", str(one.instrument.id)) for one in plan]),
        was_stale=isinstance(form.problem, Stale),
        fields=[name for name in BulkForm.model_fields if name not in {"instrument_id", "clear"}],
    )


def _said(one: Planned, families: dict[UUID, str]) -> list[tuple[Message, Any, Any]]:
    """Each change in words: of which field, from what, to what."""

    def word(name: str, value: Any) -> Any:
        if name in WORDS:
            return WORDS[name][value]
        return families.get(value, value) or EMPTY

    return [
        (FIELDS[name], word(name, one.before[name]), word(name, value)) for name, value in one.after.items()
    ]
