"""What will become of each row: new, changed, unchanged or faulty, beside what the register and the file already have."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from app.core.db import ReadSession
from app.core.errors import FieldError
from app.core.i18n import msg
from app.instruments.importing import queries
from app.instruments.importing.drafts import STORED, Draft, Drafter
from app.instruments.models import ImportOutcome
from app.instruments.registry.references import unknown_in
from app.instruments.registry.service import today
from app.instruments.rules.record import DEFAULTS, cautions, faults

Key = tuple[UUID, str]


@dataclass(slots=True)
class Verdict:
    """A row, and what becomes of it."""

    draft: Draft
    outcome: ImportOutcome
    known: Row[Any] | None = None
    """The entry it is about, where the register has one."""
    changes: dict[str, Any] = field(default_factory=dict)
    """New values of a known entry."""


@dataclass(slots=True)
class Judge:
    """Judges the rows of one file, in order."""

    drafter: Drafter
    tenant_id: str
    _keys: dict[Key, int] = field(default_factory=dict)
    _seen: dict[int, int] = field(default_factory=dict)
    _days: dict[str, date] = field(default_factory=dict)

    async def judge(self, db: ReadSession, drafts: Sequence[Draft]) -> list[Verdict]:
        """The verdicts on some rows: one statement for the entries they are about, three for their codes."""
        known = await queries.existing(db, [draft.key for draft in drafts if draft.key])
        unknown = await unknown_in(db, [draft.values for draft in drafts])
        verdicts = []
        for draft in drafts:
            self._compare_with_file(draft)
            for fault in unknown.faults(draft.values):
                draft.blame(self.drafter.located(fault, draft.number))
            verdicts.append(self._verdict(draft, known.get(draft.key) if draft.key else None))
        return verdicts

    def _compare_with_file(self, draft: Draft) -> None:
        first = self._seen.setdefault(hash(draft.cells), draft.number)
        if first != draft.number:
            reason = msg("与第 {row} 行完全相同", row=first)
            draft.warnings.append(FieldError("row", "same_as_row", reason, row=draft.number))
        if draft.key is None:
            return
        first = self._keys.setdefault(draft.key, draft.number)
        if first != draft.number:
            reason = msg("单位内编号与第 {row} 行重复", row=first)
            fault = FieldError("inner_id", "duplicate_in_file", reason, value=draft.key[1])
            draft.blame(self.drafter.located(fault, draft.number))

    def _verdict(self, draft: Draft, known: Row[Any] | None) -> Verdict:
        self._hold_to_rules(draft, known)
        if draft.faults:
            return Verdict(draft, "faulty", known)
        if known is None:
            return Verdict(draft, "new")
        if draft.units is not None and draft.units != known.units:
            reason = msg("已登记 {count} 台（套），导入不会增减", count=known.units)
            draft.warnings.append(FieldError("units", "units_kept", reason, row=draft.number))
        changes = {name: value for name, value in draft.values.items() if value != getattr(known, name)}
        return Verdict(draft, "changed" if changes else "unchanged", known, changes)

    def _hold_to_rules(self, draft: Draft, known: Row[Any] | None) -> None:
        current = DEFAULTS if known is None else {name: getattr(known, name) for name in queries.KEPT}
        faulty = {STORED.get(fault.field, fault.field) for fault in draft.faults} - draft.values.keys()
        entry = {name: value for name, value in {**current, **draft.values}.items() if name not in faulty}
        for fault in faults(
            entry, tenant_id=self.tenant_id, today=self._today(entry.get("tz", DEFAULTS["tz"]))
        ):
            draft.blame(self.drafter.located(fault, draft.number))
        draft.warnings += [self.drafter.located(caution, draft.number) for caution in cautions(entry)]

    def _today(self, zone: str) -> date:
        if zone not in self._days:
            self._days[zone] = today(zone)
        return self._days[zone]
