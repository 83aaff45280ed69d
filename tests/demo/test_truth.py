"""The demo ends well only where every figure, page, slip and the report are what the simulator knows to be true."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from sohoa import layout
from sohoa.cli import main
from sohoa.days import ONE_DAY
from sohoa.demo import run_demo, show_result
from sohoa.demo.compare_report import compare_report
from sohoa.demo.compare_slips import compare_slips, count_defects
from sohoa.demo.compare_truth import Comparison, compare_pages, compare_progress, compare_reconciliation, count_seals
from tests.demo.small_province import (
    AGENCY,
    BATCH,
    COUNTS,
    DAY,
    RATES,
    SHA,
    WEEK,
    SmallStore,
    receipt,
    small_store,
    write_province,
)

Change = Callable[[Any], Any]


@pytest.fixture
def province(tmp_path: Path) -> Path:
    """The simulator's folder."""
    return write_province(tmp_path / "province")


def compare_all(store: Any, province: Path) -> list[Comparison]:
    tables = [compare(store, province) for compare in (compare_progress, compare_reconciliation, compare_pages)]
    return [*tables, compare_slips(store, province), compare_report(store, province, WEEK)]


def differences(store: Any, province: Path) -> list[str]:
    return [line for comparison in compare_all(store, province) for line in comparison.differences]


def test_a_true_province_has_no_difference(province: Path) -> None:
    """Nor has a page that is missing from its document; nothing passes by being left out."""
    assert differences(small_store(), province) == []
    compared = [comparison.compared for comparison in compare_all(small_store(), province)]
    assert compared[:4] == [3, 4, 6, 6] and compared[4] > 20
    assert count_defects(province) == {"blurred": 1, "hash_mismatch": 1, "missing_page": 1, "glare": 1}


@pytest.mark.parametrize(
    ("table", "rows", "lines", "words"),
    [
        ("progress_daily", [RATES[0] | {"numerator": 2}, *RATES[1:]], 2, "numerator 2"),
        ("progress_daily", RATES[:2], 1, "stage result"),
        ("reconciliation_daily", [*COUNTS, COUNTS[0] | {"category": "R2"}], 1, "category R2"),
        ("reconciliation_daily", COUNTS[:3], 1, "unit_code 178"),
    ],
)
def test_each_count_that_differs_is_a_line(
    province: Path, table: str, rows: list[dict[str, Any]], lines: int, words: str
) -> None:
    """A count that is off is missing and too many."""
    store = small_store()
    store.tables[table] = rows
    found = differences(store, province)
    assert len(found) == lines and any(words in line for line in found)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda pages: pages[0]["defects"].append("skewed"), "clean.jpg page 1: made clean, found ['skewed']"),
        (lambda pages: pages[2]["defects"].clear(), "blurred.pdf page 2: made blurred, found []"),
        (lambda pages: pages[2]["defects"].append("noisy"), "found ['blurred', 'noisy']"),
        (lambda pages: pages.pop(3), "short.pdf page 1: made missing_page, found None"),
        (lambda pages: pages.append(pages[0] | {"file": "x/more.jpg"}), "more.jpg page 1: made clean, found []"),
    ],
)
def test_each_page_that_differs_is_a_line(province: Path, change: Change, words: str) -> None:
    """With what was made of it and what was found."""
    store = small_store()
    change(store.tables["pages"])
    (line,) = differences(store, province)
    assert words in line


@pytest.mark.parametrize(
    ("files", "is_told"), [((4, 5), True), ((4,), False), ((5,), True)], ids=["its own", "none", "the first one"]
)
def test_the_report_counts_no_day_of_which_the_portal_sent_no_file(
    tmp_path: Path, files: tuple[int, ...], is_told: bool
) -> None:
    """Who lacks what there is not known of such a day; the first file tells of the days before it."""
    more = [row | {"dossier_date": DAY + ONE_DAY} for row in COUNTS]
    province = write_province(tmp_path / "province", [*COUNTS, *more], [date(2023, 4, day) for day in files])
    store = small_store()
    store.tables["reconciliation_daily"] += more
    assert (differences(store, province) == []) != is_told  # it prints the first day alone
    for row in store.objects[layout.report_key(WEEK.name, "report.json")]["sections"][0]["tables"][1]["rows"]:
        row |= {name: 2 * row[name] for name in ("entries", "effect") if row[name]}
    assert (differences(store, province) == []) == is_told


PLACE = (AGENCY, BATCH, SHA)
ROOT = {"agency": AGENCY, "batch": BATCH, "reason": "not_json", "status": "refused"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda d: d["D2"].update(outcome="accepted"), "document D2: made to_scan, told accepted"),
        (lambda d: d["D1"].update(outcome="review"), "document D1: made accepted, told review"),
        (lambda d: d["D6"].update(outcome="to_scan"), "document D6: made review, told to_scan"),
        (lambda d: d["D5"].update(outcome="to_scan"), "document D5: made not_scanned, told to_scan"),
        (lambda d: d["D3"]["defects"].clear(), "document D3: made ['missing_page'], told []"),
        (lambda d: d["D2"]["pages"][0].update(page_no=1), "blurred.pdf page 1: made clean, told ['blurred']"),
        (lambda d: d["D2"]["pages"][0].update(is_faulty=False), "blurred.pdf page 2: made blurred, told []"),
        (lambda d: d["D1"].update(document_id="D9"), "document D9: on the slip, not sent"),
        (lambda d: d["D4"]["pages"][0].update(picture={}), "2 pictures drawn, 1 on the page"),
    ],
)
def test_each_document_that_a_slip_tells_otherwise_is_a_line(province: Path, change: Change, words: str) -> None:
    """What becomes of it, its own defects, and each page that is shown."""
    store, changed = small_store(), receipt()
    change({document["document_id"]: document for document in changed["documents"]})
    store.objects[layout.receipt_key(*PLACE)] = changed
    found = differences(store, province)
    assert any(f"{AGENCY}/{BATCH}: {words}" in line for line in found), found


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda o: o.pop(layout.receipt_key(*PLACE)), "sent once, 0 slips"),
        (lambda o: o.update({layout.receipt_key(AGENCY, BATCH, "f" * 12): receipt()}), "sent once, 2 slips"),
        (lambda o: o.update({layout.receipt_key(*PLACE): ROOT}), "sent in good order, refused: not_json"),
        (lambda o: o.update({layout.receipt_key(*PLACE): receipt() | {"batch": "b2"}}), "H37.80.01/b2: a slip of no"),
        (
            lambda o: o.pop(layout.receipt_key(*PLACE, "html")),
            "document D2: to be scanned again, not named on the page",
        ),
    ],
)
def test_each_batch_has_its_one_slip(province: Path, change: Change, words: str) -> None:
    """A slip that is missing, of nobody, refused, or a page that says nothing."""
    store = small_store()
    change(store.objects)
    assert any(words in line for line in differences(store, province))


@pytest.mark.parametrize(
    ("table", "row", "change", "line"),
    [
        ("units", 1, {"numerator": 2}, "units 178 numerator: true 1, printed 2"),
        ("units", 0, {"rate_percent": 70.0}, "units 20 rate_percent: true 75, printed 70"),
        ("rates", 1, {"rate": "dn_or"}, "rates by_stage result numerator: true 2, printed 0"),
        ("categories", 2, {"effect": -2}, "categories R1 effect: true 2, printed -2"),
        ("categories", 1, {"entries": 4}, "categories province: true 3, printed 4"),
        ("verdicts", 0, {"rejected": 2}, "verdicts rejected: true 3, printed 2"),
        ("verdicts", 0, {"pages_found": 6}, "verdicts pages_found: true 5, printed 6"),
        ("defects", 0, {"defect": "skewed"}, "defects skewed: true 0, printed 1"),
        ("document_defects", 0, {"documents": 2}, "document_defects missing_page: true 1, printed 2"),
        ("lateness", 2, {"open_overdue": 0}, "lateness total open_overdue: true 1, printed 0"),
        ("agencies", 0, {"in_review": 0}, f"agencies {AGENCY} in_review: true 1, printed 0"),
        ("agencies", 1, {"to_scan": 1}, "agencies H37.80.02 to_scan: true 0, printed 1"),
    ],
)
def test_each_figure_that_is_printed_otherwise_is_a_line(
    province: Path, table: str, row: int, change: dict[str, Any], line: str
) -> None:
    """A figure too high or too low, one that is missing, and one that nobody made."""
    store = small_store()
    printed = store.objects[layout.report_key(WEEK.name, "report.json")]
    tables = {
        one["name"]: one for part in (*printed["sections"], {"tables": printed["annex"]}) for one in part["tables"]
    }
    tables[table]["rows"][row].update(change)
    assert f"report of {WEEK.name}: {line}" in differences(store, province)


def test_seals_across_the_edge_are_counted(province: Path) -> None:
    """A page with one in which anything is found has not passed."""
    store = small_store()
    assert count_seals(store, province) == (2, 2)  # type: ignore[arg-type]
    store.tables["pages"][0]["defects"].append("cut_off")
    assert count_seals(store, province) == (2, 1)  # type: ignore[arg-type]


def test_a_difference_that_no_category_explains_is_one(province: Path) -> None:
    """5 on the portal, 3 in the province, 2 explained."""
    sides = {row["category"]: row["entries"] for row in COUNTS[:3]}
    assert show_result.compare_sides(sides).differences == []
    (line,) = show_result.compare_sides(sides | {"R1": 1}).differences
    assert line == "portal − province = 2, the categories explain 1: 1 left"


@pytest.mark.parametrize(("differ", "code"), [([], 0), (["clean.jpg page 1: made clean, found ['skewed']"], 1)])
def test_the_command_ends_red_where_something_differs(
    tmp_path: Path, differ: list[str], code: int, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    """Exit 1 and the line, after everything has been stopped; exit 0 where all is true."""
    stopped: list[str] = []

    def show(_store: SmallStore, _province: Path, _command: str, out: Any) -> int:
        show_result.show_comparison(Comparison("pages judged as made", 3, differ), out)
        return len(differ)

    monkeypatch.setenv("DEMO_EXIT", "1")
    monkeypatch.setenv("SOHOA_HOME", str(tmp_path))
    for name in ("_prepare", "_run_dags", "open_store"):
        monkeypatch.setattr(run_demo, name, lambda *_: None)
    monkeypatch.setattr(run_demo, "show", show)
    monkeypatch.setattr(run_demo.signal, "signal", lambda *_: None)
    for name in ("require_ports", "up"):  # another test's servers may hold them
        monkeypatch.setattr(run_demo.stack, name, lambda *_: None)
    monkeypatch.setattr(run_demo.stack, "down", lambda *_: stopped.append("all"))
    monkeypatch.setattr("sys.argv", ["sohoa", "demo"])
    with pytest.raises(SystemExit) as end:
        main()
    assert (end.value.code, stopped) == (code, ["all"])
    printed = capsys.readouterr()
    assert ("made clean, found ['skewed']" in printed.out) == (code == 1)
    assert ("differ from" in printed.err) == (code == 1)


@pytest.mark.parametrize(
    ("words", "asked", "started", "again"),
    [
        ([], "local", [("store", "local"), ("airflow", "local")], "stack up`"),
        (["--profile=production"], "production", [("all", "production")], "stack up --profile production`"),
    ],
    ids=["local", "production"],
)
def test_the_profile_is_what_runs(
    tmp_path: Path,
    words: list[str],
    asked: str,
    started: list[tuple[str, str]],
    again: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Any,
) -> None:
    """Its ports are asked for, it alone is started, and it is what the last line says how to start again."""
    ports: list[str] = []
    ups: list[tuple[str, str]] = []
    monkeypatch.setenv("DEMO_EXIT", "1")
    monkeypatch.setenv("SOHOA_HOME", str(tmp_path))
    for name in ("_prepare", "_run_dags", "open_store"):
        monkeypatch.setattr(run_demo, name, lambda *_: None)
    monkeypatch.setattr(run_demo, "show", lambda *_: 0)
    monkeypatch.setattr(run_demo.signal, "signal", lambda *_: None)
    monkeypatch.setattr(run_demo.stack, "require_ports", lambda _, profile: ports.append(profile))
    monkeypatch.setattr(run_demo.stack, "up", lambda _, part, __, profile: ups.append((part, profile)))
    monkeypatch.setattr(run_demo.stack, "down", lambda *_: None)
    monkeypatch.setattr("sys.argv", ["sohoa", "demo", *words])
    with pytest.raises(SystemExit) as end:
        main()
    assert (end.value.code, ports, ups) == (0, [asked], started)
    assert again in capsys.readouterr().out.splitlines()[-1]


def test_another_versions_demo_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What lies in the store could not be what is true now."""
    monkeypatch.setenv("SOHOA_HOME", str(tmp_path))
    (tmp_path / "simulated").write_text("{}", encoding="utf-8")
    with pytest.raises(run_demo.StackError, match="make distclean"):
        run_demo._prepare(tmp_path, run_demo.load_settings(), print, None)  # type: ignore[arg-type]
