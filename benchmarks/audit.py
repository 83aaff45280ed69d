"""Whether the intervals of error rates hold: samples of documents with known errors, looked at by simulated reviewers.

Each run makes lots of its own, in which a detector misses defects and gives false alarms at known rates, draws the
samples by their plans, has every page of them reviewed, some by two, and asks whether the interval holds the rate that
reviewing every page would have given.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from sohoa.audit.draw_sample import choose_documents
from sohoa.audit.error_rates import ReviewedPage, estimate_errors
from sohoa.audit.sampling_plan import sampling_plan

RUNS, GOAL = 500, 0.93
LOTS, AQL = (180, 520, 1_300, 3_000), 2.5
"""Documents that agencies send; those that are accepted and those that are rejected are lots of their own."""
_PAGES, _TWICE = 6, 0.15
_DEFECT = "blurred"
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Truth:
    """How often a detector errs, and how common its defect is."""

    missed: float
    false_alarm: float
    documents: float = 0.06
    """Share of documents that have the defect on some pages."""


@dataclass(frozen=True)
class Coverage:
    """How the intervals of one rate did."""

    rate: str
    truth: float
    """Mean over the runs."""
    runs: int
    """In which the sample could show the rate."""
    covered: int
    mean_width: float


TRUTHS = (Truth(0.02, 0.002), Truth(0.1, 0.01), Truth(0.3, 0.05), Truth(0.1, 0.01, documents=0.02))


def main() -> None:
    """Print coverage and width, with careful and with careless reviewers."""
    table = Table(title=f"{RUNS} seeded runs: does the 95 % interval hold what reviewing all would give?")
    for name in ("defect, documents", "missed", "false alarms", "reviewers err", "rate", "mean", "held", "mean width"):
        table.add_column(name, justify="right")
    worst = 1.0
    for truth in TRUTHS:
        for careless in (0.0, 0.02):
            for found in coverage(RUNS, truth, careless):
                told = (truth.documents, truth.missed, truth.false_alarm, careless)
                held = found.covered / found.runs
                worst = min(worst, held)
                table.add_row(
                    *(f"{one:.1%}" for one in told), found.rate, f"{found.truth:.2%}", f"{held:.1%}",
                    f"{100 * found.mean_width:.1f} points",
                )  # fmt: skip
    console = Console(width=110)
    console.print(table)
    console.print(f"least: {worst:.1%}, goal {GOAL:.0%}")


def coverage(runs: int, truth: Truth, careless: float) -> list[Coverage]:
    """Try the intervals of both rates.

    Args:
        runs: how many, with the seeds 0, 1, 2 …
        truth: of the detector.
        careless: share of pages about which a reviewer errs.
    """
    tried: dict[str, list[tuple[float, float, float]]] = {"false accept": [], "false reject": []}
    for seed in range(runs):
        lots = [_make_lot(seed, number, size, truth, careless) for number, size in enumerate(LOTS)]
        (errors,) = estimate_errors([page for lot in lots for page in _sample(seed, lot)], [_DEFECT])
        there, found = (np.concatenate([getattr(lot, name) for lot in lots]) for name in ("is_there", "is_found"))
        for name, share, is_wrong, rate in (
            ("false accept", there, ~found, errors.false_accept),
            ("false reject", 1 - there, found, errors.false_reject),
        ):
            if rate.lower is not None and rate.upper is not None:
                tried[name].append((share[is_wrong].sum() / share.sum(), rate.lower, rate.upper))
    return [_sum(name, rows) for name, rows in tried.items()]


def _sum(name: str, rows: Sequence[tuple[float, float, float]]) -> Coverage:
    held = sum(bool(lower <= real <= upper) for real, lower, upper in rows)
    real, lower, upper = np.array(rows).mean(0)
    return Coverage(name, float(real), len(rows), held, float(upper - lower))


@dataclass(frozen=True)
class _Lot:
    """All pages of one agency's documents, as the program and as reviewers see them."""

    number: int
    document: NDArray[np.int64]
    is_found: Bools
    first: Bools
    """Whether the first reviewer says that the defect is there."""
    second: Bools
    has_two: Bools

    @property
    def is_there(self) -> NDArray[np.float64]:
        """The share of a page's reviewers who say that the defect is there."""
        return np.where(self.has_two, (self.first + self.second.astype(float)) / 2, self.first)


def _make_lot(seed: int, number: int, size: int, truth: Truth, careless: float) -> _Lot:
    chance = np.random.default_rng([seed, number])
    document = np.repeat(np.arange(size), chance.integers(1, _PAGES + 1, size))

    def happens(share: float) -> Bools:
        return np.asarray(chance.random(document.size) < share)

    has_it = (chance.random(size) < truth.documents)[document] & happens(0.6)
    is_found = np.where(has_it, ~happens(truth.missed), happens(truth.false_alarm))
    return _Lot(number, document, is_found, has_it ^ happens(careless), has_it ^ happens(careless), happens(_TWICE))


def _sample(seed: int, lot: _Lot) -> Iterator[ReviewedPage]:
    """The sample of those of its documents that are accepted, and of those that are rejected."""
    is_rejected = np.bincount(lot.document, lot.is_found) > 0
    for stratum in (is_rejected, ~is_rejected):
        names = [str(one) for one in np.flatnonzero(stratum)]
        size = sampling_plan(len(names), AQL, "normal").sample_size
        chosen = [int(name) for name in choose_documents(f"{seed}", names, size)]
        for place in np.flatnonzero(np.isin(lot.document, chosen)):
            answers = (lot.first, lot.second) if lot.has_two[place] else (lot.first,)
            yield ReviewedPage(
                f"{lot.number}-{lot.document[place]}",
                len(names) / size,
                _names(lot.is_found[place]),
                tuple(_names(answer[place]) for answer in answers),
            )


def _names(is_there: np.bool_) -> frozenset[str]:
    return frozenset((_DEFECT,)) if is_there else frozenset()


if __name__ == "__main__":
    main()
