"""XLSX: dates, numbers, merges and sheets as a person sees them; hostile packages refused before the reader sees them."""

import io
import itertools
import re
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import xlsxwriter

from app.core.tabular import Limits, Table, TableError, read, write_xlsx
from tests.support.shared import shared_data

SHEET = "xl/worksheets/sheet1.xml"


def workbook(fill: Callable[[xlsxwriter.Workbook], object]) -> bytes:
    target = io.BytesIO()
    with xlsxwriter.Workbook(target) as book:
        fill(book)
    return target.getvalue()


def xlsx(*rows: list[object]) -> bytes:
    target = io.BytesIO()
    write_xlsx(rows, target)  # type: ignore[arg-type] # the tests' cells are of every kind
    return target.getvalue()


def with_part(package: bytes, name: str, content: bytes) -> bytes:
    """The package with one part replaced or added."""
    target = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(package)) as old,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for entry in old.namelist():
            if entry != name:
                new.writestr(entry, old.read(entry))
        new.writestr(name, content)
    return target.getvalue()


def with_rows(xml: str) -> bytes:
    namespace = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    sheet = f'<?xml version="1.0"?><worksheet xmlns="{namespace}"><sheetData>{xml}</sheetData></worksheet>'
    return with_part(xlsx(["a"]), SHEET, sheet.encode())


def table(data: bytes, **options: object) -> Table:
    return read(data, filename="t.xlsx", **options)  # type: ignore[arg-type] # passed through


def cells(found: Table) -> list[tuple[str, ...]]:
    return [row.cells for row in found.rows()]


def refused(data: bytes, **options: object) -> str:
    with pytest.raises(TableError) as caught:
        list(table(data, **options).rows())
    assert caught.value.errors[0].message.text()
    return caught.value.reason


def test_cells_read_as_a_person_would_type_them() -> None:
    instant = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
    found = table(
        xlsx(
            ["编号", "值", "日期", "时间", "真"],
            ["00123", 2350000.0, date(2026, 11, 23), instant, "=1+1"],
            ["1e5", 0.1 + 0.2, None, None, 12345678901234567890],
            ["x", 1e-9, None, None, -5],
        )
    )
    assert cells(found) == [
        ("00123", "2350000", "2026-11-23", "2026-11-23 09:30:00", "=1+1"),
        ("1e5", "0.3", "", "", "12345678901234567890"),
        ("x", "0.000000001", "", "", "-5"),
    ]
    assert found.warnings == ()


def test_a_table_that_does_not_start_in_the_corner() -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet()
        sheet.write_row(3, 2, ["名称", "值"])
        sheet.write_row(5, 2, ["甲", True])

    found = table(workbook(fill))
    assert (found.header_row, found.columns) == (4, ("(A)", "(B)", "名称", "值"))
    assert [(row.number, row.cells) for row in found.rows()] == [(6, ("", "", "甲", "TRUE"))]


def test_merged_cells_are_filled_downwards_and_announced() -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet()
        sheet.merge_range(0, 0, 0, 2, "仪器一览表")
        sheet.write_row(1, 0, ["单位", "名称", "值"])
        sheet.merge_range(2, 0, 4, 0, "浙江大学")
        for row in range(2, 6):
            sheet.write_row(row, 1, [f"仪器{row}", row])

    found = table(workbook(fill))
    assert [row[0] for row in cells(found)] == ["浙江大学", "浙江大学", "浙江大学", ""]
    assert [w.code for w in found.warnings] == ["merged_cells", "rows_above_header"]
    assert "A3:A5" in found.warnings[0].message.text()


def test_merges_over_one_another_are_read_one_at_a_time() -> None:
    """No spreadsheet writes them; a hundred thousand of them must not be carried from row to row."""

    def fill(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["单位", "名称"])
        for row in range(1, 301):
            sheet.write_row(row, 1, [f"仪器{row}"])
        sheet.write(1, 0, "浙江大学")

    merges = "".join(f'<mergeCell ref="A{2 + n % 2}:A300"/>' for n in range(50_000))
    package, part = workbook(fill), "xl/worksheets/sheet1.xml"
    sheet = zipfile.ZipFile(io.BytesIO(package)).read(part).decode()
    merged = sheet.replace("</sheetData>", f'</sheetData><mergeCells count="50000">{merges}</mergeCells>')
    assert [row[0] for row in cells(table(with_part(package, part, merged.encode())))] == [
        "浙江大学"
    ] * 299 + [""]


def test_sheets_are_listed_and_chosen() -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        book.add_worksheet("空")
        hidden = book.add_worksheet("旧")
        hidden.hide()
        hidden.write_row(0, 0, ["x"])
        book.add_worksheet("数据").write_column(0, 0, ["名称", "甲"])

    data = workbook(fill)
    found = table(data)
    assert found.sheet == "数据"
    assert [(sheet.name, sheet.hidden) for sheet in found.sheets] == [
        ("空", False),
        ("旧", True),
        ("数据", False),
    ]
    assert [w.code for w in found.warnings] == ["sheet_not_read", "sheet_not_read"]
    assert table(data, sheet="旧").header == ("x",)
    assert refused(data, sheet="没有") == "sheet_unknown"
    assert refused(data, sheet="空") == "empty"


def test_values_a_formula_does_not_have_are_named() -> None:
    found = table(
        with_rows(
            '<row r="1"><c r="A1" t="inlineStr"><is><t>名称</t></is></c><c r="B1" t="inlineStr"><is><t>值</t></is></c></row>'
            '<row r="2"><c r="A2"><v>1</v></c><c r="B2" t="e"><f>1/0</f><v>#DIV/0!</v></c></row>'
            '<row r="3"><c r="A3"><v>2</v></c><c r="B3"><f>1+1</f></c></row>'
            '<row r="4"><c r="A4"><v>3</v></c><c r="B4"><f>1+1</f><v>2</v></c></row>'
        )
    )
    rows = list(found.rows())
    assert [row.cells for row in rows] == [("1", ""), ("2", ""), ("3", "2")]
    assert [[(f.row, f.code, f.column) for f in row.faults] for row in rows] == [
        [(2, "formula_error", "值")],
        [(3, "formula_uncalculated", "值")],
        [],
    ]


def test_errors_are_named_on_the_sheet_that_has_them() -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        for name in ("一", "二"):
            sheet = book.add_worksheet(name)
            sheet.write_row(0, 0, ["名称", "值"])
            sheet.write_row(1, 0, ["甲", 1])
            if name == "二":
                sheet.write_formula(2, 1, "=1/0", None, "#DIV/0!")

    data = workbook(fill)
    assert [row.faults for row in table(data).rows()] == [()]
    last = list(table(data, sheet="二").rows())[-1]
    assert [(fault.row, fault.code, fault.column) for fault in last.faults] == [(3, "formula_error", "值")]


def test_a_workbook_never_calculated_is_refused() -> None:
    assert (
        refused(with_rows('<row r="1">' + "<c><f>1</f></c>" * 100_001 + "</row>")) == "formulas_uncalculated"
    )


def test_times_of_day_and_durations() -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["开始", "时长"])
        sheet.write_number(1, 0, 0.5, book.add_format({"num_format": "hh:mm"}))
        sheet.write_number(1, 1, 1.25, book.add_format({"num_format": "[h]:mm:ss"}))

    assert cells(table(workbook(fill))) == [("12:00:00", "1 day, 6:00:00")]


@pytest.mark.parametrize(
    ("last_row", "outcome"),
    [
        ('<row r="1048576"><c r="XFD1048576" s="0"/></row>', 1),
        ('<row r="1048576"><c r="B1048576" t="inlineStr"><is><t> </t></is></c></row>', 1),
        ('<row r="1048576"><c r="B1048576"><v>7</v></c></row>', 2),
        ('<row r="1048576"><c r="XFD1048576"><v>7</v></c></row>', "sheet_too_sparse"),
        ('<row r="1048576"><c><v>7</v></c></row>', 2),
        ('<row r="4000000000"><c r="ZZZZZZ4000000000"><v>7</v></c></row>', "xlsx_damaged"),
        ('<row r="2000000"><c r="A2000000"><v>7</v></c></row>', "xlsx_damaged"),
        ('<row r="3"><c r="3"><v>7</v></c></row>', "xlsx_damaged"),
        ('<row r="-1"><c r="A-1"><v>7</v></c></row>', "xlsx_damaged"),
    ],
)
def test_phantom_rows_cost_nothing(last_row: str, outcome: int | str) -> None:
    first = '<row r="1"><c r="A1" t="inlineStr"><is><t>名称</t></is></c></row><row r="2"><c r="A2"><v>1</v></c></row>'
    data = with_rows(first + last_row)
    if isinstance(outcome, str):
        assert refused(data) == outcome
    else:
        assert len(list(table(data).rows())) == outcome


def test_entities_are_refused_unread() -> None:
    bomb = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b SYSTEM "file:///etc/passwd">]><x>&a;</x>'
    assert refused(with_part(xlsx(["a"]), SHEET, bomb)) == "xml_entities"
    assert refused(with_part(xlsx(["a"]), "xl/workbook.xml", bomb)) == "xml_entities"


def test_a_zip_bomb_is_stopped_while_unpacking() -> None:
    bomb = with_part(xlsx(["a"]), SHEET, b"<worksheet>" + b" " * 3_000_000 + b"</worksheet>")
    assert refused(bomb, limits=Limits(unpacked_bytes=1_000_000)) == "unpacks_too_large"


@pytest.mark.parametrize("cut", [4, 100, -200, -1])
def test_damaged_packages(cut: int) -> None:
    assert refused(xlsx(["a"], ["b"])[:cut]) == "xlsx_damaged"


@pytest.mark.parametrize("position", range(0, 6000, 371))
def test_a_flipped_byte_never_escapes_as_another_exception(position: int) -> None:
    data = bytearray(xlsx(["名称", "值"], ["甲", 1]))
    data[position % len(data)] ^= 0xFF
    reason = "read"
    try:
        list(table(bytes(data)).rows())
    except TableError as error:
        reason = error.reason
    assert reason in {"read", "xlsx_damaged", "not_xlsx", "encrypted", "empty", "not_a_table"}


def test_other_packages() -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as package:
        package.writestr("a.txt", "hello")
    assert refused(target.getvalue()) == "not_xlsx"
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600
    assert refused(ole) == "xls"
    assert refused(ole + "EncryptedPackage".encode("utf-16-le")) == "encrypted"


def test_encrypted_and_overfull_packages() -> None:
    data = re.sub(rb"(PK\x01\x02.{4})\x00", lambda m: m[1] + b"\x01", xlsx(["a"]), flags=re.DOTALL)
    assert refused(data) == "encrypted"
    target = io.BytesIO(xlsx(["a"]))
    with zipfile.ZipFile(target, "a") as package:
        for number in range(5_001):
            package.writestr(f"x{number}", b"")
    assert refused(target.getvalue()) == "xlsx_damaged"


def test_a_panic_of_the_reader_is_a_damaged_file(monkeypatch: pytest.MonkeyPatch) -> None:
    class PanicException(BaseException):
        pass

    def panic(_copy: object) -> None:
        raise PanicException

    monkeypatch.setattr("app.core.tabular.workbook.CalamineWorkbook.from_filelike", panic)
    assert refused(xlsx(["a"])) == "xlsx_damaged"


def test_hundred_thousand_rows(tmp_path: Path) -> None:
    path = tmp_path / "big.xlsx"
    with path.open("wb") as file:
        write_xlsx(itertools.chain([["编号", "名称"]], ([n, f"仪器{n}"] for n in range(100_000))), file)
    found = read(path, filename=path.name)
    assert sum(1 for _ in found.rows()) == 100_000


def test_what_does_not_fit_is_not_written_in_part() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        xlsx(["字" * 32_768])


def test_real_workbooks_with_a_history() -> None:
    folder = shared_data("badinput", "xlsx-phpspreadsheet", "XLSX")
    attacks = ["utf16entity.dontuse", "utf7quoteorder.dontuse", "utf8and16.dontuse", "ebcdic.dontuse"]
    for name in attacks:
        assert refused((folder / name).read_bytes()) == "xlsx_damaged", name
    dates = read(folder / "1904_Calendar.xlsx", filename="d.xlsx")
    assert dates.header == ("2022-01-01", "2021-12-31")
    backslashes = folder / "Zip-Windows-Directory-Separator.xlsx"
    assert read(backslashes, filename="b.xlsx").header[:2] == ("Key ID", "Key")
    wide = read(shared_data("tech", "patents", "ewaste.xlsx"), filename="ewaste.xlsx")
    assert (len(wide.columns), sum(1 for _ in wide.rows())) == (91, 8867)
