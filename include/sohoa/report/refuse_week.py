"""Which weeks no report is made of unless it is asked for: one that is not over, or of which nothing is known."""

from __future__ import annotations

from datetime import date

import pyarrow.compute as pc

from sohoa import layout
from sohoa.days import Week
from sohoa.feeds.feed_ages import newest_files
from sohoa.format_value import day
from sohoa.format_value import week as week_name
from sohoa.registry import PROVINCE
from sohoa.store import Store


def why_refused(store: Store, week: str, today: date) -> str | None:
    """Say why there should be no report of a week, None where there should be one.

    Args:
        store: the store; it is only read.
        week: as 2024-W15.
        today: a week that ends today or later is not over.

    Raises:
        InputError: that is no week.
    """
    asked = Week.parse(week)
    name = week_name(asked.name)
    if asked.last >= today:
        return f"{name} chưa kết thúc (đến hết ngày {day(asked.last)}); chưa lập báo cáo."
    rows = store.read_table("progress_daily", asked.days, layout.DAY)
    if pc.sum(rows.filter(pc.field("unit_code") == PROVINCE)["denominator"]).as_py():
        return None
    newest = newest_files(store)["register"]
    fed = f"tệp sổ hồ sơ mới nhất là của ngày {day(newest)}" if newest else "chưa có tệp sổ hồ sơ nào"
    return f"{name} chưa có hồ sơ nào phải số hóa; {fed}. Không có số liệu không phải là không có hồ sơ."
