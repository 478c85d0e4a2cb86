"""Where the platform goes when a province's admin writes an address, and where it does not."""

from ipaddress import ip_address, ip_network

import httpx2
import pytest
from pydantic import SecretStr

from app.identity.federation.fetching import Guarded, Refused, addressable, may_stand
from app.settings import Settings

PRODUCTION = {
    "environment": "production",
    "secret_key": SecretStr("k" * 40),
    "base_url": "https://commons.example",
}


@pytest.fixture
def production(settings: Settings) -> Settings:
    return settings.model_copy(update=PRODUCTION)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "::1",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "fe80::1",
        "fd00::1",
        "0.0.0.0",
        "224.0.0.1",
        "100.64.0.1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::a9fe:a9fe",
        "::127.0.0.1",
        "fec0::1",
        "2002:7f00:1::",
    ],
)
def test_no_provider_stands_inside(production: Settings, address: str) -> None:
    assert not may_stand(production, ip_address(address))


@pytest.mark.parametrize("address", ["1.2.4.8", "2400:3200::1", "64:ff9b::102:408"])
def test_a_provider_may_stand_in_the_internet(production: Settings, address: str) -> None:
    assert may_stand(production, ip_address(address))


def test_the_operator_names_other_networks(production: Settings) -> None:
    named = production.model_copy(update={"provider_networks": (ip_network("10.20.0.0/16"),)})
    assert may_stand(named, ip_address("10.20.3.4"))
    assert not may_stand(named, ip_address("10.21.0.1"))


def test_networks_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROVIDER_NETWORKS", "10.20.0.0/16, fd00::/8")
    assert Settings().provider_networks == (ip_network("10.20.0.0/16"), ip_network("fd00::/8"))


@pytest.mark.parametrize(
    "url",
    [
        "http://id.example/",
        "http://127.0.0.1/",
        "https://u@id.example/",
        "https://",
        "file:///x",
        "https://id.example/#x",
        "https://id.example:x/",
    ],
)
def test_addresses_are_https(production: Settings, url: str) -> None:
    assert not addressable(production, url)


async def test_a_name_that_leads_inside_is_refused(production: Settings) -> None:
    """`localhost` is a name whose address is inside, as any name of an attacker's may be."""
    async with httpx2.AsyncClient(transport=Guarded(production)) as client:
        with pytest.raises(Refused):
            await client.get("https://localhost/")
