"""Apply the rules to page rows with numpy: what ``sohoa measure`` uses, and the check on the other engine."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sohoa.arrow import Bools, as_mask
from sohoa.defects import DEFECTS
from sohoa.enums import SEVERITIES
from sohoa.quality.limit_entry import Scope
from sohoa.quality.thresholds import Rule
from sohoa.schema import MEASURED, VERDICT

Levels = npt.NDArray[np.uint8]
"""Row × defect (in the order of ``defects.DEFECTS``): 0 where there is none, else 1 + the place in ``SEVERITIES``."""

_NOTE, _REVIEW = 1, 2
_ALWAYS = ("not_null", "none_of")  # a null fails the one, and passes the other as a page without error does
_VERDICT_OF_LEVEL = ("accepted", "accepted", "review", "rejected")


def judge_pages(rows: pa.Table, rules: Sequence[Rule]) -> pa.Table:
    """Return the rows with ``verdict``, ``defects`` and ``notes``.

    Args:
        rows: page rows with the columns of ``schema.MEASURED`` and kind, paper, cover, content and
            device_kind; each of these five may be null.
        rules: the rules of one profile.
    """
    return with_verdict(rows, _levels(rows, rules))


def failing_rules(rows: pa.Table, rules: Sequence[Rule]) -> list[list[Rule]]:
    """List for each row the rules that it fails, in their order.

    Args:
        rows: as for ``judge_pages``.
        rules: the rules of one profile.
    """
    columns = _Columns(rows)
    failing: list[list[Rule]] = [[] for _ in range(len(rows))]
    for rule in rules:
        for row in np.flatnonzero(_fails(columns, rule) & _holds(columns, rule)):
            failing[row].append(rule)
    return failing


def count_judged(rows: pa.Table, rules: Sequence[Rule]) -> list[int]:
    """Count for each rule the rows that it is for and of which its column is known: those that it can fail."""
    columns = _Columns(rows)
    return [
        int(np.count_nonzero(_holds(columns, rule) & (columns.known(rule.column) | (rule.test in _ALWAYS))))
        for rule in rules
    ]


def no_levels(rows: int) -> Levels:
    """Return the levels of rows that have no defect."""
    return np.zeros((rows, len(DEFECTS)), np.uint8)


def with_verdict(rows: pa.Table, levels: Levels) -> pa.Table:
    """Add the columns of ``schema.VERDICT``, made from the severity of each defect, in place of older ones."""
    worst = levels.max(axis=1, initial=0)
    columns = {
        "verdict": pa.array(_VERDICT_OF_LEVEL).take(pa.array(worst)),
        "defects": _names(levels >= _REVIEW),
        "notes": _names(levels == _NOTE),
    }
    rows = rows.drop_columns([name for name in columns if name in rows.column_names])
    for field in VERDICT:
        rows = rows.append_column(field, columns[field.name])
    return rows


def raise_levels(levels: Levels, rows: npt.NDArray[Any], defect: str, severity: str) -> None:
    """Give ``rows`` (a mask or positions) this defect, unless they have it at a worse severity."""
    place = list(DEFECTS).index(defect)
    levels[rows, place] = np.maximum(levels[rows, place], 1 + SEVERITIES.index(severity))


def error_pattern(codes: Sequence[Any]) -> str:
    """Return the regular expression of a value of ``error`` that begins with one of the codes."""
    return f"^(?:{'|'.join(map(str, codes))}):"


def _names(mask: Bools) -> pa.Array[Any]:
    """List for each row the names of the defects that are set."""
    offsets = np.concatenate([[0], np.cumsum(mask.sum(axis=1))])
    names = pa.array(list(DEFECTS)).take(pa.array(np.nonzero(mask)[1], pa.int64()))
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), names)


def _levels(rows: pa.Table, rules: Sequence[Rule]) -> Levels:
    columns = _Columns(rows)
    levels = no_levels(len(rows))
    for rule in rules:
        failing = _fails(columns, rule) & _holds(columns, rule)
        raise_levels(levels, failing, rule.defect, rule.severity)
    return levels


class _Columns:
    """Columns of a table as arrays, each made once."""

    def __init__(self, rows: pa.Table) -> None:
        self._rows = rows
        self.known = cache(self._known)
        self.numbers = cache(self._numbers)
        self.inside = cache(self._inside)

    def _values(self, name: str) -> pa.ChunkedArray[Any]:
        return self._rows[name].cast(MEASURED.field(name).type if name in MEASURED.names else pa.string())

    def _known(self, name: str) -> Bools:
        """Return where a value is neither null nor NaN."""
        return ~as_mask(pc.is_null(self._values(name), nan_is_null=True))

    def _numbers(self, name: str) -> npt.NDArray[np.float64]:
        """Return the values, NaN where they are null."""
        return np.asarray(self._values(name).cast(pa.float64()).to_numpy(), np.float64)

    def _inside(self, name: str, listed: tuple[Any, ...]) -> Bools:
        """Return where a value is in the list; ``error`` by its code."""
        values = self._values(name)
        if name == "error":
            return as_mask(pc.match_substring_regex(values, error_pattern(listed)))
        return as_mask(pc.is_in(values, pa.array(listed, values.type)))


def _fails(columns: _Columns, rule: Rule) -> Bools:
    """Return the rows on which the test fails, in the scope of the rule or not; null passes, except in ``not_null``."""
    name, limit = rule.column, rule.limit
    if isinstance(limit, tuple):
        inside = columns.inside(name, limit)
        return inside if rule.test == "none_of" else columns.known(name) & ~inside
    if limit is None:
        return ~columns.known(name)
    numbers = columns.numbers(name)
    if rule.test == "min":
        failing = numbers < limit
    else:
        failing = (np.abs(numbers) if rule.test == "max_abs" else numbers) > limit
    return failing & ~np.isin(numbers, rule.rounded)


def _holds(columns: _Columns, rule: Rule) -> Bools:
    """Find the rows of a rule: in its scope, not replaced by another, and without error but for error rules."""
    mask = _in_scope(columns, rule.scope)
    for scope in rule.unless:
        mask &= ~_in_scope(columns, scope)
    return mask if rule.column == "error" else mask & ~columns.known("error")


def _in_scope(columns: _Columns, scope: Scope) -> Bools:
    mask = np.ones(len(columns.known("error")), np.bool_)
    for name, values in scope.items():
        mask &= columns.inside(name, values) if isinstance(values, tuple) else columns.numbers(name) < values
    return mask
