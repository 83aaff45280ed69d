"""What is wrong with a query, in this product's own words: DuckDB's are for who programs with it."""

from __future__ import annotations

import re
from collections.abc import Iterable

import duckdb

_FAULTS = tuple(
    (re.compile(pattern, re.DOTALL), words)
    for pattern, words in (
        (r'syntax error at or near "(.+?)"', "it cannot be read from {0} on"),
        (r"syntax error at end of input", "it ends too early"),
        (r"unterminated (?:quoted )?(?:string|identifier)", "a quotation mark is not closed"),
        (r"without selection list", "SELECT wants to know what: columns, or *"),
        (r"Table with name (\S+) does not exist", "there is no table {0}"),
        (r'Referenced table "(.+?)" not found', "no table of the query is called {0}"),
        (r"Function with name (\S+) does not exist", "there is no function {0}"),
        (
            r'Referenced column "(.+?)" not found.*?Candidate bindings: ([^\n]+)',
            "no table of the query has a column {0}; the nearest are {1}",
        ),
        (r'Referenced column "(.+?)" not found', "no table of the query has a column {0}"),
        (r'"(.+?)" does not have a column named "(.+?)"', "{0} has no column {1}"),
        (r'column "(.+?)" must appear in the GROUP BY', "{0} is neither grouped nor counted: GROUP BY ALL groups it"),
        (r'Ambiguous reference to column name "(.+?)"', "several tables have a column {0}: say which, as pages.{0}"),
        (r"No function matches the given name and argument types '(.+?)'", "no function takes {0}"),
        (r"Could not convert string '(.*?)' to (\w+)", "the text {0!r} cannot be read as {1}"),
        (r'field value out of range: "(.+?)"', "there is no day or moment {0}"),
        (r"same number of result columns", "the parts of a UNION want as many columns each"),
        (r"cannot contain aggregates", "WHERE takes no counts: HAVING does, after GROUP BY"),
        (r"ORDER term out of range - should be between (\d+) and (\d+)", "ORDER BY takes a column from {0} to {1}"),
        (
            r"More than one row returned by a subquery",
            "a query in brackets gives more than one row where one value stands",
        ),
        (r"Values were not provided", "? and $1 stand for values that nobody gives: write the value itself"),
    )
)
"""What DuckDB says -> what is said here, with the user's own names in it."""
_KINDS: tuple[tuple[type[duckdb.Error], str], ...] = (
    (duckdb.PermissionException, "only the tables are read: no files, extensions or addresses"),
    (duckdb.OutOfMemoryException, "its answer takes more memory than there is: ask for less, or count"),
    (duckdb.OutOfRangeException, "a value is too large"),
    (duckdb.ConversionException, "a value is not of the type that is asked for"),
    (duckdb.ParserException, "it cannot be read as SQL"),
    (duckdb.CatalogException, "it names what is not there"),
    (duckdb.BinderException, "its parts do not fit together"),
    (duckdb.InvalidInputException, "a value in it cannot be used"),
)
_PLACE = re.compile(r"\n(LINE \d+: [^\n]*\n *\^+)")


def describe_fault(error: duckdb.Error, tables: Iterable[str]) -> str:
    """Say why a query cannot be run, where, and which tables there are."""
    found = str(error)
    place = _PLACE.search(found)
    lines = [f"the query cannot be run: {_reason(error, found)}"]
    lines += place[1].split("\n") if place else []
    return "\n".join([*lines, f"Tables: {', '.join(tables)} (docs/tables.md has their columns)"])


def _reason(error: duckdb.Error, found: str) -> str:
    for pattern, words in _FAULTS:
        if match := pattern.search(found):
            return words.format(*(group.replace('"', "") for group in match.groups()))
    return next((words for kind, words in _KINDS if isinstance(error, kind)), "it asks for what cannot be done here")
