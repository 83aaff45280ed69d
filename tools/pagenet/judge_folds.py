"""Judge page rows in folds: ``python -m tools.pagenet.judge_folds NET1 NET2 NET3 FOLDER...`` prints tables.

Each page is measured with the net that was trained without the fold of its source (``data.csv``), so that no net
judges what it, or pages like it, was trained on. Licences do not matter here. Printed are the areas under the curve and
what is reported at the limits of ``review``, with counts, then each source with a page that has one of the defects.
``doubtful.csv`` names labels that the picture does not bear out, and why: areas are told with them and, beside it,
without.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sohoa.pages import page_net
from sohoa.pages.guard.bounds import FileBounds
from sohoa.pages.measure_page import measure_file
from sohoa.quality.thresholds import load_thresholds
from sohoa.settings import load_settings
from tools.judge_limits import LABELS
from tools.pagenet.bases import check_named, read_folds

_COLUMNS = {
    "glare": "glare_ratio", "cut_off": "edge_cut", "dark_border": "border_dark", "foreign_object": "foreign_object",
}  # fmt: skip
DOUBTFUL = Path(__file__).with_name("doubtful.csv")


@dataclass(frozen=True)
class Page:
    """A labelled page and its row.

    Attributes:
        labels: its line of ``labels.csv``.
        row: what was measured.
        fold: the fold of its source.
    """

    labels: Mapping[str, str]
    row: Mapping[str, object]
    fold: int

    def value(self, defect: str) -> float:
        """Return the column of a defect, 0 where it was not measured."""
        return float(str(self.row[_COLUMNS[defect]] or 0))

    def truth(self, defect: str) -> str:
        """Return 1 where the page has the defect, 0 where it has not."""
        return self.labels.get(LABELS[defect], "")

    @property
    def is_photo(self) -> bool:
        """Whether a camera took it."""
        return self.labels["camera_photo"] == "1"


def main() -> None:
    """Read the command line, measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("nets", nargs=3, type=Path, help="trained with --fold 1, 2 and 3")
    parser.add_argument("folders", nargs="+", type=Path, help="folders with labels.csv")
    options = parser.parse_args()
    pages = [page for folder in options.folders for page in measure_folder(folder, options.nets)]
    doubtful = read_doubtful()
    check_named(DOUBTFUL, {page for page, _ in doubtful}, {Path(page.labels["file"]).stem for page in pages})
    print("\n".join([*describe(pages), "", *describe_sure(pages, doubtful), "", *by_source(pages)]))


def read_doubtful() -> set[tuple[str, str]]:
    """Return page, without ending, and defect of the labels that the picture does not bear out."""
    with DOUBTFUL.open(encoding="utf-8", newline="") as lines:
        return {(line["page"], line["defect"]) for line in csv.DictReader(lines)}


def measure_folder(folder: Path, nets: list[Path]) -> list[Page]:
    """Measure the pages of a folder, each with the net of its fold; pages of sources without a fold are left out."""
    bounds, folds, pages = FileBounds.of(load_settings()), read_folds(), []
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as lines:
        labelled = [line for line in csv.DictReader(lines) if line["source"] in folds]
    for labels in labelled:
        fold = folds[labels["source"]]
        page_net.WEIGHTS = nets[fold - 1]
        pages.append(Page(labels, measure_file(folder / labels["file"], bounds)[0], fold))
    return pages


def describe(pages: list[Page]) -> list[str]:
    """Return a table of the checks: areas under the curve, and what is reported at the limit."""
    lines = [
        "| check | pages with | scans without | photographs without | AUC all | against scans | against photographs "
        "| reported | false scans | false photographs |",
        "|---" * 10 + "|",
    ]
    for defect, limit in _limits().items():
        worse, scans, photos = _split(pages, defect)
        areas = (_area(worse, some, defect) for some in (scans + photos, scans, photos))
        cells = [defect, *(str(len(some)) for some in (worse, scans, photos)), *areas]
        cells += [_over(some, defect, limit) for some in (worse, scans, photos)]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def describe_sure(pages: list[Page], doubtful: Collection[tuple[str, str]]) -> list[str]:
    """Return a table of the areas under the curve with every label, and without those in doubt.

    Args:
        pages: labelled and measured.
        doubtful: page and defect of the labels in doubt.
    """
    lines = ["| check | labels in doubt | AUC all | without them |", "|---" * 4 + "|"]
    for defect in _COLUMNS:
        sure = [page for page in pages if (Path(page.labels["file"]).stem, defect) not in doubtful]
        if len(sure) < len(pages):
            splits = (_split(some, defect) for some in (pages, sure))
            areas = (_area(worse, scans + photos, defect) for worse, scans, photos in splits)
            lines.append(f"| {defect} | {len(pages) - len(sure)} | {' | '.join(areas)} |")
    return lines


def by_source(pages: list[Page]) -> list[str]:
    """Return a table of the sources that have a page with one of the defects: reported of all, false of all without."""
    limits = _limits()
    lines = [f"| source | fold | {' | '.join(limits)} |", "|---" * (2 + len(limits)) + "|"]
    for source in sorted({page.labels["source"] for page in pages}):
        some = [page for page in pages if page.labels["source"] == source]
        if not any(_split(some, defect)[0] for defect in limits):
            continue
        cells = []
        for defect, limit in limits.items():
            worse, scans, photos = _split(some, defect)
            cells.append(f"{_over(worse, defect, limit)}; false {_over(scans + photos, defect, limit)}")
        lines.append(f"| {source} | {some[0].fold} | {' | '.join(cells)} |")
    return lines


def _limits() -> dict[str, float]:
    """Return the defects and their limits of ``review`` that hold for every page."""
    rules = load_thresholds("tthc").rules
    return {
        rule.defect: float(str(rule.limit))
        for rule in rules
        if rule.defect in _COLUMNS and rule.severity == "review" and not rule.scope
    }


def _split(pages: Iterable[Page], defect: str) -> tuple[list[Page], list[Page], list[Page]]:
    """Return the pages with the defect, the scans without and the photographs without."""
    known = [page for page in pages if page.row["error"] is None]
    without = [page for page in known if page.truth(defect) == "0"]
    worse = [page for page in known if page.truth(defect) == "1"]
    return worse, [page for page in without if not page.is_photo], [page for page in without if page.is_photo]


def _area(worse: list[Page], better: list[Page], defect: str) -> str:
    """Return the probability that a page with the defect reads more than one without, ties half."""
    if not (worse and better):
        return "unknown"
    pairs = [(one.value(defect), other.value(defect)) for one in worse for other in better]
    return f"{sum((one > other) + (one == other) / 2 for one, other in pairs) / len(pairs):.3f}"


def _over(some: list[Page], defect: str, limit: float) -> str:
    return f"{sum(page.value(defect) > limit for page in some)} of {len(some)}"


if __name__ == "__main__":
    main()
