"""Who appoints, lends or says where people sign in shows anew who they are, before anything is typed."""

import pytest

from tests.identity.appointments.conftest import WHY, Office, said
from tests.support.factors import age_sessions
from tests.support.forms import HTML

NOBODY = "018f3b1e-0000-7000-8000-00000000beef"
OLD = (403, "identity.reauthentication_required")
LOAN = {"role": "province_admin", "deputy_id": NOBODY, "ends_at": "2199-01-01T00:00:00Z", **WHY}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/v1/appointments", {"account_id": NOBODY, **WHY}),
        (f"/api/v1/appointments/{NOBODY}/approve", None),
        (f"/api/v1/people/{NOBODY}/roles", {"role": "auditor", **WHY}),
        (f"/api/v1/people/{NOBODY}/roles/auditor/revoke", WHY),
        ("/api/v1/me/delegations", LOAN),
    ],
)
async def test_the_api_refuses_whom_it_saw_too_long_ago(office: Office, path: str, body: object) -> None:
    _, browser = await office.admin()
    assert said(await browser.post(path, json=body)) != OLD
    await age_sessions(office.clients.database, office.clients.settings)
    assert said(await browser.post(path, json=body)) == OLD


async def test_pages_ask_before_their_forms_are_filled(office: Office) -> None:
    _, browser = await office.admin()
    colleague = await office.person()
    forms = [f"/people/{colleague.id}/do/propose-admin", "/account/delegations", "/identity-providers/new"]
    for page in forms:
        assert (await browser.get(page, headers=HTML)).status_code == 200
    await age_sessions(office.clients.database, office.clients.settings)
    for page in forms:
        sent = await browser.get(page, headers=HTML)
        assert (sent.status_code, sent.headers["location"].partition("?")[0]) == (303, "/sign-in/again")
