"""What a caller may do, from the roles held and the scopes granted."""

from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from app.access.permissions import MATRIX, SCOPES, Permission, Role
from app.access.principal import VISITOR, Principal
from app.tenancy.context import TenantContext

ONE, TWO = uuid4(), uuid4()
everyone = st.builds(
    Principal,
    kind=st.sampled_from(["visitor", "person", "system"]),
    roles=st.frozensets(st.sampled_from(Role)),
    organisations=st.dictionaries(st.uuids(), st.sampled_from([Role.MEMBER, Role.MANAGER]), max_size=2),
    stewardships=st.frozensets(st.uuids(), max_size=2),
    scopes=st.none() | st.frozensets(st.sampled_from(SCOPES)),
)


@given(everyone, st.frozensets(st.sampled_from(SCOPES)))
def test_scopes_only_take_away(caller: Principal, scopes: frozenset[str]) -> None:
    whole = Principal(
        kind=caller.kind,
        roles=caller.roles,
        organisations=caller.organisations,
        stewardships=caller.stewardships,
    )
    limited = Principal(
        kind=caller.kind,
        roles=caller.roles,
        organisations=caller.organisations,
        stewardships=caller.stewardships,
        scopes=scopes,
    )
    assert limited.permissions == {p for p in whole.permissions if p.scope is None or p.scope in scopes}
    assert limited.permissions <= whole.permissions


@given(everyone)
def test_everyone_may_what_is_public(caller: Principal) -> None:
    assert caller.may(Permission.PUBLIC)
    assert all(caller.may(permission) for permission in caller.permissions)
    if caller.scopes is None:
        assert MATRIX[Role.VISITOR] <= caller.permissions


def test_each_way_of_holding_a_role_counts() -> None:
    assert VISITOR.permissions == MATRIX[Role.VISITOR]
    assert Principal(kind="person").permissions == MATRIX[Role.PERSON]
    assert Principal(kind="person", organisations={ONE: Role.MANAGER}).permissions == MATRIX[Role.MANAGER]
    assert Principal(kind="person", stewardships=frozenset({ONE})).permissions == MATRIX[Role.STEWARD]
    assert Principal(kind="system", roles=frozenset({Role.SYSTEM})).permissions == MATRIX[Role.SYSTEM]
    assert Role.PERSON not in Principal(kind="system").roles


def test_an_admin_is_one_of_the_own_province() -> None:
    admin = Principal(kind="person", tenant_id="330000", roles=frozenset({Role.PROVINCE_ADMIN}))
    assert admin.administers("330000")
    assert not admin.administers("310000")
    assert not Principal(kind="person", tenant_id="330000").administers("330000")


def test_a_manager_is_one_of_that_organisation() -> None:
    caller = Principal(kind="person", organisations={ONE: Role.MANAGER, TWO: Role.MEMBER})
    assert caller.manages(ONE)
    assert not caller.manages(TWO)
    assert not caller.manages(uuid4())
    assert caller.managed == (ONE,)


def test_a_system_acts_for_its_organisation_or_the_whole_province() -> None:
    assert Principal(kind="system", organisations={ONE: Role.MEMBER}).managed == (ONE,)
    assert Principal(kind="system", tenant_id="330000").acts_for_province
    assert not Principal(kind="system", organisations={ONE: Role.MEMBER}).acts_for_province
    assert not Principal(kind="person").acts_for_province


def test_the_context_of_a_caller() -> None:
    caller = Principal(kind="person", id=ONE, tenant_id="330000")
    assert caller.context(request_id="r", read_only=True) == TenantContext("330000", ONE, "r", None, True)
    assert VISITOR.context() == TenantContext()
