"""Who gets the report: each line of the file agrees with the registry, or is named before anything is sent."""

from __future__ import annotations

from pathlib import Path

import pytest

from sohoa.days import Week
from sohoa.errors import SettingsError
from sohoa.report.mail.recipients import COLUMNS, Recipients, read_recipients

HEAD = ",".join(COLUMNS)
BEFORE, MERGER, AFTER = (Week.parse(name) for name in ("2025-W26", "2025-W27", "2025-W28"))
GOOD = "20,2020-01-01,Tỉnh Lạng Sơn,A,a@x.vn"


def read(tmp_path: Path, *lines: str, week: Week = BEFORE, head: str = HEAD) -> Recipients:
    file = tmp_path / "recipients.csv"
    file.write_text("\n".join((head, *lines, "")), encoding="utf-8")
    return read_recipients(file, week)


def test_recipients_are_read_from_a_file_and_checked(tmp_path: Path):
    """An Excel export with a BOM is fine; spaces do not count; a line that is no address is named; a repeated line
    counts once."""
    lines = (GOOD, GOOD, " 05971 , 2020-01-01 ,phường  Hoàng Văn Thụ,B, b@x.vn ")
    found = read(tmp_path, *lines, head=f"\ufeff{HEAD}")
    assert [(row.unit.code, row.address) for row in found.usable] == [("20", "a@x.vn"), ("05971", "b@x.vn")]
    assert found.faults == []
    for bad in ("a@x.vn\nBcc: b@x.vn", "a", "a b@x.vn", "a@x.vn>", "", "ạ@x.vn"):
        usable, (fault,) = read(tmp_path, GOOD, f'178,2020-01-01,Thành phố Lạng Sơn,B,"{bad}"')
        assert [row.address for row in usable] == ["a@x.vn"]
        assert fault.startswith("line 3: ")


def test_a_file_that_is_not_set_missing_or_of_other_columns(tmp_path: Path):
    """The message names the setting, and the columns that the file has to have."""
    for missing in (None, tmp_path / "absent.csv"):
        with pytest.raises(SettingsError, match="SOHOA_RECIPIENTS_FILE"):
            read_recipients(missing, BEFORE)
    with pytest.raises(SettingsError, match="lacks valid_from, unit: it has unit_code,valid_from,unit,name,address"):
        read(tmp_path, "20,A,a@x.vn", head="unit_code,name,address")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("6208,2020-01-01,Xã Thụy Hùng", "'6208' is no unit, 06208 is one"),
        ("5971.0,2020-01-01,x", "'5971.0' is no unit"),
        ("99999,2020-01-01,x", "'99999' is no unit"),
        (",2020-01-01,x", "'' is no unit"),
        ("H37.84.09,2020-01-01,x", "'H37.84.09' is no unit, 06208 is one"),
        ("H37.999,2020-01-01,x", "'H37.999' is no unit"),
        (
            "06103,2024-12-01,Xã Hòa Bình",
            "valid_from '2024-12-01' is not the first day of 06103: 2020-01-01 (Xã Hòa Bình) or 2025-07-01 "
            "(Xã Thiện Long)",
        ),
        ("178,,Thành phố Lạng Sơn", "valid_from '' is not the first day of 178: 2020-01-01 (Thành phố Lạng Sơn)"),
        ("06103,2020-01-01,Xã Thiện Long", "06103 from 2020-01-01 on is 'Xã Hòa Bình', not 'Xã Thiện Long'"),
        ("H37.60,2020-01-01,Sở Tư pháp", "H37.60 from 2020-01-01 on is 'Văn phòng UBND tỉnh', not 'Sở Tư pháp'"),
        ("178,2020-01-01,", "178 from 2020-01-01 on is 'Thành phố Lạng Sơn', not ''"),
    ],
)
def test_a_line_that_names_no_unit_or_another_is_told_with_the_others(tmp_path: Path, line: str, told: str):
    """Code, first day and name have to agree; all lines are named at once, by their place in the file."""
    usable, faults = read(tmp_path, GOOD, f"{line},B,b@x.vn", "", "178,2020-01-01,Thành phố Lạng Sơn,C,c")
    assert faults == [f"line 3: {told}", "line 5: 'c' is no address"]
    assert [row.address for row in usable] == ["a@x.vn"]


def test_a_unit_that_ended_before_the_week_is_a_fault(tmp_path: Path):
    """Codes pass on: the one who wrote to Hòa Bình does not write to Thiện Long; the week in which it ended is its."""
    line = "06103,2020-01-01,Xã Hòa Bình,B,b@x.vn"
    for week in (BEFORE, MERGER):
        assert len(read(tmp_path, line, week=week).usable) == 1
    usable, (fault,) = read(tmp_path, GOOD, line, week=AFTER)
    assert fault == "line 3: Xã Hòa Bình (06103) ended on 2025-06-30 and passed to Xã Thiện Long (06103)"
    assert [row.unit.code for row in usable] == ["20"]


def test_a_unit_that_is_yet_to_begin_gets_nothing_and_is_no_fault(tmp_path: Path):
    """A file that knows the new units already can be used for an older week."""
    line = "06103,2025-07-01,Xã Thiện Long,B,b@x.vn"
    assert read(tmp_path, line) == Recipients([], [])
    assert [row.unit.name for row in read(tmp_path, line, week=MERGER).usable] == ["Xã Thiện Long"]


def test_units_of_every_level_are_recipients(tmp_path: Path):
    """Province, district, commune, department, district office; the committee's own title may stand before a name."""
    lines = (
        GOOD, "178,2020-01-01,UBND Thành phố Lạng Sơn,A,a@x.vn", "06208,2020-01-01,UBND xã Thụy Hùng,A,a@x.vn",
        "H37.60,2020-01-01,Văn phòng UBND tỉnh,A,a@x.vn", "H37.84,2020-01-01,UBND huyện Cao Lộc,A,a@x.vn",
    )  # fmt: skip
    assert [row.unit.code for row in read(tmp_path, *lines).usable] == ["20", "178", "06208", "H37.60", "H37.84"]
