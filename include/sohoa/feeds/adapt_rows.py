"""From the text of a feed to rows of its table: a row with a value that cannot be read is rejected, none is guessed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sohoa.dossier_code import days_of
from sohoa.feeds.fields import Field, by_value
from sohoa.feeds.sources import Source
from sohoa.feeds.text_rows import LINE, Column, Reject
from sohoa.registry import find_agency, leaf_unit, unit_at

_VALUE_CHARACTERS = 80
_CLOCK_TOLERANCE = timedelta(days=1)
Placed = tuple[pa.Table, list[Reject]]


def adapt(source: Source, text: pa.Table, dt: date, system: str | None = None) -> Placed:
    """Rows of a source's table from the rows of its feed.

    Args:
        source: the feed.
        text: its fields as strings (null where empty) and ``line``.
        dt: day of the feed file.
        system: the folder of the file where the source has one for each system.

    Returns:
        (rows, rejects): rows with the columns of the table, of a table by dossier day with ``dossier_date`` too, and
        ``first_seen`` being ``dt``; and one reject for each row that cannot be used.
    """
    given: dict[str, Column] = {name: text[name].combine_chunks() for name in text.column_names}
    values: dict[str, Column] = {field.target: field.parse(given[field.source]) for field in source.fields}
    faults = np.array([_find_faults(field, given[field.source], values[field.target]) for field in source.fields])
    is_bad: Column = faults.any(axis=0)
    rejects = _field_rejects(source.fields, text.filter(is_bad), faults[:, is_bad])
    rows = pa.table({**values, LINE: given[LINE]})
    if source.is_by_dossier_day:
        rows = _place(source, rows.append_column("dossier_code", given["MaHoSo"]).filter(~is_bad), dt, system)
    else:
        rows = rows.filter(~is_bad)
    for refuse in _REFUSALS[source.name]:
        rows, more = refuse(rows, dt)
        rejects += more
    names = [*source.schema.names, *(["dossier_date"] if source.is_by_dossier_day else [])]
    return rows.select(names), sorted(rejects, key=lambda reject: reject.line or 0)


def _find_faults(field: Field, text: Column, values: Column) -> Column:
    is_absent: Column = pc.is_null(values)
    fault: Column = is_absent if field.is_required else pc.and_(is_absent, pc.is_valid(text))
    return fault.to_numpy(zero_copy_only=False)


def _field_rejects(fields: tuple[Field, ...], rows: pa.Table, faults: Column) -> list[Reject]:
    firsts = [fields[i] for i in faults.argmax(axis=0)] if rows.num_rows else []
    return [_reject(row[LINE], field, row[field.source]) for row, field in zip(rows.to_pylist(), firsts, strict=True)]


def _reject(line: int, field: Field, value: str | None) -> Reject:
    problem = "Để trống" if value is None else "Sai giá trị"
    return Reject(line, field.source, f"{problem}; phải ghi {field.expected}.", _shorten(value))


def _shorten(value: str | None) -> str | None:
    return value if value is None or len(value) <= _VALUE_CHARACTERS else value[: _VALUE_CHARACTERS - 1] + "…"


def _place(source: Source, rows: pa.Table, dt: date, system: str | None) -> pa.Table:
    """Add the dossier day, where the row comes from and, in the register, the leaf unit."""
    count = rows.num_rows
    seen = pa.array(np.full(count, dt, "datetime64[D]"))
    days = days_of(rows["dossier_key"])
    added: dict[str, Column] = {"dt": seen, "first_seen": seen, "dossier_date": days}
    if source.has_systems:
        added["system"] = pa.array([system] * count, pa.string())
    if "unit_code" in source.schema.names:
        owner = rows["handling_agency"], rows["commune_code"], days.cast(pa.string())
        owners = pc.binary_join_element_wise(*owner, "|", null_handling="replace", null_replacement="")
        added["unit_code"] = by_value(_leaf_unit, owners)
    return pa.table({**{name: rows[name] for name in rows.column_names}, **added})


def _leaf_unit(owner: str) -> str | None:
    agency_and_commune, _, day = owner.rpartition("|")
    agency, _, commune = agency_and_commune.rpartition("|")
    return leaf_unit(agency, commune or None, date.fromisoformat(day))


def _refuse(rows: pa.Table, is_bad: Column, explain: Callable[[dict[str, Any]], Reject]) -> Placed:
    return rows.filter(pc.invert(is_bad)), [explain(row) for row in rows.filter(is_bad).to_pylist()]


def _refuse_future(field: str, column: str, rows: pa.Table, dt: date) -> Placed:
    """Rows that claim to be of the future."""
    end = datetime.combine(dt + _CLOCK_TOLERANCE, time.max)
    reason = f"{field} muộn hơn ngày của tệp (dt={dt.isoformat()}); hãy kiểm tra đồng hồ của hệ thống gửi."
    is_bad = pc.greater(rows[column], pa.scalar(end, rows[column].type))
    return _refuse(rows, is_bad, lambda row: Reject(row[LINE], field, reason, row[column].strftime("%Y%m%d%H%M%S")))


def _refuse_homeless(rows: pa.Table, _dt: date) -> Placed:
    """Dossiers that belong to no unit."""
    return _refuse(rows, pc.is_null(rows["unit_code"]), _homeless)


def _homeless(row: dict[str, Any]) -> Reject:
    reason = (
        f"Không xác định được đơn vị của hồ sơ vào ngày {row['dossier_date']:%d/%m/%Y}: phải ghi DonViXuLy là mã một "
        "cơ quan trong danh mục, hoặc MaDonViHanhChinh là mã một xã, có hiệu lực vào ngày đó."
    )
    return Reject(
        row[LINE], "DonViXuLy", reason, _shorten(f"{row['handling_agency'] or ''} / {row['commune_code'] or ''}")
    )


def _refuse_backwards(rows: pa.Table, _dt: date) -> Placed:
    """Periods that end before they begin."""
    is_bad = pc.fill_null(pc.less(rows["end"], rows["start"]), False)
    reason = "DenNgay sớm hơn TuNgay; hãy ghi ngày đầu và ngày cuối của kỳ."
    return _refuse(rows, is_bad, lambda row: Reject(row[LINE], "DenNgay", reason, f"{row['end']:%Y%m%d}"))


def _refuse_strangers(rows: pa.Table, _dt: date) -> Placed:
    """Agencies that the registry does not know."""
    known = pa.array([find_agency(code) is not None for code in rows["agency"].to_pylist()], pa.bool_())
    reason = "Mã không có trong danh mục; phải ghi MaDonVi là mã một cơ quan trong danh mục."
    return _refuse(rows, pc.invert(known), lambda row: Reject(row[LINE], "MaDonVi", reason, _shorten(row["agency"])))


def _refuse_unknown_units(rows: pa.Table, _dt: date) -> Placed:
    """Units that do not exist when their period begins; the commune's agency stands for its commune."""
    codes = [_reported_unit(row["unit_code"], row["start"]) for row in rows.to_pylist()]
    units = pa.array(codes, pa.string())
    reason = "Mã không có hiệu lực vào ngày TuNgay; phải ghi MaDonVi là mã một đơn vị hành chính hoặc một cơ quan."
    is_bad = pc.is_null(units)
    kept, rejects = _refuse(rows, is_bad, lambda row: Reject(row[LINE], "MaDonVi", reason, _shorten(row["unit_code"])))
    place = kept.column_names.index("unit_code")
    return kept.set_column(place, "unit_code", units.filter(pc.invert(is_bad))), rejects


def _reported_unit(code: str, day: date) -> str | None:
    return code if unit_at(code, day) is not None else leaf_unit(code, None, day)


_REFUSALS: dict[str, tuple[Callable[[pa.Table, date], Placed], ...]] = {
    "register": (partial(_refuse_future, "NgayCapNhat", "updated_at"), _refuse_homeless),
    "portal": (partial(_refuse_future, "NgayDongBo", "synced_at"),),
    "ministry": (),
    "status": (partial(_refuse_future, "ThoiDiem", "changed_at"),),
    "national_report": (_refuse_backwards, _refuse_unknown_units),
    "backlog": (_refuse_strangers,),
    "notices": (_refuse_backwards, _refuse_strangers),
}
"""What else makes a row useless, by source."""
