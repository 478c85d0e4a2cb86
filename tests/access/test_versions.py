"""A change names the version it means to change."""

import pytest

from tests.access.conftest import Probe, caller


async def put(probe: Probe, *if_match: str) -> tuple[int, str | int]:
    headers = [("x-caller", caller()), *(("if-match", value) for value in if_match)]
    answer = await probe.client.put("/api/v1/probe/rows/1", headers=headers)
    document = answer.json()
    return answer.status_code, document.get("code") or document["version"]


async def test_without_a_version_nothing_is_changed(probe: Probe) -> None:
    assert await put(probe) == (428, "if_match_required")


@pytest.mark.parametrize("tag", ['"v3"', 'W/"v3"', "v3"])
async def test_the_version_reaches_the_handler(probe: Probe, tag: str) -> None:
    assert await put(probe, tag) == (200, 3)


@pytest.mark.parametrize("tag", ["*", '"abc"', "", '"v1", "v2"', f'"v{10**30}"', "-1"])
async def test_what_is_no_version_of_ours_is_stale(probe: Probe, tag: str) -> None:
    assert await put(probe, tag) == (412, "stale_version")
