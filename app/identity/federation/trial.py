"""Trying a provider before its people do: each step, and what it found. Nothing is stored, nothing kept is used."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from fastapi import FastAPI

from app.core.i18n import Message, msg
from app.identity.federation.cache import Cache
from app.identity.federation.metadata import (
    Metadata,
    discovered,
    issuer_of,
    published_keys,
    trusted,
    written_down,
)
from app.identity.federation.models import IdentityProvider
from app.identity.federation.problems import ProviderUnreachable
from app.identity.federation.relying_party import RelyingParty

Outcome = Literal["ok", "warning", "failed"]


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a trial."""

    step: str
    outcome: Outcome
    label: Message
    detail: Message | None = None


async def steps(app: FastAPI, provider: IdentityProvider) -> list[Step]:
    """Ask the provider what a sign-in asks before its person is sent there. Call it outside a transaction."""
    party = RelyingParty(provider, app.state.settings, app, Cache())
    async with party.client() as client:

        async def get(url: str) -> object:
            return await client.request("GET", url, withhold_token=True)

        metadata = written_down(provider)
        if metadata is not None:
            first = Step("endpoints", "ok", msg("使用手工填写的端点"))
        else:
            try:
                metadata = await discovered(get, party.issuer)  # type: ignore[arg-type] # Authlib's client is untyped
            except (ProviderUnreachable, ValueError):
                return [
                    Step(
                        "discovery",
                        "failed",
                        msg("读取发现文档"),
                        msg(
                            "没有得到有效的文档；请核对发行者地址、网络和证书：{address}",
                            address=f"{party.issuer.rstrip('/')}/.well-known/openid-configuration",
                        ),
                    )
                ]
            first = Step("discovery", "ok", msg("读取发现文档"))
        found = [first, *_of_metadata(party, metadata)]
        if any(step.outcome == "failed" for step in found):
            return found
        try:
            keys = await published_keys(get, metadata.jwks_uri)  # type: ignore[arg-type] # as above
        except ProviderUnreachable:
            reason = msg("没有得到可用的签名公钥：{address}", address=metadata.jwks_uri)
            return [*found, Step("keys", "failed", msg("读取签名公钥"), reason)]
        return [*found, Step("keys", "ok", msg("读取签名公钥"), msg("{count} 把可用", count=len(keys)))]


def _of_metadata(party: RelyingParty, metadata: Metadata) -> Iterator[Step]:
    provider, settings = party.provider, party.settings
    expected = issuer_of(provider, settings)
    same = metadata.issuer == expected
    told = (
        None
        if same
        else msg("文档里是 {found}，这里填的是 {expected}", found=metadata.issuer, expected=expected)
    )
    yield Step("issuer", "ok" if same else "failed", msg("发行者一致"), told)
    bad = [name for name, url in metadata.endpoints.items() if not trusted(url, provider, settings)]
    told = msg("不是可用的 https 地址：{names}", names=", ".join(bad)) if bad else None
    yield Step("https", "failed" if bad else "ok", msg("端点都是 https"), told)
    if written_down(provider) is not None:
        return
    offered = metadata.code_challenge_methods_supported
    pkce: Outcome = "ok" if offered and "S256" in offered else "warning"
    told = None if pkce == "ok" else msg("文档没有声明支持 S256；平台仍会使用 PKCE")
    yield Step("pkce", pkce, msg("支持 PKCE（S256）"), told)
    methods = metadata.token_endpoint_auth_methods_supported or ["client_secret_basic"]
    fits = provider.token_auth_method in methods
    told = None if fits else msg("文档声明的是：{methods}", methods=", ".join(methods))
    yield Step("client_authentication", "ok" if fits else "warning", msg("支持所选的客户端验证方式"), told)
    unknown = [s for s in provider.scopes if metadata.scopes_supported and s not in metadata.scopes_supported]
    told = msg("文档没有列出：{names}", names=", ".join(unknown)) if unknown else None
    yield Step("scopes", "warning" if unknown else "ok", msg("支持所填的授权范围"), told)
    named = metadata.authorization_response_iss_parameter_supported
    told = None if named else msg("回应中不带 iss，无法防止身份提供方之间的混淆")
    yield Step("iss", "ok" if named else "warning", msg("回应标明发行者（RFC 9207）"), told)
    if provider.signs_out_there:
        ends = metadata.end_session_endpoint is not None
        told = None if ends else msg("文档没有 end_session_endpoint，退出时只退出本平台")
        yield Step("end_session", "ok" if ends else "warning", msg("支持从平台退出登录"), told)
