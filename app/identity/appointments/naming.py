"""What the instruments in people's care are called: told by the feature that has them, which stands above this one."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from uuid import UUID

from app.access.principal import Principal
from app.core.db import ReadSession

Namer = Callable[[ReadSession, Principal, Collection[UUID]], Awaitable[Mapping[UUID, str]]]
"""Names by id, in one statement; what the reader may not see is left out."""
_namers: list[Namer] = []


def tell_instruments(namer: Namer) -> None:
    """Let pages call instruments by their names."""
    _namers[:] = [namer]


async def instrument_names(db: ReadSession, caller: Principal, ids: Collection[UUID]) -> Mapping[UUID, str]:
    """The names of instruments the caller may see; no statement where there are none to name."""
    return await _namers[0](db, caller, ids) if ids and _namers else {}
