"""Judge the limits on labelled pages that one holds: hits and false alarms of each, with counts and intervals.

    python -m tools.judge_limits FOLDER... [--jury FOLDER...] [--large FOLDER...]

A folder holds files and ``labels.csv``: ``file``, ``page`` where one has several, ``source``, ``content`` and ``paper``
where an agency would declare them, and in columns of the names in ``LABELS`` 1 where a page has the defect, 0 where it
has not; anything else is not vouched for. Pages with ``camera_photo`` 1 are left out. Pages with ``clean`` 1 are those
that a clerk should have accepted: counted is how many are rejected or wait for a person for anything but what their
files say of themselves, and by source. No limit was chosen on pages of the folders after ``--jury``, nor on the large
sheets of those after ``--large``. The pages stay where they are: only the counts go into ``judged_limits.json`` beside
this module, of which ``tools.generate_docs`` makes tables in ``docs/thresholds.md``; they are printed too, with the
clean pages that are not accepted.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from math import exp, lgamma, log, log1p
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
TAGS = {
    "low_dpi", "unknown_scale", "wrong_colour", "over_compressed", "wrong_format", "unsigned", "old_pdf", "flawed_file",
    "unchecked_signature",
}  # fmt: skip
"""Defects that the file of a page shows, not its picture: public pages seldom have the tags that an agency's must."""
_UNSURE = 0.025  # that a share lies beyond each end of its interval

Page = tuple[Mapping[str, str], dict[str, Any]]
Counts = dict[str, dict[str, list[int]]]
"""Name of a limit -> ``hits`` and ``false_alarms``, each [found, of]; ``clean`` -> clean pages at each severity or
worse, likewise; ``sources`` -> clean pages that are not accepted, by source."""


def main() -> None:
    """Measure and judge the pages of the folders given, keep the counts and print them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--jury", nargs="+", type=Path, default=[], help="folders that no limit was chosen on")
    parser.add_argument("--large", nargs="+", type=Path, default=[], help="folders of sheets of A3 and larger")
    options = parser.parse_args()
    groups = {"tuned": options.folders, "jury": options.jury, "large": options.large}
    pages = {name: [page for folder in folders for page in read_pages(folder)] for name, folders in groups.items()}
    counts = {name: judge_limits(some) for name, some in pages.items()}
    JUDGED.write_text(json.dumps(counts, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    lines = [" | ".join(row) for row in (*table_rows(counts), *source_rows(counts))]
    lines += [
        f"{labels['file']} {labels.get('page') or 1} {found}"
        for some in pages.values()
        for labels, _, found in judge_clean(some)
        if found
    ]
    sys.stdout.write("\n".join(lines) + "\n")


def read_pages(folder: Path) -> list[Page]:
    """Return the labels and the page row of each scan of a folder; without ``page`` the first of its file."""
    bounds = FileBounds.of(load_settings())
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as lines:
        labels = [line for line in csv.DictReader(lines) if line["camera_photo"] != "1"]
    files = {name: measure_file(folder / name, bounds) for name in dict.fromkeys(line["file"] for line in labels)}
    return [(line, dict(_row_of(files[line["file"]], int(line.get("page") or 1)))) for line in labels]


def _row_of(rows: Sequence[Mapping[str, Any]], number: int) -> Mapping[str, Any]:
    """Return the row of a page; a file that cannot be read has one for all."""
    return rows[0] if rows[0]["error"] is not None else rows[number - 1]


def judge_limits(pages: Iterable[Page]) -> Counts:
    """Count hits and false alarms of every limit without a scope of its own, and clean pages that are not accepted.

    Args:
        pages: labels and page row of each page; pages with an error are left out.
    """
    held = [page for page in pages if page[1]["error"] is None]
    rules = [rule for rule in load_thresholds("tthc").rules if rule.defect in LABELS and not rule.scope]
    failing = failing_rules(page_table(held), rules)
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
    clean = judge_clean(held)
    worst = [max((SEVERITIES.index(severity) for severity in found.values()), default=-1) for *_, found in clean]
    counts["clean"] = {
        name: [sum(level >= place for level in worst), len(clean)] for place, name in enumerate(SEVERITIES)
    }
    sources: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for (labels, *_), level in zip(clean, worst, strict=True):
        sources[labels["source"]][0] += level >= SEVERITIES.index("review")
        sources[labels["source"]][1] += 1
    counts["sources"] = dict(sorted(sources.items()))
    return counts


def judge_clean(pages: Iterable[Page]) -> list[tuple[Mapping[str, str], dict[str, Any], dict[str, str]]]:
    """Return labels, row and defects -> severity, tags left out, of each clean page without error.

    What its labels say of a page is no fault of a limit: a sound scan may lie on its side.
    """
    held = [page for page in pages if page[1]["error"] is None and page[0].get("clean") == "1"]
    found = []
    for (labels, row), failed in zip(held, failing_rules(page_table(held), load_thresholds("tthc").rules), strict=True):
        defects: dict[str, str] = {}
        for rule in failed:
            is_true = rule.defect == "wrong_orientation" and labels.get("orientation_cw") not in ("0", None)
            if rule.defect not in TAGS and not is_true:
                defects[rule.defect] = max(defects.get(rule.defect, "note"), rule.severity, key=SEVERITIES.index)
        found.append((labels, row, defects))
    return found


def limit_name(rule: Rule) -> str:
    """Return the name of a limit: defect, test and severity."""
    return f"{rule.defect} {rule.test} {rule.limit} {rule.severity}"


def table_rows(counts: Mapping[str, Counts]) -> list[tuple[str, ...]]:
    """Return the cells of the table: limit, then false alarms and hits, each with its 95 % interval, of each group."""
    names = [name for name in next(iter(counts.values())) if name not in ("clean", "sources")]
    rows = [
        (name, *(share(*group[name][kind]) for group in counts.values() for kind in ("false_alarms", "hits")))
        for name in names
    ]
    clean = [
        (f"any limit, {name} or worse", *(c for group in counts.values() for c in (share(*group["clean"][name]), "")))
        for name in SEVERITIES
    ]
    return rows + clean


def source_rows(counts: Mapping[str, Counts]) -> list[tuple[str, ...]]:
    """Return the cells of the table of sources: source, clean pages that are not accepted, group."""
    return [
        (source, f"{found} of {of}", group)
        for group, some in counts.items()
        for source, (found, of) in some["sources"].items()
    ]


def share(found: int, of: int) -> str:
    """Write found of all with the 95 % interval of the share (Clopper and Pearson), 0 of 0 where there are none."""
    if not of:
        return "0 of 0"
    low = _quantile(found - 1, of, 1 - _UNSURE) if found else 0.0
    high = _quantile(found, of, _UNSURE) if found < of else 1.0
    return f"{found} of {of} ({low:.1%} to {high:.1%})"


def _quantile(found: int, of: int, chance: float) -> float:
    """Return the share of which ``found`` or fewer of ``of`` have this chance."""
    low, high = 0.0, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        at_most = sum(
            exp(lgamma(of + 1) - lgamma(k + 1) - lgamma(of - k + 1) + k * log(middle) + (of - k) * log1p(-middle))
            for k in range(found + 1)
        )
        low, high = (middle, high) if at_most > chance else (low, middle)
    return low


def page_table(pages: Sequence[Page]) -> pa.Table:
    """Return page rows as the table that limits are held against, with what is declared of them."""
    rows = pa.Table.from_pylist([row for _, row in pages], schema=MEASURED)
    for name in DECLARED_COLUMNS.values():
        rows = rows.append_column(name, pa.array([labels.get(name) or None for labels, _ in pages], pa.string()))
    return rows


if __name__ == "__main__":
    main()
