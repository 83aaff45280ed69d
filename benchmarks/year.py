"""A year of the whole province rebuilt from its feeds; one late day redone against one and ten years of history."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pyarrow as pa
from rich.console import Console
from rich.table import Table

from benchmarks.child import Cost, run_child
from benchmarks.own_store import own_store, store_cpu
from sohoa import jobs, layout
from sohoa.jobs.import_tasks import FEED_WINDOW
from sohoa.pending import mark_scan
from sohoa.schema import TABLES
from sohoa.simulate import simulate
from sohoa.store import Store
from tests.province.upload_province import upload_province

START, END, DOSSIERS = date(2024, 8, 1), date(2025, 7, 31), 300_000
_STEPS = ("import_all", "summarise", "reconcile")
_LATE_DAY, _LATE_DOSSIERS, _LATE_NUMBER = date(2025, 3, 3), 40, 7_000
_LATE_FILES = timedelta(days=30)
"""Days from the late day to its late files."""
_ROUNDS = 4
_YEARS, _PERIOD = 10, timedelta(days=434)
"""Days from one copy of the year to the next: its last scans come 60 days after its last dossier."""
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_COPIERS = 16


@dataclass(frozen=True)
class Redo:
    """What a late day took: CPU seconds of each job, and of the store for all of them."""

    jobs: dict[str, float]
    store: float


def main() -> None:
    """Print what the rebuild costs, and what the late day costs."""
    with TemporaryDirectory() as folder, own_store() as store:
        truth = simulate(Path(folder) / "year", start=START, end=END, dossiers=DOSSIERS, seed=1)
        upload_province(Path(folder) / "year", store)
        costs = {name: run_child(f"sohoa.jobs:{name}") for name in _STEPS}
        Console().print(_rebuild_report(costs))
        for name, table in {"progress_daily": truth.progress, "reconciliation_daily": truth.reconciliation}.items():
            wrong = _count_differences(table, store.read_table(name))
            print(f"{name}: {table.num_rows:,} rows are true, {wrong} differ")
        one = _redo_days(store, 0)
        objects = copy_year(store, _YEARS)
        ten = _redo_days(store, _ROUNDS)
    Console().print(_redo_report({"1 year": one, f"{_YEARS} years": ten}, objects))


def _count_differences(truth: pa.Table, found: pa.Table) -> int:
    """Rows that only one of two tables has."""
    columns = ", ".join(truth.column_names)
    one, other = f"SELECT {columns} FROM truth", f"SELECT {columns} FROM found"
    query = f"SELECT count(*) FROM (({one} EXCEPT ALL {other}) UNION ALL ({other} EXCEPT ALL {one}))"
    with duckdb.connect() as connection:
        connection.register("truth", truth)
        connection.register("found", found)
        return int(connection.execute(query).fetchall()[0][0])


def _redo_days(store: Store, first: int) -> Redo:
    """The least of several late days; one more day warms up."""
    found = [redo_day(store, _LATE_DAY + timedelta(first + number)) for number in range(_ROUNDS)]
    return min(found[1:], key=lambda redo: sum(redo.jobs.values()))


def redo_day(store: Store, day: date) -> Redo:
    """Send a late day and run the three jobs that it concerns."""
    _send_late(store, day)
    window = (day + _LATE_FILES - FEED_WINDOW).isoformat()
    served, spent = store_cpu(store), {}
    for name, argument in (("import_all", (window,)), ("summarise", ()), ("reconcile", ())):
        start = time.process_time()
        found = getattr(jobs, name)(*argument)
        spent[name] = time.process_time() - start
        is_late_day_alone = found.get("files") == 2 or 1 in (found.get("progress_days"), found.get("reconciled_days"))
        assert is_late_day_alone, f"{name} did {found}"
    return Redo(spent, store_cpu(store) - served)


def _send_late(store: Store, day: date) -> None:
    """Dossiers of a day that the register and the portal name late, and a late batch with a document for each."""
    codes = [f"H37.60-{day:%y%m%d}-{_LATE_NUMBER + number}" for number in range(_LATE_DOSSIERS)]
    moment = f"{day:%Y%m%d}083000"
    feeds = {
        "register": (
            "MaHoSo,MaTTHC,MaLinhVuc,KenhThucHien,DonViXuLy,MaDonViHanhChinh,NgayTiepNhan,NgayHenTra,NgayKetThucXuLy,"
            "NgayTra,TrangThaiHoSo,SoThanhPhan,CoKetQuaGiay,MienSoHoa,LoaiBo,NgayCapNhat",
            f"9.000301,CT,1,H37.60,,{moment},,,,4,1,0,,0,{moment}",
        ),
        "portal": (
            "MaHoSo,MaTTHC,DonViXuLy,NgayTiepNhan,NgayHenTra,TrangThaiHoSo,HoSoCoThanhPhanSoHoa,DuongDanKetQua,"
            "NgayDongBo",
            f"9.000301,H37.60,{moment},,4,1,,{moment}",
        ),
    }
    for source, (header, rest) in feeds.items():
        text = "\n".join([header, *(f"{code},{rest}" for code in codes)])
        key = f"{layout.feed_prefix(source)}dt={day + _LATE_FILES}/late-{day}.csv"
        store.put(layout.FEEDS, key, text.encode())
    scan_date = day + timedelta(31)
    batch = f"H37.60-{scan_date:%Y%m%d}-900"
    store.write_table("documents", scan_date, batch, _documents(codes, batch))
    mark_scan(store, "H37.60", batch, scan_date)


def _documents(codes: list[str], batch: str) -> pa.Table:
    """One accepted component of each dossier."""
    count, schema = len(codes), TABLES["documents"]
    known = {
        "agency": ["H37.60"] * count,
        "batch": [batch] * count,
        "document_id": [f"{code}.01" for code in codes],
        "dossier_key": codes,
        "dossier_code": codes,
        "kind": ["component"] * count,
        "is_received": [True] * count,
        "verdict": ["accepted"] * count,
    }
    columns = [pa.array(known[f.name], f.type) if f.name in known else pa.nulls(count, f.type) for f in schema]
    return pa.table(columns, schema)


def copy_year(store: Store, years: int) -> int:
    """Copy every object that carries a date to the years before; how many objects there are then."""
    found = [
        (bucket, info.key) for bucket in (layout.FEEDS, layout.WAREHOUSE) for info in store.list_objects(bucket, "")
    ]
    copies = [
        (bucket, key, _earlier_key(key, back)) for back in range(1, years) for bucket, key in found if _DATE.search(key)
    ]
    with ThreadPoolExecutor(_COPIERS) as pool:
        list(pool.map(lambda copy: store.copy((copy[0], copy[1], None), (copy[0], copy[2])), copies))
    return len(found) + len(copies)


def _earlier_key(key: str, years: int) -> str:
    return _DATE.sub(lambda day: (date.fromisoformat(day[0]) - years * _PERIOD).isoformat(), key)


def _rebuild_report(costs: dict[str, Cost]) -> Table:
    title = f"{DOSSIERS:,} dossiers from {START} to {END}, from feeds and judged documents to all figures"
    table = Table("job", "CPU s", "clock s", "peak MB", title=title)
    for name, cost in costs.items():
        table.add_row(name, f"{cost.cpu:.1f}", f"{cost.wall:.0f}", f"{cost.peak:.0f}")
    total = (sum(cost.cpu for cost in costs.values()), sum(cost.wall for cost in costs.values()))
    table.add_row("all", f"{total[0]:.1f}", f"{total[1]:.0f}", f"{max(cost.peak for cost in costs.values()):.0f}")
    return table


def _redo_report(costs: dict[str, Redo], objects: int) -> Table:
    title = f"One late day redone, CPU s; the longer history has {objects:,} objects"
    table = Table("", *costs, "ratio", title=title)
    one, ten = costs.values()
    for name in one.jobs:
        table.add_row(name, *_ratio(one.jobs[name], ten.jobs[name]))
    table.add_row("all", *_ratio(sum(one.jobs.values()), sum(ten.jobs.values())))
    table.add_row("of the store", *_ratio(one.store, ten.store))
    return table


def _ratio(one: float, ten: float) -> tuple[str, str, str]:
    return f"{one:.2f}", f"{ten:.2f}", f"{ten / one:.2f}"
