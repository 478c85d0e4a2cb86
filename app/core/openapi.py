"""The API's description: what FastAPI derives, with our problems and ways to sign in said once."""

import re
from typing import Any

from fastapi import FastAPI

from app.core.problems import MEDIA_TYPE

PROBLEM = {
    "type": "object",
    "description": "RFC 9457 problem; `code` is stable, `errors` names every fault of the input at once",
    "required": ["type", "status", "code", "title"],
    "properties": {
        "type": {"type": "string", "example": "about:blank"},
        "status": {"type": "integer", "example": 422},
        "code": {"type": "string", "example": "invalid"},
        "title": {"type": "string", "example": "提交的内容有误"},
        "detail": {"type": "string"},
        "request_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "code", "message"],
                "properties": {
                    "field": {"type": "string", "example": "starts_at"},
                    "code": {"type": "string", "example": "timezone_aware"},
                    "message": {"type": "string"},
                    "row": {"type": "integer"},
                    "column": {"type": "string"},
                    "value": {"type": "string"},
                },
            },
        },
    },
}
IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The change is carried out once: within 24 hours the same request with the same key is answered "
    "with the first answer (`Idempotency-Replayed: true`); the key of another request is refused with 422.",
    "schema": {"type": "string", "pattern": "^[!-~]{1,200}$"},
}
HEADERS = {
    "RateLimit-Policy": {
        "description": "The limits the request fell under: of each its name, `q` requests in `w` seconds "
        "(draft-ietf-httpapi-ratelimit-headers-10).",
        "schema": {"type": "string", "example": '"address";q=6000;w=60, "person";q=1200;w=60'},
    },
    "RateLimit": {
        "description": "What is left of each: `r` requests until the window ends in `t` seconds. A hint, not a promise.",
        "schema": {"type": "string", "example": '"address";r=5990;t=59, "person";r=1139;t=12'},
    },
    "Retry-After": {
        "description": "Seconds to wait.",
        "schema": {"type": "integer", "minimum": 1, "example": 12},
    },
}
_LIMITS = {name: {"$ref": f"#/components/headers/{name}"} for name in ("RateLimit-Policy", "RateLimit")}
TOO_MANY = {
    "description": "Too many requests; `violated-policies` names the limit",
    "headers": {**_LIMITS, "Retry-After": {"$ref": "#/components/headers/Retry-After"}},
    "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
_SENTENCE_END = re.compile(r"[.;:](?=\s|$)")
CHANGING = frozenset({"post", "put", "patch", "delete"})
SECURITY = {
    "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT (RFC 9068)"},
    "openid": {"type": "openIdConnect", "openIdConnectUrl": "/.well-known/openid-configuration"},
}


SIGNED_IN: list[dict[str, list[str]]] = [{name: []} for name in SECURITY]
"""Any one of them will do."""
DESCRIPTION = """\
This reference is in English; what the API says to people follows `Accept-Language` (`zh` or `en`).

## How to get a token

The platform is an OAuth 2.1 and OpenID Connect provider; its addresses are at `/.well-known/openid-configuration`.
The operator registers a client and gives you its `client_id`, and a confidential client its secret.

**A system, on its own behalf** (client credentials):

    curl -u "$CLIENT_ID:$CLIENT_SECRET" -d grant_type=client_credentials \\
      -d "scope=instruments.read bookings.read" https://HOST/oauth/token

**An application, for a person** (authorization code with PKCE, S256): send the browser to `/oauth/authorize` with
`response_type=code`, `client_id`, `redirect_uri`, `scope`, `state`, `code_challenge` and `code_challenge_method=S256`;
exchange the code at `/oauth/token` with `grant_type=authorization_code`, `code`, `redirect_uri`, `client_id` and
`code_verifier`.

Send the token as `Authorization: Bearer …`. Operations that visitors may call answer without one too, with what is
public; with one they show what the caller may see.
"""
LIMITS = """
## How much one may ask

Each answer says in `RateLimit-Policy` which limits counted the request and in `RateLimit` what is left of each. What is
too much is refused with 429 and `Retry-After`. Windows begin with the first request; an IPv6 address counts as its /64.
An operator may set other figures than these:

{table}
"""


def for_visitors() -> list[dict[str, list[str]]]:
    """Signing in is possible and not needed."""
    return [{}, *SIGNED_IN]


def describe(app: FastAPI, *, limits: str) -> None:
    """Let `app.openapi()` say that every refusal is a problem, how callers sign in and how a change is repeated safely.

    `limits` is the table of rate limits, in Markdown.
    """
    derived = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = derived()
            components = document.setdefault("components", {})
            schemas = components.setdefault("schemas", {})
            schemas["Problem"] = PROBLEM
            for unused in ("HTTPValidationError", "ValidationError"):
                schemas.pop(unused, None)
            components["securitySchemes"] = SECURITY
            components["parameters"] = {"IdempotencyKey": IDEMPOTENCY_KEY}
            components["headers"] = HEADERS
            components["responses"] = {"TooManyRequests": TOO_MANY}
            document["info"]["description"] = DESCRIPTION + LIMITS.format(table=limits)
            document["security"] = SIGNED_IN
            for path, item in document["paths"].items():
                for method, operation in item.items():
                    _refusals(operation["responses"])
                    _limited(path, operation["responses"])
                    operation["summary"] = _SENTENCE_END.split(operation["description"], maxsplit=1)[0]
                    if method in CHANGING:
                        shared = {"$ref": "#/components/parameters/IdempotencyKey"}
                        operation.setdefault("parameters", []).append(shared)
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign] # FastAPI's documented way to extend the description


def _limited(path: str, responses: dict[str, Any]) -> None:
    """Every operation of the API is counted, and says so."""
    if not path.startswith("/api/"):
        return
    for status, response in responses.items():
        if status.startswith("2"):
            response["headers"] = {**response.get("headers", {}), **_LIMITS}
    responses["429"] = {"$ref": "#/components/responses/TooManyRequests"}


def _refusals(responses: dict[str, Any]) -> None:
    responses.pop("422", None)
    responses["default"] = {
        "description": "A problem; `code` says which",
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
