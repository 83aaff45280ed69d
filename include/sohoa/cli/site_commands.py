"""``sohoa site``: the files that make the product this province's."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sohoa.clean_text import clean, escape_name
from sohoa.cli.root import site_app
from sohoa.settings import load_settings
from sohoa.terminal.console import out


@site_app.command("new")
def site_new(
    folder: Annotated[Path, typer.Argument(help="Folder to write into; it must be new or empty.")],
    is_empty: Annotated[
        bool, typer.Option("--empty", help="Headers alone; else Lạng Sơn's own files, as an example.")
    ] = False,
) -> None:
    """Write all files of a site: units, successors, agencies, campaigns, ministries, calendar, targets."""
    from sohoa.registry.site_files import write_site

    for path in write_site(folder, is_empty):
        out.print(escape_name(path), markup=False, soft_wrap=True)
    advice = f"Delete what stays as it is, then `sohoa site check {escape_name(folder)}`; SOHOA_SITE names the folder."
    out.print(advice, markup=False)


@site_app.command("check")
def site_check(
    folder: Annotated[Path | None, typer.Argument(help="Folder of the files; else that of SOHOA_SITE.")] = None,
) -> None:
    """Say what is wrong with the files of a site, file and line; exit code 1 where something is."""
    from sohoa.registry.check_site import check_site

    asked = folder or load_settings().site
    if asked is None:
        raise typer.BadParameter("name a folder, or set SOHOA_SITE", param_hint="FOLDER")
    faults = check_site(asked)
    for fault in faults:
        out.print(clean(str(fault)), markup=False, soft_wrap=True)
    if faults:
        out.print(f"{len(faults)} wrong: nothing should be counted by these files.", style="red")
        raise typer.Exit(1)
    out.print(f"{escape_name(asked)}: all files are in order.", style="green", markup=False)
