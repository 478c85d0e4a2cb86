"""Answers of the provider's endpoints: RFC 6749 errors and tokens, as values, so that what they revoked is committed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from starlette.responses import JSONResponse, Response

from app.core.errors import Problem
from app.identity.provider.models import OAuthClient

NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}
OAUTH_ENDPOINTS = frozenset(
    f"/oauth/{name}" for name in ("token", "par", "device_authorization", "revoke", "introspect")
)
"""Whose refusals are told in the words of OAuth, whoever refuses."""


@dataclass(frozen=True, slots=True)
class Denied:
    """An OAuth error (RFC 6749 §5.2)."""

    error: str
    description: str
    status: int = HTTPStatus.BAD_REQUEST
    challenge: bool = False
    """The client tried HTTP authentication, so it is asked for that again."""
    client: OAuthClient | None = None
    """Whose province is told of it."""
    headers: Mapping[str, str] = field(default_factory=dict)

    def response(self) -> Response:
        """The JSON answer."""
        challenge = {"WWW-Authenticate": 'Basic realm="oauth"'} if self.challenge else {}
        body = {"error": self.error, "error_description": self.description}
        return JSONResponse(body, status_code=self.status, headers={**self.headers, **NO_STORE, **challenge})


def oauth_error(problem: Problem) -> Denied:
    """A refusal of the platform's in the words of OAuth; too much, or too early, is told by its own (RFC 9126 §2.3)."""
    if problem.status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}:
        error, description = "temporarily_unavailable", "Try again after the seconds in Retry-After."
    elif problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        error, description = "server_error", "The server failed; it has been noted."
    else:
        error, description = "invalid_request", "The request is not one for this endpoint."
    return Denied(error, description, problem.status, headers=problem.headers)


@dataclass(frozen=True, slots=True)
class Tokens:
    """A successful token answer (RFC 6749 §5.1)."""

    access_token: str
    expires_in: int
    scope: str
    refresh_token: str | None = None
    id_token: str | None = None
    token_type: str = field(default="Bearer")

    def response(self) -> Response:
        """The JSON answer."""
        body: dict[str, Any] = {
            "access_token": self.access_token,
            "token_type": self.token_type,
            "expires_in": self.expires_in,
            "scope": self.scope,
        }
        if self.refresh_token:
            body["refresh_token"] = self.refresh_token
        if self.id_token:
            body["id_token"] = self.id_token
        return JSONResponse(body, headers=NO_STORE)


INVALID_GRANT = Denied(
    "invalid_grant", "The grant is invalid, expired, revoked, or was issued to another client."
)
