"""What the forms of account matters share: they hash and write in transactions of their own, not in the request's."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, TypeVar

from fastapi import Request, Response
from pydantic import BaseModel

from app.access.principal import VISITOR, Principal
from app.core.db import Session
from app.core.errors import Conflict, Invalid, TooManyRequests
from app.core.problems import locale_of
from app.identity.contacts.links import Asked
from app.identity.context import sign_in_transaction
from app.identity.pages.sign_in import device_of
from app.web.public import Form, render

Model = TypeVar("Model", bound=BaseModel)


async def carried_out(form: Form[Model], action: Callable[[Model], Awaitable[None]]) -> bool:
    """Carry a form out; a refusal is kept for the page."""
    if form.valid:
        try:
            await action(form.value)
        except (Invalid, Conflict, TooManyRequests) as problem:
            form.blame(problem)
    return form.valid


def shown(request: Request, template: str, *forms: Form[Any], **values: Any) -> Response:
    """The page of a form, or of several; with the status, and Retry-After, of the one that was refused."""
    refused = next((form for form in forms if form.status != Response().status_code), None)
    response = render(request, template, status_code=refused.status if refused else 200, **values)
    if refused is not None and refused.problem is not None:
        response.headers.update(refused.problem.headers)
    return response


def asked_by(request: Request, address: str) -> Asked:
    """Who asks for a mail to `address`."""
    return Asked(address, locale_of(request), device_of(request).address)


def transactions(
    request: Request, caller: Principal = VISITOR
) -> Callable[[], AbstractAsyncContextManager[Session]]:
    """Transactions of the sign-in code, one at a time."""
    return lambda: sign_in_transaction(request, caller)
