"""Dossier keys in columns have the same day as each key alone."""

from __future__ import annotations

from datetime import date

import pyarrow as pa
import pytest

from sohoa.dossier_code import days_of, dossier_day, dossier_key

KEYS = ["H37.31-240229-1", "H37.31-240229-2", "H37-991231-17"]


def test_a_column_has_the_day_of_each_key() -> None:
    """In order, also over several chunks; null stays null."""
    column = pa.chunked_array([KEYS[:1], [*KEYS[1:], None]], pa.string())
    assert days_of(column).to_pylist() == [*map(dossier_day, KEYS), None]
    assert dossier_day(KEYS[2]) == date(1999, 12, 31)


@pytest.mark.parametrize("key", ["H37.31-240230-1", "H37.31", ""])
def test_what_is_no_key_is_refused(key: str) -> None:
    """A text without a day is an error, not a null."""
    with pytest.raises(ValueError, match="dossier keys"):
        days_of(pa.array([KEYS[0], key]))


@pytest.mark.parametrize(
    "code", ["H37.81.03-240415-0012\n", "H37-240415-1\n", "000.03.81.H37-240415-12\n", "\nH37-240415-1"]
)
def test_a_code_is_all_of_its_text(code):
    """A line break before or after it makes it malformed."""
    assert dossier_key(code.strip()) is not None
    assert dossier_key(code) is None


def test_codes_are_those_of_one_province(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whose letters are a setting; codes with others' are malformed."""
    own, others = ("H14.20.01-230306-0001", "000.01.20.H14-230306-0001"), "H37.80.01-230306-0001"
    assert [dossier_key(code) for code in (*own, others)] == [None, None, "H37.80.01-230306-1"]
    monkeypatch.setenv("SOHOA_PROVINCE_HEAD", "H14")
    assert [dossier_key(code) for code in (*own, others)] == ["H14.20.01-230306-1"] * 2 + [None]
