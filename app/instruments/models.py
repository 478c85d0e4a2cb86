"""Instruments, their units and opening hours, and bookings."""

from datetime import date, datetime, time
from typing import Any, Literal, get_args
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Computed,
    Date,
    ForeignKeyConstraint,
    Index,
    SmallInteger,
    Time,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TSTZRANGE, TSVECTOR, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base
from app.instruments.policies import models as policy_models
from app.instruments.qualifications import models as qualification_models
from app.instruments.rules import limits
from app.instruments.rules.vocabulary import CARRIER_TYPES
from app.tenancy.models import Owned
from app.tenancy.policies import Own, Parent, Parties, ScopedAmongMembers

__all__ = ["policy_models", "qualification_models"]
SOURCES = ("purchased", "developed", "donated", "other")
KINDS = ("general", "special")
FUNDS = ("central", "local", "own", "other")
RUNNING_STATES = (
    "normal",
    "standby",
    "remote",
    "occasional_fault",
    "frequent_fault",
    "awaiting_repair",
    "awaiting_scrap",
)
SERVICE_STATUSES = ("open", "restricted", "suspended", "retired")
BOOKING_MODES = ("self", "assisted", "sample", "mixed")
PURPOSES = ("research", "development", "teaching", "other")
STATUSES = ("requested", "confirmed", "rejected", "withdrawn", "expired", "superseded", "cancelled")
LONGEST_BOOKING_MIN = 43_200
"""30 days: what lets a week be read from a b-tree on the start alone."""


def one_of(column: str, values: tuple[str, ...]) -> str:
    """The CHECK of an enumeration kept as text."""
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


def length(column: str, most: int, *, least: int = 0) -> str:
    """The CHECK of a text's length in characters."""
    return (
        f"char_length({column}) BETWEEN {least} AND {most}" if least else f"char_length({column}) <= {most}"
    )


def _entry_texts() -> list[CheckConstraint]:
    return [
        CheckConstraint(length(name, most, least=int(name in limits.NEVER_BLANK)), name=name)
        for name, most in limits.ENTRY.items()
    ]


class Instrument(Owned, Base):
    """An entry of the national register of large instruments, with the rules it may be booked under.

    Limits of text are those of the national reporting form; `worth_fen` is the purchase value 原值 in fen;
    times are of the zone `tz`.
    """

    __tablename__ = "instrument"
    __table_args__ = (
        UniqueConstraint("tenant_id", "id"),
        UniqueConstraint("organisation_id", "inner_id"),
        ForeignKeyConstraint(["tenant_id", "organisation_id"], ["organisation.tenant_id", "organisation.id"]),
        ForeignKeyConstraint(
            ["tenant_id", "organisation_id", "family_id"],
            [f"instrument_family.{name}" for name in ("tenant_id", "organisation_id", "id")],
        ),
        *_entry_texts(),
        CheckConstraint("adcode ~ '^[0-9]{6}$'", name="adcode"),
        CheckConstraint("postcode ~ '^([0-9]{6})?$'", name="postcode"),
        CheckConstraint("nation ~ '^([A-Z]{2})?$'", name="nation"),
        CheckConstraint(length("tz", 64), name="tz"),
        CheckConstraint("class_code ~ '^[0-9]{6}$'", name="class_code"),
        CheckConstraint("worth_fen >= 0", name="worth_fen"),
        CheckConstraint("begin_date >= DATE '1949-01-01'", name="begin_date"),
        CheckConstraint(one_of("source", SOURCES), name="source"),
        CheckConstraint(one_of("kind", KINDS), name="kind"),
        CheckConstraint(one_of("funds", FUNDS), name="funds"),
        CheckConstraint(one_of("carrier_type", tuple(CARRIER_TYPES)), name="carrier_type"),
        CheckConstraint(one_of("running_state", RUNNING_STATES), name="running_state"),
        CheckConstraint(one_of("service_status", SERVICE_STATUSES), name="service_status"),
        CheckConstraint(one_of("booking_mode", BOOKING_MODES), name="booking_mode"),
        CheckConstraint("scope IN ('organisation', 'province', 'region', 'public')", name="scope"),
        Index("ix_instrument_search", "search", postgresql_using="gin"),
        Index("ix_instrument_tenant_id_id", "tenant_id", "id"),
        Index("ix_instrument_class_code_id", "class_code", "id"),
        Index("ix_instrument_family_id", "family_id"),
        Index("ix_instrument_name_key_id", "name_key", "id"),
        Index("ix_instrument_worth_fen_id", text("coalesce(worth_fen, -1)"), "id"),
        {"info": {"row_policy": ScopedAmongMembers()}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.uuidv7())
    organisation_id: Mapped[UUID]
    family_id: Mapped[UUID | None]
    inner_id: Mapped[str]
    scope: Mapped[str] = mapped_column(server_default="province")
    name_zh: Mapped[str]
    name_en: Mapped[str] = mapped_column(server_default="")
    class_code: Mapped[str]
    disciplines: Mapped[list[str]] = mapped_column(server_default="[]")
    source: Mapped[str] = mapped_column(server_default="purchased")
    kind: Mapped[str] = mapped_column(server_default="general")
    funds: Mapped[str] = mapped_column(server_default="own")
    carrier_type: Mapped[str] = mapped_column(server_default="无")
    carrier_name: Mapped[str] = mapped_column(server_default="")
    department: Mapped[str] = mapped_column(server_default="")
    """部门: the part of the organisation that keeps it."""
    worth_fen: Mapped[int | None]
    nation: Mapped[str] = mapped_column(server_default="")
    manufacturer: Mapped[str] = mapped_column(server_default="")
    model: Mapped[str] = mapped_column(server_default="")
    begin_date: Mapped[date | None] = mapped_column(Date)
    technical: Mapped[str] = mapped_column(server_default="")
    function: Mapped[str] = mapped_column(server_default="")
    service_content: Mapped[str] = mapped_column(server_default="")
    achievement: Mapped[str] = mapped_column(server_default="")
    requirement: Mapped[str] = mapped_column(server_default="")
    fee_note: Mapped[str] = mapped_column(server_default="")
    service_url: Mapped[str] = mapped_column(server_default="")
    image_url: Mapped[str] = mapped_column(server_default="")
    customs_supervised: Mapped[bool] = mapped_column(server_default="false")
    customs_until: Mapped[date | None] = mapped_column(Date)
    """The last day of the supervision; None while it is not known."""
    customs_notice: Mapped[str] = mapped_column(server_default="")
    """海关通知书: the number of the customs' consent to serving other organisations."""
    customs_declaration: Mapped[str] = mapped_column(server_default="")
    customs_item: Mapped[str] = mapped_column(server_default="")
    customs_imported_on: Mapped[date | None] = mapped_column(Date)
    customs_form: Mapped[str] = mapped_column(server_default="")
    adcode: Mapped[str]
    address: Mapped[str] = mapped_column(server_default="")
    postcode: Mapped[str] = mapped_column(server_default="")
    contact_name: Mapped[str] = mapped_column(server_default="")
    contact_phone: Mapped[str] = mapped_column(server_default="")
    contact_email: Mapped[str] = mapped_column(server_default="")
    running_state: Mapped[str] = mapped_column(server_default="normal")
    service_status: Mapped[str] = mapped_column(server_default="open")
    booking_mode: Mapped[str] = mapped_column(server_default="self")
    tz: Mapped[str] = mapped_column(server_default="Asia/Shanghai")
    version: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    search: Mapped[Any] = mapped_column(
        TSVECTOR,
        Computed(
            "setweight(to_tsvector('simple', zh_bigram(name_zh || ' ' || name_en)), 'A') || "
            "setweight(to_tsvector('simple', zh_bigram(model || ' ' || manufacturer || ' ' || inner_id)), 'B') || "
            "setweight(to_tsvector('simple', zh_bigram(function || ' ' || technical || ' ' || service_content)), 'C') || "
            "array_to_tsvector(ARRAY['@' || organisation_id::text, "
            "'#' || left(adcode, 2), '#' || left(adcode, 4), '#' || adcode])",
            persisted=True,
        ),
        deferred=True,
    )
    """Bigrams of the texts by weight, the organisation's id, and its place by province, city and county, so that a word can
    mean any of them."""
    name_key: Mapped[str] = mapped_column(Computed("zh_sort_key(name_zh)", persisted=True), deferred=True)
    """The name as it sorts: by pinyin for everyday characters."""


class InstrumentUnit(Owned, Base):
    """A bookable unit 台(套): one of N identical machines behind an instrument's entry."""

    __tablename__ = "instrument_unit"
    __table_args__ = (
        UniqueConstraint("tenant_id", "id"),
        UniqueConstraint("instrument_id", "label"),
        ForeignKeyConstraint(["tenant_id", "instrument_id"], ["instrument.tenant_id", "instrument.id"]),
        CheckConstraint(length("label", limits.UNIT_LABEL, least=1), name="label"),
        CheckConstraint(length("serial", limits.UNIT_SERIAL), name="serial"),
        {"info": {"row_policy": Parent("instrument", "instrument_id")}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.uuidv7())
    instrument_id: Mapped[UUID]
    label: Mapped[str]
    serial: Mapped[str] = mapped_column(server_default="")
    active: Mapped[bool] = mapped_column(server_default="true")


class OpeningRule(Owned, Base):
    """Opening hours 开放机时 of one weekday, in the instrument's zone; closing at or before opening means next morning.

    An instrument without any rule is open at all hours.
    """

    __tablename__ = "opening_rule"
    __table_args__ = (
        UniqueConstraint("instrument_id", "weekday", "opens"),
        ForeignKeyConstraint(
            ["tenant_id", "instrument_id"], ["instrument.tenant_id", "instrument.id"], ondelete="CASCADE"
        ),
        CheckConstraint("weekday BETWEEN 1 AND 7", name="weekday"),
        {"info": {"row_policy": Parent("instrument", "instrument_id")}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.uuidv7())
    instrument_id: Mapped[UUID]
    weekday: Mapped[int] = mapped_column(SmallInteger)
    """ISO 8601: Monday is 1."""
    opens: Mapped[time] = mapped_column(Time)
    closes: Mapped[time] = mapped_column(Time)


class Booking(Owned, Base):
    """A booking 预约单: owned by the instrument's province, read by both parties.

    The names are what was agreed when it was made: `requester_name` and `organisation_name` are what the requester
    discloses to the owner; the instrument's stay readable when the instrument itself is no longer shared.
    """

    __tablename__ = "booking"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "unit_id"], ["instrument_unit.tenant_id", "instrument_unit.id"]),
        ForeignKeyConstraint(["tenant_id", "instrument_id"], ["instrument.tenant_id", "instrument.id"]),
        ForeignKeyConstraint(["requester_tenant_id", "requester_id"], ["account.tenant_id", "account.id"]),
        ForeignKeyConstraint(
            ["requester_tenant_id", "organisation_id"], ["organisation.tenant_id", "organisation.id"]
        ),
        ForeignKeyConstraint(["tenant_id", "owner_id"], ["organisation.tenant_id", "organisation.id"]),
        CheckConstraint(one_of("purpose", PURPOSES), name="purpose"),
        CheckConstraint(one_of("status", STATUSES), name="status"),
        CheckConstraint(
            "CASE status WHEN 'confirmed' THEN blocking WHEN 'requested' THEN true ELSE NOT blocking END",
            name="blocking",
        ),
        CheckConstraint(
            "status <> 'requested' OR (due_at IS NOT NULL AND blocking = (hold_until IS NOT NULL))",
            name="waiting",
        ),
        CheckConstraint(
            "NOT isempty(during) AND NOT lower_inf(during) AND NOT upper_inf(during) AND lower_inc(during) "
            "AND NOT upper_inc(during) AND upper(during) <= lower(during) + interval '30 days'",
            name="during",
        ),
        CheckConstraint(
            "occupied = tstzrange(lower(during) - make_interval(mins => setup_min::int), "
            "upper(during) + make_interval(mins => teardown_min::int), '[)')",
            name="occupied",
        ),
        CheckConstraint("char_length(project) <= 200 AND char_length(note) <= 1000", name="texts"),
        CheckConstraint("setup_min >= 0 AND teardown_min >= 0 AND occupied @> during", name="buffers"),
        CheckConstraint(length("cancel_reason", 500), name="cancel_reason"),
        CheckConstraint(
            "(moved_from IS NULL) = (move_reason = '') AND char_length(move_reason) <= 500", name="moved"
        ),
        CheckConstraint(
            "(jsonb_array_length(overridden) = 0) = (override_reason = '') AND char_length(override_reason) <= 500",
            name="overridden",
        ),
        CheckConstraint(
            "char_length(requester_name) <= 100 AND char_length(organisation_name) <= 200 "
            "AND char_length(instrument_name) <= 300 AND char_length(unit_label) <= 100 AND char_length(tz) <= 64",
            name="names",
        ),
        ExcludeConstraint(
            (text("unit_id"), "="),
            (text("occupied"), "&&"),
            where=text("blocking"),
            using="gist",
            name="ex_booking_unit_id_occupied",
        ),
        Index(
            "ix_booking_unit_id_occupied_from", "unit_id", "occupied_from", postgresql_where=text("blocking")
        ),
        UniqueConstraint("tenant_id", "id"),
        Index("ix_booking_waiting", "unit_id", "due_at", postgresql_where=text("status = 'requested'")),
        Index("ix_booking_announced", "id", postgresql_where=text("NOT announced")),
        Index("ix_booking_requester", "requester_tenant_id", "requester_id", "starts_at"),
        Index("ix_booking_tenant_id_starts_at", "tenant_id", "starts_at"),
        Index("ix_booking_owner_id_starts_at", "owner_id", "starts_at"),
        Index("ix_booking_organisation_id_starts_at", "organisation_id", "starts_at"),
        Index("ix_booking_instrument_id_starts_at", "instrument_id", "starts_at"),
        {"info": {"row_policy": Parties(("tenant_id", "requester_tenant_id"))}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.uuidv7())
    instrument_id: Mapped[UUID]
    unit_id: Mapped[UUID]
    requester_tenant_id: Mapped[str]
    requester_id: Mapped[UUID]
    organisation_id: Mapped[UUID]
    requester_name: Mapped[str]
    organisation_name: Mapped[str]
    owner_id: Mapped[UUID]
    instrument_name: Mapped[str]
    unit_label: Mapped[str]
    tz: Mapped[str]
    purpose: Mapped[str]
    project: Mapped[str] = mapped_column(server_default="")
    note: Mapped[str] = mapped_column(server_default="")
    during: Mapped[Range[datetime]] = mapped_column(TSTZRANGE)
    setup_min: Mapped[int]
    teardown_min: Mapped[int]
    occupied: Mapped[Range[datetime]] = mapped_column(TSTZRANGE)
    starts_at: Mapped[datetime] = mapped_column(Computed("lower(during)", persisted=True))
    ends_at: Mapped[datetime] = mapped_column(Computed("upper(during)", persisted=True))
    occupied_from: Mapped[datetime] = mapped_column(Computed("lower(occupied)", persisted=True))
    occupied_to: Mapped[datetime] = mapped_column(Computed("upper(occupied)", persisted=True))
    status: Mapped[str]
    blocking: Mapped[bool]
    due_at: Mapped[datetime | None]
    """When a request ends that nobody decided."""
    hold_until: Mapped[datetime | None]
    """Until when a request holds the unit."""
    announced: Mapped[bool] = mapped_column(server_default="true")
    """Whether people have been told of what time did to it."""
    cancel_reason: Mapped[str] = mapped_column(server_default="")
    moved_from: Mapped[Range[datetime] | None] = mapped_column(TSTZRANGE)
    """The time it had before the instrument's side moved it, where that was the last move."""
    move_reason: Mapped[str] = mapped_column(server_default="")
    policies: Mapped[list[str]] = mapped_column(server_default="[]")
    """The versions of the booking policies it was made or last moved under."""
    overridden: Mapped[list[str]] = mapped_column(server_default="[]")
    """The codes of the rules that the instrument's side set aside for it."""
    override_reason: Mapped[str] = mapped_column(server_default="")
    version: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


class BookingApproval(Owned, Base):
    """The decision 审批 about a request: once, by whom and why."""

    __tablename__ = "booking_approval"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "booking_id"], ["booking.tenant_id", "booking.id"]),
        ForeignKeyConstraint(["tenant_id", "decided_by"], ["account.tenant_id", "account.id"]),
        UniqueConstraint("booking_id"),
        CheckConstraint("decision IN ('approved', 'rejected')", name="decision"),
        CheckConstraint("decision = 'approved' OR reason <> ''", name="reasoned"),
        CheckConstraint(length("reason", 500), name="reason"),
        {"info": {"row_policy": Parent("booking", "booking_id")}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.uuidv7())
    booking_id: Mapped[UUID]
    decision: Mapped[str]
    reason: Mapped[str] = mapped_column(server_default="")
    decided_by: Mapped[UUID]
    decided_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


ImportState = Literal["uploaded", "checked", "applied"]
ImportOutcome = Literal["new", "changed", "unchanged", "faulty"]
IMPORT_OUTCOMES: tuple[ImportOutcome, ...] = get_args(ImportOutcome)


class InstrumentImport(Owned, Base):
    """A file of instruments on its way into the register: how it is read, what its columns mean, how far it is.

    What runs at the moment is the task's business; `counts` are rows by outcome.
    """

    __tablename__ = "instrument_import"
    __table_args__ = (
        UniqueConstraint("tenant_id", "id"),
        ForeignKeyConstraint(["tenant_id", "task_id"], ["task_run.tenant_id", "task_run.id"]),
        CheckConstraint("file_digest ~ '^[0-9a-f]{64}$' AND file_bytes >= 0", name="file"),
        CheckConstraint("char_length(file_name) BETWEEN 1 AND 255", name="file_name"),
        CheckConstraint(one_of("state", get_args(ImportState)), name="state"),
        CheckConstraint("(state = 'applied') = (applied_at IS NOT NULL)", name="applied"),
        Index("ix_instrument_import_tenant_id_created_by_id", "tenant_id", "created_by", "id"),
        {"info": {"row_policy": Own()}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.uuidv7())
    created_by: Mapped[UUID]
    """An account or a system's client."""
    file_digest: Mapped[str]
    file_name: Mapped[str]
    file_bytes: Mapped[int]
    reading: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    """How the file is read: encoding, delimiter, sheet, header row, columns with samples, what to know about it."""
    mapping: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    state: Mapped[str] = mapped_column(server_default="uploaded")
    counts: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    task_id: Mapped[UUID | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    applied_at: Mapped[datetime | None]


class InstrumentImportRow(Owned, Base):
    """What became of one row of a file; faults keep it out, warnings do not."""

    __tablename__ = "instrument_import_row"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "import_id"],
            ["instrument_import.tenant_id", "instrument_import.id"],
            ondelete="CASCADE",
        ),
        CheckConstraint(one_of("outcome", IMPORT_OUTCOMES), name="outcome"),
        CheckConstraint("row_number >= 1", name="row_number"),
        CheckConstraint("char_length(inner_id) <= 150 AND char_length(name) <= 300", name="texts"),
        CheckConstraint("(outcome = 'faulty') = (jsonb_array_length(faults) > 0)", name="faults"),
        Index("ix_instrument_import_row_import_id_outcome_row_number", "import_id", "outcome", "row_number"),
        {"info": {"row_policy": Own()}},
    )

    import_id: Mapped[UUID] = mapped_column(primary_key=True)
    row_number: Mapped[int] = mapped_column(primary_key=True)
    """1-based, as the sender's spreadsheet shows it."""
    outcome: Mapped[str]
    inner_id: Mapped[str] = mapped_column(server_default="")
    name: Mapped[str] = mapped_column(server_default="")
    instrument_id: Mapped[UUID | None]
    faults: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default="[]")
    warnings: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default="[]")
