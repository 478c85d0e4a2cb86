"""How much of a file we are willing to read."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on a table; beyond them `TableError` says which one was passed."""

    bytes: int = 50 * 1024 * 1024
    """Size of the file as sent."""
    unpacked_bytes: int = 300 * 1024 * 1024
    """Size of an XLSX's XML parts together once unpacked."""
    rows: int = 200_000
    """Rows that are not blank."""
    columns: int = 1_000
    cell_characters: int = 32_767
    """Excel's own limit."""
    sheet_area: int = 8_000_000
    """Rows x columns of the rectangle a sheet's content spans: about 32 bytes of memory each."""
