"""Names that can be read back from keys and ids."""

from __future__ import annotations

from datetime import date

import pytest

from sohoa.layout import BatchId, batch_date, safe_name, split_feed_key, stand_in


def test_a_batch_id_says_who_scanned_and_when() -> None:
    """Agency, scan date and number; the agency's own hyphens and dots do not confuse it."""
    assert BatchId.parse("H37.80.01-20230306-007") == BatchId("H37.80.01", date(2023, 3, 6), 7)


@pytest.mark.parametrize(
    "text", ["", "H37", "H37-20230230-001", "H37-20230306-1", "H37-2023-03-06-001", "-20230306-001"]
)
def test_what_is_no_batch_id_says_nothing(text: str) -> None:
    """A day that does not exist, a short number, other separators, no agency."""
    assert BatchId.parse(text) is None


def test_the_scan_date_is_of_that_agency_alone() -> None:
    """An id of another agency gives none."""
    assert batch_date("H37-20230306-001", "H37") == date(2023, 3, 6)
    assert batch_date("H37-20230306-001", "H38") is None


def test_a_name_that_cannot_stand_in_a_key_gets_one_that_can() -> None:
    """The same text always the same name, another text another."""
    assert safe_name("a-1.csv") == "a-1.csv"
    assert safe_name("hồ sơ.csv") == stand_in("hồ sơ.csv") != stand_in("hồ sơ.xlsx")
    assert safe_name(stand_in("../x")) == stand_in("../x")


@pytest.mark.parametrize(
    "batch",
    ["H37.81.03-20230306-001\n", "H37.81.03-20230306-001\r\n", "\nH37.81.03-20230306-001", "H37.81.03-2023030६-001"],
)
def test_a_batch_id_is_all_of_its_text(batch):
    """A line break before or after it, or a digit of another script, makes it malformed."""
    assert batch_date("H37.81.03-20230306-001", "H37.81.03") is not None
    assert batch_date(batch, "H37.81.03") is None


@pytest.mark.parametrize(
    "key", ["register/dt=2024-04-16/a.csv\n", "register/dt=2024-04-16\n/a.csv", "register/x\n/dt=2024-04-16/a.csv"]
)
def test_a_key_of_a_feed_holds_no_line_break(key):
    """It is no key of a day's file."""
    assert split_feed_key(key)[1] is None
