"""Which passwords may be chosen: fifteen characters of any kind, and none that everybody would try."""

from pathlib import Path

import pytest
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from app.core.errors import Invalid
from app.identity.contacts.strength import EXPECTED, hash_chosen
from app.settings import Settings

STRONG = "x7#kQp!vLm29zRt"
COMMON = [word for word in FREQUENCY_LISTS["passwords"] if len(word) >= 15]


@pytest.fixture
def here(settings: Settings, tmp_path: Path) -> Settings:
    """Without a list of breached passwords."""
    return settings.model_copy(update={"data_dir": tmp_path})


async def fault(password: str, settings: Settings) -> str:
    with pytest.raises(Invalid) as refused:
        await hash_chosen(password, settings, about=("沈知行", "shen@sjtu.example"))
    return refused.value.errors[0].code


async def test_fifteen_characters_are_the_least(here: Settings) -> None:
    assert await hash_chosen(STRONG, here, about=())
    assert await fault(STRONG[:-1], here) == "password_length"


async def test_common_passwords_long_enough_are_refused(here: Settings) -> None:
    assert len(COMMON) > 20
    assert {await fault(one, here) for one in COMMON} <= {"password_guessable", "password_expected"}


@pytest.mark.parametrize("word", [*EXPECTED, "沈知行", "sjtu"])
async def test_words_everybody_would_try_make_no_password(here: Settings, word: str) -> None:
    assert await fault(word * 15, here) == "password_expected"
