"""The room of one's account for one's data: a copy of all of it, and the end of the account."""

from typing import Annotated

from fastapi import Request, Response
from fastapi.responses import StreamingResponse
from pydantic import Field

from app.access.entry import Reads, Writes
from app.access.guards import requires
from app.access.permissions import Permission
from app.access.principal import Principal
from app.core.errors import FieldError, Invalid
from app.core.i18n import msg
from app.core.problems import locale_of
from app.core.schema import Input
from app.core.text import Line
from app.identity import cookies
from app.identity.contacts import closing, security
from app.identity.contacts.export import archive, chunks
from app.identity.contacts.personal import in_order, reasons_against
from app.identity.context import settings_of, sign_in_transaction
from app.identity.factors.recency import ensure_recently_authenticated
from app.identity.pages.outside import carried_out, shown, transactions
from app.identity.pages.sign_in import device_of
from app.journal.public import record
from app.web.public import Form, Pages, render, see_other

pages = Pages(prefix="/account/data")
Self = Annotated[Principal, requires(Permission.ACCOUNT_MANAGE)]
WORDS = frozenset({"注销账号", "close my account"})
"""What is typed to be sure, in either language."""


class ClosingForm(Input):
    """Twice sure."""

    password: Annotated[str, Field(max_length=1000)] | None = None
    words: Annotated[str, Line(100)]


@pages.get("")
async def show(request: Request, caller: Self) -> Response:
    """What the platform keeps about me, and for how long."""
    async with sign_in_transaction(request, caller) as session:
        closes_at = await closing.ends_at(session, caller.id)
    return render(request, "identity/data.html", closes_at=closes_at, held=in_order())


@pages.post("/export")
async def export(request: Request, db: Writes, caller: Self) -> Response:
    """A copy of everything, for whoever showed of late who they are."""
    await ensure_recently_authenticated(db, caller=caller)
    file = await archive(
        request.app.state.database, settings_of(request), caller=caller, locale=locale_of(request)
    )
    await record(db, "account.data_exported", subject=("account", str(caller.id)))
    headers = {
        "Content-Disposition": 'attachment; filename="delta-commons-my-data.zip"',
        "Cache-Control": "no-store",
    }
    return StreamingResponse(chunks(file), media_type="application/zip", headers=headers)


@pages.get("/close")
async def show_closing(request: Request, db: Reads, caller: Self) -> Response:
    """What will be gone, what stays and why, and what must be settled first."""
    async with sign_in_transaction(request, caller) as session:
        await security.ensure_recognisable(session, caller)
    return await _closing_page(request, db, caller, Form())


@pages.post("/close")
async def close(request: Request, db: Reads, caller: Self) -> Response:
    """Close the account in a week, unless something stands against it."""
    form = await Form.read(request, ClosingForm)

    async def carry_out(typed: ClosingForm) -> None:
        if typed.words.casefold() not in WORDS:
            reason = msg("请输入「{words}」", words=msg("注销账号"))
            raise Invalid(errors=[FieldError("words", "words_differ", reason)])
        await security.recognise(
            transactions(request, caller),
            settings_of(request),
            caller,
            password=typed.password,
            network_address=device_of(request).address,
            field="password",
        )
        if await reasons_against(db, caller):
            raise closing.CannotClose
        async with sign_in_transaction(request, caller) as session:
            await closing.ask(session, settings_of(request), caller=caller)

    if not await carried_out(form, carry_out):
        return await _closing_page(request, db, caller, form)
    response = see_other(request, "/", notice=msg("账号将在 7 天后注销；在此之前登录即可撤回"))
    cookies.forget_session(response, settings_of(request))
    return response


async def _closing_page(request: Request, db: Reads, caller: Principal, form: Form[ClosingForm]) -> Response:
    against = await reasons_against(db, caller)
    async with sign_in_transaction(request, caller) as session:
        known = await security.ways(session, caller.id)
    return shown(
        request,
        "identity/close.html",
        form,
        form=form,
        against=against,
        has_password=known.login_name is not None,
        held=in_order(),
    )


@pages.post("/keep")
async def keep(request: Request, caller: Self) -> Response:
    """The account stays."""
    async with sign_in_transaction(request, caller) as session:
        await closing.undo(session, caller=caller)
    return see_other(request, "/account/data", notice=msg("注销已撤回，账号继续使用"))
