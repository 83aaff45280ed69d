"""Suites over page rows: one expectation a limit, and the invariants of the table ``pages``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import great_expectations as gx
import great_expectations.expectations as gxe
from great_expectations.expectations.row_conditions import PassThroughCondition

from expectations import invariants

KEY = ("agency", "batch", "file", "page_no")
COLUMNS = (*KEY, "verdict")
FAILURE_SEVERITY = {"reject": "critical", "review": "warning", "note": "info"}
"""Severity of a defect -> severity that Great Expectations shows."""

Rule = Any
"""A ``sohoa.quality.thresholds.Rule``: this package imports nothing of ``sohoa``."""


def build_suite() -> gx.ExpectationSuite:
    """Build the suite: each page has one row and a verdict."""
    return gx.ExpectationSuite(
        name="pages",
        expectations=[*invariants.key(*KEY), invariants.known("verdict"), invariants.verdict()],
    )


def build_limits_suite(rules: Sequence[Rule], error_pattern: Callable[[Sequence[str]], str]) -> gx.ExpectationSuite:
    """Build one expectation per rule; ``meta`` carries its place, defect, severity, reason and source.

    Args:
        rules: the rules of one profile.
        error_pattern: codes -> regular expression of a value of ``error`` that begins with one of them.
    """
    expectations = [_expect(place, rule, error_pattern) for place, rule in enumerate(rules)]
    return gx.ExpectationSuite(name="page_limits", expectations=expectations)


def _expect(place: int, rule: Rule, error_pattern: Callable[[Sequence[str]], str]) -> gxe.Expectation:
    common: dict[str, Any] = {
        "column": rule.column,
        "row_condition": _condition(rule),
        "severity": FAILURE_SEVERITY[rule.severity],
        "meta": {"place": place} | {name: getattr(rule, name) for name in ("defect", "severity", "reason", "source")},
    }
    match rule.test:
        case "min":
            return gxe.ExpectColumnValuesToBeBetween(min_value=rule.limit, **common)
        case "max":
            return gxe.ExpectColumnValuesToBeBetween(max_value=rule.limit, **common)
        case "max_abs":
            return gxe.ExpectColumnValuesToBeBetween(min_value=-rule.limit, max_value=rule.limit, **common)
        case "not_null":
            return gxe.ExpectColumnValuesToNotBeNull(**common)
    values: dict[str, Any] = {"value_set": list(rule.limit)}
    one_of, none_of = gxe.ExpectColumnValuesToBeInSet, gxe.ExpectColumnValuesToNotBeInSet
    if rule.column == "error":
        values = {"regex": error_pattern(rule.limit)}
        one_of, none_of = gxe.ExpectColumnValuesToMatchRegex, gxe.ExpectColumnValuesToNotMatchRegex
    return (one_of if rule.test == "one_of" else none_of)(**values, **common)


def _condition(rule: Rule) -> PassThroughCondition | None:
    """Select the rows of a rule, as a query of pandas: conditions as objects make Great Expectations twice as slow."""
    parts = [_is_in(name, values) for name, values in rule.scope.items()]
    if rule.column != "error":
        parts.append("error.isnull()")
    if rule.rounded:
        parts.append(f"{rule.column} not in {list(rule.rounded)}")
    for scope in rule.unless:
        parts.append(" or ".join(_is_out(name, values) for name, values in scope.items()))
    return PassThroughCondition(pass_through_filter=" and ".join(f"({part})" for part in parts)) if parts else None


def _is_in(name: str, values: tuple[str, ...] | float) -> str:
    return f"{name} in {list(values)}" if isinstance(values, tuple) else f"{name} < {values}"


def _is_out(name: str, values: tuple[str, ...] | float) -> str:
    """Select what is not in: a number that is not known is not below."""
    return f"{name} not in {list(values)}" if isinstance(values, tuple) else f"{name} >= {values} or {name}.isnull()"
