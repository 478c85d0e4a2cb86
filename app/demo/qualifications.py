"""Who may run an instrument by themselves: a qualification a province, its holders, and what crosses the borders."""

from collections.abc import Sequence
from datetime import timedelta
from io import BytesIO
from uuid import UUID

from app.access.permissions import Role
from app.access.principal import Principal
from app.core.db import Session
from app.demo.accounts import PEOPLE, Person
from app.demo.data.provinces import PROVINCES, Province
from app.demo.instruments import INSTRUMENTS, InstrumentPlan
from app.demo.made import Ids, Made, one_in
from app.demo.papers import pdf
from app.instruments.public import qualifications

BASIS = "2026 年秋季第 2 期培训，考核合格"
SOON = timedelta(days=20)


async def qualified(session: Session, province: Province, made: Made) -> Ids:
    """A type of the first organisation, the instrument that requires it, and who holds it."""
    code, admin = province.code, made.admin(province)
    first, *_ = province.organisations
    plan = required(province)
    new = qualifications.TypeIn(
        organisation_id=made.organisation(code, first),
        name_zh=f"{plan.fields['name_zh']}上机资格",
        name_en=f"Running the {plan.fields['name_en']}",
        description="参加半天理论培训，在培训人陪同下完成三次实验后考核。每两年复训一次。",
        validity_months=24,
    )
    type_id = await qualifications.create(session, caller=admin, new=new)
    instrument_id = made.instrument(code, plan.inner_id)
    await qualifications.require(
        session, caller=admin, type_id=type_id, instrument_id=instrument_id, level="independent"
    )
    people = PEOPLE[code]
    trainer = [made.account(code, one_in(people, Role.MANAGER))]
    holders = [made.account(code, person) for person in people if person.organisation is first]
    lapsing, suspended = holders[-1], holders[-2]
    today = qualifications.today()
    since, until = today - timedelta(days=300), today + SOON
    orders = [
        qualifications.GrantIn(level="trainer", account_ids=trainer, basis=BASIS),
        qualifications.GrantIn(
            level="independent",
            account_ids=[one for one in holders if one not in (*trainer, lapsing)],
            basis=BASIS,
        ),
    ]
    lapse = qualifications.GrantIn(
        level="independent", account_ids=[lapsing], valid_from=since, valid_to=until, basis=BASIS
    )
    told = [
        one
        for order in [lapse, *orders]
        for one in await qualifications.grant_all(session, caller=admin, type_id=type_id, order=order)
    ]
    await _suspend(session, admin, told, suspended)
    return {f"qualification-{code}": type_id}


def required(province: Province) -> InstrumentPlan:
    """The instrument of the first organisation that wants a qualification: the dearest but the flagships, which anybody may try."""
    first, *_ = province.organisations
    own = [
        plan
        for plan in INSTRUMENTS[province.code]
        if plan.owner is first and not plan.flagship and plan.takes_bookings
    ]
    shared = [plan for plan in own if plan.fields["scope"] in {"region", "public"}]
    return max(shared or own, key=lambda plan: plan.fields["worth_fen"])


async def _suspend(
    session: Session, admin: Principal, told: Sequence[qualifications.Granted], holder_id: UUID
) -> None:
    found = next(one for one in told if one.holder_id == holder_id and one.qualification_id)
    assert found.qualification_id is not None
    await qualifications.step(
        session,
        caller=admin,
        qualification_id=found.qualification_id,
        version=1,
        step="suspend",
        reason="连续两次未按规程关机，复训后恢复",
    )


async def asked(session: Session, province: Province, made: Made) -> Ids:
    """A researcher asks the next province, whose qualification counts here for assisted work."""
    there = PROVINCES[(PROVINCES.index(province) + 1) % len(PROVINCES)]
    theirs = made.ids[there.code][f"qualification-{there.code}"]
    await qualifications.recognise(
        session,
        caller=made.admin(province),
        type_id=made.ids[province.code][f"qualification-{province.code}"],
        other_type_id=theirs,
        level="assisted",
    )
    researcher = one_in(PEOPLE[province.code], Role.MEMBER)
    person = _principal(province, made, researcher)
    new = qualifications.RequestIn(
        type_id=theirs, level="independent", message="用过同类仪器三年，附本单位的操作记录。"
    )
    request = await qualifications.ask(session, caller=person, new=new)
    words = ["Sample record of training", researcher.name.encode("ascii", "ignore").decode() or "Researcher"]
    received = await qualifications.receive(made.settings, [("record.pdf", BytesIO(pdf(words)))])
    await qualifications.add_evidence(session, caller=person, request=request, received=received)
    return {"qualification-request": request.id}


def _principal(province: Province, made: Made, person: Person) -> Principal:
    assert person.organisation is not None
    organisation_id = made.organisation(province.code, person.organisation)
    return Principal(
        "person",
        made.account(province.code, person),
        province.code,
        person.name,
        organisations={organisation_id: Role.MEMBER},
    )
