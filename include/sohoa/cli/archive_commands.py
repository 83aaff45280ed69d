"""``sohoa archive``: hand accepted originals over to the archive."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sohoa.cli.root import app, parse_day, parse_text
from sohoa.terminal.console import Told, out, print_counts, say

if TYPE_CHECKING:
    from sohoa.archive.write_bags import Bag


@app.command()
def archive(
    unit: Annotated[
        str, typer.Option(parser=parse_text, metavar="CODE", help="Unit, with all below it, or office that is a leaf.")
    ],
    first: Annotated[
        date, typer.Option("--from", parser=parse_day, help="First dossier day; of the backlog, scan day.")
    ],
    last: Annotated[date, typer.Option("--to", parser=parse_day, help="Last one.")],
    folder: Annotated[Path, typer.Option("--out", help="Folder for the packages, on a disk that has room for them.")],
    size_mb: Annotated[
        int, typer.Option("--size-mb", min=1, max=1_000_000, help="Most megabytes of files in one package.")
    ] = 4_000,
    told: Annotated[Told, typer.Option("--format", help="Output format: sentences, or one JSON object.")] = Told.text,
) -> None:
    """Hand accepted originals over to the archive: BagIt packages (RFC 8493) with an index, verified as written.

    Run again, packages that are there are verified and left; exit code 1: an accepted original is not in the store as
    it was accepted.
    """
    from sohoa.archive.hand_over import hand_over
    from sohoa.store import open_store
    from sohoa.terminal.show_archive import bag_line, hand_over_lines, hand_over_row

    def report(bag: Bag) -> None:
        say(bag_line(bag))

    done = hand_over(open_store(), unit, first, last, folder, size_mb, report)
    if told is Told.json:
        print_counts(hand_over_row(done))
    else:
        for line in hand_over_lines(done):
            out.print(line, markup=False, highlight=False, soft_wrap=True)
    raise typer.Exit(1 if done.is_bad else 0)
