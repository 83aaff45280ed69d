"""The end of the demo on a terminal: what came out, each part held against the truth, and where to look on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
from rich.console import Console

from sohoa import layout, stack
from sohoa.days import Week
from sohoa.defects import DEFECTS
from sohoa.demo.compare_truth import Comparison
from sohoa.format_value import count, day, decimal, signed
from sohoa.labels import label_vi
from sohoa.progress.rate import progress_share, weekly_progress
from sohoa.reconcile.categories import EFFECTS, SIDES
from sohoa.reconcile.count_categories import balance
from sohoa.registry import PROVINCE
from sohoa.settings import Settings
from sohoa.store import Store
from sohoa.terminal.grid import Grid

ATTENTION = 3
"""Agencies that are named."""
_BAR = 20


@dataclass(frozen=True)
class Places:
    """Where the results lie on this machine.

    Attributes:
        week: week of the report.
        report: files of the report, its page first.
        batch: the one whose slip is shown; None for the newest.
        slip: its return slip.
        docs: the Great Expectations page.
        command: how the command is called here.
    """

    week: Week
    report: Sequence[Path]
    batch: str | None
    slip: Path
    docs: Path
    command: str


def show_progress(progress: pa.Table, settings: Settings, compared: Comparison, out: Console) -> None:
    """Print the rate of each week on its way from the baseline to the target."""
    baseline, target = settings.baseline_percent, settings.target_percent
    table = Grid(f"1. Tiến độ tới {decimal(target, 0)} % (progress: {decimal(baseline)} → {decimal(target, 0)} %)")
    table.keys("Tuần (week)")
    table.figures("Tử số", "Mẫu số", "Tỷ lệ %", "Tới mục tiêu %")
    table.text("")
    for row in weekly_progress(progress, PROVINCE).to_pylist():
        rate = row["rate_percent"]
        share = progress_share(rate, baseline, target)
        bar = "█" * round((rate or 0) * _BAR / 100)
        counts = (count(row["numerator"]), count(row["denominator"]))
        table.row(row["week"], *counts, decimal(rate), decimal(share and 100 * share), bar)
    out.print(table)
    show_comparison(compared, out)


def show_defects(
    put_in: Mapping[str, int],
    found: Mapping[str, int],
    seals: tuple[int, int],
    compared: Sequence[Comparison],
    out: Console,
) -> None:
    """Print how many pages, or documents, were given each defect, and on how many it was found.

    Args:
        put_in: defect -> how many were given it.
        found: defect -> how many it was found on.
        seals: pages with a seal across their edge, which is no defect, and how many of them passed.
        compared: pages and slips held against the truth.
        out: where to print.
    """
    table = Grid("2. Lỗi phát hiện (what was found)")
    table.text("Lỗi", "(defect)")
    table.figures("Đã gài\n(put in)", "Tìm thấy\n(found)")
    for name in sorted(put_in.keys() | found.keys(), key=lambda name: (-put_in.get(name, 0), name)):
        counts = put_in.get(name, 0), found.get(name, 0)
        style = "" if counts[0] == counts[1] else "red"
        table.row(DEFECTS[name].label_vi, DEFECTS[name].label_en, *map(count, counts), style=style)
    out.print(table)
    text = f"  dấu giáp lai (seals across the edge, which must pass): {seals[0]} pages put in, {seals[1]} passed"
    _say(out, text, style="green" if seals[0] == seals[1] else "red bold")
    for comparison in compared:
        show_comparison(comparison, out)


def show_portal(entries: Mapping[str, int], compared: Sequence[Comparison], out: Console) -> None:
    """Print why portal and province differ, and how many dossiers of the difference no category explains."""
    table = Grid("3. Cổng và tỉnh (portal against province)")
    table.keys("Nhóm")
    table.text("Nội dung (category)")
    table.figures("Số", "Cổng − tỉnh")
    for name, number in entries.items():
        effect = EFFECTS[name]
        shown = signed(effect * number) if effect else ""
        table.row("" if name in SIDES else name, label_vi("categories", name), count(number), shown)
    out.print(table)
    difference, explained = balance(dict(entries))
    out.print(
        f"  portal − province = {signed(difference)}, explained {signed(explained)}, "
        f"unexplained {signed(difference - explained)}",
        highlight=False,
        style="red bold" if difference != explained else "bold",
    )
    for comparison in compared:
        show_comparison(comparison, out)


def compare_sides(entries: Mapping[str, int]) -> Comparison:
    """Hold what the categories explain against the difference of portal and province."""
    difference, explained = balance(dict(entries))
    rest = difference - explained
    lines = [f"portal − province = {difference}, the categories explain {explained}: {rest} left"] if rest else []
    return Comparison("dossiers of both sides explained", entries.get("portal", 0) + entries.get("province", 0), lines)


def show_agencies(tables: Mapping[str, list[dict[str, Any]]], compared: Comparison, out: Console) -> None:
    """Print the agencies with most documents to scan, as the report has them."""
    table = Grid(f"4. {ATTENTION} cơ quan cần chú ý (agencies that need attention)")
    table.text("Cơ quan (agency)")
    table.figures("Chưa quét\n(to scan)", "Quét lại\n(again)", "Ngày không gửi\n(days silent)")
    table.keys("Lâu nhất\n(oldest)")
    for row in attention(tables):
        counts = (row["documents"], row["to_scan"], row["days_without_batch"])
        oldest = day(row["oldest"] and date.fromisoformat(row["oldest"]))
        table.row(row["agency_name"], *(count(number) for number in counts), oldest)
    out.print(table)
    show_comparison(compared, out)


def attention(tables: Mapping[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Return the first rows of the report's longest queues."""
    return tables.get("queue", [])[:ATTENTION]


def show_places(places: Places, settings: Settings, first: date, out: Console) -> None:
    """Print where the report, a slip, the UI and the Data Docs are, and commands worth trying."""
    airflow = stack.status(settings)["airflow"]
    docs = f"{layout.REPORTS}/{layout.data_docs_prefix(places.week.name)}index.html"
    rows: list[tuple[str, str, list[Path | str]]] = [
        (f"weekly report {places.week.name}", "open report", [*places.report[:2]]),
        ("a return slip", " ".join(["open slip", places.batch or ""]).strip(), [places.slip]),
        (
            "Airflow UI",
            "open ui",
            [
                airflow.url,
                stack.ui_login(settings),
                f"{airflow.url}/sohoa/progress",
                "the pages Số hóa: progress, batches, scans, reconciliation, quality, reports",
            ],
        ),
        ("Great Expectations", "open docs", [places.docs, f"in the store: {docs}"]),
    ]
    _say(out, "5. Xem ở đâu (where to look)", style="bold")
    for name, command, lines in rows:
        _say(out, f"  {name}: {places.command} {command}")
        for line in lines:
            _say(out, f"      {_short(line)}")
    _say(out, "  Five commands worth trying:")
    for line in commands(first, places.week):
        _say(out, f"      {places.command} {line}")


def commands(first: date, week: Week) -> list[str]:
    """List commands that show something with the demo's data: from its first day to the end of the report's week."""
    period = f"--from {first} --to {week.last}"
    return [
        f"progress --unit {PROVINCE} {period}",
        f"reconcile {period} --category R4",
        f"lateness {period}",
        f"devices {period}",
        'query "SELECT agency, verdict, count(*) AS pages FROM pages GROUP BY ALL ORDER BY ALL"',
    ]


def show_comparison(comparison: Comparison, out: Console) -> None:
    """Print how many are as they truly are, and in red each line that is not."""
    count, differences = comparison.compared, comparison.differences
    style = "red bold" if differences else "green"
    _say(out, f"  {comparison.what}: {count} compared, {len(differences)} differ", style=style)
    for line in differences:
        _say(out, f"    {line}", style="red")


def found_defects(store: Store) -> Counter[str]:
    """Count the pages with each defect; of pages that are missing, the documents that lack them."""
    pages, documents = (store.read_table(name).select(["defects"]).to_pylist() for name in ("pages", "documents"))
    found = Counter(name for page in pages for name in page["defects"])
    found.update(name for document in documents for name in document["defects"] if name == "missing_page")
    return found


def _short(line: Path | str | None) -> str:
    """A path as it is shorter from here."""
    if isinstance(line, Path) and line.is_relative_to(Path.cwd()):
        return str(line.relative_to(Path.cwd()))
    return str(line)


def _say(out: Console, text: str, style: str = "") -> None:
    out.print(text, style=style or None, markup=False, highlight=False, soft_wrap=True)
