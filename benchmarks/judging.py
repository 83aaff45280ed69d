"""What judging costs: the compiled rules with numpy against the same rules in Great Expectations."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from benchmarks.material import page_rows
from benchmarks.timing import cpu_seconds
from sohoa.quality import gate, rules
from sohoa.quality.thresholds import load_thresholds


def main() -> None:
    """Print CPU time for some numbers of page rows."""
    limits = load_thresholds("tthc")
    table = Table("rows", "numpy ms", "Great Expectations ms", "ratio", title=f"{len(limits.rules)} limits")
    for count in (100, 2_000, 30_000):
        rows = page_rows(count)
        fast = cpu_seconds(lambda rows=rows: rules.judge_pages(rows, limits.rules))
        slow = cpu_seconds(lambda rows=rows: gate.judge_pages(rows, limits), repeat=2)
        table.add_row(f"{count:,}", f"{1000 * fast:.1f}", f"{1000 * slow:.0f}", f"{slow / fast:.0f}")
    Console().print(table)
