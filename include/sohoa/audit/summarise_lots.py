"""The error rates of the detectors, of the samples that people have looked at to the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sohoa.audit.error_rates import DetectorErrors, cohens_kappa, estimate_errors, pairs_of_answers
from sohoa.audit.lots import Lot


@dataclass(frozen=True)
class AuditResult:
    """What people found in samples."""

    lots: int
    """Looked at to the end."""
    open_lots: int
    failed_lots: int
    pages: int
    """Of samples that were looked at to the end."""
    pages_twice: int
    """Of these, by two reviewers or more."""
    kappa: float | None
    """Cohen's kappa of two reviewers on whether a page has any defect; null where it cannot be said."""
    detectors: tuple[DetectorErrors, ...]


def summarise_lots(lots: Sequence[Lot], defects: Sequence[str]) -> AuditResult:
    """Sum up what people found.

    Args:
        lots: with the decisions about their pages.
        defects: whose detectors are judged, in this order.
    """
    done = [lot for lot in lots if lot.is_reviewed]
    pages = [page for lot in done for page in lot.reviewed_pages()]
    pairs = pairs_of_answers(pages, None)
    return AuditResult(
        lots=len(done),
        open_lots=len(lots) - len(done),
        failed_lots=sum(lot.outcome == "failed" for lot in done),
        pages=len(pages),
        pages_twice=len(pairs),
        kappa=cohens_kappa(pairs),
        detectors=tuple(estimate_errors(pages, defects)),
    )
