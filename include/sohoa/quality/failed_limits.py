"""Which limits a page fails, and by how much: what a verdict leaves out."""

from __future__ import annotations

from typing import Any, TypedDict

import pyarrow as pa

from sohoa.enums import SEVERITIES, Severity
from sohoa.quality.rules import failing_rules
from sohoa.quality.thresholds import Rule, Thresholds

BatchPage = tuple[str, str, int]
"""Batch, file and page number."""


class FailedLimit(TypedDict):
    """A limit that a page fails, and by how much."""

    defect: str
    severity: Severity
    column: str
    value: Any
    """Null where it is not known."""
    test: str
    limit: Any
    unit: str


def find_failures(pages: pa.Table, thresholds: Thresholds) -> dict[BatchPage, list[FailedLimit]]:
    """Find for each page with a defect the limits that it fails, the worst of each defect and column; notes left out.

    Args:
        pages: judged page rows.
        thresholds: the limits by which they were judged.
    """
    rows = pages.filter(pa.array([bool(defects) for defects in pages["defects"].to_pylist()], pa.bool_()))
    columns = sorted({"batch", "file", "page_no", *(rule.column for rule in thresholds.rules)})
    values = rows.select(columns).to_pylist()
    failing = failing_rules(rows, thresholds.rules)
    return {
        (row["batch"], row["file"], row["page_no"]): [describe_failure(rule, row) for rule in _worst(failed)]
        for row, failed in zip(values, failing, strict=True)
    }


def _worst(failed: list[Rule]) -> list[Rule]:
    """Keep the worst of the limits on one column for one defect, in the order of the file of limits."""
    worst: dict[tuple[str, str], Rule] = {}
    for rule in failed:
        known = worst.get((rule.defect, rule.column))
        if known is None or SEVERITIES.index(rule.severity) > SEVERITIES.index(known.severity):
            worst[rule.defect, rule.column] = rule
    return [rule for rule in worst.values() if rule.severity != SEVERITIES[0]]


def describe_failure(rule: Rule, row: dict[str, Any]) -> FailedLimit:
    """Describe by how much a page row fails a limit."""
    return {
        "defect": rule.defect,
        "severity": rule.severity,
        "column": rule.column,
        "value": row[rule.column],
        "test": rule.test,
        "limit": list(rule.limit) if isinstance(rule.limit, tuple) else rule.limit,
        "unit": rule.unit,
    }
