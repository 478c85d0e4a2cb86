"""Asking a provider over the network: where a request may go, how long it may take, and how much it may bring.

A province's admin writes the addresses, so they are not to be a way into the platform's own network: the name is resolved
here, every address it has must be one where a provider may stand, and the connection goes to that very address
(a second answer of the name server changes nothing). TLS is asked for beyond this machine. No redirect is followed.
"""

import asyncio
import socket
from functools import cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from ssl import SSLContext
from urllib.parse import urlsplit

import httpx2

from app.identity.provider.clients import LOOPBACK
from app.settings import Settings

DEADLINE_SECONDS = 8.0
"""For one request, however slowly its parts come."""
MAXIMUM_BYTES = 256 * 1024
_TRANSLATED = IPv6Network("64:ff9b::/96")
"""IPv4 written in IPv6 (RFC 6052)."""
_UNICAST = IPv6Network("2000::/3")
"""All that is given out of IPv6 (RFC 4291 §2.4); outside it are site-local, compatible and locally translated addresses."""
Address = IPv4Address | IPv6Address


class Refused(httpx2.TransportError):
    """The request, or its answer, is not one we have with a provider."""


def addressable(settings: Settings, url: str) -> bool:
    """Whether the address is https; plain http only on this machine, and not in production."""
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError:
        return False
    if not host or parts.username is not None or parts.fragment:
        return False
    plain = parts.scheme == "http" and host in LOOPBACK and settings.environment == "development"
    return parts.scheme == "https" or plain


def may_stand(settings: Settings, address: Address) -> bool:
    """Whether a provider may be at this address: the Internet, a network the operator named, in development this machine."""
    if isinstance(address, IPv6Address):
        if address in _TRANSLATED:
            address = IPv4Address(address.packed[-4:])
        else:
            address = address.ipv4_mapped or address.sixtofour or address
    if any(address in network for network in settings.provider_networks):
        return True
    if address.is_loopback:
        return settings.environment == "development"
    if isinstance(address, IPv6Address) and address not in _UNICAST:
        return False
    return address.is_global and not address.is_multicast


class Guarded(httpx2.AsyncBaseTransport):
    """Carries a request to a provider, and its whole answer back."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        # A connection kept for one name would be used for another at the same address, its certificate unseen.
        limits = httpx2.Limits(max_keepalive_connections=0)
        self._inner = httpx2.AsyncHTTPTransport(verify=_tls(), limits=limits)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """The answer, read to its end.

        Raises:
            TransportError: it may not be asked, does not answer in time, or answers with too much.
        """
        if not addressable(self._settings, str(request.url)):
            raise Refused("the address is not https")
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                return await self._answered(request)
        except TimeoutError as error:
            raise httpx2.ReadTimeout("the deadline has passed") from error
        except (OSError, UnicodeError) as error:
            raise httpx2.ConnectError("the name has no address") from error

    async def _answered(self, request: httpx2.Request) -> httpx2.Response:
        host = request.url.host
        address = await self._address(
            host, request.url.port or (443 if request.url.scheme == "https" else 80)
        )
        # Compressed, a small answer could be made large here.
        request.headers["accept-encoding"] = "identity"
        asked = httpx2.Request(
            request.method,
            request.url.copy_with(host=str(address)),
            headers=request.headers,
            stream=request.stream,
            extensions={**request.extensions, "sni_hostname": host},
        )
        response = await self._inner.handle_async_request(asked)
        try:
            body = bytearray()
            if response.headers.get("content-encoding", "identity") != "identity":
                raise Refused("the answer is compressed")
            assert isinstance(response.stream, httpx2.AsyncByteStream)
            async for part in response.stream:
                body += part
                if len(body) > MAXIMUM_BYTES:
                    raise Refused("the answer is too large")
        finally:
            await response.aclose()
        return httpx2.Response(
            response.status_code, headers=response.headers, content=bytes(body), request=request
        )

    async def _address(self, host: str, port: int) -> Address:
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = [ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
        if not addresses or not all(may_stand(self._settings, address) for address in addresses):
            raise Refused("no provider stands there")
        return addresses[0]

    async def aclose(self) -> None:
        """Give the connections back."""
        await self._inner.aclose()


@cache
def _tls() -> SSLContext:
    return httpx2.create_ssl_context()
