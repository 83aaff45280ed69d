"""Judge made defects in folds, each copy of a page by the net that saw no page of its source.

    python -m tools.pagenet.judge_made NET1 NET2 NET3 --labels FOLDER... --copies COPIES...

A folder of copies holds labelled pages again: ``PAGE__asis.jpg`` as they are, ``PAGE__KIND_SEVERITY.jpg`` with a defect
made upon them, where PAGE is the name of the page's file without its ending, in a ``labels.csv`` of ``--labels``. Each
copy is measured with the net that was trained without the fold of its page's source (``data.csv``). A defect's copies
are compared with the copies as they are, which have their size, tags and coding. ``unseen.csv`` names copies on which
nobody can see the defect, and why: areas are told with them and, beside it, without; and without them also by what the
page is, for a card or a desk is not the paper of an office. Each copy is compared with its own page too, and two areas
tell what could be reached: if a defect were seen on every ground as on paper, and if no page as it is read anything.
The areas go into ``judged_made.json`` beside ``judge_limits``, of which ``tools.generate_docs`` makes tables in
``docs/thresholds.md``, and are printed.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median

from sohoa.pages import page_net
from sohoa.pages.guard.bounds import FileBounds
from sohoa.pages.measure_page import measure_file
from sohoa.quality.rules import failing_rules
from sohoa.quality.thresholds import load_thresholds
from sohoa.settings import load_settings
from tools.judge_limits import page_table
from tools.pagenet.bases import check_named, read_folds

JUDGED = Path(__file__).parents[1] / "judged_made.json"
COLUMNS = {
    "streaks": "streak_strength", "seam": "seam_strength", "gradient": "illumination_range", "bleed": "bleed_through",
    "finger": "foreign_object", "glare": "glare_ratio", "crop": "edge_cut", "border": "border_dark",
}  # fmt: skip
"""Kind of a made defect -> the column that grows with it."""
DEFECTS = {
    "streaks": "streaks", "seam": "bad_seam", "gradient": "uneven_light", "bleed": "bleed_through",
    "finger": "foreign_object", "glare": "glare", "crop": "cut_off", "border": "dark_border",
}  # fmt: skip
"""Kind of a made defect -> its name."""
AS_IS = "asis"
UNSEEN = Path(__file__).with_name("unseen.csv")
FOLDS = (1, 2, 3)
GROUNDS = ("scans of paper", "scans of cards, covers and prints", "photographs")
Counts = dict[str, dict[str, list[float]]]
"""Kind -> ``all``, ``seen`` (without those of ``unseen.csv``) and ``fold 1`` to ``fold 3``, each [area under the curve,
copies with, copies without]; ``found``, [copies on which any limit reports it, of]; ``false``, likewise of the copies
as they are; a name of ``GROUNDS``, likewise the area of those seen; ``own`` and such a name, [share of them that read
more than their own page, ties half, how many]; ``sighted`` and ``spotless``, the areas that could be reached."""


@dataclass(frozen=True)
class Copy:
    """A copy of a page.

    Attributes:
        page: its name.
        kind: of the defect made upon it, ``AS_IS`` without.
        severity: of the defect, as in the copy's name.
        fold: of its page's source.
        row: what was measured.
        defects: what any limit reports, notes too.
    """

    page: str
    kind: str
    severity: str
    fold: int
    row: Mapping[str, object]
    defects: frozenset[str]

    def value(self, kind: str) -> float:
        """Return the column of a kind of defect, -1 where it was not measured: nothing was seen."""
        found = self.row[COLUMNS[kind]]
        return -1.0 if found is None else float(str(found))


def main() -> None:
    """Read the command line, measure, keep the figures and print them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("nets", nargs=3, type=Path, help="trained with --fold 1, 2 and 3")
    parser.add_argument("--labels", nargs="+", type=Path, required=True, help="folders with labels.csv")
    parser.add_argument("--copies", nargs="+", type=Path, required=True, help="folders with the copies")
    options = parser.parse_args()
    folds, unseen = fold_of_pages(options.labels), read_unseen()
    check_named(UNSEEN, {page for page, _, _ in unseen}, folds)
    copies = [copy for folder in options.copies for copy in measure_copies(folder, folds, options.nets)]
    counts = judge(copies, unseen)
    grounds = ground_of_pages(options.labels)
    for found in (judge_grounds(copies, grounds, unseen), judge_reach(copies, grounds, unseen)):
        for kind, areas in found.items():
            counts[kind] |= areas
    JUDGED.write_text(json.dumps(counts, indent=1) + "\n", encoding="utf-8")
    rows = [*table_rows(counts), *ground_rows(counts), *reach_rows(counts)]
    sys.stdout.write("\n".join(" | ".join(row) for row in rows) + "\n")


def fold_of_pages(folders: Iterable[Path]) -> dict[str, int]:
    """Return page name without ending -> fold of its source; pages of sources without a fold are left out."""
    folds, found = read_folds(), {}
    for folder in folders:
        with (folder / "labels.csv").open(encoding="utf-8", newline="") as lines:
            for line in csv.DictReader(lines):
                if line["source"] in folds:
                    found[Path(line["file"]).stem] = folds[line["source"]]
    return found


def ground_of_pages(folders: Iterable[Path]) -> dict[str, str]:
    """Return page name without ending -> what it is, of ``GROUNDS``."""
    found = {}
    for folder in folders:
        with (folder / "labels.csv").open(encoding="utf-8", newline="") as lines:
            for line in csv.DictReader(lines):
                scan = GROUNDS[0] if line["glossy_cover"] == "0" else GROUNDS[1]
                found[Path(line["file"]).stem] = GROUNDS[2] if line["camera_photo"] == "1" else scan
    return found


def measure_copies(folder: Path, folds: Mapping[str, int], nets: Sequence[Path]) -> list[Copy]:
    """Measure the copies of a folder, each with the net of its page's fold; other files are left out."""
    bounds, rules = FileBounds.of(load_settings()), load_thresholds("tthc").rules
    found = []
    for path in sorted(folder.glob("*__*.jpg")):
        page, _, rest = path.stem.rpartition("__")
        kind, _, severity = rest.partition("_")
        if page in folds and kind in {*COLUMNS, AS_IS}:
            page_net.WEIGHTS = nets[folds[page] - 1]
            row = measure_file(path, bounds)[0]
            (failed,) = failing_rules(page_table([({}, dict(row))]), rules)
            found.append(Copy(page, kind, severity, folds[page], row, frozenset(rule.defect for rule in failed)))
    return found


def read_unseen() -> set[tuple[str, str, str]]:
    """Return page, kind and severity of the copies on which nobody can see the defect; without severity, the page."""
    with UNSEEN.open(encoding="utf-8", newline="") as lines:
        return {(line["page"], line["kind"], line["severity"]) for line in csv.DictReader(lines)}


def judge(copies: Iterable[Copy], unseen: Container[tuple[str, str, str]] = ()) -> Counts:
    """Return the areas under the curve and what is reported, by kind, of all copies without an error."""
    held = [copy for copy in copies if copy.row["error"] is None]
    counts: Counts = {}
    for kind in COLUMNS:
        made = [copy for copy in held if copy.kind == kind]
        sound = [copy for copy in held if copy.kind == AS_IS]
        if not made:
            continue
        counts[kind] = {"all": _area(made, sound, kind), "seen": _area(*_seen(held, kind, unseen), kind)}
        for fold in FOLDS:
            of_fold = [[copy for copy in some if copy.fold == fold] for some in (made, sound)]
            counts[kind][f"fold {fold}"] = _area(of_fold[0], of_fold[1], kind)
        for name, some in (("found", made), ("false", sound)):
            counts[kind][name] = [sum(DEFECTS[kind] in copy.defects for copy in some), len(some)]
    return counts


def judge_grounds(
    copies: Iterable[Copy], grounds: Mapping[str, str], unseen: Container[tuple[str, str, str]] = ()
) -> Counts:
    """Return the areas under the curve of those seen, by kind and by what the page is."""
    held = [copy for copy in copies if copy.row["error"] is None]
    counts: Counts = {}
    for kind in COLUMNS:
        seen = _seen(held, kind, unseen)
        if seen[0]:
            of_ground = {
                ground: [[copy for copy in some if grounds[copy.page] == ground] for some in seen] for ground in GROUNDS
            }
            counts[kind] = {ground: _area(made, sound, kind) for ground, (made, sound) in of_ground.items()}
    return counts


def judge_reach(
    copies: Iterable[Copy], grounds: Mapping[str, str], unseen: Container[tuple[str, str, str]] = ()
) -> Counts:
    """Return whether each copy reads more than its own page, and the areas that could be reached, by kind, of those
    seen.

    ``sighted``: each copy reads what its own page reads and, beside it, what a defect of its severity adds on paper, by
    the median. ``spotless``: the pages as they are read nothing.
    """
    held = [copy for copy in copies if copy.row["error"] is None]
    counts: Counts = {}
    for kind in COLUMNS:
        made, sound = _seen(held, kind, unseen)
        own = {copy.page: _reading(copy, kind) for copy in sound}
        if not made:
            continue
        added: dict[str, list[float]] = defaultdict(list)
        wins: dict[str, list[float]] = defaultdict(list)
        for copy in made:
            more = _reading(copy, kind) - own[copy.page]
            wins[grounds[copy.page]].append((more > 0) + (more == 0) / 2)
            if grounds[copy.page] == GROUNDS[0]:
                added[copy.severity].append(more)
        counts[kind] = {
            f"own {ground}": [round(fmean(found), 4), len(found)] if (found := wins[ground]) else []
            for ground in GROUNDS
        }
        sighted = [own[copy.page] + median(added[copy.severity]) for copy in made] if added else []
        counts[kind]["sighted"] = _above(sighted, list(own.values()))
        counts[kind]["spotless"] = _above([_reading(copy, kind) for copy in made], [0.0] * len(own))
    return counts


def _reading(copy: Copy, kind: str) -> float:
    return max(0.0, copy.value(kind))


def _seen(held: Iterable[Copy], kind: str, unseen: Container[tuple[str, str, str]]) -> tuple[list[Copy], list[Copy]]:
    """Return the copies on which a defect of that kind can be seen, and the copies as they are of such pages."""
    known = [copy for copy in held if (copy.page, kind, "") not in unseen]
    made = [copy for copy in known if copy.kind == kind and (copy.page, kind, copy.severity) not in unseen]
    return made, [copy for copy in known if copy.kind == AS_IS]


def table_rows(counts: Counts) -> list[tuple[str, ...]]:
    """Return the cells of the table: defect; area of all, of those seen and of each fold; reported, falsely so."""
    return [
        (
            DEFECTS[kind],
            *(_said(found[name]) for name in ("all", "seen", *(f"fold {fold}" for fold in FOLDS))),
            *(f"{found[name][0]:.0f} of {found[name][1]:.0f}" for name in ("found", "false")),
        )
        for kind, found in counts.items()
    ]


def ground_rows(counts: Counts) -> list[tuple[str, ...]]:
    """Return the cells of the table by what a page is: defect, then the area of those seen on each."""
    return [(DEFECTS[kind], *(_said(found[ground]) for ground in GROUNDS)) for kind, found in counts.items()]


def reach_rows(counts: Counts) -> list[tuple[str, ...]]:
    """Return the cells of the table of what could be reached: defect; each copy against its own page; the two areas."""
    names = (*(f"own {ground}" for ground in GROUNDS), "sighted", "spotless")
    return [
        (DEFECTS[kind], *(f"{found[name][0]:.3f}" if found[name] else "unknown" for name in names))
        for kind, found in counts.items()
    ]


def _said(found: list[float]) -> str:
    return f"{found[0]:.3f} ({found[1]:.0f}, {found[2]:.0f})" if len(found) == 3 else "unknown"


def _area(made: list[Copy], sound: list[Copy], kind: str) -> list[float]:
    """Return the probability that a made defect reads more than a copy without, ties half, and how many of each."""
    return _above([copy.value(kind) for copy in made], [copy.value(kind) for copy in sound])


def _above(made: list[float], sound: list[float]) -> list[float]:
    """Return the probability that one of the first is more than one of the second, ties half, and how many of each."""
    if not (made and sound):
        return []
    wins = sum((one > other) + (one == other) / 2 for one in made for other in sound)
    return [round(wins / (len(made) * len(sound)), 4), len(made), len(sound)]


if __name__ == "__main__":
    main()
