"""Who gets through a guard, and what the others are told."""

from typing import Any

import pytest

from app.access.guards import Refusal, ensure
from app.access.permissions import MATRIX, ROLES, SCOPES, Permission, Role, holders
from app.access.principal import Principal
from app.core.errors import Forbidden
from app.core.i18n import msg
from tests.access.conftest import Probe, caller

ADMIN: dict[str, Any] = {"roles": ["province_admin"]}
SCOPE = Permission.ORGANISATIONS_MANAGE.value


async def test_an_unknown_caller_is_asked_to_sign_in(probe: Probe) -> None:
    answer = await probe.get("/admins")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["code"] == "unauthorized"


async def test_a_caller_without_the_permission_is_told_in_words_who_has_it(probe: Probe) -> None:
    answer = await probe.get("/admins", x_caller=caller())
    assert answer.status_code == 403
    assert answer.json()["code"] == "forbidden"
    assert answer.json()["detail"] == "此操作仅限单位管理员或省级管理员"
    english = await probe.get("/admins", x_caller=caller(), accept_language="en")
    assert english.json()["detail"].endswith("Organisation manager or Provincial administrator")


async def test_a_caller_with_the_permission_gets_in(probe: Probe) -> None:
    assert (await probe.get("/admins", x_caller=caller(**ADMIN))).json() == "person"
    assert (await probe.get("/admins", x_caller=caller(**ADMIN, scopes=[SCOPE]))).json() == "person"


async def test_a_token_without_the_scope_does_not(probe: Probe) -> None:
    answer = await probe.get("/admins", x_caller=caller(**ADMIN, scopes=["profile"]))
    assert answer.status_code == 403
    assert answer.json()["detail"] == f"访问令牌没有「{SCOPE}」授权"


def test_a_permission_of_everyone_signed_in_is_said_so() -> None:
    assert holders(Permission.BOOKINGS_READ).text() == "个人用户"


async def test_a_policy_gives_its_reason(probe: Probe) -> None:
    assert (await probe.get("/judged/true")).status_code == 200
    refused = await probe.get("/judged/false")
    assert refused.status_code == 403
    assert refused.json()["detail"] == "已有一行"
    assert not Refusal(msg("已有一行"))
    with pytest.raises(Forbidden):
        ensure(Refusal(msg("已有一行")))


async def test_the_caller_is_recognised_once_a_request(probe: Probe) -> None:
    asked = []
    recognise = probe.app.state.authenticate

    async def counting(request: object) -> Principal:
        asked.append(1)
        found: Principal = await recognise(request)
        return found

    probe.app.state.authenticate = counting
    await probe.post("/rows", {"id": 1}, x_caller=caller(), idempotency_key="x")
    assert len(asked) == 1
    await probe.get("/asks-nobody", x_caller=caller())
    assert len(asked) == 1


def test_every_role_stands_in_the_matrix() -> None:
    assert set(MATRIX) == set(ROLES) == set(Role)
    for role, permissions in MATRIX.items():
        assert MATRIX[Role.VISITOR] <= permissions, role


def test_nobody_changes_what_only_reads() -> None:
    """A visitor changes nothing, an auditor nothing but what is their own."""
    changing = {p for p in Permission if p.name.endswith(("_MANAGE", "_IMPORT", "_CREATE", "_CHANGE"))}
    assert not MATRIX[Role.VISITOR] & changing
    assert MATRIX[Role.AUDITOR] & changing == MATRIX[Role.PERSON] & changing
    assert Permission.AUDIT_READ not in frozenset().union(
        *(found for role, found in MATRIX.items() if role is not Role.AUDITOR)
    )


def test_every_permission_is_somebodys_and_every_scope_is_one() -> None:
    assert frozenset().union(*MATRIX.values()) == set(Permission)
    assert len(set(SCOPES)) == len(SCOPES) == len(Permission) - 1
    assert Permission.PUBLIC.scope is None
