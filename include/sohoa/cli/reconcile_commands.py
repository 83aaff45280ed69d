"""Commands about what differs between systems, and about what is late."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from sohoa.cli.root import app, one_of, parse_day
from sohoa.days import Week
from sohoa.registry import PROVINCE
from sohoa.settings import TIME_ZONE
from sohoa.terminal.console import Format, out, print_rows, say

if TYPE_CHECKING:
    from sohoa.reconcile.known_days import KnownDays

Unit = Annotated[str, typer.Option("--unit", help="Unit code, or the code of a department or district office.")]
First = Annotated[
    date | None, typer.Option("--from", parser=parse_day, help="First day; else the Monday before the newest one.")
]
Last = Annotated[date | None, typer.Option("--to", parser=parse_day, help="Last day; else the first one where named.")]
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
    start: First = None,
    end: Last = None,
    unit: Unit = PROVINCE,
    category: Annotated[
        str | None, typer.Option(help="List the dossiers of this category: R0 to R12, portal …")
    ] = None,
    as_of: AsOf = None,
    format: Output = Format.table,
) -> None:
    """Show why the counts of portal and province differ, with indicator 1.4; or list the dossiers of one category."""
    from sohoa.reconcile.known_days import newest_reconciled
    from sohoa.store import open_store

    first, last = _period(start, end, lambda: newest_reconciled(open_store()))
    if category is None:
        show_categories(unit, first, last, as_of, format)
    else:
        _show_entries(unit, first, last, category, format)


@app.command()
def lateness(start: First = None, end: Last = None, as_of: PeriodEnd = None, format: Output = Format.table) -> None:
    """Show how many dossiers of some days are late, by the level of the agency that processes them."""
    from sohoa.progress.lateness import LATENESS, read_lateness
    from sohoa.progress.unit_progress import newest_day
    from sohoa.registry import name_of
    from sohoa.store import open_store
    from sohoa.terminal.show_lateness import heading, level_table, nothing_line

    first, last = _period(start, end, lambda: newest_day(open_store()))
    until = as_of or last
    counts = read_lateness(open_store(), first, last, until)
    rows = [{**row, "unit": name_of(row["unit_code"], row["valid_from"], until)} for row in counts.to_pylist()]
    if format is Format.table:
        out.print(heading(first, last, until))
        out.print(level_table(rows, LATENESS) if rows else nothing_line(first, last))
    else:
        print_rows([*counts.column_names, "unit"], rows, format)


def _period(start: date | None, end: date | None, newest: Callable[[], date]) -> tuple[date, date]:
    """Return the days asked for: where none is named, the week up to the newest day.

    Raises:
        typer.BadParameter: the last one lies before the first.
    """
    if start and end and end < start:
        raise typer.BadParameter("--to lies before --from")
    last = end or start or newest()
    return start or Week.of(last).first, last


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
    out.print(show_reconciliation.heading(asked, start, end))
    for line in show_reconciliation.unknown_days_lines(known):
        out.print(line)
    if lines:
        out.print(show_reconciliation.category_table(lines))
        out.print(show_reconciliation.balance_line(lines))
    if known.is_whole:
        for line in show_reconciliation.indicator_lines(*read_indicators(store, unit, start, end)):
            out.print(line)


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
    out.print(show_reconciliation.heading(asked, start, end))
    for line in show_reconciliation.unknown_days_lines(known):
        out.print(line)
    out.print(f"{category}: {label_vi('categories', category)} · {len(found)}", style="bold", highlight=False)
    if found:
        out.print(show_reconciliation.entry_table(found))


def _say_unknown_days(known: KnownDays) -> None:
    """Tell the error stream which days the rows leave out."""
    from sohoa.terminal import show_reconciliation

    for line in show_reconciliation.unknown_days_lines(known):
        say(line.plain)
