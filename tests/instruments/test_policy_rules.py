"""Which of several booking policies wins."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.i18n import msg
from app.instruments.rules import overrides
from app.instruments.rules.policies import (
    AUDIENCES,
    DEFAULTS,
    NUMBERS,
    PLACES,
    Policy,
    Quota,
    audiences,
    resolve,
    specificity,
)
from app.instruments.rules.terms import _start

UNIT, OTHER_UNIT = uuid4(), uuid4()
OUTSIDERS = frozenset({"", "other_province", "enterprise", "310000"})


def policy(place: str, audience: str = "", unit_id: UUID | None = None, **settings: Any) -> Policy:
    return Policy(uuid4(), place, audience, settings, unit_id)  # type: ignore[arg-type] # one of PLACES


def test_nothing_set_means_the_defaults() -> None:
    found = resolve([], unit_id=UNIT, audience=frozenset({""}))
    assert (found.settings, found.source, found.refusing, found.versions) == (DEFAULTS, {}, None, [])


def test_each_setting_comes_from_the_most_specific_policy_that_has_it() -> None:
    wide = policy("province", max_min=60, lead_min=10)
    near = policy("instrument", max_min=120)
    narrow = policy("instrument", "enterprise", horizon_days=7)
    unit = policy("unit", "", UNIT, setup_min=5)
    others = policy("unit", "", OTHER_UNIT, setup_min=50)
    academic = policy("instrument", "academic", horizon_days=90)
    found = resolve([unit, narrow, wide, others, near, academic], unit_id=UNIT, audience=OUTSIDERS)
    settings = {"max_min": 120, "lead_min": 10, "horizon_days": 7, "setup_min": 5}
    assert found.settings == {**DEFAULTS, **settings}
    assert found.source == {"max_min": near, "lead_min": wide, "horizon_days": narrow, "setup_min": unit}
    assert found.versions == sorted(policy.id for policy in (near, wide, narrow, unit))


def test_the_nearer_place_goes_before_the_narrower_audience() -> None:
    near, narrow = policy("instrument", max_min=120), policy("province", "310000", max_min=30)
    assert resolve([narrow, near], unit_id=UNIT, audience=OUTSIDERS).settings["max_min"] == 120


@pytest.mark.parametrize("place", PLACES)
def test_a_refusal_holds_wherever_it_stands(place: str) -> None:
    refusal = policy(place, "other_province", UNIT if place == "unit" else None, bookable=False)
    allowed = policy("unit", "310000", UNIT, bookable=True)
    assert resolve([refusal, allowed], unit_id=UNIT, audience=OUTSIDERS).refusing == refusal
    assert resolve([refusal, allowed], unit_id=UNIT, audience=frozenset({"", "internal"})).refusing is None


def test_a_quota_counts_over_the_place_it_is_set_at() -> None:
    found = resolve([policy("organisation", user_day_min=60)], unit_id=UNIT, audience=OUTSIDERS)
    quota = found.quotas["user_day_min"]
    assert quota == Quota(60, "organisation")
    assert [quota.counts(place) for place in PLACES] == [False, True, True, True]  # type: ignore[arg-type] # one of PLACES


def test_who_belongs_to_which_audience() -> None:
    def of(kind: str, province: str, *, internal: bool = False) -> frozenset[str]:
        return audiences(kind=kind, province=province, owner_province="330000", internal=internal)

    assert of("enterprise", "310000") == {"", "310000", "other_province", "enterprise"}
    assert of("university", "330000") == {"", "330000", "academic"}
    assert of("medical", "330000", internal=True) == {"", "330000", "academic", "internal"}
    assert of("other", "330000") == {"", "330000"}


@given(
    st.lists(
        st.builds(
            policy,
            st.sampled_from(PLACES),
            st.sampled_from([*AUDIENCES, "310000"]),
            lead_min=st.integers(0, 100),
        ),
        max_size=8,
    )
)
def test_no_more_specific_policy_is_passed_over(policies: list[Policy]) -> None:
    found = resolve(policies, unit_id=None, audience=OUTSIDERS)
    applying = [one for one in policies if one.audience in OUTSIDERS]
    if applying:
        best = max(specificity(one) for one in applying)
        assert specificity(found.source["lead_min"]) == best
    else:
        assert found.settings == DEFAULTS


def test_a_steward_sets_aside_less_than_a_manager_and_nobody_what_cannot_be() -> None:
    found = [_start(code, msg("x")) for code in ("lead_time", "quota_payer_day", "in_the_past")]
    stay, gone = overrides.set_aside(found, "steward")
    assert ([fault.code for fault in stay], gone) == (["quota_payer_day", "in_the_past"], ["lead_time"])
    stay, gone = overrides.set_aside(found, "manager")
    assert ([fault.code for fault in stay], gone) == (["in_the_past"], ["lead_time", "quota_payer_day"])
    assert overrides.set_aside(found, None) == (found, [])


def test_every_default_is_a_number_within_its_bounds() -> None:
    for name, value in DEFAULTS.items():
        least, most = NUMBERS[name]
        assert least <= value <= most
