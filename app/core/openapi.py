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


def for_visitors() -> list[dict[str, list[str]]]:
    """Signing in is possible and not needed."""
    return [{}, *SIGNED_IN]


def describe(app: FastAPI) -> None:
    """Let `app.openapi()` say that every refusal is a problem, how callers sign in and how a change is repeated safely."""
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
            document["info"]["description"] = DESCRIPTION
            document["security"] = SIGNED_IN
            for path in document["paths"].values():
                for method, operation in path.items():
                    _refusals(operation["responses"])
                    operation["summary"] = _SENTENCE_END.split(operation["description"], maxsplit=1)[0]
                    if method in CHANGING:
                        shared = {"$ref": "#/components/parameters/IdempotencyKey"}
                        operation.setdefault("parameters", []).append(shared)
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign] # FastAPI's documented way to extend the description


def _refusals(responses: dict[str, Any]) -> None:
    responses.pop("422", None)
    responses["default"] = {
        "description": "A problem; `code` says which",
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
