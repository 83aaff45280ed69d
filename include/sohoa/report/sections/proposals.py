"""Section VI: what to do, drawn from the tables of the sections before, each with the figure behind it.

No proposal is made on a limit of its own: a cause is named because it is there, or because it is the largest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sohoa.defects import DEFECTS
from sohoa.format_value import count, number, percent
from sohoa.labels import label_vi
from sohoa.report.model import Row, Table
from sohoa.report.sections.overdue_dossiers import TOTAL

Tables = Mapping[str, Table]
_NAMED = 3


def propose(tables: Tables) -> tuple[str, ...]:
    """The proposals that the tables give reason for, in the order of the sections."""
    found = [make(tables) for make in _ALL]
    return tuple(f"{number}. {line}" for number, line in enumerate((line for line in found if line), start=1))


def _rows(tables: Tables, name: str) -> tuple[Row, ...]:
    """The rows of a table; none where the report has no such table."""
    return tables[name].rows if name in tables else ()


def _lowest_rates(tables: Tables) -> str | None:
    province = next((row["rate_percent"] for row in _rows(tables, "rates") if row["rate"] == "dn_and"), None)
    blocks = [row for row in _rows(tables, "blocks") if row["rate_percent"] is not None]
    low = [row for row in blocks if province is not None and row["rate_percent"] < province][::-1][:_NAMED]
    if not low:
        return None
    named = "; ".join(
        f"{_in_sentence(row)} {percent(row['rate_percent'])} "
        f"({count(row['numerator'])}/{count(row['denominator'])} hồ sơ)"
        for row in low
    )
    return (
        f"Đề nghị các đơn vị có tỷ lệ thấp nhất và dưới mức chung {percent(province)} của tỉnh rà soát, số hóa bổ sung "
        f"hồ sơ còn thiếu: {named}."
    )


def _in_sentence(row: Row) -> str:
    """The name of a unit; the departments together, which have no code, bear no proper name."""
    return str(row["unit"] if row["unit_code"] else row["unit"].lower())


def _commonest_defect(tables: Tables) -> str | None:
    rows = _rows(tables, "defects")
    if not rows:
        return None
    first, total = rows[0], sum(row["pages_bad"] for row in rows)
    defect = DEFECTS[first["defect"]]
    return (
        f"Đề nghị các cơ quan hướng dẫn lại người quét về lỗi “{defect.label_vi}”: {count(first['pages_bad'])} trong "
        f"{count(total)} lượt trang lỗi, bằng {percent(first['cumulative_percent'])}. {defect.advice_vi}"
    )


def _glossy_covers(tables: Tables) -> str | None:
    rows = {row["class"]: row for row in _rows(tables, "classes")}
    glossy, matte = (rows.get(cover) for cover in ("glossy", "matte"))
    if not glossy or not matte or (glossy["bad_percent"] or 0) <= (matte["bad_percent"] or 0):
        return None
    return (
        f"Đề nghị các cơ quan quét bìa bóng theo hướng dẫn chống lóa hoặc chuyển sang nơi có máy phù hợp: "
        f"{percent(glossy['bad_percent'])} trang bìa bóng chưa đạt ({count(glossy['pages_not_accepted'])}/"
        f"{count(glossy['pages_found'])} trang), bìa thường {percent(matte['bad_percent'])}."
    )


def _dirty_glass(tables: Tables) -> str | None:
    rows = sorted(_rows(tables, "dirty_glass"), key=lambda row: (-row["pages"], row["agency_name"]))
    if not rows:
        return None
    named = "; ".join(
        f"{row['device_id'] or 'máy không tên'} của {row['agency_name']} (sọc cách mép trái "
        f"{number(row['x_mm'])} mm, {count(row['pages'])} trang)"
        for row in rows[:_NAMED]
    )
    return f"Đề nghị lau mặt kính {count(len(rows))} máy quét có sọc lặp lại, trước hết: {named}."


def _synchronise(tables: Tables) -> str | None:
    counts = {row["category"]: row["entries"] for row in _rows(tables, "categories")}
    parts = []
    if counts.get("R4"):
        parts.append(f"đồng bộ lên Cổng {count(counts['R4'])} hồ sơ còn thiếu (R4)")
    surplus = sum(counts.get(name, 0) for name in ("R1", "R2", "R3"))
    if surplus:
        each = ", ".join(f"{name}: {count(counts[name])}" for name in ("R1", "R2", "R3") if counts.get(name))
        parts.append(f"rà soát {count(surplus)} hồ sơ chỉ có hoặc trùng trên Cổng ({each})")
    return (
        f"Đề nghị bộ phận vận hành Hệ thống thông tin giải quyết TTHC của tỉnh {'; '.join(parts)}." if parts else None
    )


def _ministries(tables: Tables) -> str | None:
    counts = {row["category"]: row["entries"] for row in _rows(tables, "categories")}
    found = {name: counts[name] for name in ("R5", "R5_ministry") if counts.get(name)}
    if not found:
        return None
    each = ", ".join(f"{name}: {count(dossiers)}" for name, dossiers in found.items())
    return (
        f"Kiến nghị các bộ, ngành chia sẻ dữ liệu của {count(sum(found.values()))} hồ sơ thực hiện trên hệ "
        f"thống của bộ ({each}), hiện không được tính vào tỷ lệ đồng bộ của tỉnh."
    )


def _overdue(tables: Tables) -> str | None:
    levels = [row for row in _rows(tables, "lateness") if row["level"] != TOTAL and row["open_overdue"]]
    if not levels:
        return None
    worst = max(levels, key=lambda row: row["late_percent"] or 0)
    level = label_vi("levels", worst["level"]).lower()
    unit = next((row for row in _rows(tables, "late_units") if row["level"] == worst["level"]), None)
    most = f"; nhiều nhất là {unit['unit']} ({count(unit['open_overdue'])} hồ sơ)" if unit else ""
    return (
        f"Đề nghị {level}, nơi có tỷ lệ quá hạn cao nhất ({percent(worst['late_percent'])}), "
        f"giải quyết dứt điểm {count(worst['open_overdue'])} hồ sơ chưa xong đã quá hạn{most}."
    )


def _silent(tables: Tables) -> str | None:
    rows = [row for row in _rows(tables, "agencies") if row["state"] == "silent"]
    if not rows:
        return None
    named = "; ".join(
        f"{row['agency_name']} ({count(row['days_without_batch'])} ngày làm việc, {count(row['dossiers'])} hồ sơ chờ)"
        for row in rows[:_NAMED]
    )
    return f"Đề nghị {count(len(rows))} cơ quan còn hồ sơ chờ mà không gửi lô gửi ngay, trước hết: {named}."


def _connection(tables: Tables) -> str | None:
    rows = [row for row in _rows(tables, "notices") if row["notice_kind"] == "no_connection"]
    names = sorted({row["agency_name"] for row in rows})
    if not names:
        return None
    more = f" và {count(len(names) - _NAMED)} cơ quan khác" if len(names) > _NAMED else ""
    return (
        f"Kiến nghị doanh nghiệp viễn thông khôi phục, mở rộng đường truyền cho {count(len(names))} cơ quan báo mất "
        f"kết nối trong tuần: {', '.join(names[:_NAMED])}{more}."
    )


def _queues(tables: Tables) -> str | None:
    rows = _rows(tables, "queue")[:_NAMED]
    if not rows:
        return None
    named = "; ".join(
        f"{row['agency_name']} ({count(row['documents'])} tài liệu chờ, {count(row['devices'])} máy, "
        f"{number(row['days_to_clear'])} ngày quét)"
        for row in rows
    )
    return f"Đề nghị bổ sung máy quét hoặc người quét cho các cơ quan có hàng chờ lâu nhất: {named}."


def _large_format(tables: Tables) -> str | None:
    rows, lacking = _rows(tables, "large_format"), [r for r in _rows(tables, "agencies") if r["rejected"] is not None]
    if not rows:
        return None
    never, rejected = (sum(row[name] for row in lacking) for name in ("never_scanned", "rejected"))
    return (
        f"Đề nghị bố trí máy quét khổ lớn dùng chung: {count(len(lacking))} cơ quan không có máy khổ lớn còn "
        f"{count(never)} tờ chưa quét và {count(rejected)} trang bị loại; nhiều nhất là {rows[0]['agency_name']} "
        f"({count(rows[0]['never_scanned'])} tờ, {count(rows[0]['rejected'])} trang)."
    )


_ALL: tuple[Callable[[Tables], str | None], ...] = (
    _lowest_rates,
    _commonest_defect,
    _glossy_covers,
    _dirty_glass,
    _synchronise,
    _ministries,
    _overdue,
    _silent,
    _connection,
    _queues,
    _large_format,
)
