"""Every code has its words once, and no other module keeps a table of words."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from sohoa import enums
from sohoa.defects import DEFECTS
from sohoa.feeds.sources import SOURCES
from sohoa.labels import LABELS, label_vi
from sohoa.registry.campaigns import SCOPES
from sohoa.steering.watched_scanners import MEASURES

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "include" / "sohoa"
VIETNAMESE = re.compile("[À-ÃÈ-ÊÌÍÒ-ÕÙÚÝà-ãè-êìíò-õùúýĂăĐđĨĩŨũƠơƯưẠ-ỹ]")
TABLES = ("labels.py", "defects.py", "pages/page_row.py", "pages/guard/faults.py")
"""The homes of words: of codes, of defects, of measured columns, and of what stands after the code in ``error``."""
SENTENCES = {
    "slips/": "sentences of the receipt, and how a limit is put",
    "report/": "sentences, headings and titles of the report",
    "notify/": "what stands around the words of an alert",
    "capacity/": "sentences of the alert about space, and what exactly is over a quota",
    "archive/": "what a package says of itself",
    "upkeep/": "sentences of the alert about what was taken away",
    "terminal/": "headings and sentences on the terminal",
    "format_value.py": "the title of a week",
    "feeds/": "why a row of a feed is refused, with the values of the row",
    "desk/": "what a clerk is told of a folder of scans, and of what was sent",
    "intake/manifest_rules.py": "what exactly is wrong with a document, with its id",
    "intake/judging_groups.py": "what the operators are told of a batch that was given up",
    "intake/shards.py": "the label of a mapped task in the Airflow UI",
    "registry/": "names of the province's lists, and what is cut off them",
    "simulate/": "what the simulator writes on forms and calls people and places",
    "demo/": "headings of the demo's tables",
    "cli/": "names on the command line's tables",
    "settings.py": "defaults of a name on the slip and of the report's letterhead",
}
"""Where Vietnamese stands in running texts, and which."""
ENUMERATIONS = {
    name.lower(): codes
    for name, codes in vars(enums).items()
    if name.isupper() and isinstance(codes, tuple) and name != "SEALED_KINDS"
}


@pytest.mark.parametrize("table", ENUMERATIONS)
def test_every_code_has_its_label_and_every_label_its_code(table: str) -> None:
    """A code without words would be shown as it is to somebody who does not know it."""
    assert LABELS[table].keys() - {None} == set(ENUMERATIONS[table])


def test_what_is_enumerated_elsewhere_has_its_labels() -> None:
    """Measures of incidents, levels of campaigns, papers and covers as classes of documents, feeds."""
    assert set(MEASURES) == LABELS["incident_measures"].keys()
    assert SOURCES.keys() == LABELS["sources"].keys()
    assert set(SCOPES) <= LABELS["unit_levels"].keys()
    assert LABELS["classes"].keys() == {*enums.PAPERS, *enums.COVERS}


def test_every_label_is_there_in_both_languages() -> None:
    """Nothing is empty, and each defect has its cause."""
    assert all(label.vi and label.en for labels in LABELS.values() for label in labels.values())
    assert all(VIETNAMESE.search(defect.cause_vi) for defect in DEFECTS.values())


def test_a_code_without_a_label_stops_nothing() -> None:
    """It is printed as it is; an agency still gets its receipt. What is no code is a dash, or has words of its own."""
    assert label_vi("not_scanned_reasons", "a_new_reason") == "a_new_reason"
    assert label_vi("verdicts", None) == "–"
    assert label_vi("bases", None) == "chưa có số liệu"


def texts(tree: ast.AST) -> Iterator[ast.Constant]:
    """The texts of a module, docstrings left out."""
    told = {
        id(node.body[n].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        for n in range(len(node.body))
        if isinstance(node.body[n], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
            yield node


MODULES = [path for path in sorted(PACKAGE.rglob("*.py")) if path.relative_to(PACKAGE).as_posix() not in TABLES]


def test_vietnamese_stands_where_it_belongs() -> None:
    """No Vietnamese letter in a text of another module."""
    for path in MODULES:
        where = path.relative_to(PACKAGE).as_posix()
        if not where.startswith(tuple(SENTENCES)):
            found = [node.value for node in texts(ast.parse(path.read_text("utf-8"))) if VIETNAMESE.search(node.value)]
            assert not found, where


def test_no_other_module_keeps_a_table_of_words() -> None:
    """A dictionary whose values are Vietnamese is a table of labels."""
    for path in MODULES:
        where = path.relative_to(PACKAGE).as_posix()
        for node in ast.parse(path.read_text("utf-8")).body:
            value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
            if isinstance(value, ast.Dict) and not where.startswith("simulate/"):
                words = [text.value for entry in value.values for text in texts(entry)]
                assert not [word for word in words if VIETNAMESE.search(word)], (where, node.lineno)


def test_no_advice_breaks_a_signature() -> None:
    """To save a signed file again takes its signature away: where saving is advised, signing comes after it."""
    old, unsigned = DEFECTS["old_pdf"], DEFECTS["unsigned"]
    assert "ký lại" in old.advice_vi and "chưa ký" in old.advice_vi and "sign that" in old.advice_en
    assert "Không lưu lại tệp sau khi ký" in unsigned.advice_vi
