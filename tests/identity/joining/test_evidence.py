"""Evidence: a file is what its bytes say, is seen by few, and is kept for as long as it is needed."""

import os
import time
from pathlib import Path

import httpx2
import pytest

from app.core.db import Database
from app.files.jobs import purge
from app.files.public import folder
from app.jobs.tasks import Job
from app.settings import Settings
from tests.identity.joining.conftest import API, JPEG, PDF, PNG, Desk, version

HTML = {"accept": "text/html"}
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


async def test_it_is_served_so_that_no_browser_runs_it(desk: Desk, client: httpx2.AsyncClient) -> None:
    clerk, admin = await desk.clerk(), await desk.admin()
    stranger, foreign = await desk.clerk(name="许清禾"), await desk.admin("320000")
    application_id = await desk.submitted(clerk)
    evidence = (await clerk.get(f"{API}/{application_id}")).json()["evidence"][0]
    api = f"{API}/{application_id}/evidence/{evidence['id']}"
    page = f"/organisations/apply/{application_id}/evidence/{evidence['id']}"
    for url in (api, page):
        for person in (clerk, admin):
            got = await person.get(url)
            assert (got.status_code, got.content) == (200, PDF)
            assert got.headers["content-type"] == "application/pdf"
            assert got.headers["x-content-type-options"] == "nosniff"
            assert got.headers["content-disposition"].startswith("attachment;")
            assert got.headers["cache-control"] == "no-store"
            assert got.headers["content-security-policy"] == "default-src 'none'; sandbox"
        assert [(await person.get(url)).status_code for person in (stranger, foreign)] == [404, 404]
    assert (await client.get(api)).status_code == 401
    signed_out = await client.get(page, headers=HTML)
    assert (signed_out.status_code, signed_out.headers["location"][:9]) == (303, "/sign-in?")


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("执照.pdf", b"MZ\x90\x00" + bytes(100), "identity.evidence_kind"),
        ("photo.png", SVG, "identity.evidence_kind"),
        ("bomb.pdf", b"PK\x03\x04" + bytes(100), "identity.evidence_kind"),
        ("page.pdf", b"<html>%PDF-", "identity.evidence_kind"),
        ("empty.pdf", b"", "identity.evidence_empty"),
        ("huge.pdf", b"%PDF-" + bytes(10 * 1024 * 1024), "identity.evidence_too_large"),
    ],
)
async def test_what_is_no_evidence(desk: Desk, name: str, content: bytes, code: str) -> None:
    clerk = await desk.clerk()
    application_id = await desk.draft(clerk)
    good = ("files", ("good.pdf", PDF))
    sent = await clerk.post(f"{API}/{application_id}/evidence", files=[good, ("files", (name, content))])
    assert sent.status_code == 422
    assert [(error["field"], error["code"]) for error in sent.json()["errors"]] == [("files", code)]
    assert (await clerk.get(f"{API}/{application_id}")).json()["evidence"] == []


async def test_what_comes_during_the_review_is_not_even_stored(desk: Desk, settings: Settings) -> None:
    clerk = await desk.clerk()
    application_id = await desk.submitted(clerk)
    before = set(folder(settings).rglob("*"))
    files = [("files", ("late.pdf", PDF + b"late"))]
    sent = await clerk.post(f"{API}/{application_id}/evidence", files=files)
    assert (sent.status_code, sent.json()["code"]) == (409, "identity.application_step_impossible")
    assert set(folder(settings).rglob("*")) == before


async def test_the_content_decides_and_the_name_is_only_shown(desk: Desk) -> None:
    clerk = await desk.clerk()
    application_id = await desk.draft(clerk)
    files = [("files", ("C:\\x\\a.exe", PNG)), ("files", ("../../../etc/passwd", JPEG))]
    sent = await clerk.post(f"{API}/{application_id}/evidence", files=files)
    kept = [(one["name"], one["media_type"]) for one in sent.json()["evidence"]]
    assert kept == [("a.exe", "image/png"), ("passwd", "image/jpeg")]
    again = await clerk.post(f"{API}/{application_id}/evidence", files=files)
    assert len(again.json()["evidence"]) == 2, "the same file again is the same evidence"


async def test_five_at_most(desk: Desk) -> None:
    clerk = await desk.clerk()
    application_id = await desk.draft(clerk)
    url = f"{API}/{application_id}/evidence"
    files = [("files", (f"{n}.pdf", PDF + bytes([n]))) for n in range(6)]
    assert (await clerk.post(url, files=files)).json()["errors"][0]["code"] == "identity.evidence_too_many"
    assert (await clerk.post(url, files=files[:5])).status_code == 201
    more = await clerk.post(url, files=files[5:])
    assert more.json()["errors"][0]["code"] == "identity.evidence_too_many"
    assert len((await clerk.get(f"{API}/{application_id}")).json()["evidence"]) == 5


async def test_only_the_applicant_changes_it_and_only_while_it_is_theirs(desk: Desk) -> None:
    clerk, admin, stranger = await desk.clerk(), await desk.admin(), await desk.clerk(name="许清禾")
    application_id = await desk.submitted(clerk)
    evidence_id = (await clerk.get(f"{API}/{application_id}")).json()["evidence"][0]["id"]
    url = f"{API}/{application_id}/evidence"
    files = [("files", ("more.pdf", PDF + b" "))]
    for person, status in ((stranger, 404), (admin, 404), (clerk, 409)):
        assert (await person.post(url, files=files)).status_code == status
        assert (await person.delete(f"{url}/{evidence_id}")).status_code == status
    other = await desk.draft(clerk)
    assert (await clerk.delete(f"{API}/{other}/evidence/{evidence_id}")).status_code == 404


async def test_it_is_kept_while_it_is_needed(
    desk: Desk, settings: Settings, database: Database, tmp_path: Path
) -> None:
    clerk = await desk.clerk()
    application_id = await desk.submitted(clerk)
    loose = folder(settings) / "aa" / ("a" * 64)
    loose.parent.mkdir(exist_ok=True)
    loose.write_bytes(b"nobody's")

    async def a_month_later() -> set[str]:
        for path in folder(settings).glob("??/*"):
            os.utime(path, (time.time() - 31 * 24 * 3600,) * 2)
        await purge(Job(1, "files.purge", {}, 1, True, database, settings))
        return {path.name for path in folder(settings).glob("??/*")}

    (digest,) = [row.digest for row in await desk.all("SELECT digest FROM kept_file")]
    assert await a_month_later() == {digest}
    shown = await clerk.get(f"{API}/{application_id}")
    withdrawn = await clerk.post(f"{API}/{application_id}/withdraw", headers=version(shown))
    assert withdrawn.json()["evidence"] == []
    assert await a_month_later() == set()


async def test_looking_at_an_applicants_data_is_noted(desk: Desk) -> None:
    """The officer sees a name and a telephone number; whoever looked stands in the journal."""
    application_id = await desk.submitted(await desk.clerk())
    admin = await desk.admin()
    who = (await admin.get("/api/v1/me")).json()["id"]
    seen = {
        f"/organisation-applications/{application_id}": "read.application",
        f"{API}/{application_id}": "read.application",
        "/organisation-applications/export.csv": "read.applications_file",
    }
    for path in seen:
        assert (await admin.get(path)).status_code == 200
    noted = await desk.all("SELECT kind, actor_id FROM journal_event WHERE kind LIKE 'read.%' ORDER BY id")
    assert [(row.kind, str(row.actor_id)) for row in noted] == [
        ("read.application", who),
        ("read.applications_file", who),
    ], "the second look within the minute is counted"


async def test_its_headers_do_not_tell_when_others_stored_or_read_the_same_bytes(
    desk: Desk, settings: Settings
) -> None:
    clerk, other = await desk.clerk(), await desk.clerk(name="许清禾")
    urls = []
    for person in (clerk, other):
        application_id = await desk.submitted(person)
        evidence = (await person.get(f"{API}/{application_id}")).json()["evidence"][0]
        urls.append(f"{API}/{application_id}/evidence/{evidence['id']}")
    before = await clerk.get(urls[0])
    (path,) = (path for path in folder(settings).glob("??/*") if path.read_bytes() == PDF)
    os.utime(path, (time.time() + 60, time.time() + 60))
    await other.get(urls[1])
    after = await clerk.get(urls[0])
    for name in ("etag", "last-modified"):
        assert before.headers[name] == after.headers[name]
