"""Write the reference pages from the code they describe; with ``--check`` say which are out of date and fail.

``--pictures`` draws the examples of ``defects.md`` too, which takes some seconds.
"""

from __future__ import annotations

import ast
import json
import sys
import tomllib
from collections.abc import Iterable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import typer
import typer.core

from sohoa import layout
from sohoa.cli.commands import app
from sohoa.defects import DEFECTS
from sohoa.enums import SEVERITIES
from sohoa.feeds.sources import SOURCES, Source
from sohoa.feeds.templates import EXAMPLES
from sohoa.intake.manifest import Manifest
from sohoa.labels import LABELS
from sohoa.quality.thresholds import Rule, load_thresholds
from sohoa.schema import MEASURED, TABLES
from sohoa.settings import PREFIX, Settings
from tools import draw_pictures, judge_limits
from tools.pagenet import judge_made
from tools.receipts_page import RECEIPTS

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
NOTE = "<!-- written by tools/generate_docs.py (make docs): change the code, not this page -->\n"


def _row(*cells: object) -> str:
    return "| " + " | ".join(str(cell).replace("|", "\\|").replace("\n", " ") for cell in cells) + " |\n"


def _table(head: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> str:
    return _row(*head) + _row(*("---" for _ in head)) + "".join(_row(*row) for row in rows)


def settings_page() -> str:
    """Every variable with its default and meaning."""
    rows = [
        (f"`{PREFIX}{name.upper()}`", f"`{field.default}`" if field.default is not None else "", field.description)
        for name, field in Settings.model_fields.items()
    ]
    rows.append(("`DEMO_EXIT`", "", "1: `sohoa demo` stops everything once it has shown its result."))
    head = "# Settings\n\nRead from the environment. An unknown `SOHOA_` variable is an error.\n\n"
    return NOTE + head + _table(("variable", "default", "meaning"), rows)


READINGS = """How the rows are read, where more than one reading could be defended:

- A code names one unit or agency at a time. Whatever sums days keys it on its code and its first day, `valid_from`.
  A commune that takes in others is a new unit from that day on, whatever it is called
  ([023](decisions/023-enlarged-communes.md)).
- Of several rows of a dossier the newest `NgayCapNhat` is in force, then the later dt, then the later line, whenever
  they were imported. A corrected file takes the place of its own former content.
- A commune code whose unit has ended on the dossier day means its successor, of a split one the default, marked
  `is_split`; a code that no commune ever bore rejects the row. So does a dossier code whose day lies later than its
  file's dt + 1 day.
- R0 counts documents received and not replaced, under the unit of the agency that scanned them. A void or absent row
  of the province is R1 with portal status 1 or 3, else R2. R7 compares the portal's day with the day in the code alone.
  A dossier is R7 or R8, never both: R8 where the units differ, whatever the days. Units of one code that are not of
  one `valid_from` differ; a DonViXuLy that both sides name is R7, even where it has another unit on the portal's day,
  or none.
  R11 looks at the register's status 9 or 10; a link of any scheme is one.
- Lateness: status 5 that nothing follows leaves a dossier open, judged by its time; two moments of it are two, whatever
  lies between. Status 1 is not received, whatever NgayTiepNhan says, unless the history knows of a reception: no
  deadline runs, and it is counted apart, as is 7 that was never received. All other dossiers that are not void are
  judged or `unknown`; where neither history nor NgayTiepNhan says when one was received, the day in its code does."""


def tables_page() -> str:
    """Every table with its path key and columns."""
    where = (
        "Parquet (zstd) in the bucket `warehouse`, as `<table>/<path key>=<date>/<name>.parquet`. One name is one "
        "quantity, in every table that has it. The metadata of each file carry the version of its table's columns as "
        "`schema_version`, and of each column `meaning` and `unit`:\n\n"
        '```python\npyarrow.parquet.read_schema("….parquet").metadata[b"schema_version"]\n```\n\n'
        "`channel`, `field_code`, `manifest_etag`, `refusal_detail`, `is_blank`, `skew_confidence`, and `centre`, "
        "`lower` and `upper` of an incident are kept for those who read the tables: the product does not use them."
    )
    parts = [NOTE, f"# Tables\n\n{where}\n\n{READINGS}\n"]
    for table, schema in TABLES.items():
        rows = []
        for field in schema:
            about = _about(field)
            rows.append((f"`{field.name}`", field.type, about.get("unit", ""), about["meaning"]))
        about = _about(schema)
        where = f"Path key: `{layout.PATH_KEY[table]}`; `schema_version`: {about['schema_version']}."
        parts.append(f"\n## {table}\n\n{about['meaning']} {where}\n\n")
        parts.append(_table(("column", "type", "unit", "meaning"), rows))
    return "".join(parts)


def thresholds_page() -> str:
    """Every limit with its scope, severity, reason and source."""
    limits = load_thresholds("tthc").rules
    rows = [(f"`{r.defect}`", _test(r), _scope(r), r.severity, r.reason, r.source) for r in limits]
    return (
        NOTE
        + "# Limits\n\nProfile `tthc`, from `expectations/thresholds.toml`; [defects.md](defects.md) shows them. "
        + "Of limits with one defect, column and severity, the last that fits a page holds.\n\n"
        + _table(("defect", "must hold", "for", "severity", "reason", "source"), list(rows))
        + _archive_table()
        + _judged_table()
        + _made_table()
    )


def _archive_table() -> str:
    """What files are held against when they are handed over."""
    rows = [
        (f"`{one.check}`", f"`{one.limit}`" if isinstance(one.limit, str) else ", ".join(one.limit), one.severity,
         one.reason, one.source)
        for one in load_thresholds("archive").files
    ]  # fmt: skip
    return (
        "\n## Handed over to the archive\n\nThe profile `archive` has all limits above, and these on files "
        "([archive.md](archive.md)).\n\n" + _table(("check", "must be", "severity", "reason", "source"), rows)
    )


def _judged_table() -> str:
    """What the limits find on labelled pages, as far as someone has counted."""
    counts = json.loads(judge_limits.JUDGED.read_text(encoding="utf-8"))
    sources = [row for row in judge_limits.source_rows(counts) if not row[1].startswith("0 ")]
    pages = {name: f"{group['clean']['note'][1]} of {len(group['sources'])} sources" for name, group in counts.items()}
    return (
        "\n## On labelled pages\n\nScans of public collections, labelled by eye, photographs left out: how often a "
        "limit without a scope of its own finds its defect where it is not, and where it is, with 95 % intervals "
        "(Clopper and Pearson). Labels are rough, and pages on which nobody vouches for either are left out. "
        "*Tuned*: pages that were looked at while limits and measures were chosen. *Jury*: office scans that were "
        "first measured when all was chosen (`python -m tools.fetch_jury FOLDER`): those of two collections, then, "
        "labelled before the engine saw them, those of nineteen further ones, most of them of Vietnamese offices. None "
        "was rejected then. Three of the first went to a person: one was the cause of a change in `streaks` (the pale "
        "flank of a line in ink), one of a change in `wrong_orientation` (forms in capitals were called upside down). "
        "So did four of the later: another such form, and three with thin violet lines over the whole page, which are "
        "small and were seen only when the engine had told of them; they count as hits now. Those that led to a change "
        "are no jury of it. The pages are not part of the project; `python -m tools.judge_limits FOLDER... --jury "
        "FOLDER... --large FOLDER...` counts anew on your own and prints each clean page that is not accepted.\n\n"
        + _table(
            ("limit", "false alarms, tuned", "hits, tuned", "false alarms, jury", "hits, jury"),
            judge_limits.table_rows({name: counts[name] for name in ("tuned", "jury")}),
        )
        + "\nThe last rows are clean pages, those that a clerk should have accepted "
        f"(tuned: {pages['tuned']}; jury: {pages['jury']}), whatever finds anything on them but what their files say "
        "of themselves, as a resolution. Sources of which not all clean pages are accepted:\n\n"
        + _table(("source", "not accepted", "group"), sources)
        + "\n*Large*: sheets of A3 and larger, maps, drawings and newspapers, scans but for ten drawings printed to a "
        "file, looked at for every defect before the engine saw them; what is declared of them counts, so that a limit "
        "for maps or for A3 holds. What read as a seam there led to a change: it was made on half of the sources and "
        "on drawn sheets, and is no jury of that. Whatever slants on a map, as streets, still reads as its skew; many "
        "of these files are copies for a screen, and blurred at the size that such a sheet has.\n\n"
        + _table(
            (f"limit, large (clean: {pages['large']})", "false alarms", "hits"),
            judge_limits.table_rows({"large": counts["large"]}),
        )
    )


def _made_table() -> str:
    """What the columns tell of made defects, as far as someone has judged."""
    counts = json.loads(judge_made.JUDGED.read_text(encoding="utf-8"))
    return (
        "\n## On made defects\n\nClean pages of public collections, scans and photographs, with a defect made upon "
        "them, weak, middling and strong, against copies without, in three folds by source: the page net that looks "
        "at a copy was trained without its source (`glare`, `foreign_object` and `uneven_light` read it). The area "
        "under the curve is the chance that a copy with the defect reads more than one without, with how many of each; "
        "*all that show*: without the copies on which nobody can see the defect, which `tools/pagenet/unseen.csv` "
        "names with the reason (cards of plastic and photographs, through which nothing shows; lighter streaks on "
        "white paper; cuts and seams through white paper; fingers and bars on the ground beside the sheet); "
        "*reported*: by any limit, notes too. Counted by `python -m tools.pagenet.judge_made`.\n\n"
        + _table(
            (
                "defect",
                "all",
                "all that show",
                *(f"fold {fold}" for fold in judge_made.FOLDS),
                "reported",
                "falsely reported",
            ),
            judge_made.table_rows(counts),
        )
        + "\nThe same without what nobody can see, by what the page is: what offices scan is paper. "
        "Twelve of the fifteen cards, covers and prints, whose tinted fields and printed edges look like uneven light "
        "and seams, are in fold 1.\n\n"
        + _table(("defect", *judge_made.GROUNDS), judge_made.ground_rows(counts))
        + "\nWhat a column misses, and what none that sees one page alone can tell, likewise without what nobody can "
        "see. *More than its own page*: the share of copies that read more than the page without the defect, ties "
        "half: whether the defect is seen at all. *Seen as on paper*: the area if every copy read what its own page "
        "reads and, beside it, what the defect adds to paper at that severity, by the median. The pages then read what "
        "they do: light that falls off in a photograph by itself stays above a weak defect elsewhere. *No page reads "
        "anything*: the area if nothing but pages without the defect were told better.\n\n"
        + _table(
            (
                "defect",
                *(f"more than its own page, {ground}" for ground in judge_made.GROUNDS),
                "seen as on paper",
                "no page reads anything",
            ),
            judge_made.reach_rows(counts),
        )
    )


TESTS = {
    "min": "≥ {}",
    "max": "≤ {}",
    "max_abs": "between ± {}",
    "one_of": "is one of {}",
    "none_of": "is none of {}",
    "not_null": "is known",
}


def _test(rule: Rule) -> str:
    limit = ", ".join(map(str, rule.limit)) if isinstance(rule.limit, tuple) else rule.limit
    if rule.column == "error":
        return f"`error` is {f'not {limit}' if rule.test == 'none_of' else f'null or has a limit of its own ({limit})'}"
    return f"`{rule.column}` {TESTS[rule.test].format(limit)} {rule.unit}".rstrip()


def _scope(rule: Rule) -> str:
    parts = [
        f"{name} {', '.join(values)}" if isinstance(values, tuple) else f"{name} < {values:g}"
        for name, values in rule.scope.items()
    ]
    return "; ".join(parts) or "all"


OWN_TESTS = {
    "missing_page": "no declared file is absent, `pages_found` ≥ `pages_declared`; of a sheet captured in tiles "
    "`uncovered_ratio` ≤ {limit}",
    "duplicate_page": "no page has a `twin` within {limit} bits, pages scanned twice for a note apart",
    "wrong_colour": "`chroma` ≥ {limit} on a page of a result or backlog result",
    "extra_page": "`pages_found` ≤ `pages_declared`",
    "hash_mismatch": "`sha256` is the one in the manifest",
}
"""What must hold for a document as a whole."""


def defects_page() -> str:
    """Every defect for who scans: an example, what to do, what is measured, the limits."""
    severities = [(f"`{name}`", *LABELS["severities"][name]) for name in reversed(SEVERITIES)]
    names = [(f"[`{d.name}`](#{d.name})", d.label_vi, d.label_en) for d in DEFECTS.values()]
    return (
        NOTE
        + "# Lỗi của bản quét · Defects of a scan\n\n"
        + "Mỗi lỗi có hình minh họa (trái: bản quét đạt, phải: bản quét lỗi), cách khắc phục, số đo và giới hạn.\n\n"
        + "Each defect with an example (left a sound scan, right a bad one, made by the simulator from real print), "
        + "what to do at the scanner, what is measured, and the limits of the profile `tthc`. "
        + "Of limits with one defect, column and severity, the last that fits a page holds.\n\n"
        + _table(("severity", "tiếng Việt", "English"), list(severities))
        + "\n"
        + _table(("defect", "tiếng Việt", "English"), list(names))
        + "".join(map(_defect, DEFECTS))
    )


def _defect(name: str) -> str:
    defect = DEFECTS[name]
    rules = [rule for rule in load_thresholds("tthc").rules if rule.defect == name]
    rows: list[tuple[object, ...]] = [(_test(r), _scope(r), r.severity, r.reason, r.source) for r in rules]
    own = tomllib.loads(files("expectations").joinpath("thresholds.toml").read_text(encoding="utf-8"))["document"]
    rows += [
        (OWN_TESTS[name].format(**r), "a document", r["severity"], r["reason"], r["source"])
        for r in own
        if r["defect"] == name
    ]
    fields = [MEASURED.field(column) for column in dict.fromkeys(rule.column for rule in rules)]
    named = OWN_TESTS.get(name, "")
    fields += [f for f in (*TABLES["documents"], *TABLES["pages"]) if f"`{f.name}`" in named and f not in fields]
    head = ("must hold", "for", "severity", "reason", "source")
    return (
        f"\n## {name}\n\n**{defect.label_vi}** · {defect.label_en}\n\n{_example(name)}\n\n"
        + f"**Cách khắc phục:** {defect.advice_vi}\n\n**What to do:** {defect.advice_en}\n\n"
        + "".join(map(_measured, fields))
        + ("\n" if fields else "")
        + (_table(head, rows) if rows else "Chưa có giới hạn: không xét lỗi này. · No limit yet: it is not judged.\n")
    )


def _example(name: str) -> str:
    if name not in draw_pictures.EXAMPLES:
        return "*Không có hình: lỗi của tệp hoặc bản kê, không nhìn thấy trên trang. · No picture: it cannot be seen.*"
    drawn = f"![{DEFECTS[name].label_en}](pictures/defects/{name}.jpg)"
    if name not in draw_pictures.REAL:
        return drawn
    real = f"![{DEFECTS[name].label_en}](pictures/real/{name}.jpg)"
    source = f"{draw_pictures.REAL_SOURCE}: {draw_pictures.REAL[name]}"
    return f"{drawn}\n\n{real}\n\n*Trang thật · A real page ({source})*"


def _measured(field: Any) -> str:
    about = _about(field)
    return f"- `{field.name}`{' (' + about['unit'] + ')' if 'unit' in about else ''}: {about['meaning']}\n"


def _about(described: Any) -> dict[str, str]:
    """Read the metadata of a column or a schema."""
    return {key.decode(): value.decode() for key, value in (described.metadata or {}).items()}


def commands_page() -> str:
    """Every command with its arguments and options."""
    codes = (
        "Exit code 0: done; 1: something wants a person: to be looked at (`status`, `doctor`, `archive`), scanned "
        "again or put right (`check`, `upload`, `manifest`, `site check`), or a demo differs; 2: wrong usage or "
        "settings; 3: all else, told in one line; 130: stopped by Ctrl-C. CSV and JSON are UTF-8; a table is as wide "
        "as the terminal, or folds into one record a block; a pipe gets it whole, or as wide as COLUMNS says."
    )
    parts = [NOTE, f"# Commands\n\n`sohoa --help` prints the same. {codes}\n"]
    _describe(typer.main.get_command(app), "sohoa", parts)
    return "".join(parts)


def _describe(command: Any, name: str, parts: list[str]) -> None:
    rows: list[tuple[object, ...]] = []
    for parameter in command.params:
        if parameter.name != "help":
            is_option = isinstance(parameter, typer.core.TyperOption)
            label = parameter.opts[0] if is_option else (parameter.name or "").upper()
            default = "" if parameter.required or parameter.default is None else f"`{parameter.default}`"
            rows.append((f"`{label}`", default, getattr(parameter, "help", "") or ""))
    subcommands = command.commands if isinstance(command, typer.core.TyperGroup) else {}
    if rows or not subcommands:
        parts.append(f"\n## {name}\n\n{command.help}\n")
    if rows:
        parts.append("\n" + _table(("argument", "default", "meaning"), rows))
    for sub in sorted(subcommands):
        _describe(subcommands[sub], f"{name} {sub}", parts)


def receipts_page() -> str:
    """Every reason code of a refused manifest."""
    rows: list[tuple[object, ...]] = [(f"`{code}`", label.vi) for code, label in LABELS["refusals"].items()]
    return NOTE + RECEIPTS + _table(("code", "what the agency reads"), rows)


LOG = """# What is logged

One line for each thing done, with its counts and seconds; one for each refusal, closed gate and mail that was not
sent, with the reason. `warning` is for what an operator should look at. No line holds the text of a page or a secret.

- In the Airflow UI: open a task of a run, then Logs; the values stand behind the event as `name=value`. The same lines
  lie as JSON under `logs` in Airflow's home: the volume `logs`, or `.sohoa/airflow/logs` on one machine.
- On the command line: `sohoa -v run check` prints them to stderr; without `-v` only warnings are printed.
- What a run has counted in all stands under Assets, in the newest event of the table that it wrote.

A value that is not a plain word is quoted, and what cannot be seen in it is escaped: it may come from an agency.

"""


def log_page() -> str:
    """Every line that the product logs, read from the calls."""
    calls = {line for path in (ROOT / "include" / "sohoa").rglob("*.py") for line in _log_calls(path)}
    return NOTE + LOG + _table(("event", "level", "values", "said by"), sorted(calls))


def _log_calls(path: Path) -> Iterator[tuple[object, ...]]:
    module = path.relative_to(ROOT / "include" / "sohoa").as_posix()
    for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match call:
            case ast.Call(ast.Attribute(ast.Name("log"), "info" | "warning" as how), [ast.Constant(str(event))], rest):
                names = ", ".join(f"`{value.arg}`" if value.arg else "…" for value in rest)
                yield f"`{event}`", how, names, f"`{module}`"


_FEEDS = """# Feeds

What the province's systems, the portal and the ministries send: files in the bucket `feeds`, each under the day on
which it was written. `sohoa template register.xlsx` writes an empty file of any of these feeds, `register.csv` one in
CSV. Filled in, it is put there by any S3 client with the key of the feed's writer (`sohoa agencies apply
feeds-register`, docs/deployment.md), or by `sohoa load FOLDER` where the pipeline runs, from a folder with
`feeds/register/dt=2024-04-16/register.xlsx` in it; `sohoa run import` reads it at once.

A file may be sent again under its own name: the new content takes the place of the old one. A row that cannot be
used lies in the table `rejects` with its line and the reason in Vietnamese; the others of its file are taken.

What is read, in every feed:

- **CSV** in UTF-8, with or without a byte-order mark, commas between the columns, `"` around what holds a comma or a
  line break; **XLSX**, every sheet that has the header, hidden ones too; **Parquet**. Columns come in any order; others
  than these are left out; one that is missing makes the file unusable.
- **Dossier codes** in either spelling, `H37.81.03-240415-0012` or `000.03.81.H37-240415-0012`; zeros before the number
  do not matter.
- **Moments** as `yyyyMMddHHmmss` and **days** as `yyyyMMdd`, in local time, as text or number; dates of Excel and of
  Parquet are taken too.
- **Numbers** as `12` or `12.0`. Empty cells are unknown, never zero. Formulas that were not computed, and `#N/A`, are
  refused.
- Codes of communes keep their zeros at the front: five digits.

"""


def feeds_page() -> str:
    """Every feed: where its files lie, its fields, and a row that can be used."""
    return NOTE + _FEEDS + "\n".join(map(_feed, SOURCES.values()))


def _feed(source: Source) -> str:
    """One feed."""
    place = source.place.replace("<hệ thống>", "<system>").replace("<tên tệp>", "<file>")
    rows = [
        (f"`{field.source}`", "yes" if field.is_required else "", field.expected, f"`{example}`" if example else "")
        for field, example in zip(source.fields, EXAMPLES[source.name], strict=True)
    ]
    head = f"## {source.name}\n\n{_FEED_SUBJECTS[source.name]} Files: `feeds/{place}`\n\n"
    return head + _table(("field", "required", "takes (phải ghi)", "example"), rows)


_FEED_SUBJECTS = {
    "register": "The province's own register of dossiers: each row is the state of a dossier at `NgayCapNhat`.",
    "portal": "What the National Public Service Portal holds of the province's dossiers, at `NgayDongBo`.",
    "ministry": "Dossiers on the systems of ministries: a folder for each system, named as in `SOHOA_MINISTRIES_FILE`.",
    "status": "Each change of a dossier's status, at its moment.",
    "national_report": "What the portal reports of a unit over some days.",
    "backlog": "How many results of earlier years that are still in force an agency has to digitise.",
    "notices": "What an agency gives notice of: no connection, nothing to do, a broken scanner.",
}


def manifest_schema() -> str:
    """The manifest's JSON Schema."""
    return json.dumps(Manifest.model_json_schema(), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


PAGES = {
    "settings.md": settings_page,
    "tables.md": tables_page,
    "thresholds.md": thresholds_page,
    "defects.md": defects_page,
    "commands.md": commands_page,
    "log.md": log_page,
    "receipts.md": receipts_page,
    "feeds.md": feeds_page,
    "manifest.schema.json": manifest_schema,
}


def main() -> int:
    """Write or check; returns the exit code."""
    stale = []
    if "--pictures" in sys.argv:
        draw_pictures.main()
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
