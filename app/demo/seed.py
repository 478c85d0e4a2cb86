"""Loads the demonstration into a migrated database.

Each step of each province is one transaction, in that province's context and as the application's role. It ends by
writing into the journal what it made, by the names of the plan: that is how later steps find the ids, and how a second
load, or one after a power cut, knows what is there. A flag in a table of its own was turned down: it would be a table
without a purpose outside the demonstration.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from sqlalchemy import func, select

from app.core import clock
from app.core.db import Database, Session
from app.demo import applications, joining, oversight, qualifications, showing, steps
from app.demo.bookings import monday_of
from app.demo.data.provinces import PROVINCES, Province
from app.demo.made import Ids, Made
from app.identity import public as identity
from app.journal.public import JournalEvent, record
from app.settings import Settings
from app.tenancy.context import TenantContext

KIND = "demonstration.loaded"
SUBJECT = "demonstration"
LOCK = 0x64656D6F
"""Of PostgreSQL's advisory locks: one process loads at a time."""


Progress = Callable[[int, int], None]


def _nobody(_number: int, _total: int) -> None:
    """Nobody listens."""


class DemonstrationRefusedError(Exception):
    """The demonstration's passwords are public: it is for development."""


@dataclass(frozen=True, slots=True)
class Step:
    """One part of the data; `signs_in`: made as the sign-in role, which alone sees credentials."""

    name: str
    load: Callable[[Session, Province, Made], Awaitable[Ids]]
    signs_in: bool = False


STEPS = (
    Step("accounts", steps.accounts, signs_in=True),
    Step("factors", steps.factors, signs_in=True),
    Step("organisations", steps.organisations),
    Step("memberships", steps.memberships, signs_in=True),
    *(Step(f"instruments-{part}", partial(steps.instruments, part=part)) for part in reversed(steps.PARTS)),
    Step("showing", showing.showing),
    Step("bookings", steps.bookings),
    Step("qualified", qualifications.qualified),
    Step("qualifications-asked", qualifications.asked),
    Step("newcomers", joining.newcomers, signs_in=True),
    Step("joining", joining.joining),
    Step("applications", applications.applications),
    Step("oversight", oversight.oversight, signs_in=True),
)
"""A step runs for all provinces before the next begins: bookings cross their borders, and the register's newest entries,
which its list begins with, are the flagships of all four.
"""


async def load(settings: Settings, *, told: Progress = _nobody) -> bool:
    """Load what is missing; whether there was anything. `told` hears before each part which one it is, of how many.

    Raises:
        DemonstrationRefusedError: these are production's settings.
    """
    if settings.environment == "production":
        raise DemonstrationRefusedError("demonstration data is not for production")
    database = Database(settings.url_for("app"), pool_size=2, application_name="commons-demo")
    try:
        async with database.transaction() as alone:
            await alone.execute(select(func.pg_advisory_xact_lock(LOCK)))
            return await _load(database, settings, told)
    finally:
        await database.close()


async def _load(database: Database, settings: Settings, told: Progress) -> bool:
    made = Made(monday=monday_of(clock.now()), settings=settings)
    for province in PROVINCES:
        await _recall(database, province, made)
    missing = [
        (step, province) for step in STEPS for province in PROVINCES if not made.has(province.code, step.name)
    ]
    for number, (step, province) in enumerate(missing, start=1):
        told(number, len(missing))
        await _run(database, settings, step, province, made)
    return bool(missing)


async def _recall(database: Database, province: Province, made: Made) -> None:
    """Read from the journal what was made before."""
    context = TenantContext(province.code, read_only=True)
    async with database.transaction(context.info()) as session:
        events = await session.scalars(
            select(JournalEvent).where(
                JournalEvent.kind == KIND,
                JournalEvent.subject_type == SUBJECT,
                JournalEvent.tenant_id == province.code,
            )
        )
        for event in events:
            ids = {name: UUID(given) for name, given in (event.after or {}).items()}
            made.add(province.code, event.subject_id, ids)


async def _run(database: Database, settings: Settings, step: Step, province: Province, made: Made) -> None:
    if step.signs_in:
        context = identity.sign_in_context(settings, tenant_id=province.code)
    else:
        context = made.admin(province).context()
    async with database.transaction(context.info()) as session:
        ids = await step.load(session, province, made)
        await record(session, KIND, subject=(SUBJECT, step.name), tenant_id=province.code, after=ids)
    made.add(province.code, step.name, ids)
