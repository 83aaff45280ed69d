"""Error rates of detectors: what they count, and intervals that can be checked by hand or against a textbook."""

from __future__ import annotations

import pytest
from scipy.stats import binomtest

from benchmarks.audit import Truth, coverage
from sohoa.audit.error_rates import ReviewedPage, cohens_kappa, estimate_errors

BLUR = "blurred"


def page(
    number: int, *, found: bool = False, there: bool | tuple[bool, ...] = False, weight: float = 1
) -> ReviewedPage:
    answers = there if isinstance(there, tuple) else (there,)
    names = frozenset({BLUR})
    return ReviewedPage(
        f"D{number}", weight, names if found else frozenset(), tuple(names if one else frozenset() for one in answers)
    )


def test_rates_are_shares_of_what_is_truly_there_or_not() -> None:
    """Of 4 blurred pages one is missed; of 10 sharp ones 2 are flagged."""
    pages = [page(0, there=True), *(page(n, found=True, there=True) for n in range(1, 4))]
    pages += [page(n, found=n < 12) for n in range(10, 20)]
    (found,) = estimate_errors(pages, [BLUR])
    assert (found.false_accept.value, found.false_accept.pages) == (1 / 4, 4)
    assert (found.false_reject.value, found.false_reject.pages) == (2 / 10, 10)


@pytest.mark.parametrize(("wrong", "pages"), [(0, 20), (1, 20), (7, 20), (20, 20), (3, 125)])
@pytest.mark.parametrize("weight", [1, 10])
def test_pages_of_one_weight_have_the_interval_of_clopper_and_pearson(wrong: int, pages: int, weight: int) -> None:
    (found,) = estimate_errors([page(n, found=n >= wrong, there=True, weight=weight) for n in range(pages)], [BLUR])
    exact = binomtest(wrong, pages).proportion_ci(0.95, "exact")
    assert found.false_accept.lower == pytest.approx(exact.low, abs=1e-9)
    assert found.false_accept.upper == pytest.approx(exact.high, abs=1e-9)


def test_a_missed_page_counts_with_its_weight() -> None:
    """One missed page that stands for 10, ten found ones that stand for 1: half of what is there is missed."""
    pages = [page(0, there=True, weight=10), *(page(n, found=True, there=True) for n in range(1, 11))]
    (found,) = estimate_errors(pages, [BLUR])
    assert found.false_accept.value == 0.5


def test_no_miss_among_few_heavy_pages_says_less_than_among_many_light_ones() -> None:
    """Without an error the upper limit still knows what a page that was passed stands for."""
    found_ones = [page(n, found=True, there=True) for n in range(50)]
    uppers = []
    for weight in (1, 5, 25):
        (errors,) = estimate_errors([*found_ones, *(page(n, weight=weight) for n in range(50, 100))], [BLUR])
        assert errors.false_accept.value == 0
        uppers.append(errors.false_accept.upper or 0)
    assert uppers[0] == pytest.approx(binomtest(0, 50).proportion_ci(0.95, "exact").high)
    assert uppers[0] < uppers[1] < uppers[2]


def test_pages_of_one_document_say_less_than_pages_of_many() -> None:
    alone = [page(n, found=n % 10 > 0, there=True) for n in range(100)]
    together = [page(n % 10, found=n % 10 > 0, there=True) for n in range(100)]
    (wide,), (narrow,) = (estimate_errors(pages, [BLUR]) for pages in (together, alone))
    assert wide.false_accept.value == narrow.false_accept.value == 0.1
    assert (wide.false_accept.upper or 0) > (narrow.false_accept.upper or 1) + 0.1


def test_what_nothing_could_show_is_null() -> None:
    """No page drawn, or none that truly has the defect: no rate, and no interval."""
    (nothing,) = estimate_errors([], [BLUR])
    assert (nothing.false_accept.value, nothing.false_reject.value, nothing.kappa) == (None, None, None)
    (sharp,) = estimate_errors([page(1), page(2)], [BLUR])
    assert (sharp.false_accept.value, sharp.false_accept.upper) == (None, None)
    assert sharp.false_reject.value == 0


def test_each_of_two_answers_counts_half() -> None:
    """One page, two reviewers who disagree: half a page that has the defect, half a page that has it not."""
    (found,) = estimate_errors([page(1, there=(True, False)), page(2, found=True, there=True)], [BLUR])
    assert found.false_accept.value == pytest.approx(0.5 / 1.5)
    assert found.false_reject.value == 0


@pytest.mark.parametrize(
    ("both", "first", "second", "neither", "kappa"),
    [(20, 5, 10, 15, 0.4), (45, 15, 25, 15, 0.1304), (25, 35, 5, 35, 0.2593), (10, 0, 0, 10, 1.0), (0, 5, 5, 0, -1.0)],
)
def test_kappa_of_textbook_tables(both: int, first: int, second: int, neither: int, kappa: float) -> None:
    """Counts of two raters' answers, yes and no."""
    answers = [(True, True)] * both + [(True, False)] * first + [(False, True)] * second + [(False, False)] * neither
    assert cohens_kappa(answers) == pytest.approx(kappa, abs=5e-4)


def test_kappa_of_no_page_or_of_one_answer_only_is_null() -> None:
    assert cohens_kappa([]) is None
    assert cohens_kappa([(False, False)] * 9) is None


def test_the_interval_covers_the_truth() -> None:
    """A short run of ``python -m benchmarks.audit``: 60 seeded samples, the truth within at least 54 intervals."""
    for found in coverage(60, Truth(missed=0.1, false_alarm=0.02), careless=0):
        assert found.covered >= 54, found
        assert 0 < found.mean_width < 0.5, found
