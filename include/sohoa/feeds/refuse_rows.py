"""What makes a row of a feed useless although each of its fields can be read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from sohoa.feeds.text_rows import LINE, Column, Reject
from sohoa.registry import find_agency, leaf_unit, unit_at, units_of

_VALUE_CHARACTERS = 80
_CLOCK_TOLERANCE = timedelta(days=1)
Sorted = tuple[pa.Table, list[Reject]]
"""The rows that can be used, and a reject for each that cannot."""


def shorten(value: str | None) -> str | None:
    """A value as a reject shows it."""
    return value if value is None or len(value) <= _VALUE_CHARACTERS else value[: _VALUE_CHARACTERS - 1] + "…"


def refuse_future(rows: pa.Table, field: str, column: str, dt: date) -> Sorted:
    """Refuse rows that claim to be of the future.

    Args:
        rows: rows of a feed file.
        field: name of the field that says when a row was written.
        column: its column.
        dt: day of the file.
    """
    end = datetime.combine(dt + _CLOCK_TOLERANCE, time.max)
    reason = f"{field} muộn hơn ngày của tệp (dt={dt.isoformat()}); hãy kiểm tra đồng hồ của hệ thống gửi."
    is_bad = pc.greater(rows[column], pa.scalar(end, rows[column].type))
    return _refuse(rows, is_bad, lambda row: Reject(row[LINE], field, reason, row[column].strftime("%Y%m%d%H%M%S")))


def refuse_later_days(rows: pa.Table, dt: date) -> Sorted:
    """Refuse rows whose dossier code names a day after that of the file: a digit is wrong, and no day of reception."""
    reason = f"Ngày trong mã hồ sơ muộn hơn ngày của tệp (dt={dt.isoformat()}); hãy chép đúng mã trên giấy tiếp nhận."
    is_bad = pc.greater(rows["dossier_date"], pa.scalar(dt + _CLOCK_TOLERANCE, pa.date32()))
    return _refuse(rows, is_bad, lambda row: Reject(row[LINE], "MaHoSo", reason, shorten(row["dossier_code"])))


def refuse_strange_communes(rows: pa.Table) -> Sorted:
    """Refuse codes that no commune ever bore; one that has ended means its successor."""
    codes = rows["commune_code"].to_pylist()
    known = {code: any(unit.level == "commune" for unit in units_of(code)) for code in set(codes) - {None}}
    is_bad = pa.array([code is not None and not known[code] for code in codes], pa.bool_())
    reason = "Không xã nào từng mang mã này; phải ghi mã một xã trong danh mục, hoặc để trống."
    return _refuse(rows, is_bad, lambda row: Reject(row[LINE], "MaDonViHanhChinh", reason, row["commune_code"]))


def refuse_homeless(rows: pa.Table) -> Sorted:
    """Refuse dossiers that belong to no unit."""
    return _refuse(rows, pc.is_null(rows["unit_code"]), _homeless)


def _homeless(row: dict[str, Any]) -> Reject:
    reason = (
        f"Không xác định được đơn vị của hồ sơ vào ngày {row['dossier_date']:%d/%m/%Y}: phải ghi DonViXuLy là mã một "
        "cơ quan trong danh mục, hoặc MaDonViHanhChinh là mã một xã, có hiệu lực vào ngày đó."
    )
    owner = f"{row['handling_agency'] or ''} / {row['commune_code'] or ''}"
    return Reject(row[LINE], "DonViXuLy", reason, shorten(owner))


def refuse_backwards(rows: pa.Table) -> Sorted:
    """Refuse periods that end before they begin."""
    is_bad = pc.fill_null(pc.less(rows["end"], rows["start"]), False)
    reason = "DenNgay sớm hơn TuNgay; hãy ghi ngày đầu và ngày cuối của kỳ."
    return _refuse(rows, is_bad, lambda row: Reject(row[LINE], "DenNgay", reason, f"{row['end']:%Y%m%d}"))


def refuse_strangers(rows: pa.Table) -> Sorted:
    """Refuse agencies that the registry does not know."""
    known = pa.array([find_agency(code) is not None for code in rows["agency"].to_pylist()], pa.bool_())
    reason = "Mã không có trong danh mục; phải ghi MaDonVi là mã một cơ quan trong danh mục."
    return _refuse(rows, pc.invert(known), lambda row: Reject(row[LINE], "MaDonVi", reason, shorten(row["agency"])))


def refuse_unknown_units(rows: pa.Table) -> Sorted:
    """Refuse units that do not exist when their period begins; the commune's agency stands for its commune."""
    codes = [_reported_unit(row["unit_code"], row["start"]) for row in rows.to_pylist()]
    units = pa.array(codes, pa.string())
    reason = "Mã không có hiệu lực vào ngày TuNgay; phải ghi MaDonVi là mã một đơn vị hành chính hoặc một cơ quan."
    is_bad = pc.is_null(units)
    kept, rejects = _refuse(rows, is_bad, lambda row: Reject(row[LINE], "MaDonVi", reason, shorten(row["unit_code"])))
    place = kept.column_names.index("unit_code")
    return kept.set_column(place, "unit_code", units.filter(pc.invert(is_bad))), rejects


def _reported_unit(code: str, day: date) -> str | None:
    return code if unit_at(code, day) is not None else leaf_unit(code, None, day)


def _refuse(rows: pa.Table, is_bad: Column, explain: Callable[[dict[str, Any]], Reject]) -> Sorted:
    return rows.filter(pc.invert(is_bad)), [explain(row) for row in rows.filter(is_bad).to_pylist()]
