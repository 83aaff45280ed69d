"""Measured values and limits in words for who scans: "Độ nhòe của nét chữ: 0,62 mm (không quá 0,3 mm)"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sohoa.pages.columns import COLUMNS, Quantity

_SWAP = str.maketrans(",.", ".,")
_MOST_DECIMALS = 6
_VALUES_VI = {
    "colour": "màu",
    "grey": "thang xám",
    "bilevel": "đen trắng",
    "pdf": "PDF",
    "jpeg": "JPEG",
    "png": "PNG",
    "tiff": "TIFF",
    True: "có",
    False: "không có",
}


QUANTITIES = {name: column.quantity for name, column in COLUMNS.items() if column.quantity is not None}
"""Column -> its quantity, of all columns that a limit tests, ``error`` left out."""

_LIMITS_VI = {"min": "cần từ {} trở lên", "max": "không được quá {}", "max_abs": "không được quá {}"}


@dataclass(frozen=True)
class Finding:
    """What was measured and what the limit is, in words."""

    quantity: str
    measured: str
    limit: str


def describe(measured: dict[str, Any]) -> Finding | None:
    """A failed limit of a receipt in words; null where it is not one on a measured value."""
    quantity = QUANTITIES.get(measured["column"])
    if quantity is None:
        return None
    value, limit, test = measured["value"], measured["limit"], measured["test"]
    if test == "not_null":
        return Finding(quantity.label, "không rõ", "phải xác định được")
    if isinstance(limit, list):
        listed = ", ".join(_plain(item) for item in limit)
        word = {"one_of": "phải là", "none_of": "không được là"}[test]
        return Finding(quantity.label, _with_unit(_plain(value), quantity), f"{word} {_with_unit(listed, quantity)}")
    value = abs(value) if test == "max_abs" else value
    shown, allowed = _apart(value * quantity.factor, limit * quantity.factor, quantity.decimals)
    wanted = _LIMITS_VI[test].format(_with_unit(allowed, quantity))
    return Finding(quantity.label, _with_unit(shown, quantity), wanted)


def number(value: float, decimals: int) -> str:
    """A number the Vietnamese way, without zeros that say nothing."""
    text = f"{value:,.{decimals}f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text).translate(_SWAP)


def _apart(value: float, limit: float, decimals: int) -> tuple[str, str]:
    """Both numbers, with as many decimals as it takes to tell them apart."""
    while decimals < _MOST_DECIMALS and number(value, decimals) == number(limit, decimals):
        decimals += 1
    return number(value, decimals), number(limit, decimals)


def _plain(value: Any) -> str:
    return _VALUES_VI.get(value, str(value)) if isinstance(value, str | bool) else str(value)


def _with_unit(text: str, quantity: Quantity) -> str:
    if not quantity.unit:
        return text
    return f"{text}\u00a0{quantity.unit}"
