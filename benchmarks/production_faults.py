"""Days on the production topology in which every kind of process is killed, against the same day undisturbed.

``python -m benchmarks.production_faults [--kills 60] [--workers 2] [--schedulers 2] [--seed 1]`` starts the profile
``production`` in a home of its own: PostgreSQL, Redis, SeaweedFS, API server, schedulers, DAG processor, triggerer and
Celery workers. It simulates a small province with every feed and sends it in waves; after each, Airflow runs the DAGs
until nothing waits, and at the end the weekly report, mailed to a mail server of the benchmark's own. First nothing is
disturbed. Then the same days come to an empty store while things go wrong, of the groups that ``--groups`` names:

* ``processes``: every ``--every`` seconds or so one process that the seed draws is killed by SIGKILL, or the broker
  gives out once more what a worker has not acknowledged: two workers have the same batch. Each kind has its turn before
  one has its next, a server of Airflow once it has been back for half a minute. Decoders and tasks, which live for
  seconds, are looked out for beside that, and ``--decoders`` of the kills are kept for the former. Each part of a day
  has its share of the ``--kills``, and the next part what it left: when it has had them, it comes to its end in peace.
* ``line``: every ``--lasting-every`` seconds or so, and while others die, the line to the store answers 503, stalls or
  cuts every connection for a while, or for five minutes.
* ``disks``: that of the store is full for a while, that of Airflow's logs and temporary files, or that of PostgreSQL
  and Redis. All are small ones of the benchmark's own, which only root can mount.
* ``clocks``: the clock of all of Airflow jumps by ten minutes and, after a while, back. The store's stays, which takes
  no request that is a quarter of an hour off. It wants a C compiler.

Nobody starts anything again but supervisor; a run that ended red is asked for again, as the clock would.

The broker gives a message out again after ``VISIBILITY_S`` seconds without an answer: what a killed worker had, and
what takes longer, comes to a second worker while the first may still be at it.

After each day it prints what has happened so far, and every difference of tables (``received_at`` left aside;
``events`` says which run did what), receipts, pictures, queues, work left over, report and mails, from the undisturbed
day and from what the simulator knows to be true. Of a day that differs, or comes to no end, every object and all logs
go into the folder ``--evidence``. At the end it prints how long each day took, how many runs ended red, and all
differences once more; it ends with 1 where there is one, or where it has killed fewer than it was told to.

Tasks and workers are not killed while one is at work on what a task has died of before: that batch would be blamed.
"""

from __future__ import annotations

import argparse
import random
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.faults import BRIEF, DISKS, GROUPS, SUDDEN, Faults, World, refused_twice
from benchmarks.kill_campaign import PROVINCE, WAVES, WEEK, State, compare, own_mail, read_state, upload
from benchmarks.own_machine import Clock, small_disk
from benchmarks.own_production import PATIENCE_S, copy_project, own_home, patiently, prepared, wait_until_quiet
from sohoa import layout, stack
from sohoa.days import Week
from sohoa.demo.compare_report import compare_report
from sohoa.demo.compare_truth import compare_pages, compare_progress, compare_reconciliation
from sohoa.errors import StackError
from sohoa.settings import TIME_ZONE, load_settings
from sohoa.simulate import simulate
from sohoa.stack import production, topology
from sohoa.stack.airflow_client import FINISHED, AirflowClient
from sohoa.store import Store
from tests.desk.fault_proxy import bad_line
from tests.jobs.kills import take_snapshot, waiting
from tests.report.smtp_sink import Sink
from tests.servers import empty_buckets

VISIBILITY_S = 60
_DISK_MB = 4096
_TRIES = 12
_QUEUES = {
    "check_scan_batches": (layout.LANDING, layout.INBOX),
    "summarise_progress": (layout.WAREHOUSE, layout.PENDING),
    "reconcile_portal": (layout.WAREHOUSE, layout.UNRECONCILED),
}


@dataclass
class Day:
    """What a day left, how long it took, and its runs that ended red."""

    state: State
    seconds: float
    red: Counter[str]
    problems: list[str]


def main() -> None:
    """Print the tables, the differences and what was missed; exit 1 where there is any."""
    options = _options()
    differences, days = list[str](), list[Day]()
    with _own_stack(options) as (folder, world):
        store = Store(load_settings())
        faults = _faults(options, world, store)
        with own_mail(folder) as sink:
            stack.up(load_settings(), "all", print, stack.PRODUCTION)
            province = folder / "province"
            size = {"agencies": options.agencies, "pages_per_day": options.pages}
            simulate(province, **PROVINCE | size, seed=options.seed)
            expected = _play(store, province, sink, None, options.waves, options.plain)
            differences += [f"undisturbed: {text}" for text in expected.problems]
            end = time.monotonic() + 60 * options.minutes
            while faults.left and len(days) < options.days and time.monotonic() < end:
                with _evidence(store, options.evidence / f"day-{len(days) + 1}") as found:
                    days.append(_play(store, province, sink, faults, options.waves, False))
                    found += [*days[-1].problems, *compare(expected.state, days[-1].state)]
                differences += [f"day {len(days)}: {text}" for text in found]
                _tell_so_far(faults, days, found)
            differences += [f"{one.name} is {one.state}" for one in production.running(store.settings) if not one.pid]
        refused = refused_twice(world.settings)
    print(f"a second worker refused {refused} tasks that another had begun")
    sizes = ", ".join(f"{len(part)} {what}" for what, part in expected.state.parts.items())
    print(f"compared each day: {sizes}, {len(expected.state.mails)} mails")
    print(f"the undisturbed day took {expected.seconds:.0f} s, the others {[round(day.seconds) for day in days]} s")
    for day in (expected, *days):
        for text, count in sorted(day.red.items()):
            print(f"{text} ended red {count} times")
    for text in differences:
        print(f"DIFFERENT: {text}")
    for text in faults.missed():
        print(f"MISSED: {text}")
    sys.exit(bool(differences or faults.missed()))


def _faults(options: argparse.Namespace, world: World, store: Store) -> Faults:
    rng = random.Random(options.seed)
    sudden = {*SUDDEN, *BRIEF}
    lasting = _deck(
        rng, [what for group in options.groups for what in GROUPS[group] if what not in sudden], options.lasting
    )
    kills = options.kills if "processes" in options.groups else 0
    return Faults(rng, world, store, kills, options.every, lasting, options.lasting_every, min(options.decoders, kills))


def _deck(rng: random.Random, kinds: Sequence[str], count: int) -> list[str]:
    """So many faults, of each kind as many as of any other, in the order that the seed gives."""
    deck = [kinds[number % len(kinds)] for number in range(count)] if kinds else []
    rng.shuffle(deck)
    return deck


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Days on the production topology in which processes are killed.")
    parser.add_argument("--groups", nargs="*", choices=GROUPS, default=["processes", "line"], help="what goes wrong")
    parser.add_argument("--kills", type=int, default=60, help="processes killed, in all")
    parser.add_argument("--decoders", type=int, default=12, help="of these, at least so many that measure or draw")
    parser.add_argument("--every", type=float, default=12.0, help="seconds from one to the next, on average")
    parser.add_argument("--lasting", type=int, default=8, help="faults of the other groups, in all")
    parser.add_argument("--lasting-every", type=float, default=60.0, help="seconds from one to the next, on average")
    parser.add_argument("--days", type=int, default=30, help="days at most")
    parser.add_argument("--minutes", type=float, default=600.0, help="after so many no day begins any more")
    parser.add_argument("--agencies", type=int, default=PROVINCE["agencies"])
    parser.add_argument("--pages", type=int, default=PROVINCE["pages_per_day"], help="pages a day, about")
    parser.add_argument("--waves", type=int, default=WAVES, help="parts in which the week comes")
    parser.add_argument("--plain", action="store_true", help="the undisturbed day by commands, without Airflow")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--schedulers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--evidence", type=Path, default=Path("build/faults"), help="what days leave that differ")
    return parser.parse_args()


# the stack


@contextmanager
def _own_stack(options: argparse.Namespace) -> Iterator[tuple[Path, World]]:
    """A home, its ports and a project of this benchmark; the line, disks and clock that the faults spoil."""
    with own_home({}) as folder, _own_world(folder, options.groups) as world:
        copy_project(folder / "project", _changes(world))
        with prepared({"WORKERS": options.workers, "SCHEDULERS": options.schedulers}):
            yield folder, world


@contextmanager
def _own_world(folder: Path, groups: Sequence[str]) -> Iterator[World]:
    settings = load_settings()
    with bad_line(f"http://127.0.0.1:{settings.port_s3}") as line, ExitStack() as disks:
        world = World(settings, line)
        if "disks" in groups:
            folders = (settings.home / "store" / "data", folder / "airflow", topology.home(settings))
            for what, place in zip(DISKS, folders, strict=True):
                world.disks[what] = disks.enter_context(small_disk(place, _DISK_MB))
        if "clocks" in groups:
            world.clock = Clock(folder / "clock")
            world.clock.make()
        yield world


def _changes(world: World) -> dict[str, str]:
    """What docker-compose.yml has otherwise here: the store by its line, messages given out again after a minute.

    Logs and temporary files of Airflow go to its disk, and its processes read the clock that can be moved.
    """
    more = world.clock.environment if world.clock else {}
    if world.disks:
        disk = world.disks[DISKS[1]].folder
        more |= {"TMPDIR": str(disk), "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(disk / "logs")}
    known = "    OTEL_EXPORTER_OTLP_ENDPOINT:"
    return {
        "http://store:8333": world.line.address,
        'TIMEOUT: "14400"': f'TIMEOUT: "{VISIBILITY_S}"',
        known: "".join(f"    {name}: {value}\n" for name, value in more.items()) + known,
    }


# a day


def _play(store: Store, province: Path, sink: Sink, faults: Faults | None, waves: int, is_plain: bool) -> Day:
    """Send the day in waves, have all done that waits after each, and the report at the end."""
    empty_buckets(store)
    sink.taken.clear()
    began, red, problems = time.monotonic(), Counter[str](), list[str]()
    client = stack.airflow_client(store.settings)
    upload(store, province / layout.LANDING, "batches/**/*", layout.LANDING)
    with faults.striking() if faults else nullcontext():
        for wave in range(waves):
            if faults:
                faults.begin_part(waves - wave)
            patiently(partial(upload, store, province / layout.LANDING, "inbox/**/*", layout.LANDING, wave, waves))
            patiently(partial(upload, store, province / layout.FEEDS, "**/dt=*/**/*", layout.FEEDS, wave, waves))
            is_last = wave == waves - 1
            if is_plain:
                _do_plainly(store, is_last)
            else:
                problems += _do_all(store, client, red, is_last)
            print(f"wave {wave + 1}: {time.monotonic() - began:.0f} s", file=sys.stderr)
    wait_until_quiet(client)
    problems += _untrue(store, province)
    return Day(_without_events(read_state(store, sink)), time.monotonic() - began, red, problems)


def _untrue(store: Store, province: Path) -> list[str]:
    """What is not as the simulator knows it to be: pages, counts of progress and reconciliation, the report."""
    found = [compare(store, province) for compare in (compare_pages, compare_progress, compare_reconciliation)]
    found.append(compare_report(store, province, Week.of(PROVINCE["end"])))
    return [f"{one.what}: {line}" for one in found for line in one.differences]


def _do_plainly(store: Store, is_last: bool) -> None:
    """Do it by commands, one after another, without Airflow."""
    _job("import")
    for dag, queue in _QUEUES.items():
        while _waits(store, *queue):
            _job(dag.partition("_")[0])
    if is_last:
        _job("report", "--week", WEEK)


def _job(*words: str) -> None:
    command = [sys.executable, "-c", "from sohoa.cli import main; main()", "run", *words]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def _do_all(store: Store, client: AirflowClient, red: Counter[str], is_last: bool) -> list[str]:
    """Run each DAG until nothing waits for it, in the order of a day."""
    problems = [] if _run(client, "import_feeds", red) else ["import_feeds never ended well"]
    for dag, queue in _QUEUES.items():
        for _ in range(_TRIES):
            if not patiently(partial(_waits, store, *queue)):
                break
            _run(client, dag, red)
        else:
            problems.append(f"{dag} leaves {patiently(lambda: sorted(waiting(store))[:3])} after {_TRIES} runs")
    if is_last and not _run(client, "weekly_quality_report", red, {"week": WEEK}):
        problems.append("weekly_quality_report never ended well")
    return problems


def _waits(store: Store, bucket: str, prefix: str) -> bool:
    return any(True for _ in store.list_objects(bucket, prefix, most=1))


def _run(client: AirflowClient, dag: str, red: Counter[str], params: dict[str, Any] | None = None) -> bool:
    """Run a DAG again until a run ends well; whether one did."""
    for _ in range(_TRIES):
        run = patiently(partial(client.trigger, dag, params))
        deadline = time.monotonic() + PATIENCE_S
        while (state := patiently(partial(client.run_state, dag, run))) not in FINISHED:
            if time.monotonic() > deadline:
                raise StackError(f"{dag} {run} is still {state} after {PATIENCE_S:.0f} s")
            time.sleep(1)
        if state == "success":
            return True
        red[dag] += 1
    return False


def _without_events(state: State) -> State:
    rows = {key: row for key, row in state.parts["rows"].items() if not key.startswith("events ")}
    return State(state.parts | {"rows": rows}, state.mails)


def _tell_so_far(faults: Faults, days: list[Day], found: list[str]) -> None:
    """Say after each day what there is to say: nobody waits hours for a campaign to hear of its first difference."""
    print(f"{datetime.now(TIME_ZONE):%H:%M} day {len(days)}: {days[-1].seconds:.0f} s, {len(found)} differences")
    for text in found:
        print(f"  DIFFERENT: {text}")
    Console().print(_table(faults, days))
    sys.stdout.flush()


@contextmanager
def _evidence(store: Store, folder: Path) -> Iterator[list[str]]:
    """Keep what a day has left where something is found, or it has no end: every object, the logs of all processes."""
    found = list[str]()
    try:
        yield found
    except StackError as error:
        found.append(str(error))
        raise
    finally:
        if found:
            for bucket, key, data in take_snapshot(store):
                _file_in(folder / bucket, key).write_bytes(data)
            for log in topology.home(store.settings).rglob("*.log*"):
                shutil.copy(log, _file_in(folder / "logs", log.relative_to(topology.home(store.settings))))


def _file_in(folder: Path, name: Path | str) -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    return file


def _table(faults: Faults, days: list[Day]) -> Table:
    table = Table("what", "times", title=f"{faults.done.total()} faults in {len(days)} days")
    for what in [what for group in GROUPS.values() for what in group if faults.done[what]]:
        table.add_row(what, str(faults.done[what]))
    return table


if __name__ == "__main__":
    main()
