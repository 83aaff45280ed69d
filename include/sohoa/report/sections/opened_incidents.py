"""The incidents that opened in the week, in section II."""

from __future__ import annotations

from sohoa.days import Week
from sohoa.defects import DEFECTS
from sohoa.report.model import Column, Table
from sohoa.report.sentences import AGENCY_NAME, agency_name
from sohoa.steering.scanner_incidents import VOLUME, read_incidents
from sohoa.store import Store


def incidents_table(store: Store, week: Week) -> Table:
    """Scanners that left their own control limits; each incident is listed in the week that it opened, and once."""
    columns = (
        AGENCY_NAME,
        Column("device_id", "Máy quét", "Scanner", "code"),
        Column("measure", "Nội dung", "Measure", "text"),
        Column("first_day", "Từ ngày", "First day", "date"),
        Column("last_day", "Đến ngày", "Last day", "date"),
        Column("state", "Tình trạng", "State", "text"),
        Column("pages_counted", "Số trang", "Pages", "count", "trang"),
        Column("sample_size", "Trên", "Of", "count"),
    )
    rows = tuple(
        (
            agency_name(found.agency, week.last),
            found.device_id,
            "Số trang trong ngày" if found.measure == VOLUME else DEFECTS[found.measure].label_vi,
            found.first_day,
            found.last_day,
            "Đang mở" if found.closed_day is None else "Đã trở lại bình thường",
            found.pages_counted,
            None if found.measure == VOLUME else found.sample_size,
        )
        for found in read_incidents(store, week.first, week.last)
    )
    note = "Ngoài giới hạn kiểm soát của chính máy quét đó (biểu đồ p′, u′ của Laney); mỗi sự việc chỉ nêu một lần."
    return Table("incidents", "Diễn biến bất thường mở trong tuần", "Incidents", columns, rows, note)
