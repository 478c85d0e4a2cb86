"""Opening an account oneself, and setting a new password by mail."""

from typing import Annotated

from fastapi import Request, Response
from pydantic import Field

from app.access.guards import requires
from app.access.permissions import Permission
from app.access.principal import Principal
from app.core.i18n import msg
from app.core.schema import Input
from app.core.text import Line
from app.identity.contacts import links, recovery, registration
from app.identity.contacts.addresses import LONGEST
from app.identity.contacts.strength import MINIMUM
from app.identity.context import settings_of, sign_in_transaction
from app.identity.federation.queries import built_in
from app.identity.local_path import leading, local_path
from app.identity.pages.outside import asked_by, carried_out, shown, transactions
from app.identity.passwords import MAXIMUM
from app.identity.sign_in import Choice, choices
from app.notify.public import kept_in
from app.web.public import SIGN_IN, Form, Pages, render, see_other

pages = Pages()
Visitor = Annotated[Principal, requires(Permission.PUBLIC)]
Chosen = Annotated[str, Field(min_length=MINIMUM, max_length=MAXIMUM)]


class RegistrationForm(Input):
    """What a new person gives."""

    province: Annotated[str, Line(6)]
    name: Annotated[str, Line(100)]
    email: Annotated[str, Line(LONGEST)]
    password: Chosen


class ConfirmationForm(Input):
    """The password chosen before, from whoever opened the mail."""

    password: Annotated[str, Field(min_length=1, max_length=1000)]


class RecoveryForm(Input):
    """Whose account it is."""

    email: Annotated[str, Line(LONGEST)]


class NewPasswordForm(Input):
    """A new password, and whether applications lose what they were allowed."""

    password: Chosen
    disconnect: bool = False


@pages.get("/register")
async def register(request: Request, _caller: Visitor) -> Response:
    """Ask for what an account needs."""
    province = request.query_params.get("province")
    return await _register_page(request, Form.filled({"province": province}))


@pages.post("/register")
async def take_registration(request: Request, _caller: Visitor) -> Response:
    """Have a link sent; the answer is the same whoever is known."""
    form = await Form.read(request, RegistrationForm)

    async def ask(typed: RegistrationForm) -> None:
        await registration.ask_to_register(
            transactions(request),
            settings_of(request),
            asked_by(request, typed.email),
            province=typed.province,
            name=typed.name,
            password=typed.password,
            next_path=_next(request),
        )

    if await carried_out(form, ask):
        return see_other(request, leading("/register/sent", _next(request)))
    return await _register_page(request, form)


def _next(request: Request) -> str:
    """Where the person was going; a page of ours."""
    return local_path(request.query_params.get("next"))


async def _register_page(request: Request, form: Form[RegistrationForm]) -> Response:
    async with sign_in_transaction(request) as session:
        provinces: list[Choice] = await choices(session)
    return shown(
        request,
        "identity/register.html",
        form,
        form=form,
        next_path=_next(request),
        provinces=provinces,
        minimum=MINIMUM,
        maximum=MAXIMUM,
    )


@pages.get("/register/sent")
async def registration_sent(request: Request, _caller: Visitor) -> Response:
    """What to do now."""
    return _sent(request, msg("请查收邮件，确认您的邮箱"), leading("/register", _next(request)))


@pages.get("/register/confirm/{token}")
async def show_registration(request: Request, token: str, _caller: Visitor) -> Response:
    """Ask for the password chosen; a program that opens links changes nothing."""
    return await _confirm_page(request, token, Form())


@pages.post("/register/confirm/{token}")
async def confirm_registration(request: Request, token: str, _caller: Visitor) -> Response:
    """Open the account."""
    form = await Form.read(request, ConfirmationForm)
    province = ""

    async def confirm(typed: ConfirmationForm) -> None:
        nonlocal province
        province = await registration.confirm(
            transactions(request), settings_of(request), token=token, password=typed.password
        )

    if await carried_out(form, confirm):
        goes_to = await _sign_in(request, province)
        return see_other(request, goes_to, notice=msg("账号已开通，请用邮箱和密码登录"))
    return await _confirm_page(request, token, form)


async def _sign_in(request: Request, province: str) -> str:
    """Where the password is asked for; every way to sign in, where the province has that one disabled."""
    async with sign_in_transaction(request) as session:
        provider_id = await session.scalar(built_in(province))
    way = f"{SIGN_IN}/{province}/{provider_id}" if provider_id else SIGN_IN
    return leading(way, _next(request))


async def _confirm_page(request: Request, token: str, form: Form[ConfirmationForm]) -> Response:
    async with sign_in_transaction(request) as session:
        link = await links.look(session, "register", token)
    return shown(
        request,
        "identity/register_confirm.html",
        form,
        form=form,
        link=link,
        action=leading(request.url.path, _next(request)),
    )


@pages.get("/recover")
async def recover(request: Request, _caller: Visitor) -> Response:
    """Ask for the address."""
    form: Form[RecoveryForm] = Form()
    return shown(request, "identity/recover.html", form, form=form)


@pages.post("/recover")
async def take_recovery(request: Request, _caller: Visitor) -> Response:
    """Have a link sent; the answer is the same whoever is known."""
    form = await Form.read(request, RecoveryForm)

    async def ask(typed: RecoveryForm) -> None:
        await recovery.ask_to_recover(
            transactions(request), settings_of(request), asked_by(request, typed.email)
        )

    if await carried_out(form, ask):
        return see_other(request, "/recover/sent")
    return shown(request, "identity/recover.html", form, form=form)


@pages.get("/recover/sent")
async def recovery_sent(request: Request, _caller: Visitor) -> Response:
    """What to do now."""
    return _sent(request, msg("如果这个邮箱属于一个账号，邮件已经发出"), "/recover")


@pages.get("/recover/set/{token}")
async def show_recovery(request: Request, token: str, _caller: Visitor) -> Response:
    """Ask for a new password."""
    return await _new_password_page(request, token, Form.filled({"disconnect": "true"}))


@pages.post("/recover/set/{token}")
async def set_new_password(request: Request, token: str, _caller: Visitor) -> Response:
    """Set the new password."""
    form = await Form.read(request, NewPasswordForm)
    province = ""

    async def renew(typed: NewPasswordForm) -> None:
        nonlocal province
        province = await recovery.recover(
            transactions(request),
            settings_of(request),
            token=token,
            password=typed.password,
            disconnect=typed.disconnect,
        )

    if await carried_out(form, renew):
        return see_other(request, await _sign_in(request, province), notice=msg("密码已更改，请用新密码登录"))
    return await _new_password_page(request, token, form)


async def _new_password_page(request: Request, token: str, form: Form[NewPasswordForm]) -> Response:
    async with sign_in_transaction(request) as session:
        await links.look(session, "recover", token)
    return shown(
        request,
        "identity/recover_set.html",
        form,
        form=form,
        token=token,
        minimum=MINIMUM,
        maximum=MAXIMUM,
    )


def _sent(request: Request, title: object, again: str) -> Response:
    return render(
        request, "identity/mail_sent.html", title=title, again=again, folder=kept_in(settings_of(request))
    )
