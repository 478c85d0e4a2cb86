"""Invitations into an organisation: sent, sent again, revoked, accepted, declined."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, func, insert, update

from app.access.guards import ensure
from app.access.permissions import ROLES, Role
from app.access.principal import Principal
from app.core.crypto import new_token, token_digest
from app.core.db import ReadSession, Session
from app.core.errors import FieldError, Invalid, NotFound
from app.core.i18n import Locale, msg
from app.identity.accounts import add_membership
from app.identity.joining import queries
from app.identity.joining.models import OrganisationInvitation as Invitation
from app.identity.joining.news import tell
from app.identity.joining.policy import takes_members
from app.identity.joining.problems import InvitationClosed, InvitationUnknown
from app.identity.joining.schemas import InvitationIn
from app.identity.policy import may_appoint
from app.journal.public import record
from app.notify.public import ADDRESS, Mail, queue
from app.organisations.public import Organisation, get, names
from app.settings import Settings

SUBJECT = "organisation_invitation"
LIFETIME = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Invited:
    """An invitation to the caller, with what they must know to answer it."""

    id: UUID
    organisation_id: UUID
    organisation_name: str
    row: Invitation


@dataclass(frozen=True, slots=True)
class Sender:
    """From where and in which language mails are written."""

    settings: Settings
    locale: Locale


async def sent(db: ReadSession, *, caller: Principal, organisation_id: UUID) -> Sequence[Invitation]:
    """The open invitations of an organisation, expired ones too, for whoever appoints its members.

    Raises:
        NotFound: no such organisation.
        Forbidden: the caller does not appoint here.
    """
    ensure(may_appoint(caller, await get(db, caller=caller, organisation_id=organisation_id), Role.MEMBER))
    return (await db.scalars(queries.invitations(organisation_id))).all()


async def send(
    db: Session,
    sender: Sender,
    *,
    caller: Principal,
    organisation_id: UUID,
    new: InvitationIn,
    account_id: UUID | None,
) -> Invitation:
    """Invite somebody; `account_id` is whoever of the province has the sign-in name given, if anybody.

    Raises:
        NotFound: no such organisation.
        Forbidden: the caller does not appoint here or not to this role, or the organisation is suspended.
        Invalid: it is no e-mail address.
        InvitedAlready: they have an open invitation (by the index's name, at the statement).
    """
    organisation = await get(db, caller=caller, organisation_id=organisation_id)
    ensure(may_appoint(caller, organisation, Role(new.role)))
    ensure(takes_members(organisation))
    by_email, invitee = new.by == "email", new.invitee.lower()
    if by_email and not ADDRESS.fullmatch(invitee):
        reason = msg("受邀人的邮箱不完整，例如 name@example.com")
        raise Invalid(errors=[FieldError("invitee", "email_malformed", reason)])
    here = (Invitation.organisation_id == organisation_id, Invitation.invitee == invitee)
    over = update(Invitation).where(*here, Invitation.status == "open", ~_live()).values(status="revoked")
    await db.execute(over)
    token = new_token()
    made = insert(Invitation).values(
        tenant_id=organisation.tenant_id,
        organisation_id=organisation_id,
        invited_by=caller.id,
        by_email=by_email,
        invitee=invitee,
        account_id=None if by_email else account_id,
        role=new.role,
        message=new.message,
        digest=token_digest(token),
        expires_at=func.clock_timestamp() + LIFETIME,
    )
    invitation: Invitation = (await db.scalars(made.returning(Invitation))).one()
    await _note(db, "sent", invitation)
    await _write(db, sender, organisation, invitation, token)
    return invitation


async def resend(
    db: Session, sender: Sender, *, caller: Principal, organisation_id: UUID, invitation_id: UUID
) -> Invitation:
    """Send an invitation again, with a new link and a new term; the link before works no more.

    Raises:
        NotFound: no such organisation or invitation.
        Forbidden: as `send`.
        InvitationClosed: it was answered or revoked.
    """
    organisation = await get(db, caller=caller, organisation_id=organisation_id)
    token = new_token()
    values = {"digest": token_digest(token), "expires_at": func.clock_timestamp() + LIFETIME}
    invitation = await _change(db, caller, organisation, invitation_id, values)
    ensure(takes_members(organisation))
    await _note(db, "resent", invitation)
    await _write(db, sender, organisation, invitation, token)
    return invitation


async def revoke(db: Session, *, caller: Principal, organisation_id: UUID, invitation_id: UUID) -> None:
    """Take an invitation back.

    Raises:
        NotFound, Forbidden, InvitationClosed: as `resend`.
    """
    organisation = await get(db, caller=caller, organisation_id=organisation_id)
    revoked = await _change(db, caller, organisation, invitation_id, {"status": "revoked"})
    await _note(db, "revoked", revoked)


async def waiting(db: ReadSession, *, caller: Principal) -> list[Invited]:
    """The invitations to the caller's sign-in name that wait for an answer."""
    rows = (await db.scalars(queries.invitations_of(caller.id))).all()
    return await _named(db, caller, rows)


async def behind(db: ReadSession, *, caller: Principal, token: str) -> Invited:
    """The invitation behind a link, that the caller may answer.

    Raises:
        InvitationUnknown: there is none for this caller.
        InvitationClosed: it is over.
    """
    invitation = await db.scalar(queries.invitation_by_digest(caller, token_digest(token)))
    if invitation is None:
        raise InvitationUnknown
    if await db.scalar(queries.is_live(invitation.id)) is None:
        raise InvitationClosed
    return (await _named(db, caller, [invitation]))[0]


async def accept(
    db: Session, *, caller: Principal, token: str | None = None, invitation_id: UUID | None = None
) -> UUID:
    """Join by a link, or by an invitation to one's own sign-in name; the organisation.

    Raises:
        InvitationUnknown: there is none for this caller.
        InvitationClosed: it is over; a revocation at the same moment counts.
        AlreadyMember: the caller belongs to the organisation.
        Forbidden: the organisation is suspended.
    """
    invitation = await _answer(db, caller, token, invitation_id, status="accepted", accepted_by=caller.id)
    assert caller.id is not None  # the guard let no visitor in
    organisation = await get(
        db, caller=_inside(caller, invitation), organisation_id=invitation.organisation_id
    )
    ensure(takes_members(organisation))
    await add_membership(
        db,
        tenant_id=invitation.tenant_id,
        account_id=caller.id,
        organisation_id=invitation.organisation_id,
        role=Role(invitation.role),
        new=True,
    )
    await _note(db, "accepted", invitation)
    return invitation.organisation_id


async def decline(
    db: Session, *, caller: Principal, token: str | None = None, invitation_id: UUID | None = None
) -> None:
    """Say no.

    Raises:
        InvitationUnknown, InvitationClosed: as `accept`.
    """
    await _note(db, "declined", await _answer(db, caller, token, invitation_id, status="declined"))


def _live() -> ColumnElement[bool]:
    return Invitation.expires_at > func.clock_timestamp()


async def _answer(
    db: Session, caller: Principal, token: str | None, invitation_id: UUID | None, **values: object
) -> Invitation:
    which = Invitation.digest == token_digest(token) if token is not None else Invitation.id == invitation_id
    mine = (which, queries.for_caller(caller) if token is not None else Invitation.account_id == caller.id)
    answered = await db.scalar(
        update(Invitation)
        .where(*mine, Invitation.status == "open", _live())
        .values(**values)
        .returning(Invitation)
        .execution_options(populate_existing=True)
    )
    if answered is not None:
        return answered
    raise InvitationClosed if await db.scalar(queries.exists(*mine)) else InvitationUnknown


async def _change(
    db: Session,
    caller: Principal,
    organisation: Organisation,
    invitation_id: UUID,
    values: Mapping[str, object],
) -> Invitation:
    ensure(may_appoint(caller, organisation, Role.MEMBER))
    mine = (Invitation.id == invitation_id, Invitation.organisation_id == organisation.id)
    changed = await db.scalar(
        update(Invitation)
        .where(*mine, Invitation.status == "open")
        .values(**values)
        .returning(Invitation)
        .execution_options(populate_existing=True)
    )
    if changed is None:
        raise InvitationClosed if await db.scalar(queries.exists(*mine)) else NotFound
    ensure(may_appoint(caller, organisation, Role(changed.role)))
    return changed


async def _named(db: ReadSession, caller: Principal, rows: Sequence[Invitation]) -> list[Invited]:
    named: list[Invited] = []
    for row in rows:
        known = await names(db, _inside(caller, row), [row.organisation_id])
        named.append(Invited(row.id, row.organisation_id, known.get(row.organisation_id, ""), row))
    return named


def _inside(caller: Principal, invitation: Invitation) -> Principal:
    """Who is invited sees the organisation, were it hidden from all but its members."""
    return replace(caller, organisations={**caller.organisations, invitation.organisation_id: Role.MEMBER})


async def _note(db: Session, event: str, invitation: Invitation) -> None:
    facts = {"organisation_id": invitation.organisation_id, "role": invitation.role}
    subject = (SUBJECT, invitation.id)
    await record(db, f"organisation_invitation.{event}", subject=subject, after=facts)


async def _write(
    db: Session, sender: Sender, organisation: Organisation, invitation: Invitation, token: str
) -> None:
    if not invitation.by_email:
        # Whether or not somebody has that name: the job finds out.
        await tell(db, "invited", invitation.id, tenant_id=invitation.tenant_id)
        return
    name = organisation.name
    said = (msg("对方留言：{message}", message=invitation.message),) if invitation.message else ()
    mail = Mail(
        to=invitation.invitee,
        subject=msg("「{name}」邀请您加入", name=name),
        paragraphs=(
            msg("「{name}」邀请您以{role}的身份加入。", name=name, role=ROLES[Role(invitation.role)]),
            *said,
            msg("请打开下面的链接并登录；还没有账号的可以先注册。链接 14 天内有效，只能使用一次。"),
            msg("如果您不认识这家单位，请不要理会这封邮件。"),
        ),
        link=f"{sender.settings.base_url.rstrip('/')}/join/{token}",
        locale=sender.locale,
    )
    await queue(db, mail, tenant_id=organisation.tenant_id)
