"""Each column of the page row is declared once, and everything else follows."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from sohoa.pages import metrics
from sohoa.pages.measure_page import METRICS
from sohoa.pages.page_row import COLUMNS
from sohoa.quality.thresholds import load_thresholds

CALLED_BY_NAME = {"chroma", "ink", "jpeg_quality", "paper_class", "skew"}
"""Metrics that need more than the grey views of a page, or whose result others need: ``measure_page`` calls them."""


def test_every_metric_belongs_to_a_column() -> None:
    """A file in ``pages.metrics`` that no column names would never be run."""
    files = {path.stem for path in Path(metrics.__file__).parent.glob("*.py")} - {"__init__"}
    named = {column.metric.partition(":")[0] for column in COLUMNS.values()} - {""}
    assert files == named | CALLED_BY_NAME
    assert {name for columns in METRICS for name in columns} == {n for n, c in COLUMNS.items() if c.metric}


def test_what_a_limit_tests_can_be_put_into_words() -> None:
    """A return slip names and writes every column that a limit tests; ``error`` has words of its own."""
    tested = {rule.column for rule in load_thresholds("tthc").rules} - {"error"}
    assert tested <= {name for name, column in COLUMNS.items() if column.quantity is not None}


def test_the_declaration_is_light() -> None:
    """A process that asks for names alone loads neither Arrow nor a metric."""
    code = "import sys, sohoa.pages.page_row; sys.exit(bool({'pyarrow', 'numpy', 'cv2'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
