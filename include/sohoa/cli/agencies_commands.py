"""``sohoa agencies``: who has a key to the store, and what it opens."""

from __future__ import annotations

import json
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from sohoa.clean_text import escape_name
from sohoa.cli.root import app, command_group, parse_day, parse_text
from sohoa.settings import TIME_ZONE, load_settings
from sohoa.terminal.console import Format, out, print_rows, say

agencies_app = command_group("Who has a key to the store: agencies, writers of feeds, the reader of reports.")
app.add_typer(agencies_app, name="agencies")

_NAMES = typer.Argument(parser=parse_text, metavar="[NAME]...", help="Codes of agencies or names of systems; else all.")
_DAY = typer.Option("--on", parser=parse_day, help="Day on which the agencies exist; else today.")


def _today() -> date:
    return datetime.now(TIME_ZONE).date()


@agencies_app.command("list")
def agencies_list(
    on: Annotated[date | None, _DAY] = None,
    format: Annotated[Format, typer.Option(help="Output format.")] = Format.table,
) -> None:
    """List who is to have a key, and whether it has one; of a key only its last signs are told."""
    from sohoa.stack.identities import list_identities

    rows = [vars(one) for one in list_identities(load_settings(), on or _today())]
    print_rows(["name", "what", "state", "key_ends_with"], rows, format)


@agencies_app.command("apply")
def agencies_apply(
    names: Annotated[list[str] | None, _NAMES] = None,
    rotate: Annotated[bool, typer.Option("--rotate", help="Give a new key to who has one; the old one ends.")] = False,
    folder: Annotated[
        Path | None, typer.Option("--out", help="Write each new key to a file of this folder, to be handed over.")
    ] = None,
    shell: Annotated[
        bool, typer.Option("--shell", help="Print what `weed shell` of a SeaweedFS elsewhere is to be told; new keys.")
    ] = False,
    policies: Annotated[
        bool, typer.Option("--policies", help="Print the rights as IAM policies, for another store; no keys.")
    ] = False,
    on: Annotated[date | None, _DAY] = None,
) -> None:
    """Give keys to who is to have one and has none, and end the keys of agencies that have ended.

    A new key is shown once, here or in its file: the store alone keeps it.
    """
    from sohoa.stack import identities, seaweed

    day, chosen = on or _today(), names or []
    if policies:
        out.print(
            identities.policies_text(identities.choose_identities(day, chosen), is_whole=not chosen),
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
        return
    if shell:
        found = identities.choose_identities(day, chosen)
        issued, ended = {one.name: seaweed.new_keys() for one in found}, list[str]()
        for line in identities.shell_lines(found, issued):
            out.print(line, markup=False, highlight=False, soft_wrap=True)
        for name, keys in issued.items():
            _hand_over(name, keys, folder)
    else:
        hand_over = partial(_hand_over, folder=folder)
        applied = identities.apply_identities(load_settings(), day, chosen, rotate, hand_over)
        issued, ended = applied.issued, applied.ended
    for name in ended:
        say(f"ended: {name}")
    say(f"{len(issued)} new keys, {len(ended)} ended")


@agencies_app.command("revoke")
def agencies_revoke(
    names: Annotated[list[str], typer.Argument(parser=parse_text, metavar="NAME...", help="Whose keys end.")],
) -> None:
    """End keys at once; `sohoa agencies apply NAME` gives another."""
    from sohoa.stack.identities import revoke_identities

    for name in revoke_identities(load_settings(), names):
        say(f"ended: {name}")


def _hand_over(name: str, keys: dict[str, str], folder: Path | None) -> None:
    """Show a key, or write it to a file of its own that nobody else reads."""
    if folder is None:
        say(f"{name}: access key {keys['access_key']}, secret key {keys['secret_key']}")
        return
    from sohoa.private_file import write_private

    path = folder / f"{name}.json"
    write_private(path, json.dumps(keys, indent=1))
    say(f"{name}: key in {escape_name(path)}")
