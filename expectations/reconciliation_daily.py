"""Suite of the invariants of the table ``reconciliation_daily``, for the counts of any number of days in the codes."""

from __future__ import annotations

import great_expectations as gx
import great_expectations.expectations as gxe
import pandas as pd

from expectations import invariants

CELL = ("code_day", "dossier_date", "unit_code")
KEY = (*CELL, "category")
COLUMNS = (*KEY, "entries", "oldest_first_seen", "mean_first_seen")
EFFECTS = {
    "R1": 1, "R2": 1, "R3": 1, "R4": -1, "R5": 1, "R7_in": 1, "R7_out": -1, "R8_in": 1, "R8_out": -1,
}  # fmt: skip
"""What one of a category adds to portal - province in its cell."""
CATEGORIES = ("portal", "province", "R0", *EFFECTS, "R5_ministry", "R6", "R9", "R10", "R11", "R12")


def build_suite() -> gx.ExpectationSuite:
    """Build the suite: portal − province of every cell is explained to the last dossier; see ``lay_out``."""
    in_order = gxe.ExpectColumnPairValuesAToBeGreaterThanB(
        column_A="mean_first_seen", column_B="oldest_first_seen", or_equal=True, description="mean >= oldest first_seen"
    )
    balanced = gxe.ExpectColumnPairValuesToBeEqual(
        column_A="difference", column_B="explained", description="portal - province is explained by the categories"
    )
    return gx.ExpectationSuite(
        name="reconciliation_daily",
        expectations=[
            *invariants.key(*KEY),
            *(invariants.known(name) for name in KEY[1:]),
            gxe.ExpectColumnValuesToBeInSet(
                column="category", value_set=list(CATEGORIES), description="the category is defined"
            ),
            gxe.ExpectColumnValuesToBeBetween(column="entries", min_value=1, description="entries >= 1"),
            in_order,
            balanced,
        ],
    )


def lay_out(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with, beside each, portal − province of its cell and what the categories explain of it."""
    sides = rows["category"].map({"portal": 1, "province": -1}).fillna(0) * rows["entries"]
    effects = rows["category"].map(EFFECTS).fillna(0) * rows["entries"]
    cells = [rows[name] for name in CELL]
    return rows.assign(
        difference=sides.groupby(cells, dropna=False).transform("sum"),
        explained=effects.groupby(cells, dropna=False).transform("sum"),
    )
