"""Dossiers of old months that may not be scanned yet: what is kept of them says on every day what all dossiers say."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from sohoa import layout
from sohoa.steering.agency_activity import read_activity
from sohoa.steering.unscanned_dossiers import unscanned_dossiers
from sohoa.steering.unscanned_months import keep_months, read_unscanned
from sohoa.store import Store
from tests.counting_cases import document, dossier, merged
from tests.steering.days_read import days_read

FIRST, DAYS, EACH = date(2023, 1, 2), range(0, 240, 7), 14
LAST = FIRST + timedelta(DAYS[-1])


def write_day(store: Store, day: date, rng: np.random.Generator) -> None:
    """Dossiers of a day; of most some documents were scanned some days later, of few much later, or another instead."""
    register, documents = [], []
    for number in range(1, EACH + 1):
        code = f"H37.80.01-{day:%y%m%d}-{number}"
        status, components = int(rng.choice([4, 9, 10, 7])), int(rng.integers(0, 3))
        register.append(dossier(number, dossier_key=code, status=status, components=components))
        for kind in ("component", "result"):
            before = None
            for _ in range(int(rng.integers(0, 3))):
                scanned = day + timedelta(int(rng.choice([1, 5, 40, 120, 200])))
                name = f"{code}.{len(documents)}"
                replaces = before if rng.random() < 0.4 else None
                batch = f"H37.80.01-{scanned:%Y%m%d}-001"
                is_received = bool(rng.random() < 0.8)
                told = {"kind": kind, "dossier_key": code, "batch": batch, "is_received": is_received}
                documents.append(document(name, replaces=replaces, **told))
                before = name
    store.write_table("dossiers", day, layout.DAY, merged(register, documents))


def activity(store: Store) -> list[Any]:
    """What the agency did and owes on days of the whole time."""
    return [read_activity(store, FIRST + timedelta(n)) for n in range(10, 420, 37)]


def unscanned(store: Store, day: date) -> pa.Table:
    return unscanned_dossiers(read_unscanned(store, day), day)


@pytest.fixture
def years(clean_store: Store) -> Store:
    rng = np.random.default_rng(5)
    for back in DAYS:
        write_day(clean_store, FIRST + timedelta(back), rng)
    return clean_store


def test_on_every_day_the_same_is_unscanned_as_before(years: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the months that are kept ended, between, and long after; then no day of these months is read any more."""
    days = [FIRST + timedelta(n) for n in range(10, 420, 37)]
    activities, tables = activity(years), [unscanned(years, day) for day in days]
    assert any(one.documents for found in activities for one in found)
    assert keep_months(years) == 4, "January to April ended 90 days before the newest day, 28 August"
    assert activity(years) == activities
    assert all(unscanned(years, day).equals(table) for day, table in zip(days, tables, strict=True))
    kept = sum(years.get_parquet(layout.unscanned_key(f"2023-0{month}")).num_rows for month in range(1, 5))
    assert kept < EACH * sum(FIRST + timedelta(back) < date(2023, 5, 1) for back in DAYS)
    assert days_read(monkeypatch, "dossiers", lambda: read_activity(years, LAST))[0] >= date(2023, 5, 1)
    assert days_read(monkeypatch, "dossiers", lambda: keep_months(years)) == []
    asked = date(2023, 3, 1)
    assert days_read(monkeypatch, "dossiers", lambda: read_activity(years, asked))[0] == FIRST


def test_a_month_that_changed_is_read_whole_and_kept_anew(years: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dossier of an old day comes, or goes, late: the report tells of it at once."""
    keep_months(years)
    changed = FIRST + timedelta(DAYS[1])
    write_day(years, changed, np.random.default_rng(99))
    found = unscanned(years, LAST)
    assert {day.month for day in days_read(monkeypatch, "dossiers", lambda: read_unscanned(years, LAST))} == {
        1,
        5,
        6,
        7,
        8,
    }
    assert keep_months(years) == 1
    assert unscanned(years, LAST).equals(found)
    years.delete_prefix(layout.WAREHOUSE, layout.UNSCANNED)
    assert unscanned(years, LAST).equals(found)


def test_nothing_is_kept_of_an_empty_store_or_a_young_one(clean_store: Store) -> None:
    assert keep_months(clean_store) == 0
    assert read_unscanned(clean_store, LAST).num_rows == 0
    write_day(clean_store, FIRST, np.random.default_rng(1))
    assert keep_months(clean_store) == 0


def test_a_day_that_was_another_while_it_was_read_is_not_kept_as_what_it_is_again(
    clean_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A correction comes in between listing and reading, and is taken back later."""
    code, last = f"H37.80.01-{FIRST:%y%m%d}-1", FIRST + timedelta(200)
    scanned = document("D1", dossier_key=code, batch=f"H37.80.01-{FIRST:%Y%m%d}-001")
    waits, done = (merged([dossier(1, dossier_key=code)], found) for found in ([], [scanned]))
    clean_store.write_table("dossiers", FIRST, layout.DAY, waits)
    clean_store.write_table("dossiers", last, layout.DAY, waits.slice(1))
    read, late = Store.get_parquet, [done]

    def read_late(store: Store, key: str) -> pa.Table:
        if late and key.startswith("dossiers/"):
            store.write_table("dossiers", FIRST, layout.DAY, late.pop())
        return read(store, key)

    monkeypatch.setattr(Store, "get_parquet", read_late)
    keep_months(clean_store)
    clean_store.write_table("dossiers", FIRST, layout.DAY, waits)
    keep_months(clean_store)
    assert unscanned(clean_store, last)["dossier_key"].to_pylist() == [code]


@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_a_month_that_cannot_be_read_is_read_whole_and_kept_anew(
    years: Store, share: float, capsys: pytest.CaptureFixture[str]
) -> None:
    """A disk was full, or a machine stopped: the report comes out, and the log says it."""
    keep_months(years)
    found, key = unscanned(years, LAST), layout.unscanned_key("2023-02")
    sound = years.get(layout.WAREHOUSE, key)
    years.put(layout.WAREHOUSE, key, sound[: int(share * len(sound))])
    assert unscanned(years, LAST).equals(found)
    assert "kept_month_unreadable" in capsys.readouterr().err
    assert keep_months(years) == 1
    assert years.get(layout.WAREHOUSE, key) == sound


def test_a_month_with_a_damaged_middle_is_read_whole_and_kept_anew(years: Store) -> None:
    """Its end, which says what it is of, is sound, and its rows are not."""
    keep_months(years)
    found, key = unscanned(years, LAST), layout.unscanned_key("2023-02")
    sound = years.get(layout.WAREHOUSE, key)
    years.put(layout.WAREHOUSE, key, sound[:4] + bytes(len(sound) // 4) + sound[4 + len(sound) // 4 :])
    assert unscanned(years, LAST).equals(found)
    assert keep_months(years) == 1


def test_a_month_of_which_one_byte_is_another_is_read_whole_and_kept_anew(years: Store) -> None:
    """Each byte of its pages; most would give other rows without a word."""
    keep_months(years)
    found, key = unscanned(years, LAST), layout.unscanned_key("2023-02")
    sound = years.get(layout.WAREHOUSE, key)
    footer = int.from_bytes(sound[-8:-4], "little")
    for place in range(40, len(sound) - 8 - footer, 211):
        years.put(layout.WAREHOUSE, key, sound[:place] + bytes([sound[place] ^ 0x10]) + sound[place + 1 :])
        assert unscanned(years, LAST).equals(found), place


def test_a_month_whose_names_are_damaged_or_others_is_read_whole_and_kept_anew(years: Store) -> None:
    """A byte of a column's name is another: no text at all, or the name of no column."""
    keep_months(years)
    found, key = unscanned(years, LAST), layout.unscanned_key("2023-02")
    sound = years.get(layout.WAREHOUSE, key)
    for byte in (b"\xff", b"x"):
        years.put(layout.WAREHOUSE, key, sound.replace(b"dossier_key", byte + b"ossier_key"))
        assert unscanned(years, LAST).equals(found)
        assert keep_months(years) == 1
        assert years.get(layout.WAREHOUSE, key) == sound
