"""Somebody who belongs nowhere yet: an application that waits, a request to join, and an invitation."""

from io import BytesIO

from app.core.db import Session
from app.demo.accounts import NEWCOMERS, PASSWORD
from app.demo.data.provinces import Province
from app.demo.made import Ids, Made
from app.demo.organisations import APPLICANTS
from app.demo.papers import pdf, png
from app.identity import public as identity


async def newcomers(session: Session, province: Province, made: Made) -> Ids:
    """The account of the newcomer."""
    person = NEWCOMERS[province.code]
    made.password_hash = made.password_hash or await identity.hash_password(PASSWORD)
    account_id = await identity.create_account(
        session,
        tenant_id=province.code,
        display_name=person.name,
        login_name=person.key,
        password_hash=made.password_hash,
    )
    return {person.key: account_id}


async def joining(session: Session, province: Province, made: Made) -> Ids:
    """What the newcomer applied and asked for, and who invites them."""
    newcomer, plan = made.newcomer(province), APPLICANTS[province.code]
    new = identity.ApplicationIn(
        uscc=plan.uscc,
        name=plan.place.name,
        kind="enterprise",
        adcode=plan.place.adcode,
        website=plan.website,
        contact_name=newcomer.name,
        contact_phone="000-00000000",
    )
    application = await identity.start_application(session, caller=newcomer, new=new)
    words = ["Sample business licence", f"USCC {plan.uscc}", "Made for the demonstration, of no value"]
    papers = [("licence.pdf", BytesIO(pdf(words))), ("seal.png", BytesIO(png(320, 200)))]
    await identity.add_evidence(session, made.settings, application, papers)
    await identity.submit_application(
        session, caller=newcomer, application_id=application.id, version=application.version
    )
    first, second, *_ = province.organisations
    request = await identity.ask_to_join(
        session,
        caller=newcomer,
        organisation_id=made.organisation(province.code, first),
        message="材料学院，想用本单位的仪器",
    )
    invitation = await identity.invite(
        session,
        identity.Sender(made.settings, "zh"),
        caller=made.admin(province),
        organisation_id=made.organisation(province.code, second),
        new=identity.InvitationIn(invitee=NEWCOMERS[province.code].key, by="login_name"),
        account_id=newcomer.id,
    )
    return {"application": application.id, "join-request": request.id, "invitation": invitation.id}
