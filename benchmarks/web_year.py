"""A year of the whole province as the pages in the Airflow UI find it: one object a batch, and what people left there.

``fill`` counts a simulated year and then puts documents, batches and decisions apart, as checks and people write them.
It adds what tasks tell, who opened what, samples with the decisions about their pages, reports and their mails.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.child import run_child
from sohoa import layout
from sohoa.days import Week, each_day
from sohoa.registry import agencies_at
from sohoa.run_events import TaskEvent
from sohoa.schema import TABLES
from sohoa.simulate import simulate
from sohoa.store import Store
from tests.province.report_province import scan_documents
from tests.province.upload_province import upload_province

_STEPS = ("import_all", "summarise", "reconcile")
_LAST_SCANS = timedelta(60)
"""The last scans come so long after the last dossier."""
_EVENT_DAYS, _EVENTS_A_DAY = 92, 230
_VISITS_A_DAY = 2_000
_LOT_DAYS = 56
_SAMPLES = {"accepted": 50, "rejected": 20, "borderline": 50}
"""Documents of an agency of which people look at the pages, every 56 days."""
_PAGES_EACH, _LOOKED_AT = 2, 0.05
_WEEKS, _MAILED_WEEKS, _RECIPIENTS = 52, 8, 231


def fill(store: Store, folder: Path, start: date, end: date, dossiers: int) -> int:
    """Fill an empty store with a year up to a day; return how many pages were found in its documents.

    Args:
        store: the one that ``open_store`` opens.
        folder: an empty one, for what is simulated.
        start: first dossier day.
        end: last dossier day.
        dossiers: how many.
    """
    simulate(folder / "year", start=start, end=end, dossiers=dossiers, seed=1)
    rng = np.random.default_rng(1)
    for day in each_day(start, end + _LAST_SCANS):
        scan_documents(folder / "year" / layout.WAREHOUSE, day, rng)
    upload_province(folder / "year", store)
    for step in _STEPS:
        run_child(f"sohoa.jobs:{step}")
    pages: Any = pc.sum(store.read_table("documents")["pages_found"])
    for table in ("documents", "batches", "reviews"):
        days = {layout.table_day(info.key) for info in store.list_objects(layout.WAREHOUSE, layout.table_prefix(table))}
        store.each(lambda day, table=table: put_apart(store, table, day), sorted(days))
    last = end + _LAST_SCANS
    _write_events(store, last)
    _write_visits(store, last)
    _write_samples(store, start, last, rng)
    _write_reports(store, end)
    return int(pages.as_py())


def put_apart(store: Store, table: str, day: date) -> None:
    """Make the day's one object many: one a batch, of decisions one each."""
    rows = store.read_table(table, [day]).drop_columns(layout.PATH_KEY[table])
    if table == "reviews":
        names = [
            layout.review_name(row["agency"], row["document_id"], row["decided_at"])
            for row in rows.select(["agency", "document_id", "decided_at"]).to_pylist()
        ]
    else:
        names = rows["batch"].to_pylist()
    places: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        places.setdefault(name, []).append(place)
    for name, own in places.items():
        store.write_table(table, day, name, rows.take(pa.array(own)))
    store.delete(layout.WAREHOUSE, layout.table_key(table, day, layout.DAY))


def _write_events(store: Store, last: date) -> None:
    """What tasks told: of each day that is over one object, of the last day one a try."""
    for day in each_day(last - timedelta(_EVENT_DAYS - 1), last):
        rows = pa.Table.from_pylist([asdict(_event(day, n)) for n in range(_EVENTS_A_DAY)], TABLES["events"])
        if day < last:
            store.write_table("events", day, layout.DAY, rows)
        else:
            store.each(
                lambda n, rows=rows: store.write_table("events", last, f"try-{n}", rows.slice(n, 1)), range(len(rows))
            )


def _event(day: date, number: int) -> TaskEvent:
    ended = datetime.combine(day, time()) + timedelta(minutes=6 * number)
    return TaskEvent(
        "check_scan_batches", f"scheduled__{day}T{number // 7:03d}", f"task_{number % 7}", "Tìm lô mới", -1, 1, "done",
        ended - timedelta(seconds=20), ended, "batches 12 · pages 744", None,
        [f"{day}/H37.60-{day:%Y%m%d}-{n:03d}" for n in range(1, 13)],
    )  # fmt: skip


def _write_visits(store: Store, last: date) -> None:
    for day in each_day(last - timedelta(364), last):
        moments = [datetime.combine(day, time(7)) + timedelta(seconds=18 * n) for n in range(_VISITS_A_DAY)]
        address = f"/scans/{day}/H37.60-{day:%Y%m%d}-001?file="
        columns = {
            "visited_at": moments,
            "visitor": [f"engineer{n % 20}" for n in range(_VISITS_A_DAY)],
            "opened": ["scan"] * _VISITS_A_DAY,
            "address": [f"{address}{n}.jpg" for n in range(_VISITS_A_DAY)],
        }
        store.write_table("visits", day, "server-1", pa.table(columns).cast(TABLES["visits"]))


def _write_samples(store: Store, start: date, last: date, rng: np.random.Generator) -> None:
    """Lots of every agency and stratum; people have looked at some of them."""
    drawn = [day for day in each_day(start, last) if (last - day).days % _LOT_DAYS == 0]
    lots = [
        (agency.code, stratum, n, day)
        for agency in agencies_at(last)
        for stratum in _SAMPLES
        for n, day in enumerate(drawn, 1)
    ]
    is_seen = rng.random(len(lots)) < _LOOKED_AT
    store.each(lambda lot, seen: _write_lot(store, lot, bool(seen)), lots, is_seen)


def _write_lot(store: Store, lot: tuple[str, str, int, date], is_seen: bool) -> None:
    agency, stratum, number, day = lot
    name, batch = f"{agency}-{stratum}-{number:04d}", f"{agency}-{day - timedelta(7):%Y%m%d}-001"
    documents = _SAMPLES[stratum]
    plan: dict[str, Any] = dict.fromkeys(("inspection", "aql_percent", "accept_number", "reject_number"))
    if stratum != "borderline":
        plan = {"inspection": "normal", "aql_percent": 2.5, "accept_number": 3, "reject_number": 4}
    drawn_at = datetime.combine(day, time(7))
    head = {
        "agency": agency, "batch": batch, "lot": name, "stratum": stratum, "lot_documents": 10 * documents,
        "sample_documents": documents, "weight": 10.0, "lot_batches": [batch], "drawn_at": drawn_at, **plan,
    }  # fmt: skip
    pages = [
        head | {
            "document_id": f"{name}-{n // _PAGES_EACH}", "file": f"{n // _PAGES_EACH}.pdf",
            "page_no": n % _PAGES_EACH + 1,
            "verdict": stratum if stratum != "borderline" else "review", "defects": ["skewed"] if n % 20 == 0 else [],
        }
        for n in range(documents * _PAGES_EACH)
    ]  # fmt: skip
    store.write_table("audit_sample", day, name, pa.Table.from_pylist(pages, TABLES["audit_sample"]))
    for page in pages if is_seen else ():
        own = {
            field: page[field]
            for field in ("agency", "batch", "document_id", "file", "page_no", "lot", "stratum", "weight")
        }
        said = {"true_defects": page["defects"], "reviewer": "engineer1", "decided_at": drawn_at + timedelta(1)}
        row = pa.Table.from_pylist([own | said], TABLES["page_reviews"])
        store.write_table("page_reviews", day - timedelta(7), f"{page['document_id']}-{page['page_no']}", row)


def _write_reports(store: Store, end: date) -> None:
    weeks = [Week.of(end).back(n) for n in range(_WEEKS)]
    for week in weeks:
        for file in ("report.html", "report.pdf", "report.xlsx"):
            store.put(layout.REPORTS, layout.report_key(week.name, file), b"x" * 1_000)
    mails = [(week.name, n) for week in weeks[:_MAILED_WEEKS] for n in range(_RECIPIENTS)]
    store.each(lambda mail: _write_mail(store, *mail), mails)


def _write_mail(store: Store, week: str, number: int) -> None:
    address = f"agency{number}@example.vn"
    mail = {"address": address, "unit_code": "20", "state": "sent", "reply": "250 OK", "uncertain": 0}
    store.put_json(layout.WAREHOUSE, layout.delivery_key(week, "0" * 64, address), mail)


def count_objects(store: Store, tables: Iterable[str]) -> dict[str, int]:
    """Return how many objects each table has."""
    return {table: sum(1 for _ in store.list_objects(layout.WAREHOUSE, layout.table_prefix(table))) for table in tables}
