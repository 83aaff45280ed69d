"""`sohoa query`: every column of the answer, values that other programs read, and one line where it cannot be run."""

from __future__ import annotations

import csv
import io
import json
import re

import pytest
from click.testing import CliRunner

from sohoa.errors import InputError
from tests.command_line import app


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


_ONE = "(SELECT 'H37.60' AS agency, 3 AS n)"


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("SELEC 1", "cannot be read from SELEC on\nLINE 1: SELEC 1\n        ^^^^^"),
        ("SELECT 1 FROM nowhere", "there is no table nowhere"),
        (f"SELECT agenc FROM {_ONE}", "no table of the query has a column agenc; the nearest are agency"),
        (f"SELECT o.x FROM {_ONE} o", "o has no column x"),
        (f"SELECT agency, count(*) FROM {_ONE}", "agency is neither grouped nor counted"),
        (f"SELECT agency FROM {_ONE} a, {_ONE} b", "several tables have a column agency"),
        (f"SELECT sum(agency) FROM {_ONE}", "no function takes sum(VARCHAR)"),
        (f"SELECT * FROM {_ONE} WHERE agency = 1", "the text 'H37.60' cannot be read as INT32"),
        ("SELECT total(1)", "there is no function total"),
        ("SELECT 'abc", "a quotation mark is not closed"),
        ("SELECT DATE '2024-99-01'", "there is no day or moment 2024-99-01"),
        ("FROM read_csv('/etc/passwd')", "only the tables are read"),
        ("SELECT unnest(1)", "its parts do not fit together"),
        ("SELECT strptime('a', '%Y')", "a value in it cannot be used"),
        ("SELECT repeat('x', 100000000000)", "a value is too large"),
    ],
)
def test_a_query_that_is_wrong_is_told_in_words_of_this_product(sql: str, told: str) -> None:
    """Why, where, and which tables there are; nothing as the database names it, and no setting of it."""
    done = CliRunner().invoke(app, ["query", sql])
    assert isinstance(done.exception, InputError)
    said = str(done.exception)
    assert said.startswith("the query cannot be run: ") and told in said
    assert "progress_daily" in said
    assert not re.search(r"Error:|Binder|Catalog|Candidate|Did you mean|disabled by configuration|\bSET\b", said)


@pytest.mark.parametrize("sql", ["FROM range(1)", "WITH a AS (SELECT 1) FROM a", "EXPLAIN SELECT 1", "SHOW TABLES",
                                 "PIVOT (SELECT 1 AS a, 2 AS b) ON a USING sum(b)", "PRAGMA version"])  # fmt: skip
def test_every_way_to_ask_is_allowed(sql: str) -> None:
    """Not only what begins with SELECT."""
    assert ask(sql, "jsonl") or sql == "SHOW TABLES"
