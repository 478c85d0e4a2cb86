"""Reading tables in tests."""

import pytest

from app.core.tabular import Row, Table, TableError, read

CHINESE = "设备名称,型号,原值\n扫描电子显微镜,S-4800,2350000.00\n质谱仪,“天瑞”,12.5℃\n"


def table(data: bytes | str, name: str = "t.csv", **options: object) -> Table:
    return read(data.encode() if isinstance(data, str) else data, filename=name, **options)  # type: ignore[arg-type] # passed through


def cells(found: Table) -> list[tuple[str, ...]]:
    return [row.cells for row in found.rows()]


def faults(row: Row) -> list[tuple[int | None, str, str | None]]:
    return [(fault.row, fault.code, fault.column) for fault in row.faults]


def refused(data: bytes | str, name: str = "t.csv", **options: object) -> str:
    with pytest.raises(TableError) as caught:
        list(table(data, name, **options).rows())
    assert caught.value.errors[0].message.text()
    return caught.value.reason
