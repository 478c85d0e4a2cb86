"""Pictures and manuals: judged by content, seen by whoever sees the instrument, kept by whoever runs it."""

import os
import time
from datetime import UTC
from email.utils import format_datetime
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from sqlalchemy import select

from app.files.models import KeptFile
from app.files.public import path_of
from app.instruments.registry.models import InstrumentFile
from app.journal.models import JournalEvent
from app.settings import Settings
from app.tenancy.context import TenantContext
from tests.instruments.conftest import ZHEJIANG, Lab
from tests.instruments.pictures import PDF, jpeg, png, webp
from tests.support.forms import HTML, faults_of, form_to, submit

URL = "/api/v1/instruments"


async def send(
    lab: Lab, entry: dict[str, Any], *files: tuple[str, bytes], client: httpx2.AsyncClient | None = None
) -> httpx2.Response:
    return await (client or lab.manager).post(
        f"{URL}/{entry['id']}/files",
        files=[("files", (name, content, "text/plain")) for name, content in files],
        headers={"if-match": f'"v{entry["version"]}"'},
    )


async def sent(lab: Lab, *files: tuple[str, bytes], **values: Any) -> dict[str, Any]:
    answer = await send(lab, await lab.create(**values), *files)
    assert answer.status_code == 201, answer.text
    entry: dict[str, Any] = answer.json()
    return entry


async def rows(lab: Lab, model: Any) -> list[Any]:
    async with lab.database.transaction(TenantContext(ZHEJIANG).info()) as session:
        return list((await session.scalars(select(model))).all())


def codes(answer: httpx2.Response) -> list[str]:
    return [error["code"] for error in answer.json()["errors"]]


async def test_content_decides_what_a_file_is(lab: Lab) -> None:
    entry = await sent(lab, ("手册.png", PDF), ("全貌.pdf", png()), ("a/b\\细节.jpeg", jpeg(20, 10)))
    shown = [(file["kind"], file["media_type"], file["title"], file["name"]) for file in entry["files"]]
    assert shown == [
        ("manual", "application/pdf", "手册", "手册.png"),
        ("picture", "image/png", "全貌", "全貌.pdf"),
        ("picture", "image/jpeg", "细节", "细节.jpeg"),
    ]
    assert [(file["width"], file["height"]) for file in entry["files"]] == [(None, None), (4, 3), (20, 10)]
    assert entry["version"] == 2


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file_empty"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "file_kind"),
        (b"<!doctype html><script>alert(1)</script>", "file_kind"),
        (png()[:20], "picture_damaged"),
        (webp(b"VP8X", bytes(4) + b"\xff\xff\xff" * 2), "picture_too_large"),
        (png() + bytes(10 * 2**20), "file_too_large"),
    ],
)
async def test_what_is_wrong_is_refused_with_everything_beside_it(
    lab: Lab, content: bytes, code: str
) -> None:
    entry = await lab.create()
    answer = await send(lab, entry, ("good.png", png()), ("x.png", content))
    assert (answer.status_code, codes(answer)) == (422, [code])
    assert (await rows(lab, InstrumentFile), await rows(lab, KeptFile)) == ([], [])


async def test_all_faults_are_said_at_once_and_nothing_is_missing(lab: Lab) -> None:
    entry = await lab.create()
    answer = await send(lab, entry, ("a", b""), ("b", b"x"))
    assert codes(answer) == ["file_empty", "file_kind"]
    assert codes(await send(lab, entry)) == ["missing"]


async def test_there_is_an_end_to_pictures(lab: Lab) -> None:
    entry = await sent(lab, *((f"{shade}.png", png(shade=shade)) for shade in range(12)))
    assert codes(await send(lab, entry, ("13.png", png(shade=13)))) == ["too_many_files"]
    again = await send(lab, entry, ("同样.png", png(shade=3)))
    assert (again.status_code, len(again.json()["files"])) == (201, 12)


async def test_who_sees_the_instrument_sees_its_files(lab: Lab) -> None:
    entry = await sent(lab, ("a.png", png()), ("b.pdf", PDF), scope="organisation")
    for file in entry["files"]:
        page = f"/instruments/{entry['id']}/files/{file['id']}"
        for url in (file["url"], page):
            seen = {
                who: (await getattr(lab, who).get(url)).status_code
                for who in ("visitor", "stranger", "neighbour", "member", "manager", "admin", "auditor")
            }
            assert [who for who, status in seen.items() if status == 404] == [
                "visitor",
                "stranger",
                "neighbour",
            ]
            assert [who for who, status in seen.items() if status == 200] == [
                "member",
                "manager",
                "admin",
                "auditor",
            ]
    other = await lab.create(inner_id="B")
    assert (await lab.manager.get(f"{URL}/{other['id']}/files/{file['id']}")).status_code == 404


async def test_files_leave_with_safe_headers(lab: Lab) -> None:
    entry = await sent(lab, ("图.png", png()), ("书.pdf", PDF), scope="public")
    picture, manual = [await lab.visitor.get(file["url"]) for file in entry["files"]]
    assert (picture.content, manual.content) == (png(), PDF)
    for answer in (picture, manual):
        assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "private, no-cache"
    assert picture.headers["content-type"] == "image/png"
    assert picture.headers["content-disposition"].startswith("inline")
    assert manual.headers["content-type"] == "application/pdf"
    assert manual.headers["content-disposition"].startswith("attachment")
    again = await lab.visitor.get(
        entry["files"][0]["url"], headers={"if-none-match": picture.headers["etag"]}
    )
    assert (again.status_code, again.content) == (304, b"")


async def test_headers_do_not_tell_when_others_read_the_same_bytes(lab: Lab, settings: Settings) -> None:
    entry = await sent(lab, ("图.png", png()), scope="public")
    (row,) = await rows(lab, InstrumentFile)
    path = path_of(settings, row.digest)
    assert path is not None
    os.utime(path, (time.time() + 60, time.time() + 60))
    answer = await lab.visitor.get(entry["files"][0]["url"])
    made = format_datetime(row.created_at.astimezone(UTC), usegmt=True)
    assert answer.headers["last-modified"] == made


async def test_who_may_keep_files(lab: Lab) -> None:
    entry = await sent(lab, ("a.png", png()), scope="public")
    version = {"if-match": f'"v{entry["version"]}"'}
    url = entry["files"][0]["url"]
    for who, status in (("visitor", 401), ("member", 403), ("auditor", 403), ("stranger", 403)):
        client = getattr(lab, who)
        assert (await send(lab, entry, ("b.png", png(shade=9)), client=client)).status_code == status, who
        answers = [
            await client.patch(url, json={"title": "x"}, headers=version),
            await client.put(f"{URL}/{entry['id']}/file-order", json={"file_ids": []}, headers=version),
            await client.post(f"{url}/remove", json={"reason": "x"}, headers=version),
        ]
        assert [answer.status_code for answer in answers] == [status] * 3, who
    assert len(await rows(lab, InstrumentFile)) == 1


async def test_files_are_ordered_renamed_and_removed_under_the_version(lab: Lab) -> None:
    entry = await sent(lab, ("a.png", png()), ("b.png", png(shade=1)), ("c.pdf", PDF))
    first, second, third = [file["id"] for file in entry["files"]]
    order = f"{URL}/{entry['id']}/file-order"
    stale = {"if-match": '"v1"'}
    now = {"if-match": '"v2"'}
    for ids in ([first, second], [first, second, third, third], [first, second, str(uuid4())]):
        refused = await lab.manager.put(order, json={"file_ids": ids}, headers=now)
        assert (refused.status_code, codes(refused)) == (422, ["not_its_files"])
    wanted = [third, second, first]
    assert (await lab.manager.put(order, json={"file_ids": wanted}, headers=stale)).status_code == 412
    ordered = (await lab.manager.put(order, json={"file_ids": wanted}, headers=now)).json()
    assert [file["id"] for file in ordered["files"]] == wanted
    url = f"{URL}/{entry['id']}/files/{first}"
    renamed = await lab.manager.patch(url, json={"title": "样品室"}, headers={"if-match": '"v3"'})
    assert renamed.json()["files"][2]["title"] == "样品室"
    body = {"reason": "拍错了"}
    assert (await lab.manager.post(f"{url}/remove", json=body, headers=now)).status_code == 412
    left = await lab.manager.post(f"{url}/remove", json=body, headers={"if-match": '"v4"'})
    assert [file["id"] for file in left.json()["files"]] == [third, second]
    assert (await lab.manager.get(url)).status_code == 404
    assert {str(kept.holder_id) for kept in await rows(lab, KeptFile)} == {second, third}
    events = [
        e for e in await rows(lab, JournalEvent) if (e.kind or "").startswith("instrument.file_removed")
    ]
    assert [(e.before["title"], e.after["reason"]) for e in events] == [("样品室", "拍错了")]


async def test_the_page_keeps_files_without_script(lab: Lab) -> None:
    entry = await lab.create(scope="public")
    back = f"/instruments/{entry['id']}"
    url = f"{back}/files"
    assert "还没有图片" in (await lab.manager.get(url, headers=HTML)).text

    async def upload(*files: tuple[str, bytes]) -> httpx2.Response:
        page = await lab.manager.get(url, headers=HTML)
        given = dict(form_to(page.text, url).fields)
        sent_files = [("files", (name, content)) for name, content in files]
        return await lab.manager.post(url, data=given, files=sent_files, headers=HTML)

    bad = await upload(("x.html", b"<html>"))
    assert bad.status_code == 422
    assert faults_of(bad.text)
    assert (await upload(("一.png", png()), ("二.png", png(shade=1)), ("书.pdf", PDF))).status_code == 303
    first, second, _ = (await lab.manager.get(f"{URL}/{entry['id']}")).json()["files"]
    moved = await submit(lab.manager, url, f"{url}/{second['id']}/move")
    assert moved.status_code == 303, moved.text
    titles = [file["title"] for file in (await lab.manager.get(f"{URL}/{entry['id']}")).json()["files"]]
    assert titles == ["二", "一", "书"]
    blank = await submit(lab.manager, url, f"{url}/{first['id']}", {"title": " "})
    assert blank.status_code == 422
    assert faults_of(blank.text)
    assert (await submit(lab.manager, url, f"{url}/{first['id']}", {"title": "全貌"})).status_code == 303
    remove = f"{url}/{second['id']}/remove"
    assert (await submit(lab.manager, remove, remove)).status_code == 422
    assert (await submit(lab.manager, remove, remove, {"reason": "重复"})).status_code == 303
    seen = (await lab.visitor.get(back, headers=HTML)).text
    assert 'alt="全貌"' in seen
    assert "书</a>" in seen
    assert f"{url}/{second['id']}" not in seen
    assert (await lab.visitor.get(url, headers=HTML)).status_code == 303
    assert (await lab.member.get(url, headers=HTML)).status_code == 403
