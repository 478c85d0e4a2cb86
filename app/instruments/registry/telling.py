"""What the journal's readers are told of instruments, units and bookings."""

from collections.abc import Collection, Mapping
from uuid import UUID

from app.access.principal import Principal
from app.audit.public import Subject
from app.core.db import ReadSession
from app.core.i18n import Message, msg, pmsg
from app.instruments.booking.panel import PURPOSES
from app.instruments.policies.words import FIELDS as RULES
from app.instruments.registry import names
from app.instruments.registry.export import WORDS
from app.instruments.rules import qualified, vocabulary
from app.instruments.rules.columns import COLUMNS

FIELDS: Mapping[str, Message] = {
    **{column.field: column.title for column in COLUMNS},
    "organisation_id": msg("所属单位"),
    "family_id": pmsg("one", "仪器族"),
    "worth_fen": msg("原值"),
    "hours": msg("开放时间"),
    "file_id": pmsg("one", "文件"),
    "title": pmsg("one", "标题"),
    "digest": msg("内容摘要"),
    **RULES,
    "account_id": pmsg("one", "账号"),
}


QUALIFIED: Mapping[str, Message] = {
    "holder_id": msg("持有人"),
    "level": msg("级别"),
    "valid_to": msg("有效期至"),
    "basis": msg("依据"),
    "name_zh": msg("名称"),
    "name_en": msg("英文名称"),
    "description": msg("培训和考核办法"),
    "validity_months": msg("有效期（月）"),
    "needs_evidence": msg("须有证明"),
    "active": msg("可授予"),
    "instrument_id": pmsg("one", "仪器"),
    "organisation_id": msg("授予单位"),
    "other_type_id": msg("互认的资格"),
}
LEVELS: Mapping[str, Mapping[str, Message]] = {"level": qualified.WORDS, "scope": vocabulary.SCOPES}


async def instruments_named(db: ReadSession, _caller: Principal, ids: Collection[UUID]) -> Mapping[UUID, str]:
    """The names of instruments the reader may see, by one statement."""
    return {row.id: row.name for row in await db.execute(names.instrument_names(ids))}


async def _units(db: ReadSession, _caller: Principal, ids: Collection[UUID]) -> Mapping[UUID, str]:
    return {row.id: f"{row.name} {row.label}" for row in await db.execute(names.unit_names(ids))}


async def _families(db: ReadSession, _caller: Principal, ids: Collection[UUID]) -> Mapping[UUID, str]:
    return {row.id: row.name for row in await db.execute(names.family_names(ids))}


async def _bookings(db: ReadSession, _caller: Principal, ids: Collection[UUID]) -> Mapping[UUID, str]:
    return {row.id: f"{row.name} {row.label}" for row in await db.execute(names.booking_names(ids))}


async def _types(db: ReadSession, _caller: Principal, ids: Collection[UUID]) -> Mapping[UUID, str]:
    return {row.id: row.name for row in await db.execute(names.type_names(ids))}


async def _qualifications(db: ReadSession, _caller: Principal, ids: Collection[UUID]) -> Mapping[UUID, str]:
    return {row.id: row.name for row in await db.execute(names.qualification_names(ids))}


async def _requests(db: ReadSession, _caller: Principal, ids: Collection[UUID]) -> Mapping[UUID, str]:
    return {row.id: row.name for row in await db.execute(names.request_names(ids))}


JOURNAL_SUBJECTS: Mapping[str, Subject] = {
    "instrument": Subject(instruments_named, "/instruments/{id}", FIELDS, WORDS, names.instruments_called),
    "instrument_family": Subject(
        _families,
        "/instruments/families/{id}",
        fields={"organisation_id": msg("所属单位"), "name": msg("族名"), "note": msg("说明")},
    ),
    "unit": Subject(
        _units,
        fields={"label": msg("名称"), "serial": msg("出厂编号"), "active": msg("可预约"), **RULES},
        words={"active": vocabulary.YES_NO},
    ),
    "qualification": Subject(_qualifications, "/qualifications/{id}", QUALIFIED, LEVELS),
    "qualification_request": Subject(_requests, "/qualifications/requests/{id}", QUALIFIED, LEVELS),
    "qualification_type": Subject(_types, "/qualifications/types/{id}", QUALIFIED, LEVELS),
    "booking": Subject(
        _bookings,
        "/bookings/{id}",
        fields={
            "unit_id": pmsg("one", "单元"),
            "starts_at": msg("开始时间"),
            "ends_at": msg("结束时间"),
            "purpose": msg("用途"),
            "organisation_id": msg("预约单位"),
        },
        words={"purpose": PURPOSES, "status": vocabulary.BOOKING_STATUSES},
        finder=names.bookings_called,
    ),
}
