"""Data Docs: what Great Expectations found in the data of a week, as one page in Vietnamese, and only so many weeks.

Two things that must not be taken for each other stand apart: rules of the tables, a failure of which is a fault of
the data or of this system; and limits on pages, which bad scans exceed every week. The pages of Great Expectations
itself say neither file nor agency, are English and need six other sites: they are not written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from time import perf_counter
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from sohoa import format_value, layout
from sohoa.clean_text import clean, shorten
from sohoa.days import Week
from sohoa.enums import VERDICTS
from sohoa.labels import LABELS, label_vi
from sohoa.logs import get_logger, seconds_since
from sohoa.quality.failed_limits import describe_failure
from sohoa.quality.quantities import explain_limit
from sohoa.quality.rules import count_judged
from sohoa.quality.thresholds import Rule, load_thresholds
from sohoa.registry import owner_name, parents_above
from sohoa.store import Store

log = get_logger(__name__)

TABLES = ("pages", "documents", "batches", "progress_daily")
_SHOWN = 10
_MAX_CHARACTERS = 120
_INDEX = "index.html"
_HTML = "text/html; charset=utf-8"


@dataclass(frozen=True)
class Broken:
    """A rule of a table that rows break: what must hold, how many rows break it, the first of them."""

    what: str
    count: int
    rows: tuple[tuple[str, ...], ...]
    names: tuple[str, ...]


@dataclass(frozen=True)
class Beyond:
    """A limit that pages exceed: how many were judged, how many exceed it, the worst of them."""

    defect: str
    severity: str
    limit: str
    judged: int
    count: int
    pages: tuple[tuple[str, ...], ...]
    """Agency, batch, file, page and value in words."""


def write_data_docs(store: Store, week: str) -> dict[str, int]:
    """Check all rows of a week once more, write the page of the results, and delete those of the oldest weeks.

    Returns:
        How many rules of tables were checked, how many of them failed, how many pages exceed a limit, how many weeks
        have pages now.
    """
    start, asked = perf_counter(), Week.parse(week)
    tables = {name: store.read_table(name, asked.days) for name in TABLES}
    broken = _check_tables(store, asked, tables)
    limits = _check_limits(tables["pages"], asked, store.settings.profile)
    checks, failed = _checks(), sum(map(len, broken.values()))
    verdicts = Counter(tables["pages"]["verdict"].to_pylist())
    page = _render(
        "data_docs.html",
        title=f"Kiểm tra dữ liệu · {format_value.week(asked.name)}",
        week=asked.name,
        tables=[(label_vi("checked_tables", name), len(tables[name]), checks[name], broken[name]) for name in TABLES],
        failed=failed,
        is_empty=not any(map(len, tables.values())),
        limits=limits,
        pages=len(tables["pages"]),
        verdicts=[(label_vi("verdicts", name), verdicts[name]) for name in VERDICTS],
    )
    prefix = layout.data_docs_prefix(asked.name)
    store.put(layout.REPORTS, prefix + _INDEX, page.encode(), _HTML)
    for item in list(store.list_objects(layout.REPORTS, prefix)):
        if item.key != prefix + _INDEX:
            store.delete(layout.REPORTS, item.key)
    kept = _keep_newest(store)
    counts = {
        "checks": sum(checks.values()),
        "failed": failed,
        "pages_beyond": verdicts["review"] + verdicts["rejected"],
        "weeks": len(kept),
    }
    log.info("data_docs_written", week=week, **counts, seconds=seconds_since(start))
    return counts


def _checks() -> dict[str, int]:
    from sohoa.quality import gate

    return {name: len(gate.list_invariants(name)) for name in TABLES}


def _check_tables(store: Store, week: Week, tables: dict[str, pa.Table]) -> dict[str, list[Broken]]:
    from sohoa.quality import gate

    leaves = _leaf_units(store.read_table("dossiers", week.days, layout.DAY))
    parents = parents_above(leaves)
    return {
        name: [_broken(found, week) for found in gate.check_rows(name, rows, parents, leaves)]
        for name, rows in tables.items()
    }


def _broken(found: Any, week: Week) -> Broken:
    """Put a violation into words, with the first rows."""
    names = tuple(found.rows[0]) if found.rows else ()
    unique = found.test == "expect_compound_columns_to_be_unique"
    said = [_column(name) for name in found.columns]
    columns = [", ".join(said)] if unique else [*said, ""]
    words = LABELS["invariants"].get(found.test, LABELS["invariants"][None]).vi.format(*columns)
    rows = tuple(tuple(_cell(name, row[name], row, week) for name in names) for row in found.rows[:_SHOWN])
    return Broken(words, len(found.rows), rows, tuple(_column(name) for name in names))


def _column(name: str) -> str:
    """Name a column; a sum that a column is compared with, too."""
    own = name.removesuffix("_below")
    below = "" if own == name else " cộng các đơn vị cấp dưới"
    return label_vi("checked_columns", own) + below


def _cell(name: str, value: Any, row: dict[str, Any], week: Week) -> str:
    if value is None:
        return format_value.UNKNOWN
    if name == "agency":
        return _agency(str(value), row.get("scan_date") or week.first, week)
    return _text(format_value.day(value) if isinstance(value, date) else str(value))


def _agency(code: str, day: date, week: Week) -> str:
    return _text(f"{owner_name(code, day, week.last)} ({code})")


def _text(value: str) -> str:
    return shorten(clean(value), _MAX_CHARACTERS)


def _check_limits(pages: pa.Table, week: Week, profile: str) -> list[Beyond]:
    """The limits that pages exceed, the gravest and most frequent first."""
    from sohoa.quality import gate

    thresholds = load_thresholds(profile)
    judged = dict(zip(map(id, thresholds.rules), count_judged(pages, thresholds.rules), strict=True))
    found = [
        _beyond(pages, rule, places, judged[id(rule)], week) for rule, places in gate.find_beyond(pages, thresholds)
    ]
    order = [label_vi("severities", name) for name in ("reject", "review", "note")]
    return sorted(found, key=lambda one: (order.index(one.severity), -one.count, one.defect))


def _beyond(pages: pa.Table, rule: Rule, places: Sequence[int], judged: int, week: Week) -> Beyond:
    names = ("agency", "batch", "file", "page_no", "scan_date", rule.column)
    rows = pages.select(names).take(pa.array(places, pa.int64())).to_pylist()
    rows.sort(key=lambda row: (-_distance(rule, row[rule.column]), row["agency"], row["batch"], row["file"] or ""))
    told = [(row, explain_limit(describe_failure(rule, row))) for row in rows[:_SHOWN]]
    words = next((words for _, words in told if words), None)
    limit = f"{words.quantity}: {words.limit}" if words else "Tệp phải đọc được trọn vẹn, khớp với bản kê"
    shown = tuple(
        (
            _agency(row["agency"], row["scan_date"], week),
            _text(row["batch"]),
            _text(row["file"] or ""),
            format_value.count(row["page_no"]),
            _text(words.measured) if words else _error(row[rule.column]),
        )
        for row, words in told
    )
    severity = label_vi("severities", rule.severity)
    return Beyond(label_vi("defects", rule.defect), severity, limit, judged, len(places), shown)


def _distance(rule: Rule, value: Any) -> float:
    """How far a value is beyond a limit, to sort by; 0 where that is no number."""
    if not isinstance(value, (int, float)) or not isinstance(rule.limit, (int, float)):
        return 0.0
    return abs(abs(value) - abs(rule.limit))


def _error(value: Any) -> str:
    return label_vi("error_codes", str(value).partition(":")[0]) if value else format_value.UNKNOWN


def _leaf_units(dossiers: pa.Table) -> set[tuple[date, str]]:
    """(day, unit code) of the units that dossiers belong to."""
    known = dossiers.filter(pc.is_valid(dossiers["unit_code"]))
    places = known.group_by(["dossier_date", "unit_code"]).aggregate([]).to_pylist()
    return {(row["dossier_date"], row["unit_code"]) for row in places}


def _render(template: str, **values: Any) -> str:
    """Render a page: all its styles are in it, it runs nothing and asks for nothing."""
    environment = Environment(
        loader=PackageLoader("sohoa.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters |= {"count": format_value.count, "percent": format_value.percent}
    style = (files("sohoa.report") / "templates" / "data_docs.css").read_text(encoding="utf-8")
    return environment.get_template(template).render(style=Markup(style), **values)  # noqa: S704 (this project's own)


def _keep_newest(store: Store) -> list[str]:
    """Delete all but the newest weeks, write the list of those kept; they are returned, newest first."""
    keys = [item.key.removeprefix(layout.DATA_DOCS) for item in store.list_objects(layout.REPORTS, layout.DATA_DOCS)]
    weeks = sorted({key.partition("/")[0] for key in keys if "/" in key}, reverse=True)
    kept = weeks[: store.settings.data_docs_weeks]
    for week in weeks[len(kept) :]:
        store.delete_prefix(layout.REPORTS, layout.data_docs_prefix(week))
    page = _render("data_docs_weeks.html", title="Kiểm tra dữ liệu hằng tuần", weeks=_links(kept))
    store.put(layout.REPORTS, layout.DATA_DOCS + _INDEX, page.encode(), _HTML)
    return kept


def _links(weeks: Sequence[str]) -> list[tuple[str, str]]:
    return [(f"{week}/{_INDEX}", format_value.week(week)) for week in weeks]
