"""What other packages use of identity."""

from uuid import UUID

from app.core.db import Session
from app.identity.accounts import (
    Steward,
    account_names,
    accounts_called,
    add_membership,
    add_steward,
    create_account,
    grant_role,
    managers_of,
    members_of,
    remove_membership,
    remove_steward,
    set_primary_steward,
    stewards_of,
)
from app.identity.appointments.operators import add_operator
from app.identity.contacts.news import News, deliver
from app.identity.contacts.personal import PSEUDONYM, Held, holds, holds_back
from app.identity.contacts.registration import add_address
from app.identity.context import sign_in_context, sign_in_transaction
from app.identity.devices import Device
from app.identity.factors.own import enrol_totp
from app.identity.factors.recency import ensure_recently_authenticated
from app.identity.joining.applications import application_names
from app.identity.joining.applications import start as start_application
from app.identity.joining.applications import submit as submit_application
from app.identity.joining.evidence import Received
from app.identity.joining.evidence import add as add_evidence
from app.identity.joining.evidence import receive as receive_evidence
from app.identity.joining.invitations import Sender
from app.identity.joining.invitations import send as invite
from app.identity.joining.labels import STATES as APPLICATION_STATES
from app.identity.joining.queries import deciders
from app.identity.joining.requests import ask as ask_to_join
from app.identity.joining.rules import MOST_BYTES, MOST_FILES
from app.identity.joining.schemas import ApplicationIn, InvitationIn
from app.identity.joining.serving import attachment
from app.identity.passwords import hash_password
from app.identity.platform import PublishedKey, signing_keys, slowed
from app.identity.provider.answers import OAUTH_ENDPOINTS, oauth_error
from app.identity.provider.clients import Credentials, Registration, register_client
from app.identity.provider.grants import REASONS as GRANT_END_REASONS
from app.identity.recognition import authenticate, cookie_name
from app.identity.sessions import Origin, open_session

__all__ = [
    "APPLICATION_STATES",
    "GRANT_END_REASONS",
    "MOST_BYTES",
    "MOST_FILES",
    "OAUTH_ENDPOINTS",
    "PSEUDONYM",
    "ApplicationIn",
    "Credentials",
    "Device",
    "Held",
    "InvitationIn",
    "News",
    "Origin",
    "PublishedKey",
    "Received",
    "Registration",
    "Sender",
    "Steward",
    "account_names",
    "accounts_called",
    "add_address",
    "add_evidence",
    "add_membership",
    "add_operator",
    "add_steward",
    "application_names",
    "ask_to_join",
    "attachment",
    "authenticate",
    "cookie_name",
    "create_account",
    "deciders",
    "deliver",
    "enrol_totp",
    "ensure_recently_authenticated",
    "grant_role",
    "hash_password",
    "holds",
    "holds_back",
    "invite",
    "make_system_client",
    "managers_of",
    "members_of",
    "oauth_error",
    "open_session",
    "receive_evidence",
    "register_client",
    "remove_membership",
    "remove_steward",
    "set_primary_steward",
    "sign_in_context",
    "sign_in_transaction",
    "signing_keys",
    "slowed",
    "start_application",
    "stewards_of",
    "submit_application",
]


async def make_system_client(
    session: Session,
    *,
    tenant_id: str,
    name: str,
    scopes: tuple[str, ...],
    organisation_id: UUID | None = None,
    client_id: str | None = None,
    secret: str | None = None,
) -> Credentials:
    """Another platform's system that acts for a province, or for one organisation of it."""
    wanted = Registration(
        tenant_id=tenant_id,
        name=name,
        kind="system",
        scopes=scopes,
        organisation_id=organisation_id,
        client_id=client_id,
        secret=secret,
    )
    return await register_client(session, wanted)
