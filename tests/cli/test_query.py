"""`sohoa query`: every column of the answer, values that other programs read, and one line where it cannot be run."""

from __future__ import annotations

import csv
import io
import json

import pytest
from typer.testing import CliRunner

from sohoa.cli import app
from sohoa.errors import InputError


@pytest.fixture(autouse=True)
def no_store(monkeypatch: pytest.MonkeyPatch) -> None:
    """An address at which nothing answers: a query that names no table asks for nothing."""
    for name, value in (("ENDPOINT", "http://127.0.0.1:1"), ("ACCESS_KEY", "a"), ("SECRET_KEY", "b")):
        monkeypatch.setenv(f"SOHOA_S3_{name}", value)


def ask(sql: str, format: str) -> str:
    done = CliRunner().invoke(app, ["query", sql, "--format", format], catch_exceptions=False)
    assert done.exit_code == 0
    return done.stdout


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT 1 AS a, 2 AS a", {"a": 1, "a_2": 2}),
        ("SELECT 1 AS a, 2 AS a, 3 AS a_2, 4 AS a", {"a": 1, "a_3": 2, "a_2": 3, "a_4": 4}),
        (
            "SELECT d.v, b.v FROM (VALUES (1, 'x')) d(k, v) JOIN (VALUES (1, 'y')) b(k, v) USING (k) WHERE d.v <> b.v",
            {"v": "x", "v_2": "y"},
        ),
        (
            "SELECT * FROM (VALUES (1, 2)) d(k, v) JOIN (VALUES (1, 3)) b(k, v) ON d.k = b.k",
            {"k": 1, "v": 2, "k_2": 1, "v_2": 3},
        ),
    ],
)
def test_columns_of_one_name_keep_their_own_values(sql: str, expected: dict[str, object]) -> None:
    """In each format, under names that differ."""
    assert [json.loads(line) for line in ask(sql, "jsonl").splitlines()] == [expected]
    (row,) = csv.DictReader(io.StringIO(ask(sql, "csv")))
    assert row == {name: str(value) for name, value in expected.items()}
    assert all(str(part) in ask(sql, "table") for part in (*expected, *expected.values()))


def test_csv_holds_plain_values() -> None:
    """Lists with semicolons, JSON where a value has parts, small true and false: nothing that only Python reads."""
    sql = """
        SELECT ['blurred', 'glare'] AS defects, [{'agency': 'H37.60', 'is_received': true, 'verdict': NULL}] AS papers,
        {'day': DATE '2024-04-15', 'note': 'đã "xong"'} AS part, true AS is_void, NULL AS nothing, [] AS none,
        [true, NULL] AS flags, '\\xFF'::BLOB AS hash, TIMESTAMP '2024-04-15 08:30:00' AS at, 0.5::DECIMAL(3, 1) AS share
    """
    (row,) = csv.DictReader(io.StringIO(ask(sql, "csv")))
    assert json.loads(row.pop("papers")) == [{"agency": "H37.60", "is_received": True, "verdict": None}]
    assert json.loads(row.pop("part")) == {"day": "2024-04-15", "note": 'đã "xong"'}
    assert row == {
        "defects": "blurred;glare", "is_void": "true", "nothing": "", "none": "", "flags": "true;", "hash": "ff",
        "at": "2024-04-15 08:30:00", "share": "0.5",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("", "empty"),
        (" ;\n", "empty"),
        ("/* SELECT 1 */", "empty"),
        ("SELECT 1; SELECT 2", "2 queries"),
        ("CREATE TABLE t AS SELECT 1", "CREATE"),
        ("INSERT INTO t VALUES (1)", "INSERT"),
        ("DELETE FROM t", "DELETE"),
        ("UPDATE t SET a = 1", "UPDATE"),
        ("DROP VIEW v", "DROP"),
        ("COPY (SELECT 1) TO '/dev/null'", "COPY"),
        ("ATTACH '/nowhere/a.db'", "ATTACH"),
        ("SET threads = 1", "SET"),
        ("INSERT INTO pages SELECT * FROM pages", "INSERT"),
    ],
)
def test_what_is_no_question_is_told_in_one_line(sql: str, told: str) -> None:
    """Nothing asked, two things asked, or something to be written: the command ends as after any wrong usage."""
    done = CliRunner().invoke(app, ["query", sql])
    assert isinstance(done.exception, InputError)
    assert done.exception.exit_code == 2
    assert told in str(done.exception) and "\n" not in str(done.exception)


def test_a_query_that_is_wrong_is_told_in_duckdbs_words() -> None:
    """With the names of the tables."""
    for sql in ("SELEC 1", "SELECT 1 FROM nowhere", "SELECT 'x'::INT"):
        done = CliRunner().invoke(app, ["query", sql])
        assert isinstance(done.exception, InputError)
        assert "progress_daily" in str(done.exception)


@pytest.mark.parametrize("sql", ["FROM range(1)", "WITH a AS (SELECT 1) FROM a", "EXPLAIN SELECT 1", "SHOW TABLES",
                                 "PIVOT (SELECT 1 AS a, 2 AS b) ON a USING sum(b)", "PRAGMA version"])  # fmt: skip
def test_every_way_to_ask_is_allowed(sql: str) -> None:
    """Not only what begins with SELECT."""
    assert ask(sql, "jsonl") or sql == "SHOW TABLES"
