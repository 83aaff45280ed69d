"""Commands about scans: measure, replay."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from sohoa.cli.root import app, one_of, parse_day, parse_text
from sohoa.settings import TIME_ZONE, load_settings
from sohoa.terminal.console import out, print_counts, print_json, progress_bar


@app.command()
def measure(
    files: Annotated[list[Path], typer.Argument(help="Page files: JPEG, PNG, TIFF, PDF.")],
    format: Annotated[str, typer.Option(help="Only jsonl: one JSON object per page.")] = "jsonl",
    profile: Annotated[str, typer.Option(help="Profile of limits.")] = "tthc",
    paper: Annotated[str | None, typer.Option(help="Declared paper: a4, a3, a2, a1, a0, other.")] = None,
    cover: Annotated[str | None, typer.Option(help="Declared cover: matte, glossy.")] = None,
    content: Annotated[str | None, typer.Option(help="Declared content: text, map, photo.")] = None,
    kind: Annotated[
        str | None, typer.Option(help="Declared kind: component, interim_result, result, backlog_result.")
    ] = None,
    device: Annotated[str | None, typer.Option(help="Kind of the scanner: flatbed, adf, large_format, camera.")] = None,
) -> None:
    """Measure page files and judge them: one JSON object per page, with verdict and defects."""
    from sohoa.enums import CONTENTS, COVERS, DEVICE_KINDS, DOCUMENT_KINDS, PAPERS
    from sohoa.quality.judge_files import measure_and_judge

    one_of("--format", format, ("jsonl",))
    for option, value, allowed in (
        ("--paper", paper, PAPERS),
        ("--cover", cover, COVERS),
        ("--content", content, CONTENTS),
        ("--kind", kind, DOCUMENT_KINDS),
        ("--device", device, DEVICE_KINDS),
    ):
        one_of(option, value, allowed)
    declared = {"paper": paper, "cover": cover, "content": content, "kind": kind, "device_kind": device}
    for row in measure_and_judge(files, profile, declared, load_settings()):
        print_json(row)


@app.command()
def replay(
    thresholds: Annotated[Path, typer.Option(help="File of other limits, in the form of thresholds.toml.")],
    start: Annotated[date, typer.Option("--from", parser=parse_day, help="First scan date.")],
    end: Annotated[date, typer.Option("--to", parser=parse_day, help="Last scan date.")],
    format: Annotated[str, typer.Option(help="Output format: table, jsonl.")] = "table",
) -> None:
    """Judge stored pages again under other limits and print what would change; nothing is written."""
    from sohoa.quality.thresholds import asked_thresholds
    from sohoa.steering.replay_limits import judge_again
    from sohoa.store import open_store
    from sohoa.terminal.show_replay import tables

    one_of("--format", format, ("table", "jsonl"))
    if end < start:
        raise typer.BadParameter("--to lies before --from")
    limits = asked_thresholds(load_settings().profile, thresholds)
    with progress_bar("replay") as report:
        lines = judge_again(open_store(), limits, start, end, report)
    if format == "jsonl":
        for line in lines:
            print_json(asdict(line))
    else:
        for table in tables(lines):
            out.print(table, markup=False)


@app.command()
def review(
    decision: Annotated[
        str,
        typer.Argument(help="uphold: the scan is good enough; waive: accept it all the same; reject: scan it again."),
    ],
    agency: Annotated[str, typer.Option(parser=parse_text, metavar="TEXT", help="Code of the agency that scanned.")],
    document: Annotated[
        str, typer.Option(parser=parse_text, metavar="TEXT", help="Id of the document, as in the batch's receipt.")
    ],
    approver: Annotated[str, typer.Option(parser=parse_text, metavar="TEXT", help="Who decides.")],
    reason: Annotated[str, typer.Option(parser=parse_text, metavar="TEXT", help="Why.")],
) -> None:
    """Record a person's decision about one scanned document; the next summary counts it."""
    from sohoa import jobs

    now = datetime.now(TIME_ZONE).replace(tzinfo=None, microsecond=0)
    row = jobs.review(agency, document, decision, approver, reason, now)
    print_counts({name: str(value) for name, value in row.items() if value is not None})
