"""Keys derived from the one secret, and random tokens."""

import base64
import hashlib
import hmac
import secrets

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


def derive(secret: str, purpose: str) -> bytes:
    """A 32-byte key for one purpose (HKDF-SHA256, RFC 5869)."""
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose.encode()).derive(secret.encode())


def derive_hex(secret: str, purpose: str) -> str:
    """The key of a purpose as 64 hexadecimal digits."""
    return derive(secret, purpose).hex()


def box(secret: str, purpose: str) -> Fernet:
    """An authenticated cipher for values at rest."""
    return Fernet(base64.urlsafe_b64encode(derive(secret, purpose)))


def sign(secret: str, purpose: str, message: bytes) -> str:
    """A short URL-safe signature (HMAC-SHA256 cut to 128 bits)."""
    digest = hmac.new(derive(secret, purpose), message, hashlib.sha256).digest()[:16]
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def verify(secret: str, purpose: str, message: bytes, signature: str) -> bool:
    """Whether `signature` belongs to `message`, compared in constant time."""
    return hmac.compare_digest(sign(secret, purpose, message).encode(), signature.encode())


def new_token() -> str:
    """A random URL-safe token of 256 bits; only its digest is stored."""
    return secrets.token_urlsafe(32)


def token_digest(token: str) -> bytes:
    """What the database keeps of a random token (SHA-256: the token has full entropy)."""
    return hashlib.sha256(token.encode()).digest()
