"""Passwords, local addresses and device names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import Invalid
from app.identity.local_path import local_path
from app.identity.passwords import hash_password, password_matches
from app.identity.user_agents import device_name


async def test_passwords_are_argon2id_of_64_mib_three_passes_four_lanes() -> None:
    hashed = await hash_password("correct horse battery")
    assert hashed.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert await password_matches("correct horse battery", hashed)
    assert not await password_matches("correct horse batterY", hashed)


async def test_the_same_password_hashes_differently() -> None:
    assert await hash_password("correct horse battery") != await hash_password("correct horse battery")


async def test_a_password_may_be_typed_on_any_keyboard() -> None:
    hashed = await hash_password("密码①②③abcdé")
    assert await password_matches("密码123abcde\u0301", hashed)


async def test_a_password_is_compared_whole() -> None:
    hashed = await hash_password("x" * 128)
    assert await password_matches("x" * 128, hashed)
    assert not await password_matches("x" * 129, hashed)
    assert not await password_matches("X" + "x" * 127, hashed)
    assert not await password_matches(" " + "x" * 127, hashed)


@pytest.mark.parametrize(
    "password", ["jsdhqwpz", "19475038", "电子显微镜预约平台", "🔭🔬🧪🧬🧫🌡️🩺💊", "  a  b  c  "]
)
async def test_a_password_may_be_made_of_any_characters(password: str) -> None:
    assert await password_matches(password, await hash_password(password))


async def test_without_a_hash_nothing_matches() -> None:
    assert not await password_matches("", None)
    assert not await password_matches("anything at all", None)


@pytest.mark.parametrize("password", ["", "short12", "x" * 129])
async def test_a_password_has_8_to_128_characters(password: str) -> None:
    with pytest.raises(Invalid) as refused:
        await hash_password(password)
    assert [error.code for error in refused.value.errors] == ["password_length"]


@pytest.mark.parametrize(
    "path", ["/", "/bookings", "/instruments?q=电镜&page=2#x", "/a//b", "/login?next=%2F%2Fevil"]
)
def test_our_own_pages_are_kept(path: str) -> None:
    assert local_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        None,
        "",
        "x",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil",
        "/\t/evil",
        "/\n/evil",
        "https:/evil.example",
        "https://evil.example",
        "javascript:alert(1)",
        "/" + "x" * 2000,
        "/a\\b",
        " //evil",
        "\u2028/x",
    ],
)
def test_other_addresses_are_not(path: str | None) -> None:
    assert local_path(path) == "/"


@given(st.text())
def test_what_is_kept_is_a_path_of_ours(value: str) -> None:
    kept = local_path(value)
    assert kept == "/" or (kept == value and kept.startswith("/") and not kept.startswith(("//", "/\\")))
    assert not set(kept) & set("\\\t\r\n\0")


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0",
            "Firefox 145 · Windows",
        ),
        (
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/142.0.0.0 Safari/537.36 Edg/142.0",
            "Edge 142 · Linux",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Safari/604.1",
            "Safari 19 · iPhone",
        ),
        ("Mozilla/5.0 (Linux; Android 15) Chrome/140.0 Mobile MicroMessenger/8.0.60", "微信 8 · Android"),
        ("curl/8.1 (Linux)", "Linux"),
        ("", "未知设备"),
    ],
)
def test_a_device_is_named(user_agent: str, name: str) -> None:
    assert device_name(user_agent).text() == name
