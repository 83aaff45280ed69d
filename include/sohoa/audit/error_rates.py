"""How often a detector errs, as reviewers see it: rates of weighted pages with intervals, and how reviewers agree.

False-accept rate: of the pages that truly have a defect, the share on which the program did not find it. False-reject
rate: of the pages that truly have it not, the share on which it did. A page counts with the weight of its document;
where several people looked at it, each of their answers with its part of that weight.

Interval: Clopper and Pearson (1934), on the effective sample size of Korn and Graubard (1998): rate × (1 − rate) over
the variance of the weighted ratio, whose units are documents. As a sample without an error has no variance of its own,
each limit is computed as if one more page had been seen that speaks for it, with the largest weight that such a page
can have (as Fay and Feuer, 1997, do for weighted counts): of independent pages of one weight the interval is then
exactly that of Clopper and Pearson. Strata and the share of all documents that was looked at would only narrow it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv

CONFIDENCE = 0.95
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ReviewedPage:
    """A page of a sample, what the program found on it and what people did."""

    document: str
    """Name of its document: pages of one document are not independent."""
    weight: float
    """How many documents its document stands for."""
    found: frozenset[str]
    """Defects that the program found."""
    answers: tuple[frozenset[str], ...]
    """Defects that are truly there, as each reviewer says; at least one."""


@dataclass(frozen=True)
class Rate:
    """A share with its 95 % interval; all null where no page could show it."""

    value: float | None
    lower: float | None
    upper: float | None
    pages: int
    """Pages that could show it."""

    @property
    def percent(self) -> float | None:
        """The share, per cent."""
        return None if self.value is None else 100 * self.value


@dataclass(frozen=True)
class DetectorErrors:
    """How often one detector errs."""

    defect: str
    false_accept: Rate
    false_reject: Rate
    kappa: float | None
    """Cohen's kappa of two reviewers about this defect; null where no page has two, or both always say the same."""


def estimate_errors(pages: Sequence[ReviewedPage], defects: Sequence[str]) -> list[DetectorErrors]:
    """Estimate the error rates of the detectors of these defects.

    Args:
        pages: all pages of samples that have been looked at to the end.
        defects: what to estimate for, in this order.
    """
    weights = np.array([page.weight for page in pages], float)
    _, documents = np.unique([page.document for page in pages], return_inverse=True)
    return [_errors_of(defect, pages, weights, documents) for defect in defects]


def cohens_kappa(answers: Sequence[tuple[bool, bool]]) -> float | None:
    """Agreement of two reviewers beyond chance (Cohen, 1960): 1 for always, 0 for as chance would have it.

    Args:
        answers: what each of the two said, page by page.

    Returns:
        None where there is no page, or chance alone would make them agree: both always say the same one thing.
    """
    if not answers:
        return None
    first, second = (np.array([pair[n] for pair in answers], float) for n in (0, 1))
    expected = first.mean() * second.mean() + (1 - first.mean()) * (1 - second.mean())
    observed = float((first == second).mean())
    return None if expected >= 1 else float((observed - expected) / (1 - expected))


def pairs_of_answers(pages: Sequence[ReviewedPage], defect: str | None) -> list[tuple[bool, bool]]:
    """What the first two reviewers of each page said: whether it has this defect, or with None any defect."""
    return [(_says(page.answers[0], defect), _says(page.answers[1], defect)) for page in pages if len(page.answers) > 1]


def _says(answer: frozenset[str], defect: str | None) -> bool:
    return bool(answer) if defect is None else defect in answer


def _errors_of(
    defect: str, pages: Sequence[ReviewedPage], weights: Floats, documents: NDArray[np.intp]
) -> DetectorErrors:
    is_there = np.array([sum(defect in answer for answer in page.answers) / len(page.answers) for page in pages], float)
    is_found = np.array([defect in page.found for page in pages], bool)
    return DetectorErrors(
        defect,
        _rate(is_there, ~is_found, weights, documents),
        _rate(1 - is_there, is_found, weights, documents),
        cohens_kappa(pairs_of_answers(pages, defect)),
    )


def _rate(share: Floats, is_wrong: NDArray[np.bool_], weights: Floats, documents: NDArray[np.intp]) -> Rate:
    """The weighted share of pages that the program is wrong about.

    Args:
        share: of each page, how much of it counts.
        is_wrong: whether the program is wrong about it where it counts.
        weights: of each page.
        documents: number of the document of each page.
    """
    counted, pages = weights * share, int(np.count_nonzero(share))
    if not pages:
        return Rate(None, None, None, 0)
    value = float(counted[is_wrong].sum() / counted.sum())
    lower = _limit(counted, is_wrong, documents, _largest(weights, ~is_wrong), False)
    upper = _limit(counted, is_wrong, documents, _largest(weights, is_wrong), True)
    return Rate(value, lower, upper, pages)


def _largest(weights: Floats, where: NDArray[np.bool_]) -> float:
    """The largest weight of these pages, of all where there are none."""
    return float((weights[where] if where.any() else weights).max())


def _limit(
    counted: Floats, is_wrong: NDArray[np.bool_], documents: NDArray[np.intp], weight: float, is_upper: bool
) -> float:
    """One limit of the interval: with one more page, of a document of its own, that speaks for it."""
    counted, is_wrong = np.append(counted, weight), np.append(is_wrong, is_upper)
    documents = np.append(documents, documents.max() + 1)
    total = counted.sum()
    rate = counted[is_wrong].sum() / total
    if rate in (0, 1):
        return float(rate)
    errors = np.bincount(documents, counted * (is_wrong - rate))
    size = min(rate * (1 - rate) * total**2 / (errors**2).sum(), np.count_nonzero(counted))
    side = (1 + CONFIDENCE) / 2 if is_upper else (1 - CONFIDENCE) / 2
    return float(betaincinv(rate * size, (1 - rate) * size, side))
