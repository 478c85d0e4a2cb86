"""How journal rows are told to people: what a thing is called, where its page is, its fields and values in words.

Features above tell what they know of their things by `tell`, so that this package knows none of them.
"""

import re
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Text, and_, cast, or_, select

from app.access.permissions import ROLES
from app.access.principal import Principal
from app.audit import labels
from app.audit.schemas import AuditEventOut
from app.core.db import ReadSession
from app.core.i18n import Message, msg, pmsg
from app.identity.public import (
    APPLICATION_STATES,
    GRANT_END_REASONS,
    account_names,
    accounts_called,
    application_names,
)
from app.journal.public import JournalEvent
from app.organisations import public as organisations

Namer = Callable[[ReadSession, Principal, Collection[UUID]], Awaitable[Mapping[UUID, str]]]
"""The names of things by id, by one statement; what the reader may not see is left out."""
Finder = Callable[[Principal, str], Select[UUID]]
"""The ids of the things whose name holds a text, of those the reader may see."""
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")
_YES, _NO = msg("是"), msg("否")


@dataclass(frozen=True, slots=True)
class Subject:
    """What is known of one type of thing."""

    names: Namer | None = None
    address: str | None = None
    """The thing's page, with {id}."""
    fields: Mapping[str, Message] = field(default_factory=dict)
    words: Mapping[str, Mapping[str, Message]] = field(default_factory=dict)
    """By field, what its values are called."""
    finder: Finder | None = None
    beside: tuple[str, ...] = ()
    """Fields without which an event of the thing says too little; told beside the thing's name."""


async def _accounts(db: ReadSession, _caller: Principal, ids: Collection[UUID]) -> Mapping[UUID, str]:
    return await account_names(db, ids)


_SUBJECTS: dict[str, Subject] = {
    "account": Subject(
        names=_accounts,
        finder=accounts_called,
        fields={
            "organisation_id": pmsg("one", "单位"),
            "role": msg("角色"),
            "identity_provider_id": msg("登录方式"),
            "mobile": msg("手机号"),
        },
        words={"role": {role.value: name for role, name in ROLES.items()}},
        beside=("organisation_id",),
    ),
    "appointment": Subject(
        fields={"role": msg("角色"), "appointment_id": pmsg("one", "任命提议")},
        words={"role": {role.value: name for role, name in ROLES.items()}},
        beside=("account_id", "role"),
    ),
    "delegation": Subject(
        fields={
            "role": msg("角色"),
            "deputy_id": msg("代理人"),
            "organisation_id": pmsg("one", "单位"),
            "instrument_id": pmsg("one", "仪器"),
            "ends_at": msg("结束时间"),
        },
        words={"role": {role.value: name for role, name in ROLES.items()}},
        beside=("account_id", "deputy_id"),
    ),
    "deputy": Subject(names=_accounts),
    "join_request": Subject(
        fields={"organisation_id": pmsg("one", "单位")}, beside=("account_id", "organisation_id")
    ),
    "oauth_client": Subject(words={"reason": GRANT_END_REASONS}),
    "oauth_grant": Subject(words={"reason": GRANT_END_REASONS}),
    "organisation": Subject(
        names=organisations.names,
        finder=organisations.called,
        address="/organisations/{id}",
        fields=organisations.FIELDS,
        words=organisations.WORDS,
    ),
    "organisation_application": Subject(
        names=application_names,
        address="/organisation-applications/{id}",
        fields=organisations.FIELDS,
        words={**organisations.WORDS, "status": APPLICATION_STATES},
    ),
    "organisation_invitation": Subject(
        fields={"organisation_id": pmsg("one", "单位"), "role": msg("角色")},
        words={"role": {role.value: name for role, name in ROLES.items()}},
        beside=("organisation_id",),
    ),
}


def tell(subjects: Mapping[str, Subject]) -> None:
    """Let the journal tell of more types of things."""
    _SUBJECTS.update(subjects)


@dataclass(frozen=True, slots=True)
class Change:
    """One field of an event, before and after; a value is text, a Message, an instant, a list of these, or nothing."""

    field: str
    label: Message | None
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Telling:
    """Events with the names of what they are about."""

    names: Mapping[tuple[str, UUID], str]

    def name(self, subject_type: str, id_: UUID | str | None) -> str | None:
        """What a thing is called, where it is known."""
        found = _uuid(id_)
        return self.names.get((subject_type, found)) if found else None

    def address(self, event: AuditEventOut) -> str | None:
        """The page of an event's subject."""
        pattern = _SUBJECTS.get(event.subject_type, Subject()).address
        return pattern.format(id=event.subject_id) if pattern else None

    def beside(self, event: AuditEventOut) -> list[str]:
        """What an event's subject was about it with, where its name is known."""
        facts = {**(event.before or {}), **(event.after or {})}
        about = _SUBJECTS.get(event.subject_type, Subject()).beside
        told = (self.name(field.removesuffix("_id"), facts.get(field)) for field in about)
        return [name for name in told if name]

    def changes(self, event: AuditEventOut) -> Iterator[Change]:
        """What an event changed, field by field; what stayed as it was is left out."""
        known = _SUBJECTS.get(event.subject_type, Subject())
        before, after = event.before or {}, event.after or {}
        changing = event.before is not None and event.after is not None
        for name in {**before, **after}:
            if changing and before.get(name) == after.get(name):
                continue
            words = known.words.get(name, {})
            label = known.fields.get(name) or labels.FIELDS.get(name)
            values = (self._told(name, words, facts.get(name)) for facts in (before, after))
            yield Change(name, label, *values)

    def _told(self, name: str, words: Mapping[str, Message], value: Any) -> Any:
        if isinstance(value, list):
            return [self._told(name, words, one) for one in value]
        if isinstance(value, bool):
            return _YES if value else _NO
        if not isinstance(value, str):
            return value
        if value in words:
            return words[value]
        if name.endswith("_id"):
            return self.name(name.removesuffix("_id"), value) or value
        return datetime.fromisoformat(value) if _INSTANT.match(value) else value


async def telling(db: ReadSession, caller: Principal, events: Iterable[AuditEventOut]) -> Telling:
    """Look up what the events speak of: at most one statement for each type of thing."""
    wanted: dict[str, set[UUID]] = {}
    for subject_type, id_ in _mentioned(events):
        if found := _uuid(id_):
            wanted.setdefault(subject_type, set()).add(found)
    names: dict[tuple[str, UUID], str] = {}
    for subject_type, ids in wanted.items():
        if namer := _SUBJECTS.get(subject_type, Subject()).names:
            called = await namer(db, caller, ids)
            names |= {(subject_type, id_): name for id_, name in called.items()}
    return Telling(names)


def about(caller: Principal, text: str) -> ColumnElement[bool]:
    """Events of things called so, or with this identifier; and what own people called so did."""
    people = accounts_called(caller, text)
    conditions = [JournalEvent.subject_id == text, JournalEvent.actor_id.in_(people)]
    for subject_type, subject in _SUBJECTS.items():
        if subject.finder:
            found = subject.finder(caller, text).subquery()
            ids = select(cast(found.c.id, Text))
            conditions.append(
                and_(JournalEvent.subject_type == subject_type, JournalEvent.subject_id.in_(ids))
            )
    return or_(*conditions)


def _mentioned(events: Iterable[AuditEventOut]) -> Iterator[tuple[str, UUID | str | None]]:
    for event in events:
        yield event.subject_type, event.subject_id
        yield "account", event.actor_id
        yield "account", event.acting_for
        for facts in (event.before or {}, event.after or {}):
            for name, value in facts.items():
                if name.endswith("_id"):
                    yield name.removesuffix("_id"), value


def _uuid(value: object) -> UUID | None:
    try:
        return UUID(str(value))
    except ValueError:
        return None
