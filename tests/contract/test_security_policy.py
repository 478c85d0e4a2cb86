"""SECURITY.md says what the program does: its words and figures are those of the code."""

from datetime import timedelta
from pathlib import Path

import pytest

from app.identity import known_browser, sessions, throttle
from app.identity.contacts import links, strength
from app.identity.factors import challenges, recency, recovery_codes, totp
from app.identity.federation import cache
from app.identity.joining import invitations
from app.identity.passwords import MAXIMUM
from app.identity.provider import authorization, exchange, grants, keys, tokens
from app.settings import Settings

WRITTEN = " ".join((Path(__file__).parents[2] / "SECURITY.md").read_text(encoding="utf-8").split())
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
THERE, ADDRESS, EVERYWHERE = throttle.OF_NAME_THERE, throttle.OF_ADDRESS, throttle.OF_NAME


@pytest.mark.parametrize(
    "figures",
    [
        f"At least {strength.MINIMUM} characters and at most {MAXIMUM}",
        f"within 10^{strength.GUESSES_LOG10} guesses",
        f"fewer than {strength.LEFT} characters left",
        f"from the {THERE.free}th failure on, up to {THERE.longest // 60} minutes",
        f"from the {ADDRESS.free}th, up to {ADDRESS.longest} seconds",
        f"from the {EVERYWHERE.free}th, up to {EVERYWHERE.longest} seconds",
        f"counts apart for {known_browser.LIFETIME // DAY} days",
        f"wait from the {throttle.OF_FACTOR.free}th failure from everywhere",
        f"the third waits {links.OF_MAILBOX.first // 60} minutes",
        f"a code lasts {totp.STEP_SECONDS} seconds",
        f"a challenge lives {challenges.LIFETIME // MINUTE} minutes",
        f"{recovery_codes.COUNT} recovery codes of {recovery_codes.BYTES * 8} random bits",
        f"within {sessions.AWAITING // MINUTE} minutes; changing factors",
        f"within {recency.RECENT // MINUTE} minutes, or types the password",
        f"it lives {links.LIFETIMES['recover'] // MINUTE} minutes, counts once",
        f"registers or changes an address lives {links.LIFETIMES['register'] // HOUR} hours",
        f"for {links.LIFETIMES['undo'] // DAY} days",
        f"An invitation lives {invitations.LIFETIME // DAY} days",
        f"ends {sessions.IDLE // HOUR} hours after its last use and {sessions.LIFETIME // DAY} days after",
        f"`SIGNING_KEY_DAYS` ({Settings.model_fields['signing_key_days'].default})",
        f"published for {keys.PUBLISHED // MINUTE} minutes; the old one stays published for {keys.RETIRING // DAY} days",
        f"An access token lives {tokens.ACCESS_SECONDS // 60} minutes",
        f"{exchange.REFRESH_LIFETIME // DAY} days after the last refresh, {grants.LIFETIME // DAY} days after consent",
    ],
)
def test_figures_are_those_of_the_code(figures: str) -> None:
    assert figures in WRITTEN


def test_figures_told_in_words() -> None:
    assert MINUTE == authorization.CODE_LIFETIME
    assert "a code one minute" in WRITTEN
    assert HOUR.total_seconds() == cache.OUTAGE_SECONDS
    assert "the last good keys serve for an hour" in WRITTEN
    assert totp.SKEW == 1
    assert "one step early or late" in WRITTEN


def test_every_word_that_makes_no_password_is_written_down() -> None:
    listed = WRITTEN.partition("and these words: ")[2].partition(". ")[0]
    assert [word.strip("`") for word in listed.split(", ")] == list(strength.EXPECTED)
