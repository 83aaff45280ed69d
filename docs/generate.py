"""Write the reference pages from the code they describe; with ``--check`` say which are out of date and fail."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import typer
import typer.core

from sohoa import cli, layout
from sohoa.intake.manifest import CODES_VI, Manifest
from sohoa.quality.thresholds import Rule, load_thresholds
from sohoa.schema import DEFECTS, TABLES
from sohoa.settings import PREFIX, Settings

DOCS = Path(__file__).parent
NOTE = "<!-- written by docs/generate.py (make docs): change the code, not this page -->\n"


def _row(*cells: object) -> str:
    return "| " + " | ".join(str(cell).replace("|", "\\|").replace("\n", " ") for cell in cells) + " |\n"


def _table(head: tuple[str, ...], rows: list[tuple[object, ...]]) -> str:
    return _row(*head) + _row(*("---" for _ in head)) + "".join(_row(*row) for row in rows)


def settings_page() -> str:
    """Every variable with its default and meaning."""
    rows: list[tuple[object, ...]] = [
        (f"`{PREFIX}{name.upper()}`", f"`{field.default}`" if field.default is not None else "", field.description)
        for name, field in Settings.model_fields.items()
    ]
    rows.append(("`DEMO_EXIT`", "", "1: `sohoa demo` stops everything once it has shown its result."))
    head = "# Settings\n\nRead from the environment. An unknown `SOHOA_` variable is an error.\n\n"
    return NOTE + head + _table(("variable", "default", "meaning"), rows)


def tables_page() -> str:
    """Every table with its path key and columns."""
    where = "Parquet (zstd) in the bucket `warehouse`, as `<table>/<path key>=<date>/<name>.parquet`."
    parts = [NOTE, f"# Tables\n\n{where}\n"]
    for table, schema in TABLES.items():
        rows = []
        for field in schema:
            about = {key.decode(): value.decode() for key, value in (field.metadata or {}).items()}
            rows.append((f"`{field.name}`", field.type, about.get("unit", ""), about["meaning"]))
        parts.append(f"\n## {table}\n\nPath key: `{layout.PATH_KEY[table]}`.\n\n")
        parts.append(_table(("column", "type", "unit", "meaning"), rows))
    return "".join(parts)


def thresholds_page() -> str:
    """Every limit with its scope, severity, reason and source."""
    limits = load_thresholds("tthc").rules
    rows = [(f"`{r.defect}`", f"`{r.column}` {_test(r)}", _scope(r), r.severity, r.reason, r.source) for r in limits]
    names: list[tuple[object, ...]] = [(f"`{d.name}`", d.label_vi, d.label_en) for d in DEFECTS.values()]
    return (
        NOTE
        + "# Limits\n\nProfile `tthc`, from `expectations/thresholds.toml`. "
        + "Of limits with one defect, column and severity, the last that fits a page holds.\n\n"
        + _table(("defect", "must hold", "for", "severity", "reason", "source"), list(rows))
        + "\n## Names\n\n"
        + _table(("defect", "tiếng Việt", "English"), names)
    )


def _test(rule: Rule) -> str:
    limit = ", ".join(map(str, rule.limit)) if isinstance(rule.limit, tuple) else rule.limit
    return rule.test if limit is None else f"{rule.test} {limit} {rule.unit}".rstrip()


def _scope(rule: Rule) -> str:
    return "; ".join(f"{name} {', '.join(values)}" for name, values in rule.scope.items()) or "all"


def commands_page() -> str:
    """Every command with its arguments and options."""
    codes = "Exit code 0: done; 2: wrong usage; 3: infrastructure."
    parts = [NOTE, f"# Commands\n\n`sohoa --help` prints the same. {codes}\n"]
    _describe(typer.main.get_command(cli.app), "sohoa", parts)
    return "".join(parts)


def _describe(command: Any, name: str, parts: list[str]) -> None:
    if isinstance(command, typer.core.TyperGroup):
        for sub in sorted(command.commands):
            _describe(command.commands[sub], f"{name} {sub}", parts)
        return
    rows: list[tuple[object, ...]] = []
    for parameter in command.params:
        if parameter.name != "help":
            is_option = isinstance(parameter, typer.core.TyperOption)
            label = parameter.opts[0] if is_option else (parameter.name or "").upper()
            default = "" if parameter.required or parameter.default is None else f"`{parameter.default}`"
            rows.append((f"`{label}`", default, getattr(parameter, "help", "") or ""))
    parts.append(f"\n## {name}\n\n{command.help}\n")
    if rows:
        parts.append("\n" + _table(("argument", "default", "meaning"), rows))


def receipts_page() -> str:
    """Every reason code of a refused manifest."""
    rows: list[tuple[object, ...]] = [(f"`{code}`", text) for code, text in CODES_VI.items()]
    head = "# Receipts\n\nA refused manifest changes nothing else. Its receipt carries one of these codes.\n\n"
    return NOTE + head + _table(("code", "what the agency reads"), rows)


def manifest_schema() -> str:
    """The manifest's JSON Schema."""
    return json.dumps(Manifest.model_json_schema(), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


PAGES = {
    "settings.md": settings_page,
    "tables.md": tables_page,
    "thresholds.md": thresholds_page,
    "commands.md": commands_page,
    "receipts.md": receipts_page,
    "manifest.schema.json": manifest_schema,
}


def main() -> int:
    """Write or check; returns the exit code."""
    stale = []
    for name, make in PAGES.items():
        path, text = DOCS / name, make()
        if "--check" in sys.argv:
            stale += [name] if not path.exists() or path.read_text(encoding="utf-8") != text else []
        else:
            path.write_text(text, encoding="utf-8")
    if stale:
        sys.stderr.write(f"out of date: {', '.join(stale)}; run `make docs`\n")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
