"""Who may grant, as deputies too; and what stays of a holder who leaves."""

from uuid import uuid4

from sqlalchemy import text

from app.access.guards import Refusal
from app.access.principal import Principal
from app.identity.contacts.personal import HELD, erase
from app.instruments.qualifications import policy
from app.tenancy.context import TenantContext
from tests.instruments.qualifications.conftest import JIANGSU, SHANGHAI, School


def test_a_deputy_does_not_grant_to_whom_they_stand_in_for() -> None:
    lender, deputy, other = uuid4(), uuid4(), uuid4()
    caller = Principal("person", deputy, SHANGHAI, acting_for=lender)
    for holder in (lender, deputy):
        assert isinstance(policy.may_grant(caller, holder, "observer", runs=True, trains=True), Refusal)
        assert isinstance(policy.may_take(caller, holder, runs=True), Refusal)
    assert policy.may_grant(caller, other, "trainer", runs=True, trains=False) is True
    assert policy.may_take(caller, other, runs=True) is True


def test_trainers_grant_all_levels_but_their_own_and_take_nothing_away() -> None:
    caller, other = Principal("person", uuid4(), SHANGHAI), uuid4()
    for level, allowed in (("observer", True), ("independent", True), ("trainer", False)):
        assert bool(policy.may_grant(caller, other, level, runs=False, trains=True)) is allowed
    assert not policy.may_grant(caller, other, "observer", runs=False, trains=False)
    assert not policy.may_take(caller, other, runs=False)


async def test_a_holder_who_leaves_is_not_named_any_more(school: School) -> None:
    person, client = await school.person(JIANGSU, "欧阳待注销")
    await school.qualified(client)
    async with school.database.transaction(TenantContext(JIANGSU, person.id).info()) as session:
        for table in ("qualification_request", "qualification"):
            await erase(session, HELD[table], person.id)
    async with school.database.transaction(TenantContext(SHANGHAI).info()) as session:
        for table in ("qualification_request", "qualification"):
            names = text(f"SELECT holder_name, holder_organisation FROM {table}")
            assert [tuple(row) for row in await session.execute(names)] == [("已注销用户", "")]
