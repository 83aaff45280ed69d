"""Rows and files of the register feed, for tests: a good row by default, one value changed at a time."""

from __future__ import annotations

import csv
import io
from datetime import date
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq

from sohoa import layout
from sohoa.feeds.import_files import FeedFile, read_file
from sohoa.feeds.read_file import read_chunks
from sohoa.feeds.sources import REGISTER
from sohoa.feeds.text_rows import Reject

LIMIT = 10_000_000
"""Bytes that a file may have once it is unpacked."""
DT = date(2024, 4, 16)
HEADER = [field.source for field in REGISTER.fields]
GOOD_ROW = {
    "MaHoSo": "H37.81.03-240415-0012",
    "MaTTHC": "1.001193",
    "MaLinhVuc": "LV01",
    "KenhThucHien": "1",
    "DonViXuLy": "H37.81.03",
    "MaDonViHanhChinh": "06001",
    "NgayTiepNhan": "20240415083000",
    "NgayHenTra": "20240419170000",
    "NgayKetThucXuLy": "",
    "NgayTra": "",
    "TrangThaiHoSo": "4",
    "SoThanhPhan": "3",
    "CoKetQuaGiay": "1",
    "MienSoHoa": "",
    "LoaiBo": "0",
    "NgayCapNhat": "20240415090000",
}


def row(number: int = 12, **changes: str) -> dict[str, str]:
    """A good row of dossier ``number`` with some fields changed."""
    return {**GOOD_ROW, "MaHoSo": f"H37.81.03-240415-{number:04}", **changes}


def csv_bytes(*rows: dict[str, str], encoding: str = "utf-8", columns: list[str] | None = None) -> bytes:
    """A CSV file with a header."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns or HEADER, extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode(encoding)


def feed_file(name: str = "a.csv", dt: date = DT, *, is_correction: bool = False) -> FeedFile:
    """A feed file at its proper place."""
    key = f"{layout.feed_prefix('register')}dt={dt.isoformat()}/{name}"
    return FeedFile(key, "etag", "register", dt, is_placed=True, is_correction=is_correction)


def parquet_bytes(table: pa.Table, **options: Any) -> bytes:
    """A Parquet file."""
    sink = io.BytesIO()
    pq.write_table(table, sink, **options)
    return sink.getvalue()


def xlsx_bytes(*rows: list[Any]) -> bytes:
    """A workbook of one sheet."""
    return workbook_bytes({"Sheet": rows})


def workbook_bytes(sheets: dict[str, Any]) -> bytes:
    """A workbook: title of each sheet, and its rows."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for cells in rows:
            sheet.append(cells)
    return saved(book)


def saved(book: openpyxl.Workbook) -> bytes:
    """The file of a workbook."""
    sink = io.BytesIO()
    book.save(sink)
    return sink.getvalue()


def cells(number: int = 12, **changes: Any) -> list[Any]:
    """The cells of a good row, in the order of the header."""
    return [({**row(number), **changes})[name] for name in HEADER]


def read(data: bytes, name: str = "a.csv", dt: date = DT) -> tuple[list[dict[str, Any]], list[Reject], int]:
    """Rows, rejects and number of rows of a register file; its name in the rows is the same for all forms."""
    rows, rejects, count = read_file(REGISTER, feed_file(name, dt), data, LIMIT, read_chunks)
    return [row | {"feed_file": "a.csv"} for row in rows.to_pylist()], rejects, count
