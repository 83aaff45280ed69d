"""Files of every release are read: columns that came later are null, and a file of a later release is refused."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from click.testing import CliRunner

from sohoa import layout
from sohoa.errors import SettingsError
from sohoa.jobs.query_tables import run_query
from sohoa.schema import TABLES, fit, schema_version
from sohoa.store import Store
from tests.command_line import app

RELEASES = sorted((Path(__file__).parents[1] / "data" / "schemas").glob("*.json"))
SHAPES = [(path.stem, table, told) for path in RELEASES for table, told in json.loads(path.read_text("utf-8")).items()]
DAY = date(2023, 3, 6)


def rows_of(table: str, told: dict[str, Any]) -> pa.Table:
    """One row as that release wrote it: names in its columns of text, null elsewhere."""
    now = TABLES[table]
    columns = {
        name: pa.array([f"{name} 1"]) if kind == "string" else pa.nulls(1, now.field(name).type)
        for name, kind in told["columns"].items()
        if name in now.names
    }
    return pa.table(columns).replace_schema_metadata({"schema_version": str(told["schema_version"])})


@pytest.mark.parametrize(
    ("release", "table", "told"), SHAPES, ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_file_of_a_release_is_read_as_the_table_is_now(release: str, table: str, told: dict[str, Any]) -> None:
    """No column of a release is gone or of another kind, a column that is new raised the version, values stay."""
    now = TABLES[table]
    assert {name: str(now.field(name).type) for name in told["columns"]} == told["columns"], release
    added = set(now.names) - set(told["columns"])
    assert not added or schema_version(now) > told["schema_version"], f"raise the version of {table}"
    found = fit(table, rows_of(table, told))
    assert found.schema.equals(now)
    (row,) = found.to_pylist()
    assert all(row[name] == f"{name} 1" for name, kind in told["columns"].items() if kind == "string")
    assert all(row[name] is None for name in added)


def test_the_newest_release_on_file_is_the_one_installed() -> None:
    """A release without its file could not be held to it."""
    newest = json.loads(RELEASES[-1].read_text("utf-8"))
    assert set(newest) <= set(TABLES) and len(RELEASES) >= 2


def test_old_and_new_files_of_a_table_are_read_together(clean_store: Store) -> None:
    """By the product and by SQL."""
    (told,) = [told for release, table, told in SHAPES if (release, table) == ("0.1.0", "documents")]
    clean_store.put_parquet(f"documents/scan_date={DAY}/old.parquet", rows_of("documents", told))
    new = pa.Table.from_pylist([{"document_id": "new", "ask_reviewer": "why"}], schema=TABLES["documents"])
    clean_store.write_table("documents", DAY, "new", new)
    for rows in (clean_store.read_table("documents"), run_query(clean_store, "SELECT * FROM documents")):
        found = {row["document_id"]: row["ask_reviewer"] for row in rows.to_pylist()}
        assert found == {"document_id 1": None, "new": "why"}


def test_a_file_of_a_newer_release_is_refused_in_a_sentence(clean_store: Store) -> None:
    """Not half read: what it says may mean something else; `sohoa doctor` says it too."""
    rows = TABLES["batches"].empty_table().replace_schema_metadata({"schema_version": "99"})
    with pytest.raises(SettingsError, match=r"batches was written by a newer sohoa \(schema_version 99"):
        fit("batches", rows)
    clean_store.put_parquet(f"batches/scan_date={DAY}/b.parquet", rows)
    with pytest.raises(SettingsError, match="install that version here too"):
        clean_store.read_table("batches")
    done = CliRunner().invoke(app, ["doctor"])
    assert "written by a newer sohoa: batches (version 99)" in done.output
    assert done.exit_code == 1


def test_doctor_goes_on_past_a_damaged_object(clean_store: Store) -> None:
    """It names the object, and tells of the other tables."""
    key = f"batches/scan_date={DAY}/b.parquet"
    clean_store.put_parquet(key, TABLES["batches"].empty_table())
    clean_store.put(layout.WAREHOUSE, key, clean_store.get(layout.WAREHOUSE, key)[:-20])
    done = CliRunner().invoke(app, ["doctor"])
    assert (done.exit_code, f"1 of {len(TABLES)} tables have rows" in done.output) == (1, True)
    assert f"{key} is damaged" in done.output
