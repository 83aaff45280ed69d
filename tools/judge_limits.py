"""Judge the limits on labelled pages that one holds: hits and false alarms of each, with counts and intervals.

    python -m tools.judge_limits FOLDER...

A folder holds images and ``labels.csv``: ``file``, and in columns of the names in ``LABELS`` 1 where a page has the
defect, 0 where it has not; anything else is not vouched for. Pages with ``camera_photo`` 1 are left out; of those with
``clean`` 1 it is counted how many any limit finds something on. The pages stay where they are: only the counts go into
``judged_limits.json`` beside this module, of which ``tools.generate_docs`` makes a table in ``docs/thresholds.md``.
"""

from __future__ import annotations

import csv
import json
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from math import sqrt
from pathlib import Path
from typing import Any

import pyarrow as pa

from sohoa.enums import SEVERITIES
from sohoa.pages.guard.bounds import FileBounds
from sohoa.pages.measure_page import measure_file
from sohoa.quality.limit_entry import DECLARED_COLUMNS
from sohoa.quality.rules import failing_rules
from sohoa.quality.thresholds import Rule, load_thresholds
from sohoa.schema import MEASURED
from sohoa.settings import load_settings

JUDGED = Path(__file__).with_name("judged_limits.json")
LABELS = {
    "blank": "blank", "blurred": "blur", "glare": "glare", "cut_off": "cutoff", "dark_border": "dark_border",
    "uneven_light": "uneven_light", "low_contrast": "low_contrast", "bleed_through": "bleed_through",
    "streaks": "streak", "foreign_object": "finger", "bad_seam": "seam", "moire": "moire",
}  # fmt: skip
"""Defect -> the column of ``labels.csv`` that says whether a page has it."""
_NORMAL = 1.96  # standard deviations on each side of 95 %

Counts = dict[str, dict[str, list[int]]]
"""Name of a limit -> ``hits`` and ``false_alarms``, each [found, of]; ``clean`` of each severity or worse likewise."""


def main() -> None:
    """Measure and judge the pages of the folders given, and keep the counts."""
    bounds, pages = FileBounds.of(load_settings()), []
    for folder in map(Path, sys.argv[1:]):
        with (folder / "labels.csv").open(encoding="utf-8", newline="") as lines:
            labels = [line for line in csv.DictReader(lines) if line["camera_photo"] != "1"]
        pages += [(line, dict(measure_file(folder / line["file"], bounds)[0])) for line in labels]
    counts = judge_limits(pages)
    JUDGED.write_text(json.dumps(counts, indent=1) + "\n", encoding="utf-8")


def judge_limits(pages: Iterable[tuple[Mapping[str, str], dict[str, Any]]]) -> Counts:
    """Count hits and false alarms of every limit without a scope of its own, and clean pages with any defect.

    Args:
        pages: labels and page row of each page; pages with an error are left out.
    """
    held = [(labels, row) for labels, row in pages if row["error"] is None]
    rules = [rule for rule in load_thresholds("tthc").rules if rule.defect in LABELS and not rule.scope]
    rows = pa.Table.from_pylist([row for _, row in held], schema=MEASURED)
    for name in DECLARED_COLUMNS.values():
        rows = rows.append_column(name, pa.nulls(len(rows), pa.string()))
    failing = failing_rules(rows, rules)
    counts: Counts = {}
    for rule in rules:
        said = [
            (labels.get(LABELS[rule.defect]), rule in failed) for (labels, _), failed in zip(held, failing, strict=True)
        ]
        both = {
            "hits": [found for truth, found in said if truth == "1"],
            "false_alarms": [found for truth, found in said if truth == "0"],
        }
        counts[limit_name(rule)] = {kind: [sum(found), len(found)] for kind, found in both.items()}
    clean = [failed for (labels, _), failed in zip(held, failing, strict=True) if labels.get("clean") == "1"]
    worst = Counter(max(SEVERITIES.index(rule.severity) for rule in failed) for failed in clean if failed)
    counts["clean"] = {
        name: [sum(count for level, count in worst.items() if level >= place), len(clean)]
        for place, name in enumerate(SEVERITIES)
    }
    return counts


def limit_name(rule: Rule) -> str:
    """Return the name of a limit: defect, test and severity."""
    return f"{rule.defect} {rule.test} {rule.limit} {rule.severity}"


def table_rows(counts: Counts) -> list[tuple[str, ...]]:
    """Return the cells of the table: limit, false alarms and hits, each with its 95 % interval."""
    rows: list[tuple[str, ...]] = [
        (name, share(*both["false_alarms"]), share(*both["hits"]))
        for name, both in counts.items() if name != "clean"
    ]  # fmt: skip
    return rows + [(f"any of these, {name} or worse", share(*pair), "") for name, pair in counts["clean"].items()]


def share(found: int, of: int) -> str:
    """Write found of all with the 95 % interval of the share (Wilson), the counts alone where there are none."""
    if not of:
        return "0 of 0"
    p, extra = found / of, _NORMAL**2 / of
    middle, half = p + extra / 2, _NORMAL * sqrt(p * (1 - p) / of + extra / (4 * of))
    low, high = ((middle + sign * half) / (1 + extra) for sign in (-1, 1))
    return f"{found} of {of} ({max(0.0, low):.1%} to {high:.1%})"


if __name__ == "__main__":
    main()
