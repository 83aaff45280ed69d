"""Great Expectations as the engine: verdicts of pages and the gates of tables. The only importer of it in ``sohoa``.

Each call uses a context of its own, in memory; nothing is sent, written or printed.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from threading import Lock
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from sohoa.errors import GateClosed
from sohoa.quality.limit_entry import DECLARED_COLUMNS
from sohoa.quality.rules import error_pattern, no_levels, raise_levels, with_verdict
from sohoa.quality.thresholds import Rule, Thresholds
from sohoa.schema import MEASURED
from sohoa.settings import set_default

set_default("GX_ANALYTICS_ENABLED", "False")  # read once, when the package is imported
logging.getLogger("great_expectations").setLevel(logging.WARNING)  # else 200 lines on stdout where Airflow logs

import great_expectations as gx  # noqa: E402 (see above)
from great_expectations.data_context.types.base import DataContextConfig, InMemoryStoreBackendDefaults  # noqa: E402 (see above)

from expectations import batches, documents, pages, progress_daily, reconciliation_daily  # noqa: E402 (see above)

_SHOWN = 5
_ONE_AT_A_TIME = Lock()  # Great Expectations keeps the context in use in a global
_NO_PARENTS: Mapping[progress_daily.Place, str] = MappingProxyType({})
_INVARIANTS = {"pages": pages, "documents": documents, "batches": batches}


@dataclass(frozen=True)
class Violation:
    """One invariant that rows of a table break."""

    what: str
    """The invariant, in words."""
    test: str
    """What Great Expectations calls it, as expect_column_values_to_not_be_null."""
    columns: tuple[str, ...]
    rows: tuple[dict[str, Any], ...]
    """Key and values at fault of every row that breaks it."""

    @property
    def message(self) -> str:
        """The invariant and the first rows that break it."""
        shown = "; ".join(", ".join(f"{k}={v}" for k, v in row.items()) for row in self.rows[:_SHOWN])
        more = f"; and {len(self.rows) - _SHOWN} more" if len(self.rows) > _SHOWN else ""
        return f"{self.what!r} does not hold in {len(self.rows)} rows: {shown}{more}"


def judge_pages(rows: pa.Table, thresholds: Thresholds) -> pa.Table:
    """Return the rows with ``verdict``, ``defects`` and ``notes``, from the rows that fail in Great Expectations.

    Args:
        rows: as for ``rules.judge_pages``, whose answer is the same.
        thresholds: limits of one profile.

    Raises:
        GateClosed: a limit could not be checked at all.
    """
    levels = no_levels(len(rows))
    for result in validate_pages(rows, thresholds):
        meta = result.expectation_config.meta
        positions = np.array(result.result["unexpected_index_list"], np.intp)
        raise_levels(levels, positions, meta["defect"], meta["severity"])
    return with_verdict(rows, levels)


def validate_pages(rows: pa.Table, thresholds: Thresholds, key: Collection[str] = ()) -> list[Any]:
    """Hold all limits against the rows and return the validation results of those that fail.

    Args:
        rows: as for ``judge_pages``.
        thresholds: limits of one profile.
        key: columns that name a failing row in the result; none: its position, from 0 (much faster).
    """
    frame = _frame(rows, _limit_columns(thresholds, key))
    return _validate(pages.build_limits_suite(thresholds.rules, error_pattern), frame, key)


def _limit_columns(thresholds: Thresholds, key: Collection[str] = ()) -> Collection[str]:
    return dict.fromkeys([*DECLARED_COLUMNS.values(), *key, "error", *(rule.column for rule in thresholds.rules)])


def check_rows(
    table: str,
    rows: pa.Table,
    parents: Mapping[progress_daily.Place, str] = _NO_PARENTS,
    leaf_units: Collection[progress_daily.Place] = (),
) -> list[Violation]:
    """Return the invariants of a table that the rows break; none where all is well.

    Args:
        table: pages, documents, batches, progress_daily or reconciliation_daily.
        rows: rows of that table; of progress_daily with the path key ``dossier_date``, whole days; of
            reconciliation_daily with ``dossier_date`` and ``code_day``, the day in the codes, all cells of that day.
        parents: progress_daily only: (day, unit code) -> code of the unit right above, for all units of the days.
        leaf_units: progress_daily only: (day, unit code) of the units that dossiers belong to; each, and all above,
            must have rows.

    Raises:
        GateClosed: an invariant could not be checked at all.
    """
    return [_violation(result) for result in _validate(*_prepare(table, rows, parents, leaf_units))]


def list_invariants(table: str) -> list[tuple[str, ...]]:
    """List the invariants of a table, each by the columns that it names."""
    suites = {"progress_daily": progress_daily, "reconciliation_daily": reconciliation_daily} | _INVARIANTS
    return [_columns(one.configuration.kwargs) for one in suites[table].build_suite().expectations]


def find_beyond(rows: pa.Table, thresholds: Thresholds) -> list[tuple[Rule, list[int]]]:
    """Return the limits that pages fail, in their order, each with the positions of these pages."""
    found = {
        result.expectation_config.meta["place"]: result.result["unexpected_index_list"]
        for result in validate_pages(rows, thresholds)
    }
    return [(thresholds.rules[place], found[place]) for place in sorted(found)]


def _prepare(
    table: str,
    rows: pa.Table,
    parents: Mapping[progress_daily.Place, str],
    leaf_units: Collection[progress_daily.Place],
) -> tuple[gx.ExpectationSuite, pd.DataFrame, Collection[str]]:
    """Return the suite of a table's invariants, the rows as it wants them, and the columns that name a row."""
    if table == "reconciliation_daily":
        frame = reconciliation_daily.lay_out(_frame(rows, reconciliation_daily.COLUMNS))
        return reconciliation_daily.build_suite(), frame, reconciliation_daily.KEY
    if table != "progress_daily":
        module = _INVARIANTS[table]
        return module.build_suite(), _frame(rows, module.COLUMNS), module.KEY
    units = _with_ancestors(leaf_units, parents)
    frame = progress_daily.lay_out(_frame(rows, progress_daily.COLUMNS), parents, units)
    return progress_daily.build_suite(), frame, progress_daily.KEY


def _with_ancestors(
    places: Iterable[progress_daily.Place], parents: Mapping[progress_daily.Place, str]
) -> set[progress_daily.Place]:
    found: set[progress_daily.Place] = set()
    for day, unit in places:
        above: str | None = unit
        while above is not None and (day, above) not in found:
            found.add((day, above))
            above = parents.get((day, above))
    return found


def _frame(rows: pa.Table, names: Iterable[str]) -> pd.DataFrame:
    """Return the named columns, each in the type of the contract."""
    columns: dict[str, Any] = {name: rows[name] for name in names}
    for name in columns.keys() & set(MEASURED.names):
        columns[name] = columns[name].cast(MEASURED.field(name).type)
    frame: pd.DataFrame = pa.table(columns).to_pandas()
    return frame


def _remember_conditions(frame: pd.DataFrame) -> pd.DataFrame:
    """Let the rows keep which of them a condition selects: each metric of Great Expectations asks for it again."""

    @cache
    def select(condition: str) -> Any:
        named = [name for name in frame.columns if name in condition]  # each column to choose from costs time
        return frame[named].eval(condition)

    frame.query = lambda expr: frame[select(expr)]  # type: ignore[method-assign, assignment]  # of this frame alone
    return frame


def _validate(suite: gx.ExpectationSuite, frame: pd.DataFrame, key: Collection[str]) -> list[Any]:
    """Run a suite and return the results of what fails; ``key`` names a failing row, else its position.

    First it is only asked what fails, then which rows: most expectations hold, and the rows cost as much again.
    """
    rows: dict[str, Any] = {"result_format": "COMPLETE", "return_unexpected_index_query": False}
    if key:
        rows["unexpected_index_column_names"] = list(key)
    stores = InMemoryStoreBackendDefaults(init_temp_docs_sites=False)
    config = DataContextConfig(store_backend_defaults=stores, progress_bars={"globally": False})
    with _ONE_AT_A_TIME:
        context = gx.get_context(mode="ephemeral", project_config=config)
        asset = context.data_sources.add_pandas("rows").add_dataframe_asset("rows")
        batch = asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": _remember_conditions(frame)})
        checks = batch.validate(suite, result_format="BOOLEAN_ONLY").results
        failing = [check.expectation_config for check in checks if not check.success]
        named = gx.ExpectationSuite(name=suite.name, expectations=failing)
        results: list[Any] = batch.validate(named, result_format=rows).results if failing else []
    for result in results:
        _require_checked(result, suite.name)
    return results


def _require_checked(result: Any, suite: str) -> None:
    """Raise what went wrong inside an expectation, which GX keeps as a result: a gate must not stay open for it."""
    if "unexpected_index_list" not in result.result:
        config = result.expectation_config
        raise GateClosed(
            f"{suite}: {config.type} on {', '.join(_columns(config.kwargs))} could not be checked; "
            f"compare the table with its schema: {result.exception_info}"
        )


def _violation(result: Any) -> Violation:
    config = result.expectation_config
    rows = tuple({k: _plain(v) for k, v in row.items()} for row in result.result["unexpected_index_list"])
    return Violation(config.description, config.type, _columns(config.kwargs), rows)


def _columns(kwargs: Mapping[str, Any]) -> tuple[str, ...]:
    named = [kwargs[name] for name in ("column", "column_A", "column_B") if name in kwargs]
    return (*named, *kwargs.get("column_list", ()))


def _plain(value: Any) -> Any:
    """Return a value without numpy or pandas: null as None, a count that nulls beside it made a float as int."""
    if pd.isna(value):
        return None
    value = value.item() if isinstance(value, np.generic) else value
    return int(value) if isinstance(value, float) and value.is_integer() else value
