"""The docs say what the code does: reference pages are generated, every command and DAG is mentioned."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from sohoa import cli
from sohoa.labels import LABELS
from sohoa.report import build_report, model
from sohoa.report.sections import overdue_dossiers, portal_gap, proposals
from sohoa.report.sentences import LEAST_SILENT_DAYS
from sohoa.steering import waiting_documents
from tests.batch_builder import document, manifest

ROOT = Path(__file__).parents[2]
PROSE = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def test_generated_pages_are_up_to_date() -> None:
    """Settings, tables, limits, commands, receipts and the manifest's schema are written from the code."""
    done = subprocess.run(
        [sys.executable, "-m", "tools.generate_docs", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("page", PROSE, ids=lambda path: path.name)
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link and picture exists."""
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8")):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "docs/flow.md"])
def test_every_dag_stands_on_the_page(page: str) -> None:
    """A DAG that a newcomer does not find on these two pages does not exist for them."""
    text = (ROOT / page).read_text(encoding="utf-8")
    for file in (ROOT / "dags").glob("*.py"):
        if file.stem != "dag_policy":
            assert file.stem in text, file


def test_every_make_verb_is_documented() -> None:
    """A verb that nobody can read about does not exist for a newcomer."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    verbs = re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert {"setup", "demo", "test", "lint", "bench", "secrets", "clean"} <= set(verbs)
    for verb in verbs:
        assert f"make {verb}`" in text, verb


def test_every_command_is_documented() -> None:
    """Groups are followed down to their commands; a page without commands would pass every other check."""
    text = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    found = [command.callback.__name__ for command in cli.app.registered_commands if command.callback]
    for group in cli.app.registered_groups:
        assert group.typer_instance is not None
        found += [f"{group.name} {command.name}" for command in group.typer_instance.registered_commands]
    assert {"measure", "replay", "run check", "stack up"} <= set(found)
    for name in found:
        assert f"\n## sohoa {name}\n" in text, name


def test_every_command_that_ends_with_1_stands_with_the_exit_codes() -> None:
    """Who calls one from a script has to know."""
    head = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8").partition("\n## ")[0]
    found = []
    for file in (ROOT / "include" / "sohoa" / "cli").glob("*.py"):
        for function in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(function, ast.FunctionDef) and "typer.Exit(1" in ast.unparse(function):
                found.append(function.name.replace("site_", "site "))
    assert {"check", "upload", "status", "site check"} <= set(found)
    assert [name for name in found if f"`{name}`" not in head] == []


def test_the_manifest_schema_takes_what_the_code_takes() -> None:
    """An agency's developer can check a manifest with any JSON Schema validator."""
    schema = json.loads((ROOT / "docs" / "manifest.schema.json").read_text(encoding="utf-8"))
    good = manifest([document("D1", {"a.jpg": b"x"})])
    jsonschema.validate(good, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(good | {"surprise": 1}, schema)


def test_the_managers_page_has_the_words_of_the_report() -> None:
    """Every section, everything that may become of a proposal, and the bounds from which one is made."""
    text = (ROOT / "docs" / "bao-cao.md").read_text(encoding="utf-8")
    titles = [entry.title_vi for entry in build_report.SECTIONS] + [build_report.PROPOSALS_VI]
    rows = [f"| {number}. {title} |" for number, title in zip(model.ROMAN, titles, strict=False)]
    rows += [f"| {label.vi} |" for label in LABELS["proposal_states"].values()]
    assert [row for row in rows if row not in text] == []
    bounds = (
        f"ít nhất {proposals.LEAST} hồ sơ", f"ít nhất {proposals.LEAST_RATE} hồ sơ của tuần ổn định",
        f"từ {LEAST_SILENT_DAYS} ngày làm việc liền", f"đủ {portal_gap.SYNC_DAYS} ngày làm việc",
        f"trong {waiting_documents.WEEKS} tuần", f"nhận trong {overdue_dossiers.WEEKS} tuần",
        f"dưới {proposals.LEAST_DAYS} ngày làm việc",
    )  # fmt: skip
    assert [words for words in bounds if words not in text] == []
