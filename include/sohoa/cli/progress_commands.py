"""Commands about figures: progress and what stands behind it."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from sohoa.cli.root import app, one_of, parse_day
from sohoa.enums import DEFINITIONS
from sohoa.registry import PROVINCE
from sohoa.settings import load_settings
from sohoa.terminal.console import Format, out, print_rows

if TYPE_CHECKING:
    from sohoa.progress.explain_figure import DossierInFigure
    from sohoa.progress.unit_progress import ProgressQuery
    from sohoa.store import Store

Unit = Annotated[str, typer.Option("--unit", help="Unit code, or the code of a department or district office.")]
Definition = Annotated[str, typer.Option(help="Definition of the rate: dn_and, dn_or, dn_store, by_stage.")]
Stage = Annotated[str | None, typer.Option(help="Stage of by_stage: components, result.")]
Map = Annotated[
    date | None,
    typer.Option(
        "--map",
        parser=parse_day,
        help="Unit map: the day its communes begin, as 2025-07-01; else each dossier's own.",
    ),
]
Output = Annotated[Format, typer.Option(help="Output format.")]


class Period(StrEnum):
    """What one row of a table is."""

    day = "day"
    week = "week"
    month = "month"


@app.command()
def progress(
    unit: Unit = PROVINCE,
    definition: Annotated[str, typer.Option(help="dn_and, dn_or, dn_store, by_stage, backlog.")] = "dn_and",
    stage: Stage = None,
    start: Annotated[date | None, typer.Option("--from", parser=parse_day, help="First dossier day.")] = None,
    end: Annotated[date | None, typer.Option("--to", parser=parse_day, help="Last dossier day.")] = None,
    map_day: Map = None,
    period: Annotated[
        Period | None, typer.Option(help="What one row is: day, week, month; else by the length of the time.")
    ] = None,
    format: Output = Format.table,
) -> None:
    """Show a unit's progress toward the target: a table by day, week or month, and a sparkline."""
    from sohoa.progress import unit_progress
    from sohoa.store import open_store

    query, store = progress_query(unit, definition, stage, map_day), open_store()
    last = end or unit_progress.newest_day(store)
    first = start or unit_progress.shown_start(store, last)
    if last < first:
        raise typer.BadParameter("--to lies before --from")
    if definition == "backlog":
        _show_backlog(store, query, last, format)
    else:
        _show_progress(store, query, first, last, period, format)


@app.command()
def explain(
    unit: Unit,
    day: Annotated[
        date | None, typer.Option("--date", parser=parse_day, help="Dossier day; else the newest one.")
    ] = None,
    definition: Definition = "dn_and",
    stage: Stage = None,
    map_day: Map = None,
    format: Output = Format.table,
) -> None:
    """List the dossiers behind a figure, in or out of numerator and denominator, with the reason of each."""
    from sohoa.progress.explain_figure import read_figure_dossiers
    from sohoa.progress.unit_progress import newest_day
    from sohoa.store import open_store

    if definition == "backlog":
        raise typer.BadParameter("backlog results belong to no dossier", param_hint="--definition")
    query, store = progress_query(unit, definition, stage, map_day), open_store()
    asked = day or newest_day(store)
    lines = read_figure_dossiers(store, asked, query)
    if format is Format.table:
        _show_explained(store, query, asked, lines)
    else:
        print_rows(list(lines[0].__dataclass_fields__) if lines else [], [asdict(line) for line in lines], format)


def progress_query(unit: str, definition: str, stage: str | None, map_day: date | None) -> ProgressQuery:
    """Return the query that the options ask for.

    Raises:
        typer.BadParameter: definition, stage or map is none of those that there are.
    """
    from sohoa.progress.carry_forward import map_dates
    from sohoa.progress.unit_progress import ProgressQuery

    stages = ("components", "result") if definition == "by_stage" else ("all",)
    one_of("--definition", definition, (*DEFINITIONS, "backlog"))
    one_of("--stage", stage, stages)
    if map_day is not None:
        one_of("--map", map_day.isoformat(), tuple(day.isoformat() for day in map_dates()))
    return ProgressQuery(unit, definition, stage or stages[0], map_day)


def _show_progress(
    store: Store, query: ProgressQuery, start: date, end: date, period: Period | None, format: Format
) -> None:
    from sohoa.progress import unit_progress
    from sohoa.terminal import show_progress

    settings, since = load_settings(), query.first_day(start, end)
    is_younger, start = since > start, since
    step, fine = unit_progress.steps(start, end)
    step = period.value if period else step
    rows = unit_progress.read_days(store, query, start, end)
    found = unit_progress.by_period(rows, start, end, step, settings)
    if format is not Format.table:
        print_rows(list(found[0].__dataclass_fields__), [asdict(figure) for figure in found], format)
        return
    total = unit_progress.by_period(rows, start, end, "all", settings)[0]
    out.print(show_progress.heading("Tiến độ số hóa", query.name_on(end), query, start, end))
    out.print(show_progress.progress_table(found, total, step, settings, out.width))
    out.print(show_progress.spark_lines(unit_progress.by_period(rows, start, end, fine, settings), fine, out.width))
    if is_younger:
        out.print(show_progress.since_line(query.unit_code, since))
    results = unit_progress.count_electronic_results(store, query, start, end)
    for note in show_progress.notes(total, results, settings):
        out.print(note)


def _show_explained(store: Store, query: ProgressQuery, day: date, lines: list[DossierInFigure]) -> None:
    from sohoa.progress import unit_progress
    from sohoa.progress.explain_figure import count_unregistered, sum_up
    from sohoa.terminal import show_dossiers
    from sohoa.terminal.show_progress import heading

    settings = load_settings()
    figure = sum_up(lines, day, settings)
    stored = unit_progress.by_period(unit_progress.read_days(store, query, day, day), day, day, "all", settings)[0]
    out.print(heading("Hồ sơ của số liệu", query.name_on(day), query, day, day))
    out.print(show_dossiers.figure_line(figure, lines))
    if (stored.accepted, stored.denominator) != (figure.accepted, figure.denominator):
        out.print(show_dossiers.stale_line(stored))
    for part in show_dossiers.dossier_tables(lines, day):
        out.print(part)
    if query.unit_code == PROVINCE and (unknown := count_unregistered(store, day)):
        out.print(f"{unknown} hồ sơ có bản quét mà sổ tiếp nhận chưa có (R0): không vào tỷ lệ nào.", style="yellow")


def _show_backlog(store: Store, query: ProgressQuery, end: date, format: Format) -> None:
    from sohoa.progress import unit_progress
    from sohoa.progress.carry_forward import map_of
    from sohoa.terminal import show_progress

    map_day = query.map_day or map_of(end)
    query = replace(query, map_day=map_day)
    found = unit_progress.read_backlog(store, query, end)
    if format is not Format.table:
        print_rows(list(unit_progress.BacklogFigure.__dataclass_fields__), [asdict(figure) for figure in found], format)
        return
    out.print(show_progress.heading("Kết quả còn hiệu lực", query.name_on(end), query, end, end))
    out.print(show_progress.backlog_table(found, unit_progress.sum_backlog(found), end))
    if any(figure.is_approximate for figure in found):
        out.print(show_progress.approximate_line())
    if any(figure.denominator is None for figure in found):
        out.print("\n– Chưa báo số kết quả phải số hóa (SoKetQua): không cộng vào tỷ lệ.", style="yellow")
