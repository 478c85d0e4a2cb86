"""The provider's own page: a password for our platform, consent for other applications (RFC 6749 §3.1)."""

from contextlib import suppress
from typing import Annotated
from urllib.parse import parse_qsl, urlencode, urlsplit

from fastapi import Request, Response
from pydantic import Field

from app.access.guards import requires
from app.access.permissions import Permission
from app.access.principal import Principal
from app.core.clock import now
from app.core.errors import Invalid, TooManyRequests
from app.core.i18n import msg
from app.core.schema import Input
from app.core.text import Line
from app.identity import queries
from app.identity.contacts.addresses import sign_in_name
from app.identity.context import settings_of, sign_in_transaction
from app.identity.cookies import state_of
from app.identity.federation.problems import SignInFailed
from app.identity.federation.state import SignInState
from app.identity.known_browser import keep_mark, mark_of
from app.identity.local_path import HOME
from app.identity.pages.sign_in import PASSWORD, device_of
from app.identity.provider.authorization import (
    AuthorizationRequest,
    NotReviewed,
    Parameters,
    RefusedAuthorization,
    Reply,
    SignedIn,
    issue_code,
    read_request,
    reply_of,
)
from app.identity.provider.client_authentication import find_client
from app.identity.provider.consent import Question, consented, maker_of, question
from app.identity.provider.fresh_sign_in import SINCE, mark_now, signed_in_since
from app.identity.provider.grants import end_wider
from app.identity.provider.pushed import PREFIX, close_request, kept_under, open_request
from app.identity.sign_in import LONGEST_NAME, password_sign_in
from app.web.public import SIGN_IN, Form, Pages, render, see_other

AUTHORIZE = "/oauth/authorize"
DECISION = "/oauth/authorize/decision"
pages = Pages()
Visitor = Annotated[Principal, requires(Permission.PUBLIC)]


class WrongPassword(Invalid):
    """The same words whether the name exists or not."""

    code = "identity.wrong_password"
    title = msg("登录名或密码不正确")


class PasswordForm(Input):
    """What a person types to sign in."""

    login_name: Annotated[str, Line(LONGEST_NAME)]
    password: Annotated[str, Field(min_length=1, max_length=1000)]


class Answered(Exception):  # noqa: N818 - the request is answered before it is shown
    """The client gets its answer at once."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


@pages.get(AUTHORIZE)
async def show(request: Request, caller: Visitor) -> Response:
    """Show the form that fits the client, or answer it where nothing is left to ask."""
    try:
        asked = await _asked(request)
        if asked.client.first_party:
            return _password_page(request, asked, Form())
        person = await _signed_in(request, asked, caller)
    except Answered as early:
        return early.response
    async with sign_in_transaction(request) as session:
        known = "consent" not in asked.prompts and await consented(session, asked, caller)
        maker = await maker_of(session, asked.client)
        asking = await question(session, asked.client, asked.scopes, caller)
    if known:
        return await _give_code(request, asked, person)
    if "none" in asked.prompts:
        return await _refuse(request, asked, "consent_required", "The person must be asked.")
    return _consent_page(request, asked, caller, maker, asking)


@pages.get(DECISION)
async def again(request: Request, _caller: Visitor) -> Response:
    """A page shown again after a fault is loaded anew: ask the same question."""
    return see_other(request, f"{AUTHORIZE}?{request.url.query}")


@pages.post(DECISION)
async def decide(request: Request, caller: Visitor) -> Response:
    """Take the password, or the decision about another application."""
    try:
        asked = await _asked(request)
        if asked.client.first_party:
            return await _take_password(request, asked)
        person = await _signed_in(request, asked, caller)
    except Answered as early:
        return early.response
    if (await request.form()).get("decision") != "allow":
        return await _refuse(request, asked, "access_denied", "The person said no.")
    return await _give_code(request, asked, person, approved=True)


async def _asked(request: Request) -> AuthorizationRequest:
    """The client's request; a bad one is answered to the client, or to the person where the client is not known."""
    settings = settings_of(request)
    given = Parameters.read(parse_qsl(request.url.query, keep_blank_values=True))
    uri, found = given.once("request_uri") or "", None
    async with sign_in_transaction(request) as session:
        client = await find_client(session, given.once("client_id"))
        if client is not None and uri.startswith(PREFIX):
            found = await open_request(session, client, uri)
    if isinstance(found, str):
        query = urlencode({"client_id": given.once("client_id"), "request_uri": found})
        raise Answered(see_other(request, f"{AUTHORIZE}?{query}"))
    pushed = None if found is None else kept_under(uri)
    if found is not None:
        given = Parameters.read(found.items())
    reply = reply_of(client, given, settings)
    assert client is not None  # reply_of refused the rest
    try:
        return read_request(client, given, reply, settings, pushed=pushed)
    except RefusedAuthorization as refusal:
        raise Answered(_error(request, reply, refusal.error, refusal.description)) from refusal


async def _signed_in(request: Request, asked: AuthorizationRequest, caller: Principal) -> SignedIn:
    """The person at this browser; whoever is not signed in, or too long ago, is sent to sign in first."""
    settings = settings_of(request)
    if caller.kind == "person":
        assert caller.id is not None
        assert caller.tenant_id is not None
        async with sign_in_transaction(request) as session:
            since = await session.scalar(queries.session_authenticated_at(caller.session_id, caller.id))
        marked = signed_in_since(settings, request.query_params.get(SINCE, ""))
        if not asked.client.serves(caller.id):
            raise NotReviewed
        if since is not None and (not asked.too_old(since) or (marked is not None and since >= marked)):
            return SignedIn(
                caller.tenant_id, caller.id, tuple(sorted(caller.methods)), since, caller.session_id
            )
    if "none" in asked.prompts:
        raise Answered(await _refuse(request, asked, "login_required", "The person must sign in."))
    # The mark says from when a sign-in counts, or prompt=login and max_age=0 would ask for ever.
    query = [(name, value) for name, value in parse_qsl(request.url.query) if name != SINCE]
    query.append((SINCE, mark_now(settings)))
    raise Answered(see_other(request, f"{SIGN_IN}?{urlencode({'next': f'{AUTHORIZE}?{urlencode(query)}'})}"))


def _error(request: Request, reply: Reply, error: str, description: str) -> Response:
    return see_other(request, reply.url(settings_of(request), error=error, error_description=description))


async def _refuse(request: Request, asked: AuthorizationRequest, error: str, description: str) -> Response:
    async with sign_in_transaction(request) as session:
        await close_request(session, asked.pushed)
    return _error(request, asked.reply, error, description)


async def _give_code(
    request: Request, asked: AuthorizationRequest, person: SignedIn, *, approved: bool = False
) -> Response:
    async with sign_in_transaction(request) as session:
        if approved:
            await end_wider(
                session, account_id=person.account_id, client_id=asked.client.id, scopes=asked.scopes
            )
        code = await issue_code(session, asked, person)
    return see_other(request, asked.reply.url(settings_of(request), code=code))


async def _take_password(request: Request, asked: AuthorizationRequest) -> Response:
    form = await Form.read(request, PasswordForm)
    if not form.valid:
        return _password_page(request, asked, form)
    settings, name = settings_of(request), sign_in_name(form.value.login_name)
    try:
        account = await password_sign_in(
            lambda: sign_in_transaction(request),
            settings,
            login_name=name,
            password=form.value.password,
            address=device_of(request).address,
            browser=mark_of(request, settings, name),
            client=asked.client,
        )
    except TooManyRequests as too_many:
        form.blame(too_many)
        response = _password_page(request, asked, form)
        response.headers.update(too_many.headers)
        return response
    if account is None:
        form.blame(WrongPassword())
        return _password_page(request, asked, form)
    person = SignedIn(account.tenant_id, account.id, PASSWORD, now(), None)
    response = await _give_code(request, asked, person)
    keep_mark(response, settings, name)
    return response


def _password_page(request: Request, asked: AuthorizationRequest, form: Form[PasswordForm]) -> Response:
    if "none" in asked.prompts:
        return _error(request, asked.reply, "login_required", "The person must sign in.")
    return render(
        request,
        "identity/password.html",
        status_code=form.status,
        form=form,
        province=asked.client.tenant_id,
        next_path=_next_path(request),
        action=_same(request),
    )


def _next_path(request: Request) -> str:
    """Where the person was going, when this browser began the sign-in here."""
    settings = settings_of(request)
    with suppress(SignInFailed):
        return SignInState.opened(state_of(request), settings).next
    return HOME


def _consent_page(
    request: Request, asked: AuthorizationRequest, caller: Principal, maker: str | None, asking: Question
) -> Response:
    target = urlsplit(asked.reply.redirect_uri)
    return render(
        request,
        "identity/consent.html",
        caller=caller,
        form_action=[f"{target.scheme}://{target.netloc}"],
        client=asked.client,
        maker=maker,
        site=target.netloc,
        question=asking,
        action=_same(request),
    )


def _same(request: Request) -> str:
    """The form comes back with the client's own question."""
    return f"{DECISION}?{request.url.query}"
