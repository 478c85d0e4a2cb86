"""What a refused booking says: whose the time is, and as much as may be told."""

from app.access.permissions import Role
from tests.instruments.test_booking import World, book, day, wish
from tests.instruments.test_booking import world as world  # noqa: PLC0414 - a fixture is known by its name
from tests.support.places import make_organisation


async def test_who_has_the_time_already_is_told_so(world: World) -> None:
    await book(world, day(0, 9), day(0, 11))
    answer = await world.client.post("/api/v1/bookings", json=wish(world.place, day(0, 10), day(0, 12)))
    assert (answer.status_code, answer.json()["detail"]) == (409, "您已预约该时段")


async def test_one_s_own_buffer_and_others_bookings_are_only_taken(world: World) -> None:
    await book(world, day(0, 9), day(0, 11))
    buffer = await world.client.post("/api/v1/bookings", json=wish(world.place, day(0, 11), day(0, 12)))
    assert buffer.json()["title"] == "该时段已被占用"
    assert buffer.json()["detail"] == "该时段（含前后准备和清理）已被占用，请看可选的空闲时段"
    lab = await make_organisation(world.database, "310000", "另一研究所")
    other = await world.as_(await world.person("310000", organisations={lab: Role.MEMBER}))
    taken = await other.post("/api/v1/bookings", json=wish(world.place, day(0, 9), day(0, 11)))
    assert taken.json()["detail"] == buffer.json()["detail"]
