"""The mobile number among the ways to reach a person: asked for, confirmed by its code, removed."""

from typing import Annotated

from fastapi import Request, Response
from pydantic import Field

from app.access.guards import requires
from app.access.permissions import Permission
from app.access.principal import Principal
from app.core.errors import NotFound
from app.core.i18n import msg
from app.core.problems import locale_of
from app.core.schema import Input
from app.core.text import Line
from app.identity.contacts import mobiles, security
from app.identity.context import settings_of, sign_in_transaction
from app.identity.pages.outside import carried_out, shown, transactions
from app.identity.pages.security import room
from app.identity.pages.sign_in import device_of
from app.web.public import Form, Pages, see_other

pages = Pages(prefix="/account/security/mobile")
Self = Annotated[Principal, requires(Permission.ACCOUNT_MANAGE)]
Typed = Annotated[str, Field(max_length=1000)]
ROOM = "/account/security"


class NumberForm(Input):
    """A new number, with the password to be sure who asks."""

    mobile: Annotated[str, Line(40)]
    mobile_password: Typed | None = None


class CodeForm(Input):
    """The code that was sent there."""

    code: Annotated[str, Line(20)]


class RemovalForm(Input):
    """The password again."""

    password: Typed | None = None


@pages.post("")
async def ask(request: Request, caller: Self) -> Response:
    """Have a code sent to a number."""
    form = await Form.read(request, NumberForm)

    async def send(typed: NumberForm) -> None:
        await _recognise(request, caller, typed.mobile_password, "mobile_password")
        await mobiles.ask(
            transactions(request, caller),
            settings_of(request),
            caller,
            typed=typed.mobile,
            network_address=device_of(request).address,
            locale=locale_of(request),
        )

    if await carried_out(form, send):
        return see_other(request, ROOM, notice=msg("验证码已发出，请在 10 分钟内输入"))
    return await room(request, caller, mobile_form=form)


@pages.post("/code")
async def confirm(request: Request, caller: Self) -> Response:
    """The number is the account's."""
    form = await Form.read(request, CodeForm)

    async def take(typed: CodeForm) -> None:
        await mobiles.confirm(
            transactions(request, caller),
            settings_of(request),
            caller,
            typed=typed.code,
        )

    if await carried_out(form, take):
        return see_other(request, ROOM, notice=msg("手机号已设置"))
    return await room(request, caller, code_form=form)


@pages.get("/remove")
async def ask_to_remove(request: Request, caller: Self) -> Response:
    """What it means to have no number."""
    async with sign_in_transaction(request, caller) as session:
        await security.ensure_recognisable(session, caller)
    return await _removal_page(request, caller, Form())


@pages.post("/remove")
async def remove(request: Request, caller: Self) -> Response:
    """The account has no number any more."""
    form = await Form.read(request, RemovalForm)

    async def take_away(typed: RemovalForm) -> None:
        await _recognise(request, caller, typed.password, "password")
        async with sign_in_transaction(request, caller) as session:
            await mobiles.remove(session, settings_of(request), caller=caller)

    if await carried_out(form, take_away):
        return see_other(request, ROOM, notice=msg("手机号已删除"))
    return await _removal_page(request, caller, form)


async def _recognise(request: Request, caller: Principal, password: str | None, field: str) -> None:
    await security.recognise(
        transactions(request, caller),
        settings_of(request),
        caller,
        password=password,
        network_address=device_of(request).address,
        field=field,
    )


async def _removal_page(request: Request, caller: Principal, form: Form[RemovalForm]) -> Response:
    async with sign_in_transaction(request, caller) as session:
        known = await security.ways(session, caller.id)
        standing = await mobiles.standing(session, caller.id)
    if standing.number is None:
        raise NotFound
    return shown(
        request,
        "identity/mobile_remove.html",
        form,
        form=form,
        number=standing.number,
        has_password=known.login_name is not None,
    )
