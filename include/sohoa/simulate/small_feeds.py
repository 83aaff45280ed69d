"""The small feeds: the national report, the backlog, the notices."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from sohoa.registry import PROVINCE
from sohoa.simulate.arrays import Times
from sohoa.simulate.feed_dirt import write_small
from sohoa.simulate.offices import Offices

REPORTED = (0.9, 1.1)
"""What the nation reports of the dossiers received in a month, as a share."""


def write_small_feeds(
    feeds: Path, offices: Offices, days: Times, received: Times, rng: np.random.Generator
) -> dict[str, int]:
    """Write ``national_report`` (each month, for the province), ``backlog`` and ``notices``.

    Args:
        feeds: folder of the feeds.
        offices: the agencies.
        days: the dossier days.
        received: day of reception of each dossier.
        rng: source of chance.

    Returns:
        Agency -> its newest number of results to digitise; some said another one before.
    """
    working = np.flatnonzero(offices.works_on(days[:1])[0])
    codes = offices.codes[working]
    targets: dict[str, int] = {}
    for day, some in {days[0]: codes, days[len(days) // 2]: codes[::2]}.items():
        numbers = rng.integers(500, 3_000, len(some))
        targets |= dict(zip(some.tolist(), numbers.tolist(), strict=True))
        text = [pa.array(some, pa.string()), pa.array(numbers).cast(pa.string())]
        write_small(feeds, "backlog", day, pa.table(text, ["MaDonVi", "SoKetQua"]))
    for first, last in _months(days):
        count = round(float(np.sum((first <= received) & (received <= last)) * rng.uniform(*REPORTED)))
        report = [[PROVINCE], [_day(first)], [_day(last)], [str(count)]]
        names = ["MaDonVi", "TuNgay", "DenNgay", "TiepNhan"]
        write_small(feeds, "national_report", last + 1, pa.table([pa.array(part) for part in report], names))
        picked = codes[rng.integers(0, len(codes), 5)]
        kinds = np.array(["no_connection", "no_work", "device_down"], object)[rng.integers(0, 3, 5)]
        note = [picked, [_day(first)] * 5, [_day(first + 2)] * 5, kinds, [""] * 5]
        names = ["MaDonVi", "TuNgay", "DenNgay", "Loai", "GhiChu"]
        write_small(feeds, "notices", first, pa.table([pa.array(part, pa.string()) for part in note], names))
    return targets


def _months(days: Times) -> list[tuple[Times, Times]]:
    """First and last day of each month that has one of these days."""
    months = np.unique(days.astype("datetime64[M]"))
    firsts = [month.astype("datetime64[D]") for month in months]
    return [(first, (month + 1).astype("datetime64[D]") - 1) for first, month in zip(firsts, months, strict=True)]


def _day(day: Times) -> str:
    return f"{day.item():%Y%m%d}000000"
