"""Whether what is said of a provider fits together."""

from app.core.errors import FieldError, Invalid
from app.core.i18n import msg
from app.identity.federation.fetching import addressable
from app.identity.federation.models import ENDPOINTS
from app.identity.federation.schemas import ProviderIn
from app.settings import Settings


def ensure_sound(settings: Settings, said: ProviderIn, *, has_secret: bool) -> None:
    """Refuse what no single field can say of itself, all faults at once.

    Raises:
        Invalid: the endpoints, claims or credentials do not fit together.
    """
    faults = [
        FieldError(name, "identity.address_not_https", msg("须为 https:// 地址"))
        for name in ("issuer", *ENDPOINTS)
        if (url := getattr(said, name)) is not None and not addressable(settings, url)
    ]
    needed = ENDPOINTS[:3]
    if any(getattr(said, name) is not None for name in ENDPOINTS):
        reason = msg("手工填写端点时，授权、令牌和密钥三个地址都要填；全部留空则自动发现")
        faults += [
            FieldError(name, "identity.endpoint_missing", reason)
            for name in needed
            if getattr(said, name) is None
        ]
    if said.first_sign_in == "create" and said.name_claim is None:
        reason = msg("自动开通账号需要知道姓名在哪个声明里")
        faults.append(FieldError("name_claim", "identity.claim_missing", reason))
    if said.vouches_for_units and said.uscc_claim is None:
        reason = msg("按单位加入需要知道统一社会信用代码在哪个声明里")
        faults.append(FieldError("uscc_claim", "identity.claim_missing", reason))
    if said.token_auth_method != "none" and said.client_secret is None and not has_secret:  # noqa: S105 - a method's name
        faults.append(FieldError("client_secret", "identity.secret_missing", msg("此验证方式需要客户端密钥")))
    if faults:
        raise Invalid(errors=faults)
