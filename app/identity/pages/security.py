"""The room of one's account for the password and how one is reached, and the links that mails about them hold."""

from typing import Annotated, Any

from fastapi import Request, Response
from pydantic import Field

from app.access.guards import requires
from app.access.permissions import Permission
from app.access.principal import Principal
from app.core.i18n import Message, msg
from app.core.schema import Input
from app.core.text import Line
from app.identity.contacts import links, mobiles, security
from app.identity.contacts.addresses import LONGEST
from app.identity.contacts.links import Purpose
from app.identity.contacts.strength import MINIMUM
from app.identity.context import settings_of, sign_in_transaction
from app.identity.pages.outside import asked_by, carried_out, shown, transactions
from app.identity.pages.sign_in import device_of
from app.identity.passwords import MAXIMUM
from app.notify.public import sms_kept_in, takes_sms
from app.web.public import SIGN_IN, Form, Pages, render, see_other

pages = Pages()
Visitor = Annotated[Principal, requires(Permission.PUBLIC)]
Self = Annotated[Principal, requires(Permission.ACCOUNT_MANAGE)]
Typed = Annotated[str, Field(max_length=1000)]
FORMS = ("password_form", "address_form", "mobile_form", "code_form")
"""What may be sent from the room."""


class PasswordChange(Input):
    """The old password and the new one."""

    old_password: Typed
    new_password: Annotated[str, Field(min_length=MINIMUM, max_length=MAXIMUM)]
    disconnect: bool = False


class AddressChange(Input):
    """A new address, with the password to be sure who asks."""

    email: Annotated[str, Line(LONGEST)]
    email_password: Typed | None = None


@pages.get("/account/security")
async def show(request: Request, caller: Self) -> Response:
    """How I sign in."""
    async with sign_in_transaction(request) as session:
        await security.ensure_recognisable(session, caller)
    return await room(request, caller)


@pages.post("/account/security/password")
async def change_password(request: Request, caller: Self) -> Response:
    """Change the password; other browsers are signed out."""
    form = await Form.read(request, PasswordChange)

    async def change(typed: PasswordChange) -> None:
        settings, transaction = settings_of(request), transactions(request, caller)
        await security.recognise(
            transaction,
            settings,
            caller,
            password=typed.old_password,
            network_address=device_of(request).address,
            field="old_password",
        )
        await security.change_password(
            transaction,
            settings,
            caller,
            password=typed.new_password,
            disconnect=typed.disconnect,
        )

    if await carried_out(form, change):
        return see_other(request, "/account/security", notice=msg("密码已更改，其他设备上的登录已经结束"))
    return await room(request, caller, password_form=form)


@pages.post("/account/security/email")
async def change_address(request: Request, caller: Self) -> Response:
    """Have a link sent to a new address."""
    form = await Form.read(request, AddressChange)

    async def change(typed: AddressChange) -> None:
        settings, transaction = settings_of(request), transactions(request, caller)
        await security.recognise(
            transaction,
            settings,
            caller,
            password=typed.email_password,
            network_address=device_of(request).address,
            field="email_password",
        )
        await security.ask_to_change_address(transaction, settings, caller, asked_by(request, typed.email))

    if await carried_out(form, change):
        return see_other(request, "/account/security", notice=msg("请查收新邮箱中的邮件，打开链接后生效"))
    return await room(request, caller, address_form=form)


async def room(request: Request, caller: Principal, **sent: Form[Any]) -> Response:
    """The page, with the form that was refused; those that were not sent are empty."""
    settings = settings_of(request)
    forms = {name: sent.get(name) or Form() for name in FORMS}
    async with sign_in_transaction(request) as session:
        known = await security.ways(session, caller.id)
        mobile = await mobiles.standing(session, caller.id)
    return shown(
        request,
        "identity/security.html",
        *forms.values(),
        known=known,
        mobile=mobile,
        takes_sms=takes_sms(settings),
        folder=sms_kept_in(settings),
        minimum=MINIMUM,
        maximum=MAXIMUM,
        **forms,
    )


@pages.get("/confirm-email/{token}")
async def show_change(request: Request, token: str, _caller: Visitor) -> Response:
    """Say what the link does."""
    text = msg("确认之后，这个邮箱成为您账号的邮箱，也用它登录和找回密码。")
    return await _link_page(request, "change", token, msg("确认新的邮箱"), text, msg("确认邮箱"))


@pages.post("/confirm-email/{token}")
async def confirm_change(request: Request, token: str, caller: Visitor) -> Response:
    """The address is the account's now."""
    async with sign_in_transaction(request) as session:
        await security.confirm_address(session, token)
    goes_to = "/account/security" if caller.kind == "person" else SIGN_IN
    return see_other(request, goes_to, notice=msg("邮箱已确认"))


@pages.get("/keep-email/{token}")
async def show_undo(request: Request, token: str, _caller: Visitor) -> Response:
    """Say what the link does."""
    text = msg("邮箱将保持或恢复为这个邮箱，账号在所有设备上的登录立即结束。然后请重新设置密码。")
    return await _link_page(request, "undo", token, msg("保留原来的邮箱"), text, msg("保留原来的邮箱"))


@pages.post("/keep-email/{token}")
async def undo_change(request: Request, token: str, _caller: Visitor) -> Response:
    """The account keeps its address."""
    async with sign_in_transaction(request) as session:
        await security.keep_address(session, token)
    return see_other(request, "/recover", notice=msg("邮箱已恢复，所有登录已经结束；请重新设置密码"))


async def _link_page(
    request: Request, purpose: Purpose, token: str, title: Message, text: Message, action: Message
) -> Response:
    async with sign_in_transaction(request) as session:
        link = await links.look(session, purpose, token)
    return render(
        request,
        "identity/mailed_link.html",
        goes_to=request.url.path,
        title=title,
        text=text,
        action=action,
        address=link.address,
    )
