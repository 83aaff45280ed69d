"""``sohoa stack``: the embedded servers."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from sohoa.cli.root import stack_app
from sohoa.settings import load_settings
from sohoa.terminal.console import out, say


class Part(StrEnum):
    """Parts of the embedded stack."""

    all = "all"
    store = "store"
    airflow = "airflow"


class Profile(StrEnum):
    """What the embedded stack is made of."""

    local = "local"
    production = "production"


ProfileOption = Annotated[
    Profile,
    typer.Option(
        help="production: as docker-compose.yml has it, with PostgreSQL, Redis and Celery workers, each process "
        "started again when it ends."
    ),
]


@stack_app.command("up")
def stack_up(
    part: Annotated[Part, typer.Argument(help="Which part.")] = Part.all,
    profile: ProfileOption = Profile.local,
) -> None:
    """Start the embedded servers and wait until they answer."""
    from sohoa import stack

    stack.up(load_settings(), part.value, say, profile.value)
    stack_status()


@stack_app.command("down")
def stack_down(part: Annotated[Part, typer.Argument(help="Which part.")] = Part.all) -> None:
    """Stop the embedded servers; what they keep stays."""
    from sohoa import stack

    stack.down(load_settings(), part.value, say)


@stack_app.command("status")
def stack_status(part: Annotated[Part, typer.Argument(help="Which part.")] = Part.all) -> None:
    """Say what runs, where, and how to log in."""
    from sohoa import stack

    for line in stack.describe(load_settings(), part.value):
        out.print(line, markup=False, highlight=False, soft_wrap=True)


@stack_app.command("guard")
def stack_guard() -> None:
    """Look at the store's room all the time, and stop the agency that fills it; needs the administrator's keys."""
    from sohoa.capacity.stop_senders import Guard
    from sohoa.stack import seaweed
    from sohoa.store import Store

    settings = load_settings()
    Guard(Store(seaweed.administrator_settings(settings) if settings.uses_embedded_store else settings)).watch()


@stack_app.command("clean")
def stack_clean(
    days: Annotated[
        int, typer.Option(min=7, max=36_500, help="What is younger stays: runs in Airflow and logs of tasks.")
    ],
) -> None:
    """Forget old runs in the embedded Airflow's database, and delete their logs; no table and no scan is touched."""
    from datetime import datetime, timedelta

    from sohoa.settings import TIME_ZONE
    from sohoa.stack import airflow_server

    before = datetime.now(TIME_ZONE) - timedelta(days)
    gone = airflow_server.clean_history(load_settings(), before)
    say(f"runs before {before:%Y-%m-%d} are forgotten, {gone:,} log files deleted")


@stack_app.command("backup")
def stack_backup(
    folder: Annotated[Path, typer.Option("--out", help="Folder to write into; it must be new or empty.")],
) -> None:
    """Copy the embedded store, with keys and certificates, and Airflow's database; both must be down."""
    from sohoa.stack.backup import back_up

    say(back_up(load_settings(), folder))


@stack_app.command("restore")
def stack_restore(
    folder: Annotated[Path, typer.Argument(help="Folder that `sohoa stack backup` has written.")],
) -> None:
    """Bring a backup back into a home without data; the stack must be down. Every file is held against its hash."""
    from sohoa.stack.backup import restore

    say(restore(load_settings(), folder))


@stack_app.command("units")
def stack_units(
    folder: Annotated[Path, typer.Argument(help="Where systemd reads units.", exists=True, file_okay=False)],
) -> None:
    """Write the profile production as units of systemd, which starts it with the machine; needs no supervisor."""
    from sohoa.stack import production, units

    settings = load_settings()
    production.prepare(settings, say)
    for file in units.write_units(settings, folder):
        say(str(file))
    say(f"systemctl daemon-reload; systemctl enable --now {units.TARGET}")
