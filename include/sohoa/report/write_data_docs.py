"""The Great Expectations pages of a week, in the bucket ``reports``: one checkpoint a week, and only so many weeks.

The pages of Great Expectations fetch scripts and styles from other sites, and their table of contents does not show
without them. Nothing here may ask another site for anything, so a policy in each page forbids it and the table of
contents is written here.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import pyarrow as pa
import pyarrow.compute as pc

from sohoa import format_value, layout
from sohoa.days import Week
from sohoa.logs import get_logger, seconds_since
from sohoa.quality.thresholds import load_thresholds
from sohoa.registry import parents_above
from sohoa.store import Store

log = get_logger(__name__)

_POLICY = "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; base-uri 'none'"
_STYLE = (
    "body{font:16px/1.5 sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse}td,th{padding:.3rem 1rem;text-align:left;border-bottom:1px solid #ccc}"
    "i.text-success::before{content:'✓'}i.text-danger::before,i.text-warning::before{content:'✗'}"  # no icon font
    "img[src^=https],form,footer,.navbar-brand,#ge-cta-footer{display:none!important}"  # what needs another site
)
_HEAD = f'<head><meta http-equiv="Content-Security-Policy" content="{_POLICY}"><style>{_STYLE}</style>'
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css",
    ".otf": "font/otf",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".ico": "image/x-icon",
}
_INDEX = "index.html"


def write_data_docs(store: Store, week: str) -> dict[str, int]:
    """Check all rows of a week once more, write the pages of the results, and delete those of the oldest weeks.

    Returns:
        How many expectations were checked, how many of them failed, how many weeks have pages now.
    """
    from sohoa.quality import gate

    start, asked = perf_counter(), Week.parse(week)
    tables = {name: store.read_table(name, asked.days) for name in ("pages", "documents", "batches", "progress_daily")}
    dossiers = store.read_table("dossiers", asked.days, layout.DAY)
    leaves = _leaf_units(dossiers)
    limits = load_thresholds(store.settings.profile)
    with TemporaryDirectory() as folder:
        site = Path(folder)
        results = gate.build_data_docs(site, asked.name, tables, limits, parents_above(leaves), leaves)
        (site / _INDEX).write_text(_contents(site, asked.name, results), encoding="utf-8")
        _upload(store, site, layout.data_docs_prefix(asked.name))
    kept = _keep_newest(store)
    checks, failed = (sum(counts) for counts in zip(*results.values(), strict=True))
    log.info("data_docs_written", week=week, checks=checks, failed=failed, seconds=seconds_since(start))
    return {"checks": checks, "failed": failed, "weeks": len(kept)}


def _leaf_units(dossiers: pa.Table) -> set[tuple[date, str]]:
    """(day, unit code) of the units that dossiers belong to."""
    known = dossiers.filter(pc.is_valid(dossiers["unit_code"]))
    places = known.group_by(["dossier_date", "unit_code"]).aggregate([]).to_pylist()
    return {(row["dossier_date"], row["unit_code"]) for row in places}


def _contents(site: Path, week: str, results: dict[str, tuple[int, int]]) -> str:
    """The week's table of contents; no name in it comes from outside."""
    rows = []
    for suite, (checks, failed) in results.items():
        (page,) = (site / "validations" / suite).rglob("*.html")
        link = page.relative_to(site).as_posix()
        rows.append(f'<tr><td><a href="{link}">{suite}</a><td>{checks}<td>{failed}')
    head = "<tr><th>Bộ kiểm tra · Suite<th>Số phép kiểm · Checks<th>Không đạt · Failed"
    return _page(f"Great Expectations · {format_value.week(week)}", f"<table>{head}{''.join(rows)}</table>")


def _page(title: str, body: str) -> str:
    view = '<meta name="viewport" content="width=device-width">'
    return (
        f'<!doctype html><html lang="vi">{_HEAD}<meta charset="utf-8">{view}<title>{title}</title>'
        f"</head><body><h1>{title}</h1>{body}</body></html>"
    )


def _upload(store: Store, site: Path, prefix: str) -> None:
    """Write the site under a prefix, and delete what else lies there."""
    files = {path.relative_to(site).as_posix(): path for path in sorted(site.rglob("*")) if path.suffix in _TYPES}
    for name, path in files.items():
        data = path.read_bytes()
        if path.suffix == ".html":
            data = data.replace(b"<head>", _HEAD.encode(), 1)
        store.put(layout.REPORTS, prefix + name, data, _TYPES[path.suffix])
    for item in list(store.list_objects(layout.REPORTS, prefix)):
        if item.key.removeprefix(prefix) not in files:
            store.delete(layout.REPORTS, item.key)


def _keep_newest(store: Store) -> list[str]:
    """Delete all but the newest weeks, write the list of those kept; they are returned, newest first."""
    keys = [item.key.removeprefix(layout.DATA_DOCS) for item in store.list_objects(layout.REPORTS, layout.DATA_DOCS)]
    weeks = sorted({key.partition("/")[0] for key in keys if "/" in key}, reverse=True)
    kept = weeks[: store.settings.data_docs_weeks]
    for week in weeks[len(kept) :]:
        store.delete_prefix(layout.REPORTS, layout.data_docs_prefix(week))
    links = "".join(f'<li><a href="{week}/{_INDEX}">{format_value.week(week)}</a>' for week in kept)
    page = _page("Great Expectations", f"<ul>{links}</ul>")
    store.put(layout.REPORTS, layout.DATA_DOCS + _INDEX, page.encode(), _TYPES[".html"])
    return kept
