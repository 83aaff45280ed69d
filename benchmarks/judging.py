"""What judging costs: the compiled rules with numpy against the same rules in Great Expectations."""

from __future__ import annotations

from functools import partial

import numpy as np
import pyarrow as pa
from rich.console import Console
from rich.table import Table

from benchmarks.timing import cpu_seconds
from sohoa.intake.measured_pages import PAGES
from sohoa.quality import gate, rules
from sohoa.quality.thresholds import load_thresholds


def main() -> None:
    """Print CPU time for some numbers of page rows."""
    limits = load_thresholds("tthc")
    table = Table("rows", "numpy ms", "Great Expectations ms", "ratio", title=f"{len(limits.rules)} limits")
    for count in (100, 2_000, 30_000):
        rows = page_rows(count)
        fast = cpu_seconds(partial(rules.judge_pages, rows, limits.rules))
        slow = cpu_seconds(partial(gate.judge_pages, rows, limits), repeat=2)
        table.add_row(f"{count:,}", f"{1000 * fast:.1f}", f"{1000 * slow:.0f}", f"{slow / fast:.0f}")
    Console().print(table)


def page_rows(count: int) -> pa.Table:
    """Measured rows, most of them good."""
    rng = np.random.default_rng(1)
    columns = {field.name: pa.nulls(count, field.type) for field in PAGES}
    columns |= {
        "agency": pa.array(["H37.80.01"] * count),
        "batch": pa.array(["H37.80.01-20230306-001"] * count),
        "file": pa.array([f"{number}.pdf" for number in range(count)]),
        "page_no": pa.array([1] * count),
        "paper": pa.array(rng.choice(["a4", "a3"], count)),
        "cover": pa.array(rng.choice(["matte", "glossy"], count)),
        "content": pa.array(rng.choice(["text", "map"], count)),
        "format": pa.array(["pdf"] * count),
        "colour_mode": pa.array(["colour"] * count),
        "dpi_x": pa.array(rng.choice([100.0, 200.0, 300.0, 400.0], count)),
        "dpi_y": pa.array(rng.choice([200.0, 300.0, 400.0], count)),
        "skew_deg": pa.array(rng.normal(0, 0.7, count)),
        "ink_ratio": pa.array(rng.uniform(0, 0.2, count)),
        "jpeg_quality": pa.array(rng.uniform(40, 95, count)),
    }
    return pa.table({field.name: columns[field.name].cast(field.type) for field in PAGES})
