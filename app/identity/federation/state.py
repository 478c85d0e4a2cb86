"""What the browser keeps, encrypted, while its person is at a provider."""

from typing import Literal
from uuid import UUID

from cryptography.fernet import InvalidToken
from pydantic import BaseModel, ValidationError

from app.core.crypto import box
from app.identity.federation.problems import SignInFailed
from app.settings import Settings

STATE_SECONDS = 600
Purpose = Literal["sign_in", "link", "test"]


class SignInState(BaseModel):
    """A sign-in that has begun: whom we asked, what only its answer can know, and where the person was going."""

    tenant_id: str
    provider_id: str
    state: str
    nonce: str
    verifier: str
    next: str
    purpose: Purpose = "sign_in"
    session_id: UUID | None = None
    """The session from which an identity is linked, or a provider tried: the answer counts in no other."""
    anew: bool = False
    """The provider was asked to authenticate the person again."""

    def sealed(self, settings: Settings) -> str:
        """The cookie's value."""
        return box(settings.secret, "sign-in-state").encrypt(self.model_dump_json().encode()).decode()

    @classmethod
    def opened(cls, value: str, settings: Settings) -> "SignInState":
        """What the cookie holds.

        Raises:
            SignInFailed: it is missing, forged, or older than ten minutes.
        """
        try:
            kept = box(settings.secret, "sign-in-state").decrypt(value.encode(), ttl=STATE_SECONDS)
            return cls.model_validate_json(kept)
        except (InvalidToken, ValidationError) as error:
            raise SignInFailed from error
