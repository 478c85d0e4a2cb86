"""What a province's admin says of a provider, and what is told of it: never its secret."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BeforeValidator, Field

from app.core.schema import Input, Output
from app.core.text import Line
from app.core.web_address import WebAddress

Address = Annotated[str, WebAddress(500, http=True)]
Claim = Annotated[str, Line(200)]
TokenAuthMethod = Literal["none", "client_secret_basic", "client_secret_post"]
FirstSignIn = Literal["refuse", "create"]


def _words(given: Any) -> Any:
    """A form's line of words is as good as a list of them."""
    if isinstance(given, str):
        return given.split()
    if isinstance(given, list | tuple) and all(isinstance(one, str) for one in given):
        return [word for one in given for word in one.split()]
    return given


Word = Annotated[str, Line(100)]
Words = Annotated[tuple[Word, ...], Field(max_length=20), BeforeValidator(_words)]
Scope = Annotated[str, Field(pattern=r"^[!#-\[\]-~]{1,100}$")]
Scopes = Annotated[tuple[Scope, ...], Field(max_length=10), BeforeValidator(_words)]


class ProviderIn(Input):
    """How a provider is reached, trusted and asked. All of it is said at once; only the secret may be left out to stay."""

    name_zh: Annotated[str, Line(50)] = Field(examples=["浙江政务统一认证"])
    name_en: Annotated[str, Line(100)] = Field(examples=["Zhejiang government identity"])
    issuer: Address = Field(description="发行者标识；创建后不能更改", examples=["https://id.zj.example"])
    client_id: Annotated[str, Line(255)]
    client_secret: Annotated[str, Field(min_length=1, max_length=500)] | None = Field(
        default=None, description="只写；省略则保持不变"
    )
    token_auth_method: TokenAuthMethod = "client_secret_basic"  # noqa: S105 - a method's name
    scopes: Scopes = ("openid",)
    authorization_endpoint: Address | None = Field(default=None, description="端点全部省略则自动发现")
    token_endpoint: Address | None = None
    jwks_uri: Address | None = None
    userinfo_endpoint: Address | None = None
    end_session_endpoint: Address | None = None
    clock_skew_seconds: Annotated[int, Field(ge=0, le=300)] = 60
    iss_required: bool = False
    trusts_factors: bool = False
    two_factor_acrs: Words = ()
    first_sign_in: FirstSignIn = "refuse"
    vouches_for_units: bool = False
    signs_out_there: bool = False
    name_claim: Claim | None = Field(default=None, examples=["name", "user.realName"])
    unit_claim: Claim | None = None
    uscc_claim: Claim | None = None
    assurance_claim: Claim | None = None
    verified_assurances: Words = ()

    def columns(self) -> dict[str, Any]:
        """The values of the row, without the secret."""
        given = self.model_dump(exclude={"client_secret"})
        return given | {
            "scopes": list(dict.fromkeys(("openid", *self.scopes))),
            "two_factor_acrs": list(self.two_factor_acrs),
            "verified_assurances": list(self.verified_assurances),
        }


class ProviderOut(Output):
    """A provider of the caller's province."""

    id: UUID
    name_zh: str
    name_en: str
    issuer: str
    client_id: str
    has_secret: bool
    token_auth_method: TokenAuthMethod
    scopes: list[str]
    authorization_endpoint: str | None
    token_endpoint: str | None
    jwks_uri: str | None
    userinfo_endpoint: str | None
    end_session_endpoint: str | None
    clock_skew_seconds: int
    iss_required: bool
    trusts_factors: bool
    two_factor_acrs: list[str]
    first_sign_in: FirstSignIn
    vouches_for_units: bool
    signs_out_there: bool
    name_claim: str | None
    unit_claim: str | None
    uscc_claim: str | None
    assurance_claim: str | None
    verified_assurances: list[str]
    enabled: bool
    position: int
    version: int
    people: int = Field(description="用它登录的本省账号数")


class OrderIn(Input):
    """The province's providers in the order in which people are offered them."""

    ids: Annotated[list[UUID], Field(min_length=1, max_length=100)]


class StepOut(Output):
    """One step of a provider's test."""

    step: str
    outcome: Literal["ok", "warning", "failed"]
    label: str
    detail: str | None
