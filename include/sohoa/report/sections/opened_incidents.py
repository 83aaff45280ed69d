"""The incidents that opened in the week, in section II."""

from __future__ import annotations

from sohoa.days import Week
from sohoa.registry import full_name
from sohoa.report.model import Column, Table
from sohoa.report.sentences import AGENCY_NAME
from sohoa.steering.scanner_incidents import find_opened
from sohoa.steering.watched_scanners import VOLUME
from sohoa.store import Store

_COLUMNS = (
    AGENCY_NAME,
    Column("device_id", "Máy quét", "Scanner", "code"),
    Column("measure", "Nội dung", "Measure", "label", labels="incident_measures"),
    Column("first_day", "Từ ngày", "First day", "date"),
    Column("last_day", "Đến ngày", "Last day", "date"),
    Column("state", "Tình trạng", "State", "label", labels="incident_states"),
    Column("pages_counted", "Số trang", "Pages", "count", "trang"),
    Column("sample_size", "Trên", "Of", "count"),
    Column("usual", "Mức thường ngày", "Usual", "number", "trang"),
    Column("upper", "Giới hạn trên", "Upper limit", "number", "trang"),
    Column("lower", "Giới hạn dưới", "Lower limit", "number", "trang"),
)
_OF_SOME = {"sample_size", "lower"}
"""Columns that only some measures have."""


def incidents_table(store: Store, week: Week) -> Table:
    """List scanners that left their own control limits, each incident in the week in which it opened; open first."""
    rows = tuple(
        {
            "agency_name": full_name(found.agency, found.first_day, week.last),
            "device_id": found.device_id,
            "measure": found.measure,
            "first_day": found.first_day,
            "last_day": found.last_day,
            "state": "open" if found.closed_day is None else "closed",
            "pages_counted": found.pages_counted,
            "sample_size": None if found.measure == VOLUME else found.sample_size,
            "usual": found.centre * found.sample_size,
            "upper": found.upper * found.sample_size,
            "lower": found.lower * found.sample_size if found.measure == VOLUME else None,
        }
        for found in find_opened(store, week.first, week.last)
    )
    rows = tuple(sorted(rows, key=lambda row: row["state"] != "open"))
    told = {key for row in rows for key, value in row.items() if value is not None}
    columns = tuple(column for column in _COLUMNS if column.key in told or column.key not in _OF_SOME)
    note = (
        "Số trang của ngày đầu ra ngoài giới hạn, tính từ các ngày trước của chính máy quét đó; mỗi sự việc chỉ nêu "
        "một lần."
    )
    return Table("incidents", "Diễn biến bất thường mở trong tuần", "Incidents", columns, rows, note)
