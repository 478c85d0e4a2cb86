"""The encoding of a text file: proven, asked for, or chosen; a wrong choice is said, never a crash."""

import json

import pytest

from app.core.tabular import ENCODINGS, EncodingUnclear, TableError
from tests.core.tables import CHINESE, cells, faults, refused, table

SAMPLES = {
    "big5": "設備名稱,型號\n掃描電子顯微鏡,甲\n",
    "cp1252": "Gerät,Wert\nSpülmaschine,5 €\n",
    "latin-1": "Gerät,Wert\nSpülmaschine,5\n",
    "mac_roman": "Gerät,Wert\nSpülmaschine,5\n",
    "cp1250": "Přístroj,Hodnota\nMikroskop,č\n",
    "shift_jis": "装置,型番\n電子顕微鏡,ア\n",
    "euc_kr": "장비,모델\n현미경,가\n",
}
"""Text that an encoding can say, where it cannot say Chinese as it is written on the mainland."""


@pytest.mark.parametrize(
    ("codec", "named"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("gb18030", "gb18030"),
        ("gbk", "gb18030"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("utf-32", "utf-32"),
    ],
)
def test_encodings_told_without_asking(codec: str, named: str) -> None:
    found = table(CHINESE.encode(codec))
    assert found.encoding == named
    assert found.header == ("设备名称", "型号", "原值")
    assert cells(found) == [("扫描电子显微镜", "S-4800", "2350000.00"), ("质谱仪", "“天瑞”", "12.5℃")]


def test_big5_is_asked_with_samples() -> None:
    data = "設備名稱,型號\n掃描電子顯微鏡,甲\n質譜儀與離心機,乙\n".encode("big5")
    data.decode("gb18030")  # valid, and wrong: why strict decoding alone is not believed
    with pytest.raises(EncodingUnclear) as caught:
        table(data)
    best = caught.value.candidates[0]
    assert (best.encoding, best.undecodable) == ("big5", 0)
    assert best.sample.startswith("設備名稱,型號")
    assert caught.value.as_json()["candidates"][0]["encoding"] == "big5"
    assert cells(table(data, encoding="big5"))[0] == ("掃描電子顯微鏡", "甲")


@pytest.mark.parametrize(
    ("chosen", "written"),
    [
        *((name, name) for name in (*ENCODINGS, "utf-32", "utf-8-sig", "GBK", "gb2312", "latin-1")),
        *((wide, f"{wide}-{order}") for wide in ("utf-16", "utf-32") for order in ("le", "be")),
        *((name, name) for wide in ("utf-16", "utf-32") for name in (f"{wide}-le", f"{wide}-be")),
    ],
)
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_every_offered_encoding_is_read_when_chosen(chosen: str, written: str, mark: str) -> None:
    text = SAMPLES.get(chosen, CHINESE)
    data = ((mark if written.endswith(("le", "be", "utf-8")) else "") + text).encode(written)
    found = table(data, encoding=chosen)
    assert [found.header, *cells(found)] == [tuple(line.split(",")) for line in text.splitlines()]
    assert not [fault for row in found.rows() for fault in row.faults]
    assert cells(table(data, encoding=found.encoding)) == cells(found)


@pytest.mark.parametrize("name", ["utf-16", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_wide_files_cut_short_or_with_lost_bytes_are_read_with_their_faults(name: str) -> None:
    data = (CHINESE * 20).encode(name)
    codes = {fault.code for row in table(data[:-1], encoding=name).rows() for fault in row.faults}
    assert codes == {"undecodable_byte"}


def outcome(data: bytes, encoding: str) -> str:
    """How reading ends; anything but a table that can be kept or a reason is an exception of the test."""
    try:
        found = table(data, encoding=encoding)
        kept = json.dumps([found.columns, cells(found)], ensure_ascii=False).encode()
    except TableError as error:
        return error.reason
    assert b"\\u0000" not in kept
    return "read"


@pytest.mark.parametrize("name", [*ENCODINGS, "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize(
    "written", ["utf-8", "utf-8-sig", "gb18030", "big5", "utf-16", "utf-16-be", "cp1252"]
)
def test_a_wrongly_chosen_encoding_is_refused_or_shows_nonsense_but_never_breaks(
    written: str, name: str
) -> None:
    """The one-byte encodings decode nearly anything: there the sender sees from the samples that it is wrong."""
    data = (CHINESE * 20).encode(written, "ignore")
    assert outcome(data, name) in {"read", "encoding_wrong"}


@pytest.mark.parametrize(
    ("written", "chosen"),
    [
        ("gb18030", "utf-8"),
        ("big5", "utf-8"),
        ("gb18030", "utf-16"),
        ("utf-8", "utf-16"),
        ("utf-8", "utf-16-be"),
        ("utf-8-sig", "gb18030"),
        ("utf-16", "utf-8"),
        ("utf-16", "cp1252"),
        ("utf-16-le", "gb18030"),
        ("utf-16-le", "utf-16-be"),
        ("utf-8", "utf-32"),
    ],
)
def test_what_is_plainly_another_encoding_is_refused(written: str, chosen: str) -> None:
    assert refused((CHINESE * 20).encode(written, "ignore"), encoding=chosen) == "encoding_wrong"


@pytest.mark.parametrize(
    "name",
    [
        *("base64", "rot13", "hex", "zlib", "uu", "quopri", "undefined", "idna", "punycode", "utf-7"),
        *(
            "unicode_escape",
            "raw_unicode_escape",
            "mbcs",
            "oem",
            "no-such-encoding",
            "",
            "utf\0",
            "\ud800",
            "长" * 40,
        ),
    ],
)
def test_encodings_that_are_not_offered(name: str) -> None:
    assert refused("a,b\n1,2\n", encoding=name) == "encoding_unknown"


def test_a_stray_byte_is_named_at_its_cell_and_the_rest_is_read() -> None:
    found = list(table(b"name,model\nCryostat,A\nInc\xcaucyte,B\n").rows())
    assert [row.cells for row in found] == [("Cryostat", "A"), ("Inc\ufffducyte", "B")]
    assert [faults(row) for row in found] == [[], [(3, "undecodable_byte", "name")]]
    assert "0xCA" in found[1].faults[0].message.text()


def test_a_stray_byte_in_gb18030() -> None:
    data = (CHINESE * 20).encode("gb18030").replace("质谱仪".encode("gb18030"), b"\xff", 1)
    found = table(data)
    assert found.encoding == "gb18030"
    assert [fault for row in found.rows() for fault in faults(row)] == [(3, "undecodable_byte", "设备名称")]


def test_a_long_chinese_file_is_judged_by_its_beginning() -> None:
    data = ("名称,说明\n" + "扫描电子显微镜,用于材料表面形貌观察和成分分析\n" * 30_000).encode("gb18030")
    found = table(data)
    assert (found.encoding, sum(1 for _ in found.rows())) == ("gb18030", 30_000)


def test_a_chosen_encoding_is_used_though_it_costs_some_bytes() -> None:
    data = "名称,值\n扫描,1\n质谱,2\n".encode() + b"\xff,3\n"
    assert [faults(row) for row in table(data, encoding="utf-8").rows()] == [
        [],
        [],
        [(4, "undecodable_byte", "名称")],
    ]


def test_a_chosen_encoding_wins_over_a_guess() -> None:
    data = "茅,a\n1,2\n".encode("gb18030")
    assert table(data).header == ("é", "a")
    assert table(data, encoding="gb18030").header == ("茅", "a")


def test_a_header_that_cannot_be_read_is_announced() -> None:
    found = table(b"na\xcame,b\n1,2\n")
    assert [(w.code, w.row) for w in found.warnings] == [("header_unreadable", 1)]
