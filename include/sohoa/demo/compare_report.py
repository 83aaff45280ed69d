"""Where a weekly report differs from what the simulator knows of the week."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from sohoa import layout
from sohoa.days import Week, each_day
from sohoa.demo.compare_truth import Comparison
from sohoa.demo.true_scans import OF_DOCUMENT, TrueDocument, read_true_scans, read_truth
from sohoa.labels import rate_name
from sohoa.progress.lateness import LATENESS
from sohoa.progress.rate import rate_percent
from sohoa.reconcile.categories import EFFECTS
from sohoa.reconcile.known_days import told_days
from sohoa.registry import PROVINCE
from sohoa.report.sections.overdue_dossiers import TOTAL
from sohoa.steering.waiting_documents import WEEKS
from sohoa.store import Store

Figures = Mapping[str, float]
"""A figure by the table and row in which it stands; what is not there is 0."""
_DIGITS = 6
_VERDICTS = {"to_scan": "rejected", "review": "review", "accepted": "accepted"}
_WAITS = {"to_scan": "to_scan", "review": "in_review"}
"""Outcome of a document -> where the report counts it."""


def read_report(store: Store, week: Week) -> dict[str, list[dict[str, Any]]]:
    """Read the rows of every table of a report in the store, by the table's name."""
    report = store.get_json(layout.REPORTS, layout.report_key(week.name, "report.json"))
    tables = [*(table for section in report["sections"] for table in section["tables"]), *report["annex"]]
    return {table["name"]: table["rows"] for table in tables}


def compare_report(store: Store, province: Path, week: Week) -> Comparison:
    """Compare rates, categories, verdicts, defects and lateness as they are printed with the simulator's own.

    Args:
        store: where the report of the week lies.
        province: the folder that the simulator has made.
        week: the one with the last dossier day, at the end of which the simulator counts lateness.
    """
    printed, true = _printed(read_report(store, week)), _true(province, week)
    lines = [
        f"report of {week.name}: {name}: true {true.get(name, 0):g}, printed {printed.get(name, 0):g}"
        for name in sorted(true.keys() | printed.keys())
        if round(true.get(name, 0), _DIGITS) != round(printed.get(name, 0), _DIGITS)
    ]
    return Comparison(f"figures of the report of {week.name} true", len(true), lines)


def _printed(tables: Mapping[str, list[dict[str, Any]]]) -> Figures:
    """The figures that the report prints."""
    found: dict[str, float] = {}
    for table, key in (("units", "unit_code"), ("rates", "rate")):
        for row in tables[table]:
            for name in ("numerator", "denominator", "rate_percent"):
                found[f"{table} {row[key]} {name}"] = row[name] or 0
    for row in tables.get("categories", ()):
        found[f"categories {row['meaning']}"] = row["entries"]
        found[f"categories {row['meaning']} effect"] = row["effect"] or 0
    now = next(row for row in tables["verdicts"] if row["week"] == "this")
    found |= {f"verdicts {name}": value or 0 for name, value in now.items() if name not in {"week", "pages_percent"}}
    found |= {f"defects {row['defect']}": row["pages_bad"] for row in tables.get("defects", ())}
    found |= {f"document_defects {row['defect']}": row["documents"] for row in tables.get("document_defects", ())}
    found |= {f"not_scanned {row['reason']}": row["documents"] for row in tables.get("not_scanned", ())}
    for row in tables.get("lateness", ()):
        found |= {f"lateness {row['level']} {name}": row[name] for name in LATENESS}
    for row in tables["agencies"]:
        found |= {f"agencies {row['agency']} {name}": row[name] for name in _WAITS.values()}
    return found


def _true(province: Path, week: Week) -> Figures:
    """The same figures as the simulator's truth has them."""
    return {
        **_true_rates(province, week),
        **_true_categories(province, week),
        **_true_scans(province, week),
        **_true_lateness(province),
    }


def _true_rates(province: Path, week: Week) -> Figures:
    sums: Counter[str] = Counter()
    for row in _of_week(read_truth(province, "progress"), week):
        rate = rate_name(row["definition"], row["stage"])
        names = [f"units {row['unit_code']}"] if rate == "dn_and" else []
        names += [f"rates {rate}"] if row["unit_code"] == PROVINCE else []
        for name in names:
            for count in ("numerator", "denominator"):
                sums[f"{name} {count}"] += int(row[count])
    rates = {
        name.replace("denominator", "rate_percent"): rate_percent(sums[name.replace("denominator", "numerator")], count)
        for name, count in sums.items()
        if name.endswith("denominator")
    }
    return {**sums, **{name: rate or 0.0 for name, rate in rates.items()}}


def _true_categories(province: Path, week: Week) -> Figures:
    """Of the days that a file of the portal tells of: of the others it is not known who lacks what there."""
    rows = [row for row in read_truth(province, "reconciliation") if row["unit_code"] == PROVINCE]
    folders = (province / layout.FEEDS / layout.feed_prefix("portal")).glob("dt=*")
    sent = {date.fromisoformat(folder.name.removeprefix("dt=")) for folder in folders}
    oldest = min((date.fromisoformat(row["dossier_date"]) for row in rows if row["category"] == "portal"), default=None)
    told = told_days(each_day(week.first, week.last), sent, oldest)
    sums: Counter[str] = Counter()
    for row in _of_week(rows, week):
        if date.fromisoformat(row["dossier_date"]) in told:
            sums[row["category"]] += int(row["entries"])
    entries = {f"categories {name}": count for name, count in sums.items()}
    return entries | {f"categories {name} effect": EFFECTS[name] * count for name, count in sums.items()}


def _true_scans(province: Path, week: Week) -> Figures:
    """Verdicts, defects and what was not scanned of the week; what waits of each agency at its end."""
    documents = read_true_scans(province)
    of_week = [one for one in documents if week.first <= one.scan_date <= week.last]
    again = {(one.agency, one.replaces) for one in of_week}
    found: Counter[str] = Counter()
    for one in of_week:
        if one.not_scanned:
            found[f"not_scanned {one.not_scanned}"] += 1
            continue
        if (one.agency, one.document_id) not in again:
            found[f"verdicts {_VERDICTS[one.outcome]}"] += 1
        found.update(f"defects {defect}" for defect in one.bad_pages.values())
        found.update(f"document_defects {defect}" for defect in one.defects & OF_DOCUMENT)
        if one.is_received:
            found["verdicts received"] += 1
            found["verdicts pages_found"] += len(one.pages)
            found["verdicts pages_accepted"] += len(one.pages) - len(one.bad_pages)
    found.update(f"agencies {one.agency} {_WAITS[one.outcome]}" for one in _waiting(documents, week))
    return dict(found)


def _waiting(documents: list[TrueDocument], week: Week) -> list[TrueDocument]:
    """The documents that wait, at the end of the week, for another scan or a person."""
    known = [one for one in documents if one.scan_date <= week.last]
    replaced = {(one.agency, one.replaces) for one in known}
    first = week.back(WEEKS - 1).first
    waiting = (one for one in known if one.outcome in _WAITS and one.scan_date >= first)
    return [one for one in waiting if (one.agency, one.document_id) not in replaced]


def _true_lateness(province: Path) -> Figures:
    found: Counter[str] = Counter()
    for row in read_truth(province, "lateness_end"):
        for level in (row["level"] or None, TOTAL):
            found[f"lateness {level} {row['state']}"] += 1
    return dict(found)


def _of_week(rows: list[dict[str, str]], week: Week) -> Iterator[dict[str, str]]:
    return (row for row in rows if week.first <= date.fromisoformat(row["dossier_date"]) <= week.last)
