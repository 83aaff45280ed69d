"""Days on the production topology in which every kind of process is killed, against the same day undisturbed.

``python -m benchmarks.production_faults [--kills 60] [--workers 2] [--schedulers 2] [--seed 1]`` starts the profile
``production`` in a home of its own: PostgreSQL, Redis, SeaweedFS, API server, schedulers, DAG processor, triggerer and
Celery workers. It simulates a small province with every feed and sends it in waves; after each, Airflow runs the DAGs
until nothing waits, and at the end the weekly report, mailed to a mail server of the benchmark's own. First nothing is
disturbed. Then the same days come to an empty store while, every ``--every`` seconds or so, one process that the seed
draws is killed by SIGKILL, or the line to the store answers 503, stalls or cuts every connection for a while. Nobody
starts anything again but supervisor; a run that ended red is asked for again, as the clock would.

The broker gives a message out again after ``VISIBILITY_S`` seconds without an answer: what a killed worker had, and
what takes longer, comes to a second worker while the first may still be at it.

It prints what was killed how often, how long each day took, how many runs ended red, and every difference of tables
(``received_at`` left aside; ``events`` says which run did what), receipts, pictures, queues, work left over, report and
mails, from the undisturbed day and from what the simulator knows to be true; it ends with 1 where there is one.
Decoders, tasks and workers are killed at most twice a wave: what dies more often at one batch is that batch's fault.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import shutil
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import psutil
from rich.console import Console
from rich.table import Table

from benchmarks.kill_campaign import DECODER, PROVINCE, WAVES, WEEK, State, compare, own_mail, read_state, upload
from sohoa import layout, stack
from sohoa.days import Week
from sohoa.demo.compare_report import compare_report
from sohoa.demo.compare_truth import compare_pages, compare_progress, compare_reconciliation
from sohoa.errors import StackError, StoreError
from sohoa.settings import PORTS, PREFIX, load_settings
from sohoa.simulate import simulate
from sohoa.stack import production, topology
from sohoa.stack.airflow_client import FINISHED, AirflowClient
from sohoa.stack.processes import stop
from sohoa.store import Store
from tests.desk.fault_proxy import BadLine, bad_line
from tests.jobs.kills import waiting
from tests.report.smtp_sink import Sink
from tests.servers import ROOT, empty_buckets, free_port

T = TypeVar("T")
VISIBILITY_S = 60
PROCESSES = ("scheduler", "api-server", "dag-processor", "triggerer", "worker", "store", "broker", "database")
TASK, MEASURING = "task", "decoder"
LINE: dict[str, dict[str, Any]] = {
    "store answers 503": {"busy": True},
    "store is slow": {"stall_share": 0.3, "stall_s": 2.0},
    "store is cut off": {"cut_after": 1},
}
"""What goes wrong on the line to the store -> how."""
_TASK_SIGN = "airflow worker -- "
_BLAMED = {TASK, MEASURING, "worker"}
_MOST_BLAMED = 2
_LINE_S = (10.0, 40.0)
_PATIENCE_S, _TRIES = 1_800.0, 12
_QUEUES = {
    "check_scan_batches": (layout.LANDING, layout.INBOX),
    "summarise_progress": (layout.WAREHOUSE, layout.PENDING),
    "reconcile_portal": (layout.WAREHOUSE, layout.UNRECONCILED),
}


@dataclass
class Faults:
    """What is still to happen, and what has."""

    rng: random.Random
    deck: list[str]
    every: float
    line: BadLine
    done: Counter[str] = field(default_factory=Counter)
    told: list[str] = field(default_factory=list)
    blamed: int = 0
    """Of this wave."""

    def draw(self) -> str | None:
        """Take the next that may happen now."""
        fits = (what for what in self.deck if what not in _BLAMED or self.blamed < _MOST_BLAMED)
        if (found := next(fits, None)) is not None:
            self.deck.remove(found)
        return found


@dataclass
class Day:
    """What a day left, how long it took, and its runs that ended red."""

    state: State
    seconds: float
    red: Counter[str]
    problems: list[str]


def main() -> None:
    """Print the tables and the differences; exit 1 where there is one."""
    options = _options()
    rng = random.Random(options.seed)
    kinds = (*PROCESSES, TASK, MEASURING, *LINE)
    deck = [kinds[number % len(kinds)] for number in range(options.kills)]
    rng.shuffle(deck)
    differences, days = list[str](), list[Day]()
    with _own_stack(options.workers, options.schedulers) as (home, line):
        store = Store(load_settings())
        faults = Faults(rng, deck, options.every, line)
        with own_mail(home) as sink:
            stack.up(load_settings(), "all", print, stack.PRODUCTION)
            province = home / "province"
            size = {"agencies": options.agencies, "pages_per_day": options.pages}
            simulate(province, **PROVINCE | size, seed=options.seed)
            expected = _play(store, province, sink, None)
            differences += [f"undisturbed: {text}" for text in expected.problems]
            end = time.monotonic() + 60 * options.minutes
            while faults.deck and len(days) < options.days and time.monotonic() < end:
                days.append(_play(store, province, sink, faults))
                found = [*days[-1].problems, *compare(expected.state, days[-1].state)]
                differences += [f"day {len(days)}: {text}" for text in found]
                print(f"day {len(days)}: {days[-1].seconds:.0f} s, {len(found)} differences", file=sys.stderr)
            differences += [f"{one.name} is {one.state}" for one in production.running(store.settings) if not one.pid]
    Console().print(_table(faults, days))
    sizes = ", ".join(f"{len(part)} {what}" for what, part in expected.state.parts.items())
    print(f"compared each day: {sizes}, {len(expected.state.mails)} mails")
    print(f"the undisturbed day took {expected.seconds:.0f} s, the others {[round(day.seconds) for day in days]} s")
    for day in (expected, *days):
        for text, count in sorted(day.red.items()):
            print(f"{text} ended red {count} times")
    for text in differences:
        print(f"DIFFERENT: {text}")
    sys.exit(bool(differences))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Days on the production topology in which processes are killed.")
    parser.add_argument("--kills", type=int, default=60, help="faults in all")
    parser.add_argument("--every", type=float, default=12.0, help="seconds from one fault to the next, on average")
    parser.add_argument("--days", type=int, default=30, help="days at most")
    parser.add_argument("--minutes", type=float, default=600.0, help="after so many no day begins any more")
    parser.add_argument("--agencies", type=int, default=PROVINCE["agencies"])
    parser.add_argument(
        "--pages", type=int, default=PROVINCE["pages_per_day"], help="pages a day of the province, about"
    )
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--schedulers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


# the stack


@contextmanager
def _own_stack(workers: int, schedulers: int) -> Iterator[tuple[Path, BadLine]]:
    """A home, its ports and a project of this benchmark; the line by which Airflow reaches the store."""
    before = dict(os.environ)
    folder = Path(tempfile.mkdtemp(prefix="sohoa-faults-"))
    folder.chmod(0o755)  # PostgreSQL's user goes through
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        del os.environ[name]
    own = {name: free_port() for name in PORTS} | {"home": folder / "home", "project": folder / "project"}
    own |= {"space_stop_percent": 100, "space_warn_percent": 100}  # a full disk of this machine says nothing of the day
    os.environ |= {f"{PREFIX}{name.upper()}": str(value) for name, value in own.items()}
    try:
        with bad_line(f"http://127.0.0.1:{load_settings().port_s3}") as line:
            _copy_project(folder / "project", line.address)
            topology.home(load_settings()).mkdir(parents=True, mode=0o700)
            topology.env_file(load_settings()).write_text(f"WORKERS={workers}\nSCHEDULERS={schedulers}\n")
            production.prepare(load_settings(), print)
            yield folder, line
    finally:
        stop([production.server(load_settings())], 30)
        os.environ.clear()
        os.environ |= before
        shutil.rmtree(folder)


def _copy_project(folder: Path, store_address: str) -> None:
    """Copy what the topology is read from: no DAG by the clock, the store by its line, messages given out again."""
    for name in ("dags", "plugins", "docker"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for file in folder.glob("dags/*.py"):
        text = file.read_text(encoding="utf-8")
        file.write_text(re.sub(r'CronTriggerTimetable\(f?"[^"]+"', 'CronTriggerTimetable("0 0 29 2 *"', text))
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    own = {"http://store:8333": store_address, 'TIMEOUT: "14400"': f'TIMEOUT: "{VISIBILITY_S}"'}
    for old, new in own.items():
        assert old in text
        text = text.replace(old, new)
    (folder / "docker-compose.yml").write_text(text, encoding="utf-8")


# a day


def _play(store: Store, province: Path, sink: Sink, faults: Faults | None) -> Day:
    """Send the day in waves, have Airflow do all that waits after each, and the report at the end."""
    empty_buckets(store)
    sink.taken.clear()
    began, red, problems = time.monotonic(), Counter[str](), list[str]()
    client = stack.airflow_client(store.settings)
    upload(store, province / layout.LANDING, "batches/**/*", layout.LANDING)
    with _striking(store, faults):
        for wave in range(WAVES):
            _patiently(partial(upload, store, province / layout.LANDING, "inbox/**/*", layout.LANDING, wave))
            _patiently(partial(upload, store, province / layout.FEEDS, "**/dt=*/**/*", layout.FEEDS, wave))
            if faults:
                faults.blamed = 0
            problems += _do_all(store, client, red, is_last=wave == WAVES - 1)
            print(f"wave {wave + 1}: {time.monotonic() - began:.0f} s", file=sys.stderr)
    _wait_until_quiet(client)
    problems += _untrue(store, province)
    return Day(_without_events(read_state(store, sink)), time.monotonic() - began, red, problems)


def _untrue(store: Store, province: Path) -> list[str]:
    """What is not as the simulator knows it to be: pages, counts of progress and reconciliation, the report."""
    found = [compare(store, province) for compare in (compare_pages, compare_progress, compare_reconciliation)]
    found.append(compare_report(store, province, Week.of(PROVINCE["end"])))
    return [f"{one.what}: {line}" for one in found for line in one.differences]


def _do_all(store: Store, client: AirflowClient, red: Counter[str], is_last: bool) -> list[str]:
    """Run each DAG until nothing waits for it, in the order of a day."""
    problems = [] if _run(client, "import_feeds", red) else ["import_feeds never ended well"]
    for dag, queue in _QUEUES.items():
        for _ in range(_TRIES):
            if not _patiently(partial(_waits, store, *queue)):
                break
            _run(client, dag, red)
        else:
            problems.append(f"{dag} leaves {_patiently(lambda: sorted(waiting(store))[:3])} after {_TRIES} runs")
    if is_last and not _run(client, "weekly_quality_report", red, {"week": WEEK}):
        problems.append("weekly_quality_report never ended well")
    return problems


def _waits(store: Store, bucket: str, prefix: str) -> bool:
    return any(True for _ in store.list_objects(bucket, prefix, most=1))


def _run(client: AirflowClient, dag: str, red: Counter[str], params: dict[str, Any] | None = None) -> bool:
    """Run a DAG again until a run ends well; whether one did."""
    for _ in range(_TRIES):
        run = _patiently(partial(client.trigger, dag, params))
        deadline = time.monotonic() + _PATIENCE_S
        while (state := _patiently(partial(client.run_state, dag, run))) not in FINISHED:
            if time.monotonic() > deadline:
                raise StackError(f"{dag} {run} is still {state} after {_PATIENCE_S:.0f} s")
            time.sleep(1)
        if state == "success":
            return True
        red[dag] += 1
    return False


def _wait_until_quiet(client: AirflowClient) -> None:
    """Wait until no run is left that something has woken."""
    for dag in sorted(_patiently(client.dag_ids)):
        while not {"queued", "running"}.isdisjoint(_patiently(partial(client.runs, dag)).values()):
            time.sleep(1)


def _patiently(ask: Callable[[], T]) -> T:
    """Ask until there is an answer: whoever gives it may be killed just now."""
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        try:
            return ask()
        except (StackError, StoreError):
            if time.monotonic() > deadline:
                raise
            time.sleep(1)


def _without_events(state: State) -> State:
    rows = {key: row for key, row in state.parts["rows"].items() if not key.startswith("events ")}
    return State(state.parts | {"rows": rows}, state.mails)


# faults


@contextmanager
def _striking(store: Store, faults: Faults | None) -> Iterator[None]:
    """Let things go wrong meanwhile, one after another."""
    if faults is None:
        yield
        return
    over = threading.Event()
    thread = threading.Thread(target=_strike_on, args=(store, faults, over))
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _strike_on(store: Store, faults: Faults, over: threading.Event) -> None:
    while not over.wait(faults.rng.uniform(0.3, 1.7) * faults.every):
        what = faults.draw()
        if what is None:
            continue
        if what in LINE:
            _spoil_line(faults.line, LINE[what], faults.rng.uniform(*_LINE_S), over)
        elif (victim := _victim(store, faults.rng, what)) is None:
            faults.deck.append(what)  # there is none just now
            continue
        else:
            with suppress(psutil.NoSuchProcess):
                victim.kill()
        faults.blamed += what in _BLAMED
        faults.done[what] += 1
        print(f"  {what}", file=sys.stderr)


def _spoil_line(line: BadLine, faults: Mapping[str, Any], seconds: float, over: threading.Event) -> None:
    usual = {name: getattr(line, name) for name in faults}
    for name, value in faults.items():
        setattr(line, name, value)
    over.wait(seconds)
    for name, value in usual.items():
        setattr(line, name, value)


def _victim(store: Store, rng: random.Random, what: str) -> psutil.Process | None:
    """A living process of this kind, by the seed; None where there is none."""
    programs: dict[str, psutil.Process] = {}
    for one in production.running(store.settings):
        with suppress(psutil.NoSuchProcess):  # it is being started again
            programs |= {one.name: psutil.Process(one.pid)} if one.pid else {}
    if what in PROCESSES:
        found = [process for name, process in programs.items() if name == what or re.fullmatch(rf"{what}-\d+", name)]
    else:
        workers = [process for name, process in programs.items() if name.startswith("worker-")]
        sign = DECODER if what == MEASURING else _TASK_SIGN
        found = [child for worker in workers for child in _below(worker) if sign in " ".join(_words(child))]
    return rng.choice(sorted(found, key=lambda process: process.pid)) if found else None


def _below(process: psutil.Process) -> list[psutil.Process]:
    with suppress(psutil.NoSuchProcess):
        return process.children(recursive=True)
    return []


def _words(process: psutil.Process) -> list[str]:
    with suppress(psutil.Error):
        return process.cmdline()
    return []


def _table(faults: Faults, days: list[Day]) -> Table:
    table = Table("what", "times", title=f"{faults.done.total()} faults in {len(days)} days")
    for what in (*PROCESSES, TASK, MEASURING, *LINE):
        table.add_row(what, str(faults.done[what]))
    return table


if __name__ == "__main__":
    main()
