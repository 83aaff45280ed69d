"""One adapter a source: from the fields of the national message format to the rows in force of the source's table.

Field names are those of the messages (MaHoSo, NgayTiepNhan …); a row with a value that cannot be read is rejected with
its first faulty field, and no value is guessed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sohoa.codes import dossier_day, dossier_key
from sohoa.intake.feed_files import LINE, Column, Reject
from sohoa.registry import leaf_unit
from sohoa.schema import TABLES

DOSSIER_DATE = "dossier_date"
_IS_CORRECTION = "is_correction"
_NEWEST_FIRST = ("updated_at", "dt", _IS_CORRECTION, "line")
_ROW = TABLES["register"]
_VALUE_CHARACTERS = 80
_CLOCK_TOLERANCE = timedelta(days=1)
_TIME = "một thời điểm dạng yyyyMMddHHmmss, giờ địa phương, ví dụ 20240415083000"


@dataclass(frozen=True)
class Field:
    """One field of a source: ``parse`` turns text into values and leaves null where it cannot."""

    source: str
    target: str
    parse: Callable[[Column], Column]
    expected: str
    """What a right value is (Vietnamese), to complete "phải ghi …"."""
    is_required: bool = False


def parse_text(text: Column) -> Column:
    """The text as it is."""
    return text


def parse_key(text: Column) -> Column:
    """Dossier codes in their one normal spelling."""
    return pa.array([None if code is None else dossier_key(code) for code in text.to_pylist()], pa.string())


def parse_commune(text: Column) -> Column:
    """Codes of five digits."""
    return _keep(text, pc.match_substring_regex(text, r"^\d{5}$"))


def parse_time(text: Column) -> Column:
    """``yyyyMMddHHmmss`` of the years 1990 to 2099 as local time; days and hours that do not exist are null."""
    candidates = _keep(text, pc.match_substring_regex(text, r"^(199|20\d)\d{11}$"))
    parsed = pc.strptime(candidates, format="%Y%m%d%H%M%S", unit="s", error_is_null=True)
    exact = pc.equal(pc.strftime(parsed, "%Y%m%d%H%M%S"), candidates)  # the C library takes 30 February for 1 March
    return _keep(parsed, exact).cast(pa.timestamp("ms"))


def parse_integer(low: int, high: int) -> Callable[[Column], Column]:
    """A parser of whole numbers from ``low`` to ``high``."""

    def parse(text: Column) -> Column:
        values = _keep(text, pc.match_substring_regex(text, r"^\d{1,9}$")).cast(pa.int64())
        return _keep(values, pc.and_(pc.greater_equal(values, pa.scalar(low)), pc.less_equal(values, pa.scalar(high))))

    return parse


def parse_flag(text: Column) -> Column:
    """0 and 1 as false and true."""
    return pc.equal(_keep(text, pc.match_substring_regex(text, "^[01]$")), pa.scalar("1"))


def _keep(values: Column, mask: Column) -> Column:
    return pc.if_else(mask, values, pa.scalar(None, values.type))


REGISTER = (
    Field("MaHoSo", "dossier_key", parse_key, "mã hồ sơ dạng H37.x.y-YYMMDD-NNNN hoặc 000.y.x.H37-YYMMDD-NNNN", True),
    Field("MaTTHC", "procedure_code", parse_text, ""),
    Field("MaLinhVuc", "field_code", parse_text, ""),
    Field("KenhThucHien", "channel", parse_integer(1, 3), "1 (trực tiếp), 2 (trực tuyến) hoặc 3 (bưu chính)"),
    Field("DonViXuLy", "agency", parse_text, ""),
    Field("MaDonViHanhChinh", "commune_code", parse_commune, "mã xã gồm 5 chữ số, giữ số 0 ở đầu, hoặc để trống"),
    Field("NgayTiepNhan", "received_at", parse_time, _TIME),
    Field("NgayHenTra", "due_at", parse_time, _TIME),
    Field("NgayKetThucXuLy", "finished_at", parse_time, _TIME),
    Field("NgayTra", "returned_at", parse_time, _TIME),
    Field("TrangThaiHoSo", "status", parse_integer(1, 10), "trạng thái từ 1 đến 10", True),
    Field("SoThanhPhan", "components", parse_integer(0, 999), "số thành phần phải số hóa, từ 0 đến 999", True),
    Field("CoKetQuaGiay", "has_paper_result", parse_flag, "0 hoặc 1", True),
    Field("MienSoHoa", "exemption", parse_text, ""),
    Field("LoaiBo", "is_void", parse_flag, "0 hoặc 1", True),
    Field("NgayCapNhat", "updated_at", parse_time, _TIME, True),
)
"""The fields of the register feed, in the order in which a row is checked."""


def adapt_register(text: pa.Table, dt: date) -> tuple[pa.Table, list[Reject]]:
    """Rows of the table ``register`` from the rows of a register feed.

    Args:
        text: the fields of ``REGISTER`` as strings (null where empty) and ``line``.
        dt: day of the feed file.

    Returns:
        (rows, rejects): rows with the columns of ``register`` and ``dossier_date``, ``first_seen`` being ``dt``; and
        one reject for each row that cannot be used.
    """
    given: dict[str, Column] = {name: text[name].combine_chunks() for name in text.column_names}
    values: dict[str, Column] = {field.target: field.parse(given[field.source]) for field in REGISTER}
    faults = np.array([_find_faults(field, given[field.source], values[field.target]) for field in REGISTER])
    is_bad: Column = faults.any(axis=0)
    rejects = _field_rejects(text.filter(is_bad), faults[:, is_bad])
    rows = pa.table({**values, LINE: given[LINE], "dossier_code": given["MaHoSo"]})
    rows, more = _place(rows.filter(~is_bad), dt)
    return rows, sorted(rejects + more, key=lambda reject: reject.line or 0)


def rank_rows(rows: pa.Table, is_correction: bool) -> pa.Table:
    """``rows`` with the column that ``merge_register`` needs."""
    return rows.append_column(_IS_CORRECTION, pa.array([int(is_correction)] * rows.num_rows, pa.int8()))


NO_ROWS = rank_rows(pa.schema([*_ROW, pa.field(DOSSIER_DATE, pa.date32())]).empty_table(), False)
"""An empty table as ``merge_register`` takes it."""


def merge_register(*parts: pa.Table) -> pa.Table:
    """The row in force of each dossier, in the order of dossier keys.

    Args:
        parts: rows of the register, each with ``is_correction`` (0 or 1): between rows of one dossier, NgayCapNhat and
            dt, that of a corrected file wins. Where all else is equal the values decide, so the order of rows and parts
            never matters.
    """
    rows = pa.concat_tables(parts)
    decided = {"dossier_key", "first_seen", *_NEWEST_FIRST}
    rest = [name for name in rows.column_names if name not in decided]
    order: Any = [("dossier_key", "ascending"), *((name, "descending") for name in [*_NEWEST_FIRST, *rest])]
    rows = rows.take(pc.sort_indices(rows, sort_keys=order)).combine_chunks()
    seen = rows.group_by("dossier_key", use_threads=False).aggregate([("first_seen", "min")]).sort_by("dossier_key")
    winners = rows.take(pc.index_in(seen["dossier_key"], value_set=rows["dossier_key"]))
    return winners.set_column(winners.column_names.index("first_seen"), "first_seen", seen["first_seen_min"])


def _find_faults(field: Field, text: Column, values: Column) -> Column:
    is_absent: Column = pc.is_null(values)
    fault: Column = is_absent if field.is_required else pc.and_(is_absent, pc.is_valid(text))
    return fault.to_numpy(zero_copy_only=False)


def _field_rejects(rows: pa.Table, faults: Column) -> list[Reject]:
    firsts = [REGISTER[i] for i in faults.argmax(axis=0)] if rows.num_rows else []
    return [_reject(row[LINE], field, row[field.source]) for row, field in zip(rows.to_pylist(), firsts, strict=True)]


def _reject(line: int, field: Field, value: str | None) -> Reject:
    problem = "Để trống" if value is None else "Sai giá trị"
    return Reject(line, field.source, f"{problem}; phải ghi {field.expected}.", _shorten(value))


def _shorten(value: str | None) -> str | None:
    return value if value is None or len(value) <= _VALUE_CHARACTERS else value[: _VALUE_CHARACTERS - 1] + "…"


def _place(rows: pa.Table, dt: date) -> tuple[pa.Table, list[Reject]]:
    """Add the dossier day and the leaf unit; reject rows that claim to be of the future or belong to no unit."""
    given: dict[str, Column] = {name: rows[name] for name in rows.column_names}
    days = [dossier_day(key) for key in given["dossier_key"].to_pylist()]
    owners = zip(given["agency"].to_pylist(), given["commune_code"].to_pylist(), days, strict=True)
    units = pa.array([leaf_unit(agency or "", commune, day) for agency, commune, day in owners], pa.string())
    seen = pa.array([dt] * rows.num_rows, pa.date32())
    added: dict[str, Column] = {
        "unit_code": units,
        "dt": seen,
        "first_seen": seen,
        DOSSIER_DATE: pa.array(days, pa.date32()),
    }
    rows = pa.table({**given, **added})
    end = datetime.combine(dt + _CLOCK_TOLERANCE, time.max)
    is_future = pc.greater(rows["updated_at"], pa.scalar(end, rows["updated_at"].type))
    is_homeless = pc.and_not(pc.is_null(rows["unit_code"]), is_future)
    rejects = [_future(row, dt) for row in rows.filter(is_future).to_pylist()]
    rejects += [_homeless(row) for row in rows.filter(is_homeless).to_pylist()]
    is_good = pc.invert(pc.or_(is_future, is_homeless))
    return rows.select([*_ROW.names, DOSSIER_DATE]).filter(is_good), rejects


def _future(row: dict[str, Any], dt: date) -> Reject:
    reason = f"NgayCapNhat muộn hơn ngày của tệp (dt={dt.isoformat()}); hãy kiểm tra đồng hồ của hệ thống gửi."
    return Reject(row[LINE], "NgayCapNhat", reason, row["updated_at"].strftime("%Y%m%d%H%M%S"))


def _homeless(row: dict[str, Any]) -> Reject:
    reason = (
        f"Không xác định được đơn vị của hồ sơ vào ngày {row[DOSSIER_DATE]:%d/%m/%Y}: phải ghi DonViXuLy là mã một "
        "cơ quan trong danh mục, hoặc MaDonViHanhChinh là mã một xã, có hiệu lực vào ngày đó."
    )
    return Reject(row[LINE], "DonViXuLy", reason, _shorten(f"{row['agency'] or ''} / {row['commune_code'] or ''}"))
