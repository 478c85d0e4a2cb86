"""Settings: what production refuses, and the addresses of the database roles."""

from typing import Any

import pytest
from pydantic import ValidationError

from app.settings import PLACEHOLDER, Settings, settings_from_environment

GOOD: dict[str, Any] = {
    "environment": "production",
    "secret_key": "x" * 32,
    "base_url": "https://commons.example",
}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"secret_key": PLACEHOLDER}, "SECRET_KEY"),
        ({"secret_key": "x" * 31}, "SECRET_KEY"),
        ({"base_url": "http://commons.example"}, "BASE_URL"),
        ({"database_roles": 'commons"; DROP'}, "database_roles"),
        ({"database_roles": "x" * 50}, "database_roles"),
        ({"environment": "staging"}, "environment"),
    ],
)
def test_what_production_refuses(change: dict[str, str], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        Settings(**GOOD | change)


def test_production() -> None:
    settings = Settings(**GOOD)
    assert settings.https
    assert settings.secret == "x" * 32
    assert "xxx" not in repr(settings)


def test_development_needs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "APP_DATABASE_URL", "SECRET_KEY", "BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    settings = Settings()
    assert not settings.https
    assert settings.secret == PLACEHOLDER
    with pytest.raises(ValueError, match="DATABASE_URL"):
        settings.url_for("app")


def test_addresses_of_roles() -> None:
    settings = Settings(
        database_url="postgresql+asyncpg://admin:p%40ss@db:5433/commons", database_roles="two"
    )
    password = settings.role_password("app")
    assert settings.url_for("app") == f"postgresql+asyncpg://two_app:{password}@db:5433/commons"
    assert len(password) == 64
    assert settings.role_password("reader") != password
    given = Settings(app_database_url="postgresql+asyncpg://other/x")
    assert given.url_for("app") == "postgresql+asyncpg://other/x"
    with pytest.raises(ValueError, match="DATABASE_URL"):
        given.url_for("reader")


def test_settings_of_the_process_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    settings_from_environment.cache_clear()
    monkeypatch.setenv("DATABASE_ROLES", "once")
    assert settings_from_environment().role("app") == "once_app"
    monkeypatch.setenv("DATABASE_ROLES", "twice")
    assert settings_from_environment().role("app") == "once_app"
    settings_from_environment.cache_clear()
