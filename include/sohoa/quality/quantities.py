"""Measured values and limits in words for who scans: "Độ nhòe của nét chữ: 0,62 mm (không quá 0,3 mm)"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sohoa.format_value import decimal
from sohoa.labels import label_vi
from sohoa.pages.page_row import COLUMNS, Quantity
from sohoa.quality.failed_limits import FailedLimit

_MAX_DECIMALS = 6


QUANTITIES = {name: column.quantity for name, column in COLUMNS.items() if column.quantity is not None}
"""Column -> its quantity, of all columns that a limit tests, ``error`` left out."""


@dataclass(frozen=True)
class LimitInWords:
    """What was measured and what the limit is, in words."""

    quantity: str
    measured: str
    limit: str


def explain_limit(measured: FailedLimit) -> LimitInWords | None:
    """Write a failed limit in words; null where it is not one on a measured value."""
    quantity = QUANTITIES.get(measured["column"])
    if quantity is None:
        return None
    value, limit, test = measured["value"], measured["limit"], measured["test"]
    words = label_vi("limit_tests", test)
    if test == "not_null":
        return LimitInWords(quantity.label, _plain(None), words)
    if isinstance(limit, list):
        listed = ", ".join(_plain(item) for item in limit)
        shown, wanted = _with_unit(_plain(value), quantity), words.format(_with_unit(listed, quantity))
        return LimitInWords(quantity.label, shown, wanted)
    value = abs(value) if test == "max_abs" else value
    shown, allowed = _apart(value * quantity.factor, limit * quantity.factor, quantity.decimals)
    return LimitInWords(quantity.label, _with_unit(shown, quantity), words.format(_with_unit(allowed, quantity)))


def _apart(value: float, limit: float, decimals: int) -> tuple[str, str]:
    """Both numbers, with as many decimals as it takes to tell them apart."""
    while decimals < _MAX_DECIMALS and _number(value, decimals) == _number(limit, decimals):
        decimals += 1
    return _number(value, decimals), _number(limit, decimals)


def _number(value: float, decimals: int) -> str:
    """A number without zeros that say nothing."""
    text = decimal(value, decimals)
    return text.rstrip("0").rstrip(",") if "," in text else text


def _plain(value: Any) -> str:
    return label_vi("page_values", str(value))


def _with_unit(text: str, quantity: Quantity) -> str:
    if not quantity.unit:
        return text
    return f"{text}\u00a0{quantity.unit}"
