"""What a task says of itself: counts in words, and the batches that it wrote."""

from __future__ import annotations

from datetime import date

from sohoa.defects import DEFECTS
from sohoa.labels import label_vi
from sohoa.task_notes import LINE, describe_counts, note_batches, note_done, take_counts, take_notes

COUNTS = {
    "work": "0123456789abcdef",
    "pages": 1744,
    "closed_gates": 0,
    "verdicts": {"accepted": 1700, "rejected": 44, "review": 0},
    "defects": {"blurred": 40},
    "rate_percent": None,
    "is_through": False,
    "policy_written": True,
    "problems": ["one"],
    "week": "2024-W15",
}


def test_counts_are_told_by_name() -> None:
    """Defects by their Vietnamese names too; what is null, false or of the next task alone is left out."""
    assert describe_counts(COUNTS) == [
        "pages 1,744 · closed gates 0 · policy written",
        "week 2024-W15",
        "verdicts: accepted 1,700, rejected 44",
        f"defects: {label_vi('defects', 'blurred')} (blurred) 40",
    ]


def test_many_defects_take_several_lines_and_each_is_told() -> None:
    lines = describe_counts({"defects": dict.fromkeys(DEFECTS, 7)})
    assert all(line.startswith("defects: ") and len(line) <= LINE + len("defects: ") for line in lines)
    assert all(any(f"({name}) 7" in line for line in lines) for name in DEFECTS)


def test_a_rate_is_told_with_its_decimals() -> None:
    assert describe_counts({"rate_percent": 12.5}) == ["rate percent 12.5"]


def test_notes_are_taken_once() -> None:
    take_notes(), take_counts()
    note_done({"pages": 2})
    note_batches([(date(2024, 4, 15), "A-1"), (date(2024, 4, 15), "A-1"), (date(2024, 4, 16), "B-1")])
    assert take_notes() == ("pages 2", ["2024-04-15/A-1", "2024-04-16/B-1"])
    assert take_notes() == (None, [])
    assert take_counts() == {"pages": 2}
    assert take_counts() == {}
