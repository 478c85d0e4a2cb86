"""The table of roles people read is the one the code decides by."""

import re

import httpx2
import pytest

from app.access.permissions import EXPLAINED, MATRIX, ROLES, WORDS, Permission, Role
from app.core.i18n import Locale
from app.identity.provider.consent import WORDS as CONSENT

CELL = re.compile(r'data-label="([^"]*)">([^<]*)</t[hd]>')


@pytest.mark.parametrize("locale", ["zh", "en"])
async def test_the_page_is_the_matrix(client: httpx2.AsyncClient, locale: Locale) -> None:
    page = (await client.get("/help/roles", params={"lang": locale}, headers={"accept": "text/html"})).text
    rows = re.findall(r'<tr data-permission="([^"]+)">(.*?)</tr>', page, re.DOTALL)
    assert [value for value, _ in rows] == [permission.value for permission in Permission]
    yes = {"zh": "是", "en": "Yes"}[locale]
    for value, row in rows:
        (_, words), *cells = CELL.findall(row)
        permission = Permission(value)
        assert words == WORDS[permission].text(locale).replace("'", "&#39;")
        assert cells == [
            (ROLES[role].text(locale).replace("'", "&#39;"), yes if permission in MATRIX[role] else "—")
            for role in Role
        ]


def test_every_role_and_permission_has_words() -> None:
    assert set(MATRIX) == set(ROLES) == set(EXPLAINED) == set(Role)
    assert set(WORDS) == set(Permission)
    assert all(
        CONSENT[permission.value] is WORDS[permission] for permission in Permission if permission.scope
    )


def test_who_audits_or_operates_changes_nothing_of_others() -> None:
    """Beside what everyone signed in may do, they only look."""
    own = MATRIX[Role.PERSON]
    # Of the last, reading: who decides is asked of the policy, and tried at every door by `isolation/test_readers.py`.
    looks = {Permission.AUDIT_READ, Permission.PEOPLE_READ, Permission.ORGANISATIONS_REVIEW}
    assert MATRIX[Role.AUDITOR] - own == looks
    assert MATRIX[Role.OPERATOR] - own == {Permission.OPERATE}
