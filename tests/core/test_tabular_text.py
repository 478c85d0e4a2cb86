"""CSV and TSV: delimiters, quotes, ragged rows; each fault named, nothing lost."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.tabular import EncodingUnclear, Limits, TableError, formula_safe, read, write_csv
from tests.core.tables import CHINESE, cells, faults, refused, table
from tests.support.shared import shared_data


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters(delimiter: str) -> None:
    lines = [["名称", "说明", "值"], ["甲", "一，二", "3"], ["乙", "a b", "4"]]
    found = table("\n".join(delimiter.join(line) for line in lines))
    assert (found.delimiter, cells(found)) == (delimiter, [tuple(line) for line in lines[1:]])


def test_the_line_that_names_the_delimiter_is_no_row() -> None:
    found = table("sep=;\r\na;b\r\n1,5;2\r\n")
    assert (found.delimiter, found.header_row) == (";", 1)
    assert [(row.number, row.cells) for row in found.rows()] == [(2, ("1,5", "2"))]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_and_row_numbers_as_a_spreadsheet_shows_them(end: str) -> None:
    found = table(end.join(["a,b", "1,2", "", '"x', 'y",3', " , ", "4,5"]))
    expected = [(2, ("1", "2")), (4, (f"x{end}y", "3")), (6, ("4", "5"))]
    assert [(row.number, row.cells) for row in found.rows()] == expected
    assert all(not row.faults for row in found.rows())


def test_ragged_rows_are_named_and_keep_what_they_have() -> None:
    rows = list(table("a,b,c\n1,2,3\n1,2\n1,2,3,4,5\n1,2,3,,\n").rows())
    assert [row.cells for row in rows] == [("1", "2", "3"), ("1", "2", ""), ("1", "2", "3"), ("1", "2", "3")]
    assert rows[2].surplus == ("4", "5")
    assert [faults(row) for row in rows] == [
        [],
        [(3, "too_few_cells", None)],
        [(4, "too_many_cells", None)],
        [],
    ]


@pytest.mark.parametrize(
    "broken", ['"Leica "SP8" confocal",x', '"never closed,x'], ids=["text after quote", "never closed"]
)
def test_a_broken_quote_does_not_swallow_its_neighbours(broken: str) -> None:
    rows = list(table(f"name,b\ngood,1\n{broken}\nafter,2\nlast,3\n").rows())
    assert [row.number for row in rows] == [2, 3, 4, 5]
    assert rows[1].cells == tuple(broken.split(","))
    assert [faults(row) for row in rows] == [[], [(3, "quote_broken", None)], [], []]


def test_a_cell_of_a_thousand_lines_is_taken_for_a_broken_quote() -> None:
    rows = list(table('a,b\n"' + "x,1\n" * 1_100 + '"\n').rows())
    assert (rows[0].cells, faults(rows[0])) == (('"x', "1"), [(2, "quote_broken", None)])
    assert [row.cells for row in rows[1:1_100]] == [("x", "1")] * 1_099


def test_quotes_mean_nothing_in_tab_separated_files() -> None:
    rows = list(table('name\tb\n"5 inch" wafer\t\\N\n', "t.tsv").rows())
    assert (rows[0].cells, rows[0].faults) == (('"5 inch" wafer', ""), ())


def test_too_many_broken_quotes_are_refused() -> None:
    assert refused("a,b\n" + '"x"y,1\n' * 1500) == "quotes_broken"


def test_blank_and_repeated_headers_are_announced_and_columns_stay_unique() -> None:
    found = table("名称,,备注,备注,\n1,2,3,4,\n")
    assert found.header == ("名称", "", "备注", "备注")
    assert found.columns == ("名称", "(B)", "备注 (C)", "备注 (D)")
    assert [w.code for w in found.warnings] == ["header_blank", "header_repeated"]


def test_column_names_are_one_line_unique_and_printable() -> None:
    found = table('"原值\r\n(元)",a\0b,备注,备注,备注 (C),' + "长" * 500 + "\n1,2,3,4,5,6\n")
    assert found.columns == ("原值 (元)", "a\ufffdb", "备注 (C) (C)", "备注 (D)", "备注 (C)", "长" * 200)
    assert [w.code for w in found.warnings] == ["header_unreadable", "header_repeated"]


def test_titles_above_the_header_are_announced() -> None:
    found = table("大型仪器设备一览表,,\n,,\n名称,型号,值\n甲,乙,1\n丙,丁,2\n")
    assert (found.header_row, cells(found)) == (3, [("甲", "乙", "1"), ("丙", "丁", "2")])
    assert [w.code for w in found.warnings] == ["rows_above_header"]
    assert table("a,b\n1,2\nx,y\n3,4\n", header_row=3).header == ("x", "y")
    assert refused("a,b\n1,2\n", header_row=9) == "header_missing"


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        ("a\0b", "nul_character"),
        ("a\x07b", "control_character"),
        ("a\u202eb", "bidi_character"),
        ("a\u200fb", "bidi_character"),
        ("字" * 32_768, "cell_too_long"),
    ],
)
def test_characters_that_do_harm_are_named(bad: str, code: str) -> None:
    rows = list(table(f"名称,值\n好,1\n{bad},2\n").rows())
    assert [faults(row) for row in rows] == [[], [(3, code, "名称")]]
    assert rows[1].cells == (bad.replace("\0", "\ufffd"), "2")
    assert len(rows[1].faults[0].value or "") <= 80


@pytest.mark.parametrize(
    ("data", "name", "reason"),
    [
        (b"", "t.csv", "empty"),
        (b" \n,,\n\n", "t.csv", "empty"),
        (b"\xef\xbb\xbf", "t.csv", "empty"),
        (b"%PDF-1.7 ...", "t.csv", "not_a_table"),
        (b"\x89PNG\r\n\x1a\n", "t.csv", "not_a_table"),
        (bytes(range(32)) * 50, "t.csv", "not_a_table"),
        (b"<html><table><tr><td>1</td></tr></table>", "t.xls", "markup"),
        ("<!DOCTYPE html><p>".encode("utf-16"), "t.csv", "markup"),
        (b"a,b\n1,2\n", "t.xlsx", "xlsx_damaged"),
        (b"x" * 1_100_000, "t.csv", "line_too_long"),
    ],
)
def test_what_is_no_table(data: bytes, name: str, reason: str) -> None:
    assert refused(data, name) == reason


def test_limits() -> None:
    assert refused("a\n" + "1\n" * 9, limits=Limits(rows=8)) == "too_many_rows"
    assert refused("a,b,c\n1,2,3\n", limits=Limits(columns=2)) == "too_many_columns"
    assert refused("a,b,c\n1,2,3\n", limits=Limits(bytes=8)) == "file_too_large"


def test_rows_can_be_read_twice_from_a_path(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(CHINESE, encoding="gb18030")
    found = read(path, filename="t.csv")
    assert list(found.rows()) == list(found.rows())


@pytest.mark.parametrize("blank", ["", " ", "\t", "\u3000", "\u00a0 ", "\ufeff", "\r", "\n"])
@pytest.mark.parametrize("sign", list("=+-@＝＋－＠"))
def test_every_start_of_a_formula_is_disarmed(sign: str, blank: str) -> None:
    cell = f"{blank}{sign}SUM(A1)"
    assert formula_safe(cell) == f"'{cell}"
    written = b"".join(write_csv([["名称", "值"], [cell, "x"]]))
    assert cells(table(written)) == [(cell, "x")]


@pytest.mark.parametrize("cell", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\tx", "=HYPERLINK(0)"])
def test_formulas_are_disarmed_in_csv_and_come_back_unchanged(cell: str) -> None:
    assert formula_safe(cell) == f"'{cell}"
    written = b"".join(write_csv([["名称", "值"], ["x", cell]]))
    assert cells(table(written)) == [("x", cell)]


@pytest.mark.parametrize("cell", ["-5", "+3.2", "-12.5%", "a=b", "'=1", "", "1,000"])
def test_what_is_no_formula_stays(cell: str) -> None:
    assert formula_safe(cell) == cell


TEXTS = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\u061c\u200e\u200f"), max_size=30
)


@given(st.lists(st.lists(TEXTS, min_size=3, max_size=3), min_size=1, max_size=10))
def test_what_is_written_is_read(rows: list[list[str]]) -> None:
    data = b"".join(write_csv([["甲", "乙", "丙"], *rows]))
    expected = [tuple(row) for row in rows if any(cell.strip() for cell in row)]
    # Blanks after a delimiter belong to the writer, and an apostrophe before a sign to `formula_safe`.
    assert [tuple(map(_plain, row)) for row in cells(table(data))] == [
        tuple(map(_plain, row)) for row in expected
    ]


def _plain(cell: str) -> str:
    return cell.lstrip(" ").removeprefix("'")


def test_long_tables_are_written_in_chunks() -> None:
    chunks = list(write_csv([["n"], *([n] for n in range(2_500))]))
    assert len(chunks) == 3
    assert len(cells(table(b"".join(chunks)))) == 2_500


def test_gb18030_is_written_for_spreadsheets_that_know_no_utf8() -> None:
    data = b"".join(write_csv([["名称"], ["扫描"], [None], [1.5]], encoding="gb18030"))
    assert data == '名称\r\n扫描\r\n""\r\n1.5\r\n'.encode("gb18030")


def test_csv_spectrum() -> None:
    folder = shared_data("badinput", "csv-spectrum")
    for path in sorted((folder / "csvs").glob("*.csv")):
        expected = json.loads((folder / "json" / f"{path.stem}.json").read_text(encoding="utf-8"))
        found = read(path, filename=path.name)
        rows = [dict(zip(found.header, row.cells, strict=True)) for row in found.rows()]
        for row in [*rows, *(expected := expected if isinstance(expected, list) else [expected])]:
            row.pop("Contact Phone Number", None)  # blotted out in the copy
            row.update({key: value.replace("\r\n", "\n") for key, value in row.items()})  # so are the CRs
        assert rows == expected, path.name
        assert not any(row.faults for row in found.rows()), path.name


def test_a_real_equipment_register_imports_with_its_fault_named() -> None:
    rows = list(
        read(shared_data("instruments", "st-andrews", "equipment.csv"), filename="equipment.csv").rows()
    )
    assert len(rows) == 623
    assert [(f.row, f.column) for row in rows for f in row.faults] == [(484, "Description")]


def test_a_file_of_an_old_mac_with_lost_bytes() -> None:
    path = shared_data("tech", "patents", "pizza_lens_1000_raw.csv")
    with pytest.raises(EncodingUnclear) as caught:
        read(path, filename=path.name)
    assert caught.value.candidates[0].encoding == "mac_roman"
    rows = list(read(path, filename=path.name, encoding="cp1252").rows())
    assert len(rows) == 1000
    assert {fault.code for row in rows for fault in row.faults} == {"undecodable_byte"}


def test_every_bad_input_is_read_or_refused_with_a_reason() -> None:
    for folder in ("messytables", "xlsx-phpspreadsheet", "encodings", "zip-yauzl", "json-testsuite", "blns"):
        for path in sorted(p for p in shared_data("badinput", folder).rglob("*") if p.is_file()):
            assert outcome(path) in REASONS, path


REASONS = frozenset(
    [
        "read",
        "empty",
        "encoding_unclear",
        "encrypted",
        "markup",
        "not_a_table",
        "not_xlsx",
        "xls",
        "xlsx_damaged",
        "xml_entities",
    ]
)


def outcome(path: Path) -> str:
    """How reading a file ends; anything but a table or a reason is an exception of the test."""
    try:
        list(read(path, filename=path.name).rows())
    except TableError as error:
        return error.reason
    return "read"
