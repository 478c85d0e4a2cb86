"""What callers send and get."""

import json
from datetime import date
from itertools import chain
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo
from pydantic_core import PydanticCustomError

from app.core.i18n import msg
from app.core.keyset import ListQuery
from app.core.schema import Input, Instant, Output
from app.core.text import Line, Prose
from app.core.web_address import WebAddress
from app.identity.provider.clients import ADDRESS_REFUSED, KNOWN_SCOPES, acceptable, unknown_scope

MOST_ADDRESSES = 50
MOST_SCOPES = 100
State = Literal["approved", "pending", "refused"]


def _lines(value: object) -> object:
    """A text field holds one address a line."""
    if not isinstance(value, list):
        return value
    parts = (one.splitlines() if isinstance(one, str) else [one] for one in value)
    return [one.strip() if isinstance(one, str) else one for one in chain.from_iterable(parts) if one != ""]


def _json(value: object) -> object:
    """A text field holds a JSON document; what is none is left for the check of its keys."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return {"keys": value}


def _sound(addresses: list[str]) -> list[str]:
    if not all(acceptable(address) for address in addresses):
        raise PydanticCustomError("redirect_uri_refused", "{message}", {"message": ADDRESS_REFUSED})
    return list(dict.fromkeys(addresses))


def _known(scopes: list[str]) -> list[str]:
    for scope in scopes:
        if scope not in KNOWN_SCOPES:
            raise PydanticCustomError("scope_unknown", "{message}", {"message": unknown_scope(scope)})
    return list(dict.fromkeys(scopes))


def _somewhere(addresses: list[str], info: ValidationInfo) -> list[str]:
    if not addresses and not info.data.get("device_grant"):
        reason = msg("请填写至少一个回调地址，或选择在没有浏览器的设备上运行")
        raise PydanticCustomError("missing", "{message}", {"message": reason})
    return addresses


Addresses = Annotated[
    list[Annotated[str, Line(2000)]],
    Field(max_length=MOST_ADDRESSES),
    BeforeValidator(_lines),
    AfterValidator(_sound),
]
Scopes = Annotated[
    list[Annotated[str, Line(100)]], Field(min_length=1, max_length=MOST_SCOPES), AfterValidator(_known)
]
Name = Annotated[str, Line(100)]
Purpose = Annotated[str, Prose(500, 1)]


class OAuthApplicationIn(Input):
    """A developer's own application."""

    name: Name = Field(examples=["仪器看板"])
    purpose: Purpose = Field(
        description="用途，以及为什么需要这些权限", examples=["在课题组的大屏上显示本周预约"]
    )
    homepage: Annotated[str, WebAddress(500)] | None = None
    kind: Literal["web", "public"] = Field(
        description="web：有服务器并能保存密钥；public：手机、桌面或网页应用"
    )
    device_grant: bool = Field(default=False, description="在没有浏览器的设备上运行（RFC 8628）")
    redirect_uris: Annotated[Addresses, AfterValidator(_somewhere)] = Field(
        default=[], validate_default=True, examples=[["https://board.example.com/callback"]]
    )
    post_logout_redirect_uris: Addresses = Field(default=[])
    scopes: Scopes = Field(examples=[["openid", "instruments.read"]])


class OAuthApplicationChange(Input):
    """What the developer wants changed; all of it is given."""

    name: Name = Field(examples=["仪器看板"])
    purpose: Purpose = Field(examples=["在课题组的大屏上显示本周预约"])
    homepage: Annotated[str, WebAddress(500)] | None = None
    redirect_uris: Addresses = Field(default=[])
    post_logout_redirect_uris: Addresses = Field(default=[])
    scopes: Scopes = Field(examples=[["openid", "instruments.read"]])


class SystemApplicationIn(Input):
    """Another platform's system, which acts for an organisation or the whole province."""

    name: Name = Field(examples=["大学设备处接口"])
    purpose: Purpose = Field(examples=["每晚同步仪器信息"])
    organisation_id: UUID | None = None
    scopes: Scopes = Field(examples=[["instruments.read"]])
    jwks: Annotated[dict[str, Any] | None, BeforeValidator(_json)] = None
    jwks_uri: Annotated[str, Line(2000)] | None = None


class ReviewIn(Input):
    """An admin's word on an application, or on the changes its developer asks for."""

    decision: Literal["approve", "refuse"]
    reason: Annotated[str, Prose(500, 1)] | None = None
    scopes: Scopes | None = Field(default=None, description="批准的权限；不填为全部所申请的")


class RotateIn(Input):
    """Whether the old secret still holds for a day."""

    keep_old: bool = False


class OAuthApplicationQuery(ListQuery):
    """Which of the province's applications are asked for, the newest first."""

    q: Annotated[str, Line(100)] | None = None
    kind: Literal["web", "public", "system"] | None = None
    review: State | None = None
    status: Literal["active", "disabled"] | None = None


class OAuthApplicationOut(Output):
    """An application as its developer and the province's admins see it."""

    id: UUID
    client_id: str
    name: str
    purpose: str | None
    homepage: str | None
    kind: str
    auth_method: str
    redirect_uris: list[str]
    post_logout_redirect_uris: list[str]
    scopes: list[str]
    organisation_id: UUID | None
    owner_id: UUID | None
    review: State
    review_reason: str | None
    status: str
    proposed: dict[str, Any] | None = Field(description="等待审核的更改")
    last_used_on: date | None
    created_at: Instant
    version: int


class RegisteredOut(Output):
    """A new application; its secret is told this once."""

    application: OAuthApplicationOut
    secret: str | None


class SecretOut(Output):
    """The new secret, told this once."""

    secret: str


class ConnectionOut(Output):
    """An application that acts for the caller."""

    id: UUID
    client_name: str
    scopes: list[str]
    created_at: Instant
    expires_at: Instant
