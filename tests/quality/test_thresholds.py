"""The file of limits: what it must hold, what is refused, which of several limits holds."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from sohoa.defects import DEFECTS
from sohoa.enums import ERROR_CODES
from sohoa.errors import SettingsError
from sohoa.quality.rules import judge_pages
from sohoa.quality.thresholds import Thresholds, load_thresholds, read_thresholds
from tests.quality.limit_files import HEAD, limit, read
from tests.quality.quality_rows import page_table

NOT_IN_ONE_COLUMN = {"extra_page", "duplicate_page"}
LEGAL = re.compile(r"^(NĐ 30/2020/NĐ-CP|TT 01/2023/TT-VPCP|TT 03/2022/TT-BTNMT), |^own rule")


def is_skewed(thresholds: Thresholds, skew_deg: float, **declared: str | None) -> bool:
    rows = judge_pages(page_table([{"skew_deg": skew_deg, **declared}]), thresholds.rules)
    return rows["defects"].to_pylist() == [["skewed"]]


def test_every_defect_that_a_column_can_show_has_a_limit() -> None:
    """A defect without a limit would never be found."""
    assert {rule.defect for rule in load_thresholds("tthc").rules} == DEFECTS.keys() - NOT_IN_ONE_COLUMN


def test_large_format_maps_and_glossy_covers_have_limits_of_their_own() -> None:
    """The shipped file has a limit for each of the three."""
    scopes = [rule.scope for rule in load_thresholds("tthc").rules]
    assert {"paper": ("a3", "a2", "a1", "a0")} in scopes
    assert {"content": ("map",)} in scopes
    assert {"cover": ("glossy",)} in scopes


def test_every_limit_gives_a_reason_and_a_source_that_was_read() -> None:
    """What is not in a text that was read is called our own rule, never a citation."""
    rules = load_thresholds("tthc").rules
    assert all(LEGAL.match(rule.source) and rule.reason.endswith(".") for rule in rules)


@pytest.mark.parametrize("code", [*ERROR_CODES, "a_code_of_tomorrow"])
def test_no_page_with_an_error_is_accepted(code: str) -> None:
    """Not even with a code that the limits do not name."""
    judged = judge_pages(page_table([{"error": f"{code}: why; what to do"}]), load_thresholds("tthc").rules)
    assert judged["verdict"].to_pylist() == ["rejected"]
    assert len(judged["defects"][0]) == 1


def test_the_version_tells_files_apart(tmp_path: Path) -> None:
    """Equal files have one version, files with other limits another; 12 hex digits."""
    one, again = read(tmp_path, limit()), read(tmp_path, limit())
    other = read(tmp_path, limit(limit=2.0))
    assert one.version == again.version != other.version
    assert re.fullmatch(r"[0-9a-f]{12}", one.version)


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"defect": "skewd"}, "skewd"),
        ({"column": "skew"}, "'skew'"),
        ({"severity": "fatal"}, "severity"),
        ({"test": "below"}, "test"),
        ({"limt": 3}, "limt"),
        ({"reason": ""}, "reason"),
        ({"source": None}, "source"),
        ({"limit": None}, "number"),
        ({"limit": "1.0"}, "limit"),
        ({"column": "format"}, "numbers"),
        ({"paper": ["a5"]}, "a5"),
        ({"profile": ["luu_tru"]}, "luu_tru"),
        ({"column": "error", "test": "none_of", "limit": ["truncatd"]}, "truncatd"),
        ({"column": "format", "test": "one_of", "limit": []}, "list"),
        ({"column": "format", "test": "one_of", "limit": [1]}, "list"),
        ({"column": "has_signature", "test": "one_of", "limit": [1]}, "bool"),
        ({"column": "noise", "test": "one_of", "limit": [1]}, "double"),
        ({"column": "dpi_x", "test": "not_null"}, "no limit"),
    ],
)
def test_a_wrong_entry_is_refused_by_its_name(tmp_path: Path, changes: dict[str, Any], word: str) -> None:
    """The message says which entry it is and what is wrong with it."""
    with pytest.raises(SettingsError) as caught:
        read(tmp_path, limit(severity="note"), limit(**changes))
    assert "[[page]] number 2" in str(caught.value)
    assert word in str(caught.value)


def test_a_file_that_is_not_what_it_should_be_is_refused(tmp_path: Path) -> None:
    """The message names the entry, or the file where there is none."""
    with pytest.raises(SettingsError, match="not TOML"):
        read(tmp_path, "[[page")
    with pytest.raises(SettingsError, match="unknown key 'pages'"):
        read(tmp_path, limit().replace("page", "pages"))
    with pytest.raises(SettingsError, match="archive"):
        read(tmp_path, limit(), profile="no_such_profile")
    with pytest.raises(SettingsError, match="extra_page"):
        read(tmp_path, limit(), head=HEAD.replace("extra_page", "hash_mismatch"))
    for limit_line in ("", 'limit = "10"\n'):
        with pytest.raises(SettingsError, match=r"\(duplicate_page, reject\)"):
            read(tmp_path, limit(), head=HEAD.replace("limit = 10\n", limit_line))
    with pytest.raises(SettingsError, match=r"\(extra_page, reject\)"):
        read(tmp_path, limit(), head=HEAD.replace('"extra_page"\n', '"extra_page"\nlimit = 3\n'))
    with pytest.raises(SettingsError, match=re.escape(str(tmp_path / "none.toml"))):
        read_thresholds(tmp_path / "none.toml", "tthc")


def test_the_last_limit_that_fits_a_page_holds(tmp_path: Path) -> None:
    """A scope replaces the general limit for its pages, wider or narrower, and leaves the others alone."""
    limits = read(tmp_path, limit(), limit(paper=["a0", "a1"], limit=2.0), limit(content=["map"], limit=0.5))
    assert is_skewed(limits, 1.5) and is_skewed(limits, 1.5, paper=None)
    assert not is_skewed(limits, 1.5, paper="a0") and is_skewed(limits, 2.5, paper="a0")
    assert is_skewed(limits, 0.6, content="map") and is_skewed(limits, 0.6, content="map", paper="a0")


def test_a_scope_of_two_columns_needs_both(tmp_path: Path) -> None:
    """A limit for glossy A0 sheets is not that of matte ones, nor of glossy A4."""
    limits = read(tmp_path, limit(), limit(paper=["a0"], cover=["glossy"], limit=5.0))
    assert not is_skewed(limits, 3, paper="a0", cover="glossy")
    for declared in (
        {"paper": "a0", "cover": "matte"},
        {"paper": "a4", "cover": "glossy"},
        {"paper": "a0", "cover": None},
    ):
        assert is_skewed(limits, 3, **declared)


def test_limits_of_another_column_or_severity_are_not_replaced(tmp_path: Path) -> None:
    """A narrower limit for review leaves the one for rejection in force."""
    limits = read(tmp_path, limit(), limit(severity="review", limit=0.5, paper=["a0"]))
    judged = judge_pages(page_table([{"skew_deg": s, "paper": "a0"} for s in (0.7, 1.7)]), limits.rules)
    assert judged["verdict"].to_pylist() == ["review", "rejected"]


def test_a_limit_of_a_profile_replaces_the_one_of_all_profiles(tmp_path: Path) -> None:
    """In that profile only."""
    entries = limit(), limit(profile=["archive"], limit=0.5)
    assert not is_skewed(read(tmp_path, *entries), 0.7)
    assert is_skewed(read(tmp_path, *entries, profile="archive"), 0.7)


@pytest.mark.parametrize(
    ("first", "second"),
    [({"paper": ["a0"]}, {}), ({}, {}), ({"paper": ["a0"], "cover": ["glossy"]}, {"paper": ["a0", "a1"]})],
)
def test_a_limit_that_never_holds_is_refused(tmp_path: Path, first: dict[str, Any], second: dict[str, Any]) -> None:
    """The general limit written after the special one would silently undo it."""
    with pytest.raises(SettingsError, match=r"number 1 .*general one first"):
        read(tmp_path, limit(**first), limit(**second))


def test_judged_columns_tell_what_a_defect_is_judged_by() -> None:
    """The columns of a defect's limits; none where a page can be judged whatever is known of it."""
    columns = load_thresholds("tthc").judged_columns()
    assert columns["low_dpi"] == ("dpi_x", "dpi_y")
    assert columns["blurred"] == ("blur_mm",)
    assert columns["truncated"] == columns["unknown_scale"] == ()
