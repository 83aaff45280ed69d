"""What was revised since it was last printed: the weeks before, and this week where it was printed already."""

from __future__ import annotations

from collections.abc import Iterator

from sohoa import layout
from sohoa.days import Week
from sohoa.progress.revisions import newest_print, revised_since
from sohoa.registry import PROVINCE
from sohoa.report.model import Column, Row, Table
from sohoa.store import Store

_WEEKS_BEFORE = 4
_KEY = {"unit_code": PROVINCE, "definition": "dn_and", "stage": "all"}
_CHANGES = ("numerator_change", "denominator_change", "received_change")


def revisions_table(store: Store, week: Week) -> Table:
    """Make one row per printed week and cause.

    Earlier weeks are compared with their newest print. The week itself is compared with its first one, so that
    printing it again does not hide what has changed since people first read it.
    """
    rows: list[Row] = []
    for back in range(_WEEKS_BEFORE + 1):
        one = week.back(back)
        prints = list(store.list_objects(layout.WAREHOUSE, layout.table_prefix("reported", one.first)))
        if prints:
            first = min(prints, key=lambda item: (item.last_modified, item.key))
            name = newest_print(store, one.first) if back else first.key.rpartition("/")[2].removesuffix(".parquet")
            rows += _rows(store, one, name)
    columns = (
        Column("week", "Tuần", "Week", "week"),
        Column("printed_numerator", "Tử số đã in", "Numerator printed", "count", "hồ sơ"),
        Column("printed_denominator", "Mẫu số đã in", "Denominator printed", "count", "hồ sơ"),
        Column("cause", "Nguyên nhân", "Cause", "label", labels="revision_causes"),
        Column("numerator_change", "Tử số thay đổi", "Numerator change", "count", "hồ sơ"),
        Column("denominator_change", "Mẫu số thay đổi", "Denominator change", "count", "hồ sơ"),
        Column("received_change", "Đã nhận thay đổi", "Received change", "count", "hồ sơ"),
    )
    note = "" if rows else "Không có số liệu nào của các tuần đã in thay đổi."
    title = "Số liệu toàn tỉnh thay đổi so với báo cáo đã in, theo nguyên nhân"
    return Table("revisions", title, "Revisions", columns, tuple(rows), note)


def _rows(store: Store, week: Week, name: str) -> Iterator[Row]:
    printed, changes = revised_since(store, week.first, name)
    then = next((row for row in printed.to_pylist() if _KEY.items() <= row.items()), {"numerator": 0, "denominator": 0})
    for row in changes.to_pylist():
        if _KEY.items() <= row.items():
            yield {
                "week": week.name,
                "printed_numerator": then["numerator"],
                "printed_denominator": then["denominator"],
                **{name: row[name] for name in ("cause", *_CHANGES)},
            }
