"""The register depends on what the feeds say, not on how it was delivered."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from sohoa.feeds.import_files import FeedFile, read_file
from sohoa.feeds.merge_rows import merge, no_rows
from sohoa.feeds.read_file import read_chunks
from sohoa.feeds.sources import REGISTER
from tests.feeds.feed_rows import DT, csv_bytes, feed_file, row

FIRST = date(2024, 4, 16)
updates = st.lists(
    st.tuples(st.integers(1, 4), st.integers(0, 3), st.integers(0, 2), st.integers(1, 10)), min_size=1, max_size=12
)
"""(dossier, dt after the first, hour of NgayCapNhat, status)"""


def feed_rows(rows):
    return [row(d, NgayCapNhat=f"202404150{hour + 7}0000", TrangThaiHoSo=str(status)) for d, _, hour, status in rows]


def read_day(after: int, rows, name: str = "a.csv"):
    file = feed_file(name, FIRST + timedelta(days=after))
    return read_file(REGISTER, file, csv_bytes(*feed_rows(rows)), 1_000_000, read_chunks)[0]


def by_day(rows):
    return {after: [each for each in rows if each[1] == after] for after in {each[1] for each in rows}}


@settings(max_examples=60, deadline=None)
@given(updates, st.randoms(use_true_random=False), st.integers(1, 4))
def test_order_of_arrival_and_repetition_change_nothing(rows, random, cut):
    """Files in any order, some twice, merged all at once or in steps: the same table, byte for byte."""
    files = [read_day(after, each) for after, each in by_day(rows).items()]
    expected = merge(REGISTER, *files)
    delivered = files + random.choices(files, k=2)
    random.shuffle(delivered)
    step = merge(REGISTER, no_rows(REGISTER), *delivered[:cut])
    assert merge(REGISTER, step, *delivered[cut:]).equals(expected)


@settings(max_examples=60, deadline=None)
@given(updates, st.integers(0, 12))
def test_splitting_a_file_changes_nothing_but_lines(rows, cut):
    """A day's rows in one file or in two: the same rows are in force, only files and lines are named anew."""
    whole, parts = [], []
    for after, each in by_day(
        list({(d, after, hour): (d, after, hour, s) for d, after, hour, s in rows}.values())
    ).items():
        whole.append(read_day(after, each))
        parts += [read_day(after, each[:cut]), read_day(after, each[cut:], "b.csv")]
    place = ["feed_file", "line"]
    expected = merge(REGISTER, *whole).drop_columns(place)
    assert merge(REGISTER, *parts[::-1]).drop_columns(place).equals(expected)


@settings(max_examples=60, deadline=None)
@given(updates)
def test_the_row_in_force_is_the_greatest(rows):
    """An independent count: for each dossier the greatest (NgayCapNhat, dt, line), first seen on its first day."""
    expected, first = {}, {}
    for after, each in by_day(rows).items():
        for line, (dossier, _, hour, status) in enumerate(each, start=2):
            key = f"H37.81.03-240415-{dossier}"
            expected[key] = max(expected.get(key, ()), (hour, after, line, status))
            first[key] = min(first.get(key, 99), after)
    found = merge(REGISTER, *(read_day(after, each) for after, each in by_day(rows).items())).to_pylist()
    assert {r["dossier_key"]: (r["status"], r["line"]) for r in found} == {k: (v[3], v[2]) for k, v in expected.items()}
    assert {r["dossier_key"]: (r["first_seen"] - FIRST).days for r in found} == first


def merge_files(*files: tuple[FeedFile, bytes]) -> list[dict]:
    parts = (read_file(REGISTER, file, data, 1_000_000, read_chunks)[0] for file, data in files)
    return merge(REGISTER, *parts).to_pylist()


def test_the_newest_update_wins_then_the_later_day_then_the_later_line():
    """NgayCapNhat decides, whatever came last; ties go to the later dt, then to the later line."""
    late = date(2024, 4, 17)
    newest = csv_bytes(row(TrangThaiHoSo="9", NgayCapNhat="20240416100000"))
    twice = csv_bytes(row(TrangThaiHoSo="2"), row(TrangThaiHoSo="5"))
    assert merge_files((feed_file(), newest), (feed_file(dt=late), csv_bytes(row())))[0]["status"] == 9
    (kept,) = merge_files((feed_file(dt=late), twice), (feed_file(), csv_bytes(row(TrangThaiHoSo="3"))))
    assert (kept["status"], kept["dt"], kept["line"], kept["first_seen"]) == (5, late, 3, DT)


def test_a_corrected_file_wins_over_its_former_self():
    """Between rows of the same dossier, NgayCapNhat and day, the corrected file's holds, whatever its line."""
    former = csv_bytes(row(1), row(SoThanhPhan="3"))
    corrected = csv_bytes(row(SoThanhPhan="2"))
    rows = merge_files((feed_file(), former), (feed_file(is_correction=True), corrected))
    assert [found["components"] for found in rows] == [3, 2]


def test_a_corrected_file_does_not_win_over_another_file():
    """The row of the other file lies on a later line of the same day: it holds before and after the correction."""
    other = feed_file("b.csv"), csv_bytes(row(1), row(1), row(SoThanhPhan="5"))
    former, corrected = (csv_bytes(row(1), row(SoThanhPhan=count)) for count in ("3", "2"))
    for files in (
        (other, (feed_file(), former), (feed_file(is_correction=True), corrected)),
        (other, (feed_file(), corrected)),
    ):
        assert merge_files(*files)[-1]["components"] == 5


def test_an_earlier_update_in_a_corrected_file_takes_the_place_of_the_former():
    """The files as they are now would have said nothing else, whenever they were imported."""
    former = csv_bytes(row(SoThanhPhan="3", NgayCapNhat="20240416100000"))
    corrected = csv_bytes(row(SoThanhPhan="2", NgayCapNhat="20240416090000"))
    (found,) = merge_files((feed_file(), former), (feed_file(is_correction=True), corrected))
    assert found["components"] == 2
