"""Suite of the invariants of the table ``progress_daily``, for rows of any number of dossier days."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from itertools import product

import great_expectations as gx
import great_expectations.expectations as gxe
import pandas as pd

from expectations import invariants

KEY = ("dossier_date", "unit_code", "definition", "stage")
COUNTS = ("numerator", "denominator", "declared", "received", "accepted", "waived", "finished")
COLUMNS = (*KEY, *COUNTS)
RATES = (("dn_and", "all"), ("dn_or", "all"), ("dn_store", "all"), ("by_stage", "components"), ("by_stage", "result"))
_BELOW = "_below"

Place = tuple[date, str]
"""A unit code on a dossier day."""


def build_suite() -> gx.ExpectationSuite:
    """Build the suite: rates of 0 to 1, each unit the sum of those below it, none lost or made up; see ``lay_out``."""
    return gx.ExpectationSuite(
        name="progress_daily",
        expectations=[
            *invariants.key(*KEY),
            gxe.ExpectColumnValuesToBeInSet(
                column="is_known", value_set=[True], description="unit_code is a unit of the day"
            ),
            gxe.ExpectColumnValuesToBeInSet(column="is_rate", value_set=[True], description="the rate is defined"),
            *(_present(name) for name in COUNTS),
            *invariants.falling("denominator", "declared", "received", "accepted", "waived"),
            *invariants.falling("denominator", "finished"),
            _equal("numerator", "accepted", "numerator = accepted"),
            *(_equal(name, name + _BELOW, f"{name} is the sum of the units right below") for name in COUNTS),
        ],
    )


def lay_out(rows: pd.DataFrame, parents: Mapping[Place, str], units: Collection[Place]) -> pd.DataFrame:
    """Return the rows with, beside each count, its sum over the units right below; null for a unit that has none below.

    A unit of ``units`` that has no row for one of ``RATES`` gets one of nulls. ``is_known`` tells whether the unit is
    one of its day, ``is_rate`` whether the rate is one of ``RATES``.

    Args:
        rows: the columns of the table, its path key included.
        parents: (day, unit code) -> code of the unit right above.
        units: (day, unit code) of every unit that must have rows.
    """
    key, below = list(KEY), [name + _BELOW for name in COUNTS]
    expected = pd.DataFrame([(*place, *rate) for place, rate in product(sorted(units), RATES)], columns=key)
    above = pd.Series([parents.get(place) for place in _places(rows)], rows.index, dtype=object)
    parent = rows.assign(unit_code=above).dropna(subset=["unit_code"])
    sums = parent.groupby(key)[list(COUNTS)].sum().add_suffix(_BELOW)
    frame = expected.merge(rows, how="outer", on=key).join(sums, on=key)
    with_parents = {(place[0], parents[place]) for place in units if place in parents}
    is_parent = pd.Series([place in with_parents for place in _places(frame)], frame.index, dtype=bool)
    frame.loc[is_parent, below] = frame.loc[is_parent, below].fillna(0)
    known = set(units) | parents.keys() | {(day, above) for (day, _), above in parents.items()}
    rates = zip(frame["definition"], frame["stage"], strict=True)
    is_rate = [rate in RATES for rate in rates]  # the library's own test of pairs makes a Series of each row
    return frame.assign(is_known=[place in known for place in _places(frame)], is_rate=is_rate)


def _places(rows: pd.DataFrame) -> list[Place]:
    return list(zip(rows["dossier_date"], rows["unit_code"], strict=True))


def _present(column: str) -> gxe.Expectation:
    return gxe.ExpectColumnValuesToNotBeNull(column=column, description=f"no unit is lost: {column} is there")


def _equal(one: str, other: str, description: str) -> gxe.Expectation:
    return gxe.ExpectColumnPairValuesToBeEqual(
        column_A=one, column_B=other, ignore_row_if="either_value_is_missing", description=description
    )
