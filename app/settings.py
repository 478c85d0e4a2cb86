"""One frozen settings object, read from the environment once."""

import re
from email.utils import parseaddr
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import parse_qs, quote, urlsplit, urlunsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from app.core.crypto import derive_hex

PLACEHOLDER = "development-only-secret"
SECRET_BYTES = 32


class Settings(BaseSettings):
    """What differs between one deployment and another; every name is also its environment variable."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    environment: Literal["development", "production"] = "development"
    secret_key: SecretStr = SecretStr(PLACEHOLDER)
    base_url: str = "http://127.0.0.1:8000"
    data_dir: Path = Path(".data")

    database_url: str | None = None
    """The administrator's URL: `commons migrate` makes the roles and tables with it."""
    app_database_url: str | None = None
    """The application's own URL; derived from `database_url` and `secret_key` when absent."""
    database_roles: str = Field(default="commons", pattern=r"^[a-z][a-z0-9_]{0,30}$")
    """Prefix of the database roles, so that two deployments can share one PostgreSQL."""
    database_pool_size: int = 10

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    metrics_token: SecretStr | None = None
    """Bearer token asked for at /metrics when the caller is not on this machine."""
    smtp_url: SecretStr | None = None
    """smtp://user:password@host:587, with ?tls=starttls (unless said otherwise), implicit or none (RFC 8314)."""
    mail_from: str | None = None
    """The sender of mails: an address, or `Name <address>`; no-reply@ the host of `base_url` when absent."""
    sms_url: SecretStr | None = None
    """The gateway that text messages are posted to, one JSON object each; `sms_token` is the bearer token it asks for."""
    sms_token: SecretStr | None = None
    demonstration: bool = False
    """The second step of signing in says which code it waits for; set by `commons demo` alone."""
    max_body_bytes: int = 20 * 1024 * 1024
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = ()
    """Host names that lead here besides that of `base_url`; several with commas between, as below."""
    hsts_subdomains: bool = True
    """Whether browsers may reach the subdomains of our host over TLS only, too."""
    security_contacts: Annotated[tuple[str, ...], NoDecode] = ()
    """Where weaknesses are reported: https: or mailto: addresses for /.well-known/security.txt."""
    rate_limits: dict[str, str] = Field(default_factory=dict)
    """Limits other than those of `access.limits.policies`: {"visitor": "300/60", "search": "off"}."""
    signing_key_days: int = Field(default=90, ge=1)
    """How long a key signs tokens before the next one takes over."""
    provider_networks: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode] = ()
    """Networks beside the Internet in which provinces' identity providers may stand; several with commas between."""

    @field_validator("allowed_hosts", "security_contacts", "provider_networks", mode="before")
    @classmethod
    def _several(cls, given: object) -> object:
        return (
            [part.strip() for part in given.split(",") if part.strip()] if isinstance(given, str) else given
        )

    @field_validator("database_url", "app_database_url")
    @classmethod
    def _name_the_driver(cls, url: str | None) -> str | None:
        """`postgresql://` is what everybody writes; SQLAlchemy would take it for psycopg."""
        return re.sub(r"^postgres(ql)?://", "postgresql+asyncpg://", url) if url else None

    @field_validator("smtp_url")
    @classmethod
    def _is_smtp(cls, url: SecretStr | None) -> SecretStr | None:
        if url is None:
            return None
        parts = urlsplit(url.get_secret_value())
        tls = parse_qs(parts.query).get("tls", ["starttls"])
        if parts.scheme != "smtp" or not parts.hostname or tls not in (["starttls"], ["implicit"], ["none"]):
            raise ValueError(
                "SMTP_URL must be smtp://[user:password@]host[:port][?tls=starttls|implicit|none]"
            )
        return url

    @field_validator("sms_url")
    @classmethod
    def _is_gateway(cls, url: SecretStr | None) -> SecretStr | None:
        if url is None:
            return None
        parts = urlsplit(url.get_secret_value())
        safe = parts.scheme == "https" or (parts.scheme == "http" and _is_this_machine(parts.hostname or ""))
        if not safe or not parts.hostname or parts.username is not None:
            raise ValueError("SMS_URL must be https://, or http:// on this machine, without a password")
        return url

    @field_validator("mail_from")
    @classmethod
    def _is_address(cls, sender: str | None) -> str | None:
        if sender is not None and "@" not in parseaddr(sender)[1]:
            raise ValueError("MAIL_FROM must be an address, or Name <address>")
        return sender

    @field_validator("security_contacts")
    @classmethod
    def _reachable(cls, contacts: tuple[str, ...]) -> tuple[str, ...]:
        """RFC 9116 §2.5.3: a URI; whatever else would begin a line of its own."""
        if any(not re.fullmatch(r"(https://|mailto:|tel:)[!-~]+", contact) for contact in contacts):
            raise ValueError("SECURITY_CONTACTS must be https:, mailto: or tel: addresses")
        return contacts

    @model_validator(mode="after")
    def _gateway_and_token(self) -> Self:
        if (self.sms_url is None) != (self.sms_token is None):
            raise ValueError("SMS_URL and SMS_TOKEN are set together")
        return self

    @model_validator(mode="after")
    def _no_placeholder_outside_development(self) -> Self:
        if self.environment == "production":
            secret = self.secret_key.get_secret_value()
            if secret == PLACEHOLDER or len(secret) < SECRET_BYTES:
                raise ValueError(
                    f"SECRET_KEY must be a real secret of at least {SECRET_BYTES} characters in production"
                )
            if not self.base_url.startswith("https://"):
                raise ValueError("BASE_URL must be https:// in production")
            if self.demonstration:
                raise ValueError("DEMONSTRATION tells second factors to everyone: not in production")
        return self

    @property
    def secret(self) -> str:
        """The secret all other keys are derived from."""
        return self.secret_key.get_secret_value()

    def role(self, name: str) -> str:
        """The database role `name` of this deployment, for example `commons_app`."""
        return f"{self.database_roles}_{name}"

    def role_password(self, name: str) -> str:
        """The login password of a role, derived so that no second secret has to be kept."""
        return derive_hex(self.secret, f"database-role:{self.role(name)}")

    def url_for(self, name: str) -> str:
        """The database URL of the login role `name`, on the administrator's server.

        Raises:
            ValueError: neither DATABASE_URL nor APP_DATABASE_URL is set.
        """
        if name == "app" and self.app_database_url:
            return self.app_database_url
        if not self.database_url:
            raise ValueError("DATABASE_URL (or APP_DATABASE_URL) is not set")
        parts = urlsplit(self.database_url)
        host = parts.netloc.rpartition("@")[2]
        login = f"{quote(self.role(name))}:{self.role_password(name)}"
        return urlunsplit(parts._replace(netloc=f"{login}@{host}"))

    def is_ours(self, host: str) -> bool:
        """Whether people reach the platform under this host name.

        In development any address of the machine will do: a name is what a foreign page could make lead here.
        """
        if host == urlsplit(self.base_url).hostname or host in self.allowed_hosts:
            return True
        return self.environment == "development" and (host == "localhost" or _is_address(host))

    @property
    def https(self) -> bool:
        """Whether browsers reach the platform over TLS."""
        return self.base_url.startswith("https://")


def _is_this_machine(host: str) -> bool:
    return host == "localhost" or (_is_address(host) and ip_address(host).is_loopback)


def _is_address(host: str) -> bool:
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


@lru_cache(maxsize=1)
def settings_from_environment() -> Settings:
    """The settings of this process."""
    return Settings()
