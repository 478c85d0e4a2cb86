"""Passkeys (Web Authentication Level 3): what is asked of the browser, and whether its answer is good.

The relying party is the host of BASE_URL and the origin exactly BASE_URL's; the person is always verified (PIN, finger,
face), so that a passkey is two factors. No attestation is asked for: any authenticator will do.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, Literal
from urllib.parse import urlsplit
from uuid import UUID

import webauthn
from webauthn.helpers import base64url_to_bytes, parse_client_data_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AttestationConveyancePreference,
    AuthenticatorSelectionCriteria,
    CredentialDeviceType,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from app.identity.factors.challenges import LIFETIME, new_challenge
from app.settings import Settings

NAME = "Delta Commons"
LONGEST_ANSWER = 20_000
"""Characters of a browser's answer."""
Purpose = Literal["enrol", "second_factor", "sign_in"]
_MALFORMED = (WebAuthnException, ValueError, TypeError, KeyError, AttributeError, RecursionError)


class Refused(Exception):  # noqa: N818 - the answer is refused; what the person is told is the caller's business
    """The browser's answer is no good."""


@dataclass(frozen=True, slots=True)
class Site:
    """Whom a passkey is for."""

    host: str
    origin: str


def site_of(settings: Settings) -> Site | None:
    """This platform as a relying party; None where BASE_URL has an address for a host, which passkeys do not take."""
    parts = urlsplit(settings.base_url)
    host = parts.hostname or ""
    try:
        ip_address(host)
    except ValueError:
        return Site(host, f"{parts.scheme}://{parts.netloc}".lower())
    return None


def creation_options(
    settings: Settings, site: Site, *, account_id: UUID, name: str, known: Sequence[bytes]
) -> str:
    """What `navigator.credentials.create` is asked, as JSON; `known` passkeys are not made twice."""
    options = webauthn.generate_registration_options(
        rp_id=site.host,
        rp_name=NAME,
        user_id=account_id.bytes,
        user_name=name,
        user_display_name=name,
        challenge=new_challenge(settings, "enrol", account_id),
        timeout=_milliseconds(),
        attestation=AttestationConveyancePreference.NONE,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=id_) for id_ in known],
    )
    return webauthn.options_to_json(options)


def request_options(
    settings: Settings, site: Site, purpose: Purpose, *, bound_to: object = "", known: Sequence[bytes] = ()
) -> str:
    """What `navigator.credentials.get` is asked, as JSON; without `known` the person chooses among their passkeys."""
    options = webauthn.generate_authentication_options(
        rp_id=site.host,
        challenge=new_challenge(settings, purpose, bound_to),
        timeout=_milliseconds(),
        allow_credentials=[PublicKeyCredentialDescriptor(id=id_) for id_ in known],
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return webauthn.options_to_json(options)


def _milliseconds() -> int:
    return int(LIFETIME.total_seconds() * 1000)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a browser sends back, not yet believed."""

    document: dict[str, Any]
    challenge: bytes
    credential_id: bytes
    user_handle: bytes | None

    @classmethod
    def read(cls, text: str) -> "Answer":
        """The parts that say which challenge and which passkey.

        Raises:
            Refused: it is not what a browser sends.
        """
        try:
            if len(text) > LONGEST_ANSWER:
                raise Refused
            document = json.loads(text)
            response = document["response"]
            client_data = parse_client_data_json(base64url_to_bytes(response["clientDataJSON"]))
            handle = response.get("userHandle")
            return cls(
                document,
                client_data.challenge,
                base64url_to_bytes(document["rawId"]),
                base64url_to_bytes(handle) if handle else None,
            )
        except _MALFORMED as error:
            raise Refused from error


@dataclass(frozen=True, slots=True)
class NewPasskey:
    """A passkey just made."""

    credential_id: bytes
    public_key: bytes
    sign_count: int


def enrolled(site: Site, answer: Answer) -> NewPasskey:
    """The passkey an answer to `creation_options` holds; its challenge is judged by the caller.

    Raises:
        Refused: it is not from here, or did not verify its person.
    """
    try:
        found = webauthn.verify_registration_response(
            credential=answer.document,
            expected_challenge=answer.challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except _MALFORMED as error:
        raise Refused from error
    return NewPasskey(found.credential_id, found.credential_public_key, found.sign_count)


@dataclass(frozen=True, slots=True)
class Shown:
    """A passkey was shown."""

    sign_count: int
    method: str
    """`hwk` or `swk` (RFC 8176 §2): a key that cannot leave its device, or one that is synchronised."""


def shown(site: Site, answer: Answer, *, public_key: bytes, sign_count: int) -> Shown:
    """What an answer to `request_options` proves; its challenge is judged by the caller.

    Raises:
        Refused: the signature, origin or relying party is wrong, the person was not verified, or the counter went back.
    """
    try:
        found = webauthn.verify_authentication_response(
            credential=answer.document,
            expected_challenge=answer.challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            credential_public_key=public_key,
            credential_current_sign_count=sign_count,
            require_user_verification=True,
        )
    except _MALFORMED as error:
        raise Refused from error
    single = found.credential_device_type is CredentialDeviceType.SINGLE_DEVICE
    return Shown(found.new_sign_count, "hwk" if single else "swk")
