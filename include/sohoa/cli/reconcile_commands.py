"""Commands about what differs between systems, and about what is late."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from sohoa.cli.root import app, one_of, parse_day
from sohoa.settings import TIME_ZONE
from sohoa.terminal.console import Format, out, print_rows, say

if TYPE_CHECKING:
    from sohoa.reconcile.known_days import KnownDays

Unit = Annotated[str, typer.Option("--unit", help="Unit code, or the code of a department or district office.")]
First = Annotated[date, typer.Option("--from", parser=parse_day, help="First day.")]
Last = Annotated[date | None, typer.Option("--to", parser=parse_day, help="Last day; the first one where left out.")]
AsOf = Annotated[date | None, typer.Option(parser=parse_day, help="Day on which ages are counted; today.")]
PeriodEnd = Annotated[
    date | None,
    typer.Option(
        parser=parse_day, help="End of the period, which unfinished dossiers are compared with; the last day."
    ),
]
Output = Annotated[Format, typer.Option(help="Output format.")]


@app.command()
def reconcile(
    start: First,
    end: Last = None,
    unit: Unit = "20",
    category: Annotated[
        str | None, typer.Option(help="List the dossiers of this category: R0 to R12, portal …")
    ] = None,
    as_of: AsOf = None,
    format: Output = Format.table,
) -> None:
    """Show why the counts of portal and province differ, with indicator 1.4; or list the dossiers of one category."""
    last = end or start
    if last < start:
        raise typer.BadParameter("--to lies before --from")
    if category is None:
        show_categories(unit, start, last, as_of, format)
    else:
        _show_entries(unit, start, last, category, format)


@app.command()
def lateness(start: First, end: Last = None, as_of: PeriodEnd = None, format: Output = Format.table) -> None:
    """Show how many dossiers of some days are late, by the level of the agency that processes them."""
    from sohoa.progress.lateness import LATENESS, read_lateness
    from sohoa.registry import name_of
    from sohoa.store import open_store
    from sohoa.terminal.show_lateness import level_table

    last = end or start
    if last < start:
        raise typer.BadParameter("--to lies before --from")
    until = as_of or last
    counts = read_lateness(open_store(), start, last, until)
    rows = [{**row, "unit": name_of(row["unit_code"], row["valid_from"], until)} for row in counts.to_pylist()]
    if format is Format.table:
        out.print(level_table(rows, LATENESS))
    else:
        print_rows([*counts.column_names, "unit"], rows, format)


def show_categories(unit: str, start: date, end: date, as_of: date | None, format: Format) -> None:
    """Print the categories of a unit."""
    from sohoa.reconcile.indicator_1_4 import read_indicators
    from sohoa.reconcile.known_days import read_known_days
    from sohoa.reconcile.list_dossiers import Line, read_lines
    from sohoa.registry import asked_unit
    from sohoa.store import open_store
    from sohoa.terminal import show_reconciliation

    store, asked = open_store(), asked_unit(unit, end)
    known = read_known_days(store, unit, start, end)
    lines = read_lines(store, unit, known.compared, as_of or datetime.now(TIME_ZONE).date())
    if format is not Format.table:
        print_rows(list(Line.__dataclass_fields__), [asdict(line) for line in lines], format)
        _say_unknown_days(known)
        return
    out.print(show_reconciliation.heading(asked, start, end), soft_wrap=True)
    for line in show_reconciliation.unknown_days_lines(known):
        out.print(line, soft_wrap=True)
    if lines:
        out.print(show_reconciliation.category_table(lines))
        out.print(show_reconciliation.balance_line(lines), soft_wrap=True)
    if known.is_whole:
        for line in show_reconciliation.indicator_lines(*read_indicators(store, unit, start, end)):
            out.print(line, soft_wrap=True)


def _show_entries(unit: str, start: date, end: date, category: str, format: Format) -> None:
    from sohoa.enums import CATEGORIES
    from sohoa.labels import label_vi
    from sohoa.reconcile.known_days import read_known_days
    from sohoa.reconcile.list_dossiers import Entry, read_entries
    from sohoa.registry import asked_unit
    from sohoa.store import open_store
    from sohoa.terminal import show_reconciliation

    one_of("--category", category, CATEGORIES)
    store, asked = open_store(), asked_unit(unit, end)
    known = read_known_days(store, unit, start, end)
    found = read_entries(store, unit, known.compared, category)
    if format is not Format.table:
        print_rows(list(Entry.__dataclass_fields__), [asdict(entry) for entry in found], format)
        _say_unknown_days(known)
        return
    out.print(show_reconciliation.heading(asked, start, end), soft_wrap=True)
    for line in show_reconciliation.unknown_days_lines(known):
        out.print(line, soft_wrap=True)
    out.print(f"{category}: {label_vi('categories', category)} · {len(found)}", style="bold", highlight=False)
    out.print(show_reconciliation.entry_table(found))


def _say_unknown_days(known: KnownDays) -> None:
    """Tell the error stream which days the rows leave out."""
    from sohoa.terminal import show_reconciliation

    for line in show_reconciliation.unknown_days_lines(known):
        say(line.plain)
