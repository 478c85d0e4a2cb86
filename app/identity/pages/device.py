"""Where a person lets a device sign in: types its code, sees who asks for what, and decides (RFC 8628 §3.3)."""

from typing import Annotated, Literal

from fastapi import Request, Response

from app.access.guards import requires
from app.access.permissions import Permission
from app.access.principal import Principal
from app.core.errors import Problem
from app.core.i18n import msg
from app.core.schema import Input
from app.core.text import Line
from app.identity import queries
from app.identity.context import settings_of, sign_in_transaction
from app.identity.provider.authorization import SignedIn
from app.identity.provider.devices import Asking, asking, decide, found, normal
from app.web.public import Form, Pages, render, see_other

pages = Pages(prefix="/device")
Person = Annotated[Principal, requires(Permission.ACCOUNT_MANAGE)]
LONGEST_CODE = 30


class CodeForm(Input):
    """The code, however it is typed."""

    user_code: Annotated[str, Line(LONGEST_CODE)]


class DecisionForm(CodeForm):
    """The person's word on the device they saw."""

    decision: Literal["allow", "deny"]


AnyForm = Form[CodeForm] | Form[DecisionForm]


@pages.get("")
async def ask(request: Request, caller: Person) -> Response:
    """Ask for the code; one that came with the link stands in the field, to be compared with the device's."""
    code = normal(request.query_params.get("user_code", "")[:LONGEST_CODE])
    form: Form[CodeForm] = Form.filled({"user_code": f"{code[:4]}-{code[4:]}"} if code else {})
    return _code_page(request, caller, form)


@pages.post("")
async def look(request: Request, caller: Person) -> Response:
    """Show which application asks for what."""
    form = await Form.read(request, CodeForm)
    if not form.valid:
        return _code_page(request, caller, form)
    try:
        device = await _device(request, caller, form.value.user_code)
    except Problem as problem:
        return _blamed(request, caller, form, problem)
    return render(
        request,
        "identity/device_decision.html",
        caller=caller,
        client=device.client,
        maker=device.maker,
        address=device.address,
        question=device.question,
        user_code=form.value.user_code,
    )


@pages.get("/decision")
async def again(request: Request, _caller: Person) -> Response:
    """A page shown again after a fault is loaded anew: begin with the code."""
    return see_other(request, "/device")


@pages.post("/decision")
async def decision(request: Request, caller: Person) -> Response:
    """Let the device sign in, or not."""
    form = await Form.read(request, DecisionForm)
    if not form.valid:
        return _code_page(request, caller, form)
    allow = form.value.decision == "allow"
    try:
        await _device(request, caller, form.value.user_code)
        await _decide(request, caller, form.value.user_code, allow=allow)
    except Problem as problem:
        return _blamed(request, caller, form, problem)
    return see_other(
        request,
        "/account/applications",
        notice=msg("已允许，请回到设备上继续") if allow else msg("已拒绝，该设备不会登录"),
    )


async def _device(request: Request, caller: Principal, user_code: str) -> Asking:
    async with sign_in_transaction(request, caller) as session:
        answer = await asking(session, settings_of(request), caller, user_code)
    return found(answer)


async def _decide(request: Request, caller: Principal, user_code: str, *, allow: bool) -> None:
    assert caller.id is not None
    assert caller.tenant_id is not None
    async with sign_in_transaction(request, caller) as session:
        since = await session.scalar(queries.session_authenticated_at(caller.session_id, caller.id))
        assert since is not None
        person = SignedIn(
            caller.tenant_id, caller.id, tuple(sorted(caller.methods)), since, caller.session_id
        )
        await decide(session, settings_of(request), person, user_code=user_code, allow=allow)


def _blamed(request: Request, caller: Principal, form: AnyForm, problem: Problem) -> Response:
    form.blame(problem)
    response = _code_page(request, caller, form)
    response.headers.update(problem.headers)
    return response


def _code_page(request: Request, caller: Principal, form: AnyForm) -> Response:
    return render(request, "identity/device.html", status_code=form.status, caller=caller, form=form)
