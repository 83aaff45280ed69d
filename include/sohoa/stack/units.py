"""The programs of the profile ``production`` as units of systemd, which starts them again when they end."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from pathlib import Path

from sohoa.private_file import write_private
from sohoa.settings import Settings
from sohoa.stack.topology import (
    FIRST,
    Program,
    environment_of,
    home,
    init_script,
    list_programs,
    quoted,
    read_services,
)

TARGET, INIT = "sohoa.target", "init"


def write_units(settings: Settings, folder: Path) -> list[Path]:
    """Write a unit for each program, one that prepares Airflow's database, and a target that wants them all.

    The home is prepared. Environments, which hold secrets, are files of mode 0600 in the home.

    Args:
        settings: whose home.
        folder: where systemd reads units; it exists.

    Raises:
        StackError: PostgreSQL or Redis is nowhere to be found, a secret is missing, or the checkout.
        OSError: a unit cannot be written.
    """
    programs = list_programs(settings)
    init = Program(
        INIT, ["/bin/bash", str(init_script(settings))], environment_of(settings, read_services(settings)[INIT])
    )
    units = {f"sohoa-{one.name}.service": "\n".join(_unit(settings, one)) for one in (*programs, init)}
    wanted = " ".join(units)
    units[TARGET] = f"[Unit]\nDescription=sohoa\nWants={wanted}\n\n[Install]\nWantedBy=multi-user.target\n"
    for one in (*programs, init):
        lines = (f"{name}={quoted(value)}\n" for name, value in one.environment.items())
        write_private(_environment_file(settings, one), "".join(lines))
    for name, text in units.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in units]


def _unit(settings: Settings, program: Program) -> Iterator[str]:
    needs = [] if program.name in FIRST else [f"sohoa-{name}.service" for name in FIRST]
    if program.name not in (*FIRST, INIT):
        needs.append(f"sohoa-{INIT}.service")
    yield "[Unit]"
    yield f"Description=sohoa: {program.name}"
    yield f"PartOf={TARGET}"
    yield "After=" + " ".join(["network.target", *needs])
    if needs:
        yield "Wants=" + " ".join(needs)
    yield "StartLimitIntervalSec=0"  # a database that is away for a night is no reason to give up
    yield ""
    yield "[Service]"
    yield from ["Type=oneshot", "RemainAfterExit=yes"] if program.name == INIT else ["Type=exec"]
    yield f"ExecStart={' '.join(_escaped(word) for word in program.command)}"
    yield f"EnvironmentFile={_doubled(_environment_file(settings, program))}"
    yield f"WorkingDirectory={_doubled(home(settings))}"
    yield f"User={program.user or getpass.getuser()}"
    yield f"Restart={'on-failure' if program.name == INIT else 'always'}"
    yield "RestartSec=3"
    yield f"KillSignal=SIG{program.stop_signal}"
    yield "KillMode=mixed"
    yield "TimeoutStopSec=60"
    yield "NoNewPrivileges=yes"
    yield "ProtectSystem=strict"
    yield "PrivateTmp=yes"
    yield f'ReadWritePaths="{_doubled(settings.home)}"'
    yield ""


def _environment_file(settings: Settings, program: Program) -> Path:
    return home(settings) / "environment" / program.name


def _doubled(path: Path) -> str:
    """A path in which a percent sign is not systemd's."""
    return str(path).replace("%", "%%")


def _escaped(word: str) -> str:
    """A word of ExecStart, in which a percent sign and a dollar are systemd's own."""
    text = word.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("%", "%%").replace("$", "$$")
    return f'"{text}"'
