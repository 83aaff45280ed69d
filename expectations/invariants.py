"""Expectations that the suites of table invariants share; ``description`` states the invariant in words."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import great_expectations.expectations as gxe

VERDICTS = ("accepted", "review", "rejected")


def key(*columns: str) -> list[gxe.Expectation]:
    """Expect the columns together to name one row; ``page_no`` and the like may be null, the first column not."""
    name = ", ".join(columns)
    unique = gxe.ExpectCompoundColumnsToBeUnique(column_list=list(columns), description=f"one row for each {name}")
    return [known(columns[0]), unique]


def known(column: str, **common: Any) -> gxe.Expectation:
    """Expect the column not to be null."""
    return gxe.ExpectColumnValuesToNotBeNull(column=column, description=f"{column} is not null", **common)


def unknown(column: str, **common: Any) -> gxe.Expectation:
    """Expect the column to be null."""
    return gxe.ExpectColumnValuesToBeNull(column=column, description=f"{column} is null", **common)


def falling(*columns: str) -> list[gxe.Expectation]:
    """Expect no column above the one named before it, and the last not below zero."""
    steps = [
        gxe.ExpectColumnPairValuesAToBeGreaterThanB(column_A=a, column_B=b, or_equal=True, description=f"{a} >= {b}")
        for a, b in pairwise(columns)
    ]
    last = columns[-1]
    return [*steps, gxe.ExpectColumnValuesToBeBetween(column=last, min_value=0, description=f"{last} >= 0")]


def verdict() -> gxe.Expectation:
    """Expect the verdict, where there is one, to be one of the three."""
    return gxe.ExpectColumnValuesToBeInSet(
        column="verdict", value_set=list(VERDICTS), description="verdict is " + ", ".join(VERDICTS)
    )
