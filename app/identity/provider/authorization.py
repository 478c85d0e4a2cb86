"""The authorization request (RFC 6749 §4.1.1, RFC 7636, OpenID Connect Core 1.0 §3.1.2): read, refused or answered."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit
from uuid import UUID

from sqlalchemy import insert

from app.core.clock import now
from app.core.crypto import new_token, token_digest
from app.core.db import Session
from app.core.errors import Problem
from app.core.i18n import msg
from app.identity.provider.clients import allowed_scopes
from app.identity.provider.models import OAuthClient, OAuthCode
from app.identity.provider.pushed import close_request
from app.identity.provider.tokens import audience
from app.settings import Settings

CODE_LIFETIME = timedelta(seconds=60)
LONGEST = 1000
"""Characters of a state or nonce."""
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_SECONDS = re.compile(r"\d{1,9}")
PROMPTS = frozenset({"none", "login", "consent", "select_account"})


class UnknownClient(Problem):
    """The application cannot be trusted with a redirect, so the person is told here."""

    code = "identity.client_unknown"
    title = msg("请求登录的应用未在本平台注册，或其回调地址不符")


class NotReviewed(UnknownClient):
    """The application's developer alone may use it so far."""

    code = "identity.client_not_reviewed"
    title = msg("该应用尚未通过审核，目前只有它的开发者本人可以使用")
    advice = msg("请向应用的开发者询问；本省管理员批准之后，所有人都可以使用它。")


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The person who answers, and how and when they were authenticated."""

    tenant_id: str
    account_id: UUID
    methods: tuple[str, ...]
    authenticated_at: datetime
    session_id: UUID | None


@dataclass(frozen=True, slots=True)
class Parameters:
    """The request's parameters, each of which may occur once, but for `resource` (RFC 8707 §2)."""

    values: dict[str, str]
    repeated: frozenset[str]
    resources: frozenset[str] = frozenset()

    @classmethod
    def read(cls, pairs: Iterable[tuple[str, str]]) -> "Parameters":
        """The parameters of a query string; empty ones count as absent (RFC 6749 §3.1)."""
        given = [(name, value) for name, value in pairs if value]
        counted = Counter(name for name, _ in given if name != "resource")
        repeated = frozenset(name for name, times in counted.items() if times > 1)
        return cls(dict(given), repeated, frozenset(value for name, value in given if name == "resource"))

    def once(self, name: str) -> str | None:
        """The value of a parameter given exactly once."""
        return None if name in self.repeated else self.values.get(name)


class RefusedAuthorization(Exception):  # noqa: N818 - it is an answer to the client, not a fault
    """What the client is told at its redirect URI."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(error)
        self.error = error
        self.description = description


@dataclass(frozen=True, slots=True)
class Reply:
    """Where the answer goes, and the client's own mark on it."""

    redirect_uri: str
    state: str | None

    def url(self, settings: Settings, **answer: str) -> str:
        """The redirect with the answer and our issuer (RFC 9207), keeping the query the client registered."""
        parts = urlsplit(self.redirect_uri)
        query = [*parse_qsl(parts.query, keep_blank_values=True), *answer.items(), ("iss", settings.base_url)]
        if self.state is not None:
            query.append(("state", self.state))
        return urlunsplit(parts._replace(query=urlencode(query)))


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """A request that may be shown to the person."""

    client: OAuthClient
    reply: Reply
    scopes: tuple[str, ...]
    challenge: str
    nonce: str | None
    prompts: frozenset[str]
    max_age: int | None
    jkt: str | None
    pushed: bytes | None
    """Of a request that was pushed, what it is kept under."""

    def too_old(self, authenticated_at: datetime) -> bool:
        """Whether the person must sign in anew for this client."""
        if self.prompts & {"login", "select_account"}:
            return True
        return self.max_age is not None and now() - authenticated_at > timedelta(seconds=self.max_age)


def redirect_uris(client: OAuthClient, settings: Settings) -> list[str]:
    """The registered redirect URIs; our own client's are below our base URL."""
    own = client.first_party
    return [settings.base_url + uri if own and uri.startswith("/") else uri for uri in client.redirect_uris]


def reply_of(client: OAuthClient | None, given: Parameters, settings: Settings) -> Reply:
    """Where this request may be answered.

    Raises:
        UnknownClient: no such client, or the redirect URI is not exactly one of its own.
    """
    uri = given.once("redirect_uri")
    if client is None or uri is None or uri not in redirect_uris(client, settings):
        raise UnknownClient
    state = given.once("state")
    return Reply(uri, state if state is not None and _printable(state) else None)


def read_request(
    client: OAuthClient, given: Parameters, reply: Reply, settings: Settings, *, pushed: bytes | None = None
) -> AuthorizationRequest:
    """The request, understood; `pushed` is what one that was sent ahead is kept under.

    Raises:
        RefusedAuthorization: what is wrong with it.
    """
    values = given.values
    challenge, jkt = values.get("code_challenge", ""), values.get("dpop_jkt")
    pkce = values.get("code_challenge_method") == "S256" and _CHALLENGE.fullmatch(challenge)
    printable = all(_printable(values.get(name, "")) for name in ("state", "nonce"))
    for fine, error, description in (
        (not given.repeated, "invalid_request", "A parameter is given more than once."),
        ("request" not in values, "request_not_supported", "Request objects are not supported."),
        ("request_uri" not in values, "request_uri_not_supported", "Request objects are not supported."),
        (
            pushed is not None or not client.require_par,
            "invalid_request",
            "This client must push its requests.",
        ),
        (
            values.get("response_type") == "code",
            "unsupported_response_type",
            "Only response_type=code is supported.",
        ),
        (
            values.get("response_mode", "query") == "query",
            "invalid_request",
            "Only response_mode=query is supported.",
        ),
        (
            "authorization_code" in client.grant_types,
            "unauthorized_client",
            "This client may not ask for a code.",
        ),
        (pkce, "invalid_request", "PKCE with code_challenge_method=S256 is required."),
        (printable, "invalid_request", "state and nonce must be short printable text."),
        (given.resources <= {audience(settings)}, "invalid_target", "The resource is not known here."),
        (jkt is None or _CHALLENGE.fullmatch(jkt), "invalid_request", "dpop_jkt must be a thumbprint."),
    ):
        if not fine:
            raise RefusedAuthorization(error, description)
    return AuthorizationRequest(
        client=client,
        reply=reply,
        scopes=_scopes(client, values.get("scope")),
        challenge=challenge,
        nonce=values.get("nonce"),
        prompts=_prompts(values.get("prompt", "")),
        max_age=_max_age(values.get("max_age")),
        jkt=jkt,
        pushed=pushed,
    )


def _printable(value: str) -> bool:
    return len(value) <= LONGEST and value.isprintable()


def _scopes(client: OAuthClient, asked: str | None) -> tuple[str, ...]:
    allowed = allowed_scopes(client)
    wanted = allowed if asked is None else list(dict.fromkeys(asked.split()))
    scopes = tuple(scope for scope in wanted if scope in allowed)
    if not scopes:
        raise RefusedAuthorization("invalid_scope", "This client has none of these scopes.")
    return scopes


def _prompts(value: str) -> frozenset[str]:
    prompts = frozenset(value.split())
    if not prompts <= PROMPTS or ("none" in prompts and len(prompts) > 1):
        raise RefusedAuthorization("invalid_request", "This prompt is not supported.")
    return prompts


def _max_age(value: str | None) -> int | None:
    if value is None:
        return None
    if not _SECONDS.fullmatch(value):
        raise RefusedAuthorization("invalid_request", "max_age must be a number of seconds.")
    return int(value)


async def issue_code(session: Session, request: AuthorizationRequest, person: SignedIn) -> str:
    """A single-use code of 60 seconds for this client, redirect URI and PKCE challenge.

    Raises:
        RequestOver: the pushed request was answered before.
    """
    await close_request(session, request.pushed)
    code = new_token()
    await session.execute(
        insert(OAuthCode).values(
            tenant_id=person.tenant_id,
            digest=token_digest(code),
            client_id=request.client.id,
            account_id=person.account_id,
            redirect_uri=request.reply.redirect_uri,
            scopes=list(request.scopes),
            challenge=request.challenge,
            nonce=request.nonce,
            jkt=request.jkt,
            methods=list(person.methods),
            authenticated_at=person.authenticated_at,
            browser_session_id=person.session_id,
            expires_at=now() + CODE_LIFETIME,
        )
    )
    return code
