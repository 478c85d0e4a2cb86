"""The whole chain of a province as a file that an outside party can check without us.

A ZIP: `events.jsonl` has one link a line with its event in the canonical form (`what`, and `who` or, of people of another
province, only its digest), `events.csv` the same to be read, `anchors.jsonl` the signed heads, `manifest.json` the digests
of these files and how to compute the links anew.
"""

import csv
import hashlib
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.core import clock
from app.core.db import Database
from app.core.tabular import formula_safe
from app.journal import public as journal
from app.settings import Settings
from app.tenancy.context import TenantContext

WHAT = (
    "id",
    "tenant_id",
    "at",
    "kind",
    "subject_type",
    "subject_id",
    "actor_tenant_id",
    "request_id",
    "before",
    "after",
    "txid",
)
WHO = ("actor_id", "client_id", "acting_for", "session_id", "address", "salt")
FORM = {
    "what": "PostgreSQL's text of a JSON array: " + ", ".join(WHAT),
    "who": "PostgreSQL's text of a JSON array: " + ", ".join(WHO),
    "event_digest": "SHA-256 of the lines: what, hex SHA-256 of who",
    "digest": "SHA-256 of the lines: province, sequence, event_id, txid, event_digest, digest of the link before "
    "(64 zeros before the first); lines are joined by a line feed, without one at the end",
    "anchor": "Ed25519 over the lines: 'delta-commons journal anchor 1', province, sequence, digest, at",
}


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written."""

    events: int
    path: Path


async def export(
    database: Database, settings: Settings, tenant_id: str, folder: Path, *, progress: journal.Progress
) -> Exported:
    """Write a province's sealed events into a ZIP in `folder`; memory is bound by a batch."""
    names = {name: folder / name for name in ("events.jsonl", "events.csv", "anchors.jsonl")}
    async with database.transaction(TenantContext(tenant_id, read_only=True).info()) as session:
        known = await journal.anchors(session, tenant_id)
        last = await journal.head(session, tenant_id)
    end = last.sequence if last else 0
    _write(names["anchors.jsonl"], "".join(json.dumps(anchor.as_json()) + "\n" for anchor in known))
    count = 0
    with (
        names["events.jsonl"].open("w", encoding="utf-8") as lines,
        names["events.csv"].open("w", encoding="utf-8-sig", newline="") as table,
    ):
        rows = csv.writer(table)
        rows.writerow(("sequence", *WHAT, *WHO[:-1], "digest"))
        async for batch in journal.links(database, tenant_id, first=1, last=end):
            for link, at, what, who in batch:
                lines.write(
                    json.dumps(_line(link, tenant_id, what if at else None, who), ensure_ascii=False) + "\n"
                )
                rows.writerow(_row(link, tenant_id, what if at else None, who))
            count += len(batch)
            await progress(count, end)
    manifest = {
        "province": tenant_id,
        "events": count,
        "head": {"sequence": end, "digest": last.digest.hex() if last else None},
        "exported_at": clock.now().isoformat(),
        "key": journal.public_key(settings).hex(),
        "form": FORM,
        "sha256": {name: _digest(path) for name, path in names.items()},
    }
    _write(folder / "manifest.json", json.dumps(manifest, ensure_ascii=False, indent=1))
    path = folder / "journal.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in (*names, "manifest.json"):
            archive.write(folder / name, name)
    return Exported(count, path)


def _line(link: journal.JournalSeal, tenant_id: str, what: str | None, who: str) -> Mapping[str, Any]:
    shown = {"who": who} if what and json.loads(what)[6] == tenant_id else {}
    return {
        "sequence": link.sequence,
        "event_id": str(link.event_id),
        "txid": link.txid,
        "what": what,
        **shown,
        "who_digest": journal.who_digest(who) if what else None,
        "event_digest": link.event_digest.hex(),
        "digest": link.digest.hex(),
    }


def _row(link: journal.JournalSeal, tenant_id: str, what: str | None, who: str) -> list[str]:
    facts = json.loads(what) if what else [None] * len(WHAT)
    own = facts[6] == tenant_id
    persons = json.loads(who)[:-1] if own else [None] * (len(WHO) - 1)
    cells = ["" if value is None else formula_safe(str(value)) for value in (*facts, *persons)]
    return [str(link.sequence), *cells, link.digest.hex()]


def _write(path: Path, content: str) -> None:
    path.write_text(content, encoding="utf-8")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
