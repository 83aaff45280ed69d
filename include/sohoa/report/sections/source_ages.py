"""How fresh every source is, in section III, and what is missing, on the first page: no feed is not zero."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from sohoa.days import Week
from sohoa.feeds.feed_ages import newest_files
from sohoa.format_value import count, day
from sohoa.imported_files import closed_feeds
from sohoa.labels import label_vi
from sohoa.layout import split_feed_key
from sohoa.report.model import Column, Table
from sohoa.report.report_week import report_day
from sohoa.store import Store

_EACH_WEEK = ("register", "status", "portal", "ministry")
"""Feeds that a report needs up to the week's last working day, of the ministries some file of the week; the others come
now and then."""
_SHOWN_FILES = 3
_COLUMNS = (
    Column("source", "Nguồn", "Source", "label", labels="sources"),
    Column("newest", "Tệp mới nhất của ngày", "Newest file", "date"),
    Column("state", "Tình trạng", "State", "label", labels="source_states"),
)


def read_sources(store: Store, week: Week) -> Table:
    """Make one row per feed: its newest file, and whether that reaches the week's last working day."""
    rows = tuple(
        {"source": source, "newest": newest, "state": _state(source, newest, week)}
        for source, newest in newest_files(store).items()
    )
    note = "Không có tệp thì không có số liệu: các mục cần nguồn đó để trống, không tính là 0."
    return Table("sources", "Nguồn số liệu và ngày mới nhất", "How fresh the sources are", _COLUMNS, rows, note)


def _state(source: str, newest: date | None, week: Week) -> str:
    if newest is None:
        return "absent"
    if source not in _EACH_WEEK:
        return "now_and_then"
    needed = week.first if source == "ministry" else report_day(week)
    return "fresh" if newest >= needed else "stale"


def is_fresh(sources: Table, source: str) -> bool:
    """Tell whether a feed reaches the week's last working day."""
    return bool(sources.row("source", source)["state"] == "fresh")


def closed_vi(store: Store, week: Week) -> Iterator[str]:
    """Say in a line how many files of the week or before wait for a corrected one, and name the newest."""
    dated = [(split_feed_key(file["key"])[1] or week.last, file["key"]) for file in closed_feeds(store)]
    keys = [key for day_of, key in sorted(dated, reverse=True) if day_of <= week.last]
    if keys:
        more = f" và {count(len(keys) - _SHOWN_FILES)} tệp cũ hơn" if len(keys) > _SHOWN_FILES else ""
        yield (
            f"{count(len(keys))} tệp số liệu có quá nhiều dòng không dùng được: "
            f"{', '.join(keys[:_SHOWN_FILES])}{more}; đề nghị nơi gửi sửa và gửi lại đúng tên tệp."
        )


def missing_vi(sources: Table) -> Iterator[str]:
    """Say which feeds that every report needs are missing or end before the week does."""
    absent = [row for row in sources.rows if row["state"] == "absent" and row["source"] in _EACH_WEEK]
    stale = [row for row in sources.rows if row["state"] == "stale"]
    parts = [f"{label_vi('sources', row['source']).lower()} chưa có tệp nào" for row in absent]
    parts += [f"{label_vi('sources', row['source']).lower()} chỉ có đến ngày {day(row['newest'])}" for row in stale]
    if parts:
        yield f"Thiếu nguồn số liệu: {'; '.join(parts)}. Các mục cần nguồn đó không kết luận được."
