"""A simulated province that arrives week by week, as a site's does: what is dated later is not there yet."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sohoa import jobs, layout
from sohoa.days import each_day
from sohoa.pending import PendingScan
from sohoa.simulate import simulate
from sohoa.store import Store
from tests.province.report_province import scan_documents

_BUCKETS = (layout.FEEDS, layout.WAREHOUSE)


class MondayProvince:
    """The province's files, and how far they have been brought into the store; scans from a day on have page rows."""

    def __init__(
        self,
        store: Store,
        folder: Path,
        *,
        start: date,
        end: date,
        dossiers: int,
        seed: int,
        agencies: int | None = None,
        pages_from: date = date.max,
    ) -> None:
        simulate(folder, start=start, end=end, dossiers=dossiers, seed=seed, agencies=agencies)
        rng = np.random.default_rng(seed)
        for day in each_day(pages_from, end):
            scan_documents(folder / layout.WAREHOUSE, day, rng)
        found = [(bucket, path) for bucket in _BUCKETS for path in (folder / bucket).rglob("*") if path.is_file()]
        self._files = sorted((_day(path), bucket, path.relative_to(folder / bucket)) for bucket, path in found)
        self._folder, self._store, self._done = folder, store, date.min
        self._reviews: dict[date, pa.Table] = {}
        self._made: dict[date, int] = {}

    def bring(self, last: date, *, is_reconciled: bool = True) -> None:
        """Bring in the feeds and scans dated up to a day, and run the jobs, the reconciliation if it is wanted."""
        new = [file for file in self._files if self._done < file[0] <= last]
        self._store.each(self._put, new)
        scanned = {day for day, bucket, path in new if bucket == layout.WAREHOUSE and path.parts[0] == "documents"}
        decided = [day for day, rows in sorted(self._reviews.items()) if self._decide(day, rows, last)]
        self._store.each(self._mark, sorted({*scanned, *decided}))
        for job in (jobs.import_all, jobs.summarise, *([jobs.reconcile] if is_reconciled else [])):
            assert job()["problems"] == [], job
        self._done = last

    def _put(self, file: tuple[date, str, Path]) -> None:
        day, bucket, path = file
        if path.parts[0] == "reviews":
            self._reviews[day] = pq.read_table(self._folder / bucket / path)
            return
        self._store.put(bucket, path.as_posix(), (self._folder / bucket / path).read_bytes())

    def _decide(self, day: date, rows: pa.Table, last: date) -> bool:
        """Write the decisions about one day's scans that were made by now; whether there are any new ones."""
        end = datetime.combine(last + timedelta(1), time())
        made = rows.filter(pc.less(rows["decided_at"], pa.scalar(end)))
        if len(made) == self._made.get(day, 0):
            return False
        self._made[day] = len(made)
        self._store.write_table("reviews", day, layout.DAY, made)
        return True

    def _mark(self, day: date) -> None:
        marker: PendingScan = {"kind": "scan", "batch": layout.DAY, "scan_date": day.isoformat()}
        self._store.put_json(layout.WAREHOUSE, layout.pending_scan_key("20", day.isoformat()), marker)


def _day(path: Path) -> date:
    return date.fromisoformat(next(part for part in path.parts[::-1] if "=" in part).partition("=")[2])
