"""The secret we have at a provider, encrypted at rest."""

from cryptography.fernet import InvalidToken

from app.core.crypto import box
from app.identity.federation.problems import ProviderUnreachable
from app.settings import Settings


def client_secret(settings: Settings, kept: bytes) -> str:
    """The secret we have at a provider.

    Raises:
        ProviderUnreachable: it was kept under another SECRET_KEY and must be entered anew.
    """
    try:
        return box(settings.secret, "identity-provider").decrypt(kept).decode()
    except InvalidToken as error:
        raise ProviderUnreachable from error


def keep_client_secret(settings: Settings, secret: str) -> bytes:
    """What the database keeps of it."""
    return box(settings.secret, "identity-provider").encrypt(secret.encode())
