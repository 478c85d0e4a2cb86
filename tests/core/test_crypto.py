"""Keys for one purpose, signatures and tokens."""

import pytest
from cryptography.fernet import InvalidToken
from hypothesis import given
from hypothesis import strategies as st

from app.core import crypto

secrets = st.text(min_size=1, max_size=64)
purposes = st.text(min_size=1, max_size=20)


def test_a_derived_key_is_hkdf_sha256_of_the_secret() -> None:
    """Computed with OpenSSL: kdf -keylen 32 -kdfopt digest:SHA256 -kdfopt key:secret -kdfopt info:cursor HKDF."""
    assert crypto.derive_hex("secret", "cursor") == (
        "23e9fed43e899676e36061916ea85d7cf39144f45d7c8975d777f6f81e81b34d"
    )


@given(secrets, purposes, purposes)
def test_each_purpose_has_its_own_key(secret: str, one: str, other: str) -> None:
    assert (crypto.derive(secret, one) == crypto.derive(secret, other)) == (one == other)
    assert len(crypto.derive(secret, one)) == 32


@given(secrets, secrets, purposes, st.binary(max_size=64), st.binary(max_size=64))
def test_a_signature_holds_for_one_secret_and_message(
    secret: str, other: str, purpose: str, message: bytes, another: bytes
) -> None:
    signature = crypto.sign(secret, purpose, message)
    assert len(signature) == 22
    assert crypto.verify(secret, purpose, message, signature)
    assert crypto.verify(other, purpose, message, signature) == (other == secret)
    assert crypto.verify(secret, purpose, another, signature) == (another == message)
    assert not crypto.verify(secret, purpose, message, signature + "=")


@given(secrets, st.binary(max_size=200))
def test_a_box_opens_with_its_own_key_only(secret: str, value: bytes) -> None:
    sealed = crypto.box(secret, "keys").encrypt(value)
    assert crypto.box(secret, "keys").decrypt(sealed) == value
    with pytest.raises(InvalidToken):
        crypto.box(secret, "other").decrypt(sealed)


def test_tokens_are_random_and_only_their_digest_is_kept() -> None:
    tokens = {crypto.new_token() for _ in range(100)}
    assert len(tokens) == 100
    assert {len(token) for token in tokens} == {43}
    assert len({crypto.token_digest(token) for token in tokens}) == 100
    assert crypto.token_digest("abc").hex() == (
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )
