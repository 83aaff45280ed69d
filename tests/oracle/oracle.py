"""The oracle: every figure counted again in plain SQL on the files as they came, without any code of the product."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

SQL = Path(__file__).with_name("sql")
REGISTRY = Path(__file__).parents[2] / "include" / "sohoa" / "registry" / "data"
PROGRESS_KEY = ("unit_code", "dossier_date", "definition", "stage")
CELL_KEY = ("unit_code", "dossier_date", "category")
STEPS = ("feeds", "register", "progress", "reconciliation", "sums")


def ask_oracle(province: Path) -> dict[str, pa.Table]:
    """Every figure of a simulated province, by the name of its table."""
    with _counted(province) as connection:
        return {name: connection.table(name).to_arrow_table() for name in ("progress", "reconciliation", "backlog")}


def ask_oracle_on_map(province: Path, map_day: date, before: date) -> pa.Table:
    """The rates of days before ``before`` by the units of ``map_day``."""
    with _counted(province) as connection:
        connection.execute(f"SET VARIABLE map_day = '{map_day}'; SET VARIABLE before = '{before}'")
        connection.execute((SQL / "maps.sql").read_text(encoding="utf-8"))
        return connection.table("progress_on_map").to_arrow_table()


def ask_oracle_lateness(province: Path, as_of: date) -> pa.Table:
    """What each dossier that counts is at the end of a day."""
    with _counted(province) as connection:
        connection.execute(f"SET VARIABLE as_of = '{as_of}'")
        connection.execute((SQL / "lateness.sql").read_text(encoding="utf-8"))
        return connection.table("lateness").to_arrow_table()


@contextmanager
def _counted(province: Path) -> Iterator[Any]:
    with duckdb.connect() as connection:
        places = {name: province / name for name in ("landing", "feeds", "warehouse")} | {"registry": REGISTRY}
        for name, folder in places.items():
            connection.execute(f"SET VARIABLE {name} = '{folder}'")
        for step in STEPS:
            connection.execute((SQL / f"{step}.sql").read_text(encoding="utf-8"))
        yield connection


def differences(one: pa.Table, other: pa.Table, key: tuple[str, ...]) -> list[tuple[Any, ...]]:
    """(key, values in one, in the other) of each row that only one of two tables of the same columns has."""
    values = sorted(set(one.column_names) - set(key))
    rows = [dict(zip(_tuples(t, key), _tuples(t, values), strict=True)) for t in (one, other)]
    keys = sorted(rows[0].keys() | rows[1].keys())
    return [(k, rows[0].get(k), rows[1].get(k)) for k in keys if rows[0].get(k) != rows[1].get(k)]


def _tuples(table: pa.Table, names: Any) -> list[tuple[Any, ...]]:
    return list(zip(*(table[name].to_pylist() for name in names), strict=True))
