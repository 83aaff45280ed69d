"""Plans as the standard's tables have them, what they promise, and when inspection is tightened or reduced."""

from __future__ import annotations

from math import comb

import pytest

from sohoa.audit.draw_sample import choose_documents
from sohoa.audit.sampling_plan import AQLS, InspectedLot, Plan, next_severity, sampling_plan
from sohoa.enums import INSPECTION_SEVERITIES, InspectionSeverity


@pytest.mark.parametrize(
    ("size", "aql", "severity", "plan"),
    [
        # ISO 2859-1:1999 tables 1 (level II) and 2-A
        (500, 1.0, "normal", Plan(50, 1, 2)),
        (1_000, 1.0, "normal", Plan(80, 2, 3)),
        (1_200, 2.5, "normal", Plan(80, 5, 6)),
        (1_201, 2.5, "normal", Plan(125, 7, 8)),
        (150, 4.0, "normal", Plan(20, 2, 3)),
        (200, 1.0, "normal", Plan(50, 1, 2)),  # G, an arrow down to H
        (150, 1.0, "normal", Plan(13, 0, 1)),  # F, an arrow up to E
        (40, 0.65, "normal", Plan(20, 0, 1)),  # D, an arrow down to F
        (400_000, 6.5, "normal", Plan(200, 21, 22)),  # P, an arrow up to L
        # table 2-B
        (1_000, 1.0, "tightened", Plan(80, 1, 2)),
        (200, 1.0, "tightened", Plan(80, 1, 2)),
        (1_201, 2.5, "tightened", Plan(125, 5, 6)),
        (8, 6.5, "tightened", Plan(3, 0, 1)),
        # MIL-STD-105E table II-C
        (1_000, 1.0, "reduced", Plan(32, 1, 3)),
        (1_201, 2.5, "reduced", Plan(50, 3, 6)),
        (150, 1.0, "reduced", Plan(5, 0, 1)),
        (30, 6.5, "reduced", Plan(3, 0, 2)),
    ],
)
def test_plans_of_the_tables(size: int, aql: float, severity: InspectionSeverity, plan: Plan) -> None:
    assert sampling_plan(size, aql, severity) == plan


@pytest.mark.parametrize(("size", "sample"), [(1, 1), (2, 2), (9, 9), (20, 13)])
def test_a_lot_smaller_than_its_sample_is_looked_at_whole(size: int, sample: int) -> None:
    assert sampling_plan(size, 1.0, "normal").sample_size == sample


@pytest.mark.parametrize("aql", AQLS[1:])
def test_a_lot_at_the_limit_is_mostly_accepted_and_tightened_inspection_accepts_fewer(aql: float) -> None:
    """The producer's risk: a process at the AQL passes at least 85 times in 100 under normal inspection."""
    for size in (8, 50, 280, 1_200, 10_000, 500_000):
        normal, tightened, reduced = (_passes(sampling_plan(size, aql, one), aql) for one in INSPECTION_SEVERITIES)
        if sampling_plan(size, aql, "normal").sample_size < size:
            assert normal > 0.85, (size, normal)
        assert tightened <= normal <= reduced + 0.01, (size, tightened, normal, reduced)


def _passes(plan: Plan, percent: float) -> float:
    share, n = percent / 100, plan.sample_size
    return sum(comb(n, k) * share**k * (1 - share) ** (n - k) for k in range(plan.reject_number))


def lots(severity: InspectionSeverity, *nonconforming: int, size: int = 1_000, aql: float = 1.0) -> list[InspectedLot]:
    return [InspectedLot(size, severity, aql, number) for number in nonconforming]


def test_two_of_five_lots_not_accepted_tighten_and_five_in_a_row_end_it() -> None:
    """Of 1,000 at AQL 1.0: normal accepts 2, tightened 1."""
    assert next_severity(lots("normal", 3, 0, 0, 0)) == "normal"
    assert next_severity(lots("normal", 3, 0, 0, 0, 3)) == "tightened"
    assert next_severity(lots("normal", 3, 0, 0, 0, 0, 3)) == "normal"
    assert next_severity(lots("normal", 3, 3)) == "tightened"
    tight = lots("normal", 3, 3)
    assert next_severity([*tight, *lots("tightened", 1, 1, 1, 1)]) == "tightened"
    assert next_severity([*tight, *lots("tightened", 1, 1, 1, 1, 1)]) == "normal"
    assert next_severity([*tight, *lots("tightened", 1, 1, 1, 1, 2, 1, 1, 1, 1)]) == "tightened"
    assert next_severity([*tight, *lots("tightened", *[1] * 5), *lots("normal", 3, 0)]) == "normal"


def test_the_switching_score_reduces_at_thirty() -> None:
    """Acceptance number 2: three points a lot that the next tighter AQL would have accepted, with one at most."""
    assert next_severity(lots("normal", *[1] * 9)) == "normal"
    assert next_severity(lots("normal", *[1] * 10)) == "reduced"
    assert next_severity(lots("normal", *[1] * 9, 2, *[1] * 9)) == "normal"  # accepted, and the score begins anew
    assert next_severity(lots("normal", *[1] * 9, 2, *[1] * 10)) == "reduced"
    few = {"size": 500}  # acceptance number 1: two points a lot accepted
    assert next_severity(lots("normal", *[1] * 14, **few)) == "normal"
    assert next_severity(lots("normal", *[1] * 15, **few)) == "reduced"


def test_reduced_inspection_ends_with_more_than_its_acceptance_number() -> None:
    """Also where the lot itself is accepted: 2 of 1,000 lie between 1 and 3."""
    reduced = lots("normal", *[0] * 10)
    assert next_severity([*reduced, *lots("reduced", 1, 0, 1)]) == "reduced"
    between = lots("reduced", 2)
    assert between[0].is_accepted and next_severity([*reduced, *between]) == "normal"
    assert next_severity([*reduced, *lots("reduced", 3)]) == "normal"


def test_a_lot_drawn_under_what_has_changed_since_tells_nothing() -> None:
    """Two lots not accepted have tightened; a third of before, looked at later, neither helps nor harms."""
    late = [*lots("normal", 3, 3), *lots("normal", 0)]
    assert next_severity(late) == "tightened"
    assert next_severity([*late, *lots("tightened", *[1] * 5)]) == "normal"


DOCUMENTS = [f"D{n}" for n in range(200)]


def test_a_draw_is_the_same_again_whatever_the_order() -> None:
    drawn = choose_documents("H37.60-accepted-1", DOCUMENTS, 20)
    assert drawn == choose_documents("H37.60-accepted-1", reversed(DOCUMENTS), 20)
    assert drawn[:5] == choose_documents("H37.60-accepted-1", DOCUMENTS, 5)
    assert drawn[:3] == ["D128", "D167", "D85"]  # a change of the draw would not be seen otherwise
    assert drawn != choose_documents("H37.60-accepted-2", DOCUMENTS, 20)


def test_every_document_is_as_likely_as_any_other() -> None:
    """Of 2,000 lots each of 200 documents is drawn some 200 times: chi-squared below its 99.9 % point (267)."""
    counts = dict.fromkeys(DOCUMENTS, 0)
    for number in range(2_000):
        for document in choose_documents(f"lot {number}", DOCUMENTS, 20):
            counts[document] += 1
    assert sum((count - 200) ** 2 / (200 * 0.9) for count in counts.values()) < 267
