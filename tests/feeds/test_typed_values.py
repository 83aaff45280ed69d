"""A value that is written in another form is the same value; one that cannot be read rejects its row and no other."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from tests.feeds.feed_rows import HEADER, csv_bytes, parquet_bytes, read, row

WALL = datetime(2024, 4, 15, 23, 30)  # noqa: DTZ001 (the wall clock)


def columns_read(field: str, column: pa.Array, target: str, **options: Any) -> tuple[list[Any], list[int | None]]:
    """What a Parquet column gives: the values of the rows that are used, and the lines of those that are not."""
    table = pa.Table.from_pylist([row(number) for number in range(1, len(column) + 1)])
    data = parquet_bytes(table.set_column(HEADER.index(field), field, column), **options)
    rows, rejects, _ = read(data, "a.parquet")
    assert all(reject.field == field for reject in rejects)
    return [found[target] for found in rows], [reject.line for reject in rejects]


@pytest.mark.parametrize(("text", "value"), [("12.0", 12), ("0.000", 0), ("1000", 1000), ("123456789.0", 123_456_789)])
def test_a_whole_number_may_have_a_point(text: str, value: int) -> None:
    """As columns of decimals and of floats write it; there is no highest number of components."""
    rows, rejects, _ = read(csv_bytes(row(SoThanhPhan=text, TrangThaiHoSo="4.0", LoaiBo="0.0", KenhThucHien="2.00")))
    assert rejects == []
    assert [rows[0][name] for name in ("components", "status", "is_void", "channel")] == [value, 4, False, 2]


def test_a_moment_may_have_a_point() -> None:
    """A column of moments with gaps becomes one of floats on its way through many a tool."""
    rows, rejects, _ = read(csv_bytes(row(1, NgayTiepNhan="20240415233000.0"), row(2, NgayTiepNhan="20240415233000.5")))
    assert [found["lodged_at"] for found in rows] == [WALL]
    assert [reject.line for reject in rejects] == [3]


def test_codes_keep_their_form() -> None:
    """A code is no number: nothing is dropped from it or added to it."""
    rows, rejects, _ = read(csv_bytes(row(1, MaTTHC="1.0"), row(2, MaDonViHanhChinh="06001.0")))
    assert [found["procedure_code"] for found in rows] == ["1.0"]
    assert [(reject.line, reject.value) for reject in rejects] == [(3, "06001.0")]


DAY = datetime(2024, 4, 15)  # noqa: DTZ001 (the wall clock)
SECONDS = int(WALL.replace(tzinfo=UTC).timestamp())
MOMENTS = {
    "seconds": pa.array([WALL], pa.timestamp("s")),
    "milliseconds": pa.array([SECONDS * 1000 + 999], pa.timestamp("ms")),
    "microseconds": pa.array([WALL], pa.timestamp("us")),
    "nanoseconds": pa.array([SECONDS * 10**9 + 1], pa.timestamp("ns")),
    "utc": pa.array([datetime(2024, 4, 15, 16, 30, tzinfo=UTC)], pa.timestamp("us", "UTC")),
    "new_york": pa.array([datetime(2024, 4, 15, 16, 30, tzinfo=UTC)], pa.timestamp("ns", "America/New_York")),
    "number": pa.array([20240415233000]),
    "decimal": pa.array([Decimal(20240415233000)], pa.decimal128(38, 10)),
    "float": pa.array([20240415233000.0]),
    "dictionary": pa.array([WALL], pa.timestamp("us")).dictionary_encode(),
    "large": pa.array(["20240415233000"], pa.large_string()),
    "bytes": pa.array([b"20240415233000"]),
}


@pytest.mark.parametrize("kind", MOMENTS)
def test_a_moment_of_any_type_is_local_time(kind: str) -> None:
    """Units, zones, numbers and dictionaries of a Parquet column."""
    assert columns_read("NgayTiepNhan", MOMENTS[kind], "lodged_at") == ([WALL], [])


def test_old_timestamps_are_utc() -> None:
    """INT96, as Spark and Hive write it: no zone, and the wall clock of Greenwich; years without end stay far."""
    ends = [datetime(2024, 4, 15, 16, 30), datetime(2024, 4, 14, 17, 0), datetime(9999, 12, 31)]  # noqa: DTZ001
    column = pa.array(ends, pa.timestamp("us"))
    found = columns_read("NgayTiepNhan", column, "lodged_at", use_deprecated_int96_timestamps=True)
    assert found == ([WALL, DAY], [4])


@pytest.mark.parametrize("kind", [pa.date32(), pa.date64()], ids=str)
def test_a_date_is_its_midnight(kind: pa.DataType) -> None:
    """As in a workbook; a date that no dossier can have is no value."""
    column = pa.array([date(2024, 4, 15), date(1, 1, 1), None], kind)
    assert columns_read("NgayTiepNhan", column, "lodged_at") == ([DAY, None], [3])


def test_a_gap_in_a_column_of_floats_is_no_value() -> None:
    """NaN spoils no other row: what may be empty is null, what may not rejects its row."""
    nan = float("nan")
    moments = pa.array([20240415233000.0, nan, None], from_pandas=False)
    assert columns_read("NgayTiepNhan", moments, "lodged_at") == ([WALL, None, None], [])
    counts = pa.array([1.0, nan, 2.5, float("inf"), 1e300, 3.0], from_pandas=False)
    assert columns_read("SoThanhPhan", counts, "components") == ([1, 3], [3, 4, 5, 6])
    texts = pa.array([nan, None, nan], from_pandas=False)
    assert columns_read("MienSoHoa", texts, "exemption") == ([None] * 3, [])


def test_a_number_that_was_rounded_is_no_value() -> None:
    """A float of 32 bits cannot hold a moment: what it shows is another one."""
    assert columns_read("NgayTiepNhan", pa.array([20240415233000.0], pa.float32()), "lodged_at") == ([], [2])
    assert columns_read("SoThanhPhan", pa.array([12.0], pa.float32()), "components") == ([12], [])


def test_counts_of_any_type() -> None:
    """Small integers, decimals and dictionaries of a Parquet column; half a component is none."""
    for column in (pa.array([12], pa.uint8()), pa.array([12]).dictionary_encode(), pa.array([12.0]).cast(pa.float16())):
        assert columns_read("SoThanhPhan", column, "components") == ([12], [])
    column = pa.array([Decimal("12.00"), Decimal("2.50"), None], pa.decimal128(10, 2))
    assert columns_read("SoThanhPhan", column, "components") == ([12], [3, 4])


def test_a_time_of_day_is_no_moment() -> None:
    """It rejects its rows; the file can be read."""
    assert columns_read("NgayTiepNhan", pa.array([time(8, 30)]), "lodged_at") == ([], [2])
