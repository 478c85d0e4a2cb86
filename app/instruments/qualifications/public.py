"""What other features use of qualifications."""

from app.identity.public import receive_evidence as receive
from app.instruments.qualifications.evidence import add as add_evidence
from app.instruments.qualifications.granting import Granted, grant_all
from app.instruments.qualifications.holders import step
from app.instruments.qualifications.queries import today
from app.instruments.qualifications.requests import ask
from app.instruments.qualifications.schemas import GrantIn, RequestIn, TypeIn
from app.instruments.qualifications.service import create, recognise, require

__all__ = [
    "GrantIn",
    "Granted",
    "RequestIn",
    "TypeIn",
    "add_evidence",
    "ask",
    "create",
    "grant_all",
    "receive",
    "recognise",
    "require",
    "step",
    "today",
]
