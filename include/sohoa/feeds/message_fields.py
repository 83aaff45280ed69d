"""Fields of the national message format: from text to values, many at once; null where the text cannot be read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from sohoa.dossier_code import dossier_key
from sohoa.feeds.text_rows import Column
from sohoa.settings import province_head

_TIME_TEXT = "một thời điểm dạng yyyyMMddHHmmss, giờ địa phương, ví dụ 20240415083000"
_DAY_TEXT = "một ngày dạng yyyyMMdd, ví dụ 20240415"
_NO_VALUE = r"^=|^#(NULL!|DIV/0!|VALUE!|REF!|NAME\?|NUM!|N/A)$"
"""A formula that was never computed, or one that failed."""


@dataclass(frozen=True)
class Field:
    """One field of a source: ``parse`` turns text into values and leaves null where it cannot."""

    source: str
    target: str
    parse: Callable[[Column], Column]
    expected: str
    """What a right value is (Vietnamese), to complete "phải ghi …"."""
    is_required: bool = False


def parse_text(text: Column) -> Column:
    """The text as it is; what a spreadsheet shows in place of a value is none."""
    return _keep(text, pc.invert(pc.match_substring_regex(text, _NO_VALUE)))


def parse_key(text: Column) -> Column:
    """Dossier codes in their one normal spelling."""
    parts = pc.extract_regex(text, r"^(?P<stem>.*-\d{6}-)(?P<number>0{0,9}\d{1,5})$")
    stems = by_value(_stem_of_key, pc.struct_field(parts, "stem"))
    digits = pc.utf8_ltrim(pc.struct_field(parts, "number"), "0")
    return pc.binary_join_element_wise(stems, pc.if_else(pc.equal(digits, ""), "0", digits), "")


@lru_cache(maxsize=65_536)  # the feeds of a day name the same agencies and days
def _stem_of_key(stem: str) -> str | None:
    key = dossier_key(stem + "0001")
    return None if key is None else key[:-1]


def parse_commune(text: Column) -> Column:
    """Codes of five digits."""
    return _keep(text, pc.match_substring_regex(text, r"^\d{5}$"))


def parse_time(text: Column) -> Column:
    """``yyyyMMddHHmmss`` of the years 1990 to 2099 as local time; days and hours that do not exist are null."""
    text = _drop_point_zero(text)
    candidates = _keep(text, pc.match_substring_regex(text, r"^(199|20\d)\d{11}$"))
    parsed = pc.strptime(candidates, format="%Y%m%d%H%M%S", unit="s", error_is_null=True)
    exact = pc.equal(pc.strftime(parsed, "%Y%m%d%H%M%S"), candidates)  # the C library takes 30 February for 1 March
    return _keep(parsed, exact).cast(pa.timestamp("ms"))


def parse_day(text: Column) -> Column:
    """``yyyyMMdd``, or the day of ``yyyyMMddHHmmss``."""
    text = _drop_point_zero(text)
    is_short = pc.match_substring_regex(text, r"^\d{8}$")
    return parse_time(pc.if_else(is_short, pc.binary_join_element_wise(text, "000000", ""), text)).cast(pa.date32())


def parse_integer(low: int, high: int) -> Callable[[Column], Column]:
    """A parser of whole numbers from ``low`` to ``high``, written as 12 or as 12.0."""

    def parse(text: Column) -> Column:
        text = _drop_point_zero(text)
        values = _keep(text, pc.match_substring_regex(text, r"^\d{1,9}$")).cast(pa.int64())
        return _keep(values, pc.and_(pc.greater_equal(values, pa.scalar(low)), pc.less_equal(values, pa.scalar(high))))

    return parse


def parse_flag(text: Column) -> Column:
    """0 and 1 as false and true."""
    text = _drop_point_zero(text)
    return pc.equal(_keep(text, pc.match_substring_regex(text, "^[01]$")), pa.scalar("1"))


def parse_one_of(values: Iterable[str]) -> Callable[[Column], Column]:
    """A parser of fixed names."""
    names = pa.array(list(values), pa.string())

    def parse(text: Column) -> Column:
        return _keep(text, pc.is_in(text, names))

    return parse


def by_value(work: Callable[[Any], Any], values: Column) -> Column:
    """``work`` of each value as text, done once for each that differs; null stays null."""
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    encoded = pc.dictionary_encode(values)
    found = pa.array([work(value) for value in encoded.dictionary.to_pylist()], pa.string())
    return found.take(encoded.indices)


def _drop_point_zero(text: Column) -> Column:
    """``12`` of ``12.0``: so a column of decimals or of floats writes a whole number."""
    return pc.replace_substring_regex(text, r"^(\d+)\.0+$", r"\1")


def _keep(values: Column, mask: Column) -> Column:
    return pc.if_else(mask, values, pa.scalar(None, values.type))


def text(source: str, target: str, *, is_required: bool = False) -> Field:
    """A field of any text."""
    expected = "giá trị, không để trống, không" if is_required else "giá trị, không"
    return Field(source, target, parse_text, f"{expected} phải công thức hay lỗi Excel", is_required)


def key() -> Field:
    """The dossier code."""
    head = province_head()
    return Field(
        "MaHoSo",
        "dossier_key",
        parse_key,
        f"mã hồ sơ dạng {head}.x.y-YYMMDD-NNNN hoặc 000.y.x.{head}-YYMMDD-NNNN",
        True,
    )


def time(source: str, target: str, *, is_required: bool = False) -> Field:
    """A moment."""
    return Field(source, target, parse_time, _TIME_TEXT, is_required)


def day(source: str, target: str, *, is_required: bool = True) -> Field:
    """A day."""
    return Field(source, target, parse_day, _DAY_TEXT, is_required)


def status(source: str = "TrangThaiHoSo", *, is_required: bool = True) -> Field:
    """A status of the portal's list."""
    return Field(source, "status", parse_integer(1, 10), "trạng thái từ 1 đến 10", is_required)


def commune() -> Field:
    """The commune, by code."""
    expected = "mã xã gồm 5 chữ số, giữ số 0 ở đầu, hoặc để trống"
    return Field("MaDonViHanhChinh", "commune_code", parse_commune, expected)


def count(source: str, target: str, expected: str, high: int = 999_999_999) -> Field:
    """A whole number from 0."""
    return Field(source, target, parse_integer(0, high), expected, True)


def flag(source: str, target: str, *, is_required: bool = True) -> Field:
    """A flag of 0 or 1."""
    return Field(source, target, parse_flag, "0 hoặc 1", is_required)
