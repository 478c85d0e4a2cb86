"""Making accounts and giving them roles."""

from uuid import UUID, uuid4

import pytest
from sqlalchemy.exc import IntegrityError

from app.access.permissions import Role
from app.core.db import Database
from app.core.errors import Invalid, NotFound, problem_of
from app.identity import public as identity
from app.identity.accounts import LoginNameTaken
from app.settings import Settings
from app.tenancy.context import TenantContext
from tests.support.oauth import as_sign_in
from tests.support.people import make_person
from tests.support.places import make_instrument, make_organisation


@pytest.mark.parametrize("name", ["ab", "Shen", "shen zhixing", "-shen", "沈知行", "shen\n", "x" * 255])
async def test_a_login_name_is_plain(database: Database, settings: Settings, name: str) -> None:
    with pytest.raises(Invalid) as refused:
        await make_person(database, settings, login_name=name)
    assert [error.code for error in refused.value.errors] == ["login_name_malformed"]


async def test_a_login_name_is_one_persons_in_all_provinces(database: Database, settings: Settings) -> None:
    await make_person(database, settings, login_name="shen.zhixing")
    with pytest.raises(IntegrityError) as refused:
        await make_person(database, settings, tenant_id="320000", login_name="shen.zhixing")
    assert isinstance(problem_of(refused.value), LoginNameTaken)


async def test_roles_are_for_provinces_or_organisations(database: Database, settings: Settings) -> None:
    person = await make_person(database, settings)
    async with database.transaction(identity.sign_in_context(settings).info()) as session:
        with pytest.raises(ValueError, match="role in a province"):
            await identity.grant_role(session, tenant_id="310000", account_id=person.id, role=Role.MANAGER)
        with pytest.raises(ValueError, match="role in an organisation"):
            await identity.add_membership(
                session,
                tenant_id="310000",
                account_id=person.id,
                organisation_id=uuid4(),
                role=Role.AUDITOR,
            )


async def test_a_membership_stays_inside_one_province(database: Database, settings: Settings) -> None:
    elsewhere = await make_organisation(database, "320000")
    with pytest.raises(IntegrityError) as refused:
        await make_person(database, settings, organisations={elsewhere: Role.MEMBER})
    assert isinstance(problem_of(refused.value), Invalid)


async def test_only_the_own_provinces_people_have_names(database: Database, settings: Settings) -> None:
    near = await make_person(database, settings, tenant_id="310000", name="沈知行")
    far = await make_person(database, settings, tenant_id="340000", name="程望舒")
    async with database.transaction(TenantContext("310000").info()) as session:
        names = await identity.account_names(session, [near.id, far.id, uuid4()])
        assert names == {near.id: "沈知行"}
        assert await identity.account_names(session, []) == {}


async def test_stewards_come_and_go(database: Database, settings: Settings) -> None:
    place = await make_instrument(database, "310000")
    person = await make_person(database, settings)
    async with database.transaction(TenantContext("310000", person.id).info()) as session:
        steward = {"account_id": person.id, "instrument_id": place.instrument_id}
        await identity.add_steward(session, tenant_id="310000", **steward)
        await identity.add_steward(session, tenant_id="310000", **steward)
        assert await identity.stewards_of(session, place.instrument_id) == [
            identity.Steward(person.id, "沈知行", is_primary=False)
        ]
        await identity.remove_steward(session, **steward)
        assert await identity.stewards_of(session, place.instrument_id) == []
        with pytest.raises(NotFound):
            await identity.remove_steward(session, **steward)


async def test_members_are_named(database: Database, settings: Settings) -> None:
    organisation: UUID = await make_organisation(database, "310000")
    person = await make_person(database, settings, organisations={organisation: Role.MEMBER})
    async with database.transaction(TenantContext("310000").info()) as session:
        assert await identity.members_of(session, organisation) == {person.id: "沈知行"}


async def test_a_system_client_has_the_secret_it_was_given(database: Database, settings: Settings) -> None:
    async with database.transaction(identity.sign_in_context(settings).info()) as session:
        made = await identity.make_system_client(
            session,
            tenant_id="330000",
            name="示例检索系统",
            scopes=("instruments.read",),
            client_id="demo-system",
            secret="demo-secret",
        )
    assert (made.client_id, made.secret) == ("demo-system", "demo-secret")
    kept = await as_sign_in(
        database, settings, "SELECT secret_digest FROM oauth_client WHERE id = :id", id=made.id
    )
    assert b"demo-secret" not in kept
