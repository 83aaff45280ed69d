"""Suite of the invariants of the table ``progress_daily``, one dossier day at a time."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import product

import great_expectations as gx
import great_expectations.expectations as gxe
import pandas as pd

from expectations import invariants

KEY = ("unit_code", "definition", "stage")
COUNTS = ("numerator", "denominator", "declared", "received", "accepted", "waived", "finished")
COLUMNS = (*KEY, *COUNTS)
RATES = (("dn_and", "all"), ("dn_or", "all"), ("dn_store", "all"), ("by_stage", "components"), ("by_stage", "result"))
_BELOW = "_below"


def build_suite(units: Collection[str]) -> gx.ExpectationSuite:
    """Rates between 0 and 1, each unit the sum of those below it, no unit lost and none made up.

    Args:
        units: every unit that the day may have rows of.
    """
    return gx.ExpectationSuite(
        name="progress_daily",
        expectations=[
            *invariants.key(*KEY),
            gxe.ExpectColumnValuesToBeInSet(
                column="unit_code", value_set=sorted(units), description="unit_code is a unit of the day"
            ),
            gxe.ExpectColumnPairValuesToBeInSet(
                column_A="definition", column_B="stage", value_pairs_set=list(RATES), description="the rate is defined"
            ),
            *(_present(name) for name in COUNTS),
            *invariants.falling("denominator", "declared", "received", "accepted", "waived"),
            *invariants.falling("denominator", "finished"),
            _equal("numerator", "accepted", "numerator = accepted"),
            *(_equal(name, name + _BELOW, f"{name} is the sum of the units right below") for name in COUNTS),
        ],
    )


def lay_out(rows: pd.DataFrame, parents: Mapping[str, str], units: Collection[str]) -> pd.DataFrame:
    """The rows with, beside each count, its sum over the units right below; null for a unit that has none below.

    A unit of ``units`` that has no row for one of ``RATES`` gets one of nulls.
    """
    key, below = list(KEY), [name + _BELOW for name in COUNTS]
    expected = pd.DataFrame([(unit, *rate) for unit, rate in product(sorted(units), RATES)], columns=key)
    parent = rows.assign(unit_code=rows["unit_code"].map(dict(parents))).dropna(subset=["unit_code"])
    sums = parent.groupby(key)[list(COUNTS)].sum().add_suffix(_BELOW)
    frame = expected.merge(rows, how="outer", on=key).join(sums, on=key)
    is_parent = frame["unit_code"].isin({parents[unit] for unit in units if unit in parents})
    frame.loc[is_parent, below] = frame.loc[is_parent, below].fillna(0)
    return frame


def _present(column: str) -> gxe.Expectation:
    return gxe.ExpectColumnValuesToNotBeNull(column=column, description=f"no unit is lost: {column} is there")


def _equal(one: str, other: str, description: str) -> gxe.Expectation:
    return gxe.ExpectColumnPairValuesToBeEqual(
        column_A=one, column_B=other, ignore_row_if="either_value_is_missing", description=description
    )
