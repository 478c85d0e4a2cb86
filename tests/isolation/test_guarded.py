"""No route is open by forgetting: each one names a permission, or says that it asks nobody."""

from fastapi import FastAPI

from app.access.guards import Guard, _Unguarded
from app.access.permissions import Permission
from tests.isolation.doors import doors, guards

UNASKED = {
    "GET /openapi.json": "the API's description, the same for everyone",
    "GET /healthz": "the process answers",
    "GET /readyz": "the platform is ready",
    "GET /metrics": "figures, for this machine or a bearer of the metrics token",
    "GET /.well-known/oauth-authorization-server": "where clients begin (RFC 8414)",
    "GET /.well-known/openid-configuration": "where clients begin (OpenID Connect Discovery)",
    "GET /.well-known/security.txt": "where weaknesses are reported (RFC 9116)",
    "GET /.well-known/change-password": "where one's password is changed; the page there asks",
    "GET /robots.txt": "what search engines leave alone (RFC 9309)",
    "GET /oauth/jwks": "public keys",
    "POST /oauth/token": "clients say who they are in the request itself (RFC 6749 §2.3)",
    "POST /oauth/revoke": "same",
    "POST /oauth/introspect": "same",
    "POST /oauth/par": "same (RFC 9126 §2)",
    "POST /oauth/device_authorization": "same (RFC 8628 §3.1)",
    "POST /oauth/authorize": "a form of the client's own page brings its question; the page it leads to asks",
    "POST /oauth/logout": "a client's page asks to sign out; the page it leads to asks the person (RP-Initiated Logout)",
    "POST /sign-in/{province}/{provider_id}/logout": "the provider signs what it says (Back-Channel Logout)",
}
"""Routes that do not ask who calls, each with its reason."""


def test_every_route_is_guarded(app: FastAPI) -> None:
    every = doors(app)
    assert len(every) > 60
    assert [str(door) for door in every if not guards(door.route) and str(door) not in UNASKED] == []


def test_only_reviewed_routes_ask_nobody(app: FastAPI) -> None:
    open_ = {
        str(door) for door in doors(app) if not any(isinstance(guard, Guard) for guard in guards(door.route))
    }
    assert open_ == set(UNASKED)


def test_no_route_both_asks_and_does_not(app: FastAPI) -> None:
    for door in doors(app):
        kinds = {type(guard) for guard in guards(door.route)}
        assert kinds != {Guard, _Unguarded}, str(door)


def test_changes_ask_for_more_than_looking(app: FastAPI) -> None:
    """A JSON endpoint that changes something is never PUBLIC, nor guarded by a permission to read alone."""
    reading = {p for p in Permission if p.name.endswith("_READ") or p is Permission.PUBLIC}
    weak = {
        str(door)
        for door in doors(app)
        if not door.safe
        and door.path.startswith("/api/")
        and {guard.permission for guard in guards(door.route)} <= reading
    }
    assert weak == set()
