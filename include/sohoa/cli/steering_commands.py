"""Commands for those who steer: forecast, campaign, revised; silent agencies and their scanners."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, timedelta
from typing import Annotated, Any

import typer

from sohoa.cli.progress_commands import Definition, Map, Output, Stage, Unit, progress_query
from sohoa.cli.root import app, one_of, parse_day, parse_week
from sohoa.days import ONE_DAY, Week
from sohoa.registry import PROVINCE
from sohoa.settings import load_settings
from sohoa.terminal.console import Format, out, print_rows

Until = Annotated[
    date | None, typer.Option("--to", parser=parse_day, help="Last day that is known whole; else the newest one.")
]

_QUIET = ("sent", "nothing_waits", "day_off", "no_agency")
"""States of agencies that nobody has to ask."""


@app.command()
def forecast(
    unit: Unit = PROVINCE,
    definition: Definition = "dn_and",
    stage: Stage = None,
    start: Annotated[
        date | None, typer.Option("--from", parser=parse_day, help="First day of the path; else 1 January.")
    ] = None,
    end: Annotated[
        date | None, typer.Option("--by", parser=parse_day, help="Day to reach the target; else 31 December.")
    ] = None,
    to: Until = None,
    map_day: Map = None,
) -> None:
    """Show a unit's path to the target: what it takes a day, and when it arrives, with an interval."""
    from sohoa.progress.young_weeks import read_age
    from sohoa.steering.target_line import TargetLine, read_target_outlook
    from sohoa.terminal import show_steering
    from sohoa.terminal.show_progress import heading

    one_of("--definition", definition, ("dn_and", "dn_or", "by_stage"))
    query, settings, (store, last) = (
        progress_query(unit, definition, stage, map_day),
        load_settings(),
        _store_and_day(to),
    )
    line = TargetLine(
        start or date(last.year, 1, 1),
        end or date(last.year, 12, 31),
        settings.baseline_percent,
        settings.target_percent,
    )
    if line.end < line.start:
        raise typer.BadParameter("--by lies before --from")
    name = query.name_on(last)
    week = Week.of(last + ONE_DAY).before  # the last one that is over
    ahead = read_target_outlook(store, query, line, last, read_age(store, week).forecast_from(week))
    out.print(heading("Hướng tới chỉ tiêu", name, query, query.first_day(line.start, last), last))
    for part in show_steering.target_outlook_lines(ahead, line, last):
        out.print(part)


@app.command()
def campaign(
    code: Annotated[str | None, typer.Argument(help="Code of the campaign; without it they are listed.")] = None,
    to: Until = None,
    format: Output = Format.table,
) -> None:
    """Rank the units of a campaign, or list the campaigns."""
    from sohoa.registry import campaigns, find_campaign
    from sohoa.steering.rank_campaigns import read_ranks
    from sohoa.terminal import show_steering

    if code is None:
        if format is Format.table:
            out.print(show_steering.campaigns_table(campaigns()))
        else:
            rows = [asdict(found) for found in campaigns()]
            print_rows(["code", "name_vi", "start", "end", "target_percent"], rows, format)
        return
    found, (store, last) = find_campaign(code), _store_and_day(to)
    ranks = read_ranks(store, found, last)
    if format is Format.table:
        for part in show_steering.ranks_table(ranks, found, last):
            out.print(part)
    else:
        _print_dataclasses(ranks, format)


@app.command()
def revised(
    week: Annotated[Week, typer.Option(parser=parse_week, help="ISO week, as 2024-W15.")],
    unit: Unit = PROVINCE,
    definition: Definition = "dn_and",
    stage: Stage = None,
    format: Output = Format.table,
) -> None:
    """Say by how much and why a printed week has changed since."""
    from sohoa.progress.revisions import newest_print, revised_since
    from sohoa.registry import bearers_within
    from sohoa.store import open_store
    from sohoa.terminal import show_steering

    query, store = progress_query(unit, definition, stage, None), open_store()
    units = bearers_within(unit, week.first, week.last)
    printed, changes = revised_since(store, week.first, newest_print(store, week.first))
    key = {"unit_code": unit, "definition": query.definition, "stage": query.stage}
    lines = [row for row in changes.to_pylist() if key.items() <= row.items()]
    if format is not Format.table:
        print_rows(changes.column_names, lines, format)
        return
    figures = {row["valid_from"]: row for row in printed.to_pylist() if key.items() <= row.items()}
    for one in units:
        figure = figures.get(one.valid_from, {"numerator": 0, "denominator": 0})
        own = [row for row in lines if row["valid_from"] == one.valid_from]
        for part in show_steering.revisions_table(week, one, figure, own):
            out.print(part)


@app.command()
def silent(
    day: Annotated[date | None, typer.Option("--date", parser=parse_day, help="The day; else the newest one.")] = None,
    is_all: Annotated[
        bool, typer.Option("--all", help="Also agencies that have sent, have nothing to do or are no more.")
    ] = False,
    format: Output = Format.table,
) -> None:
    """List the agencies that should have scanned on a day and did not, and those that said why."""
    from sohoa.steering.agency_activity import read_activity
    from sohoa.terminal import show_agencies

    store, asked = _store_and_day(day)
    found = read_activity(store, asked)
    rows = found if is_all else [row for row in found if row.state not in _QUIET]
    if format is Format.table:
        out.print(show_agencies.activity_table(rows, asked) if rows else show_agencies.nobody_line(asked))
        if not is_all and (left := [row for row in found if row.state == "no_agency"]):
            out.print(show_agencies.left_line(left))
    else:
        _print_dataclasses(rows, format)


@app.command()
def devices(
    start: Annotated[
        date | None, typer.Option("--from", parser=parse_day, help="First scan date; else four weeks.")
    ] = None,
    to: Until = None,
) -> None:
    """Say whose scanner wants cleaning, whose queue is long, and who lacks a large-format scanner."""
    from sohoa.steering.agency_activity import read_activity
    from sohoa.steering.dirty_glass import read_dirty_glass
    from sohoa.steering.scanner_capacity import read_capacity
    from sohoa.terminal import show_agencies

    store, last = _store_and_day(to)
    first = start or last - timedelta(27)
    capacity, needs = read_capacity(store, first, last, read_activity(store, last))
    out.print(show_agencies.devices_heading(first, last))
    for line in show_agencies.glass_lines(read_dirty_glass(store, first, last), last):
        out.print(line)
    for table in (show_agencies.capacity_table(capacity, last), show_agencies.large_format_table(needs, last)):
        out.print()
        out.print(table)


def _store_and_day(day: date | None) -> tuple[Any, date]:
    from sohoa.progress.unit_progress import newest_day
    from sohoa.store import open_store

    store = open_store()
    return store, day or newest_day(store)


def _print_dataclasses(rows: list[Any], format: Format) -> None:
    """Print rows; in CSV the parts of a part have columns of their own, ``against_reason`` for ``against.reason``."""
    found = [asdict(row) if format is Format.jsonl else _flatten(asdict(row)) for row in rows]
    print_rows(list(found[0]) if found else [], found, format)


def _flatten(row: dict[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in row.items():
        parts = _flatten(value) if isinstance(value, dict) else None
        flat |= {name: value} if parts is None else {f"{name}_{part}": inner for part, inner in parts.items()}
    return flat
