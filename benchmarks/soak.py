"""Hours of accelerated days on one running stack: does a process grow, does a queue wait, is a day's figure wrong?

``python -m benchmarks.soak [--minutes 120] [--day 6] [--agencies 4] [--pages 10] [--seed 1]`` starts the embedded store
and Airflow in a home of their own and simulates a small province with every feed and drawn scans. Every ``--day``
minutes the next part of it arrives; Airflow runs the import, the check, the summaries, which both of them wake, the
reconciliation and the upkeep, and the pages in its UI are opened. After every seventh day, and after the last, comes
the weekly report, mailed to a mail server of the benchmark's own. For the rest of a day's minutes nothing is asked for.

Every ``EVERY_S`` seconds it takes the memory that each server has made (anonymous memory: what it maps of files is
shared with all who run the same program, and counts for more when others end) and of the processes below it together,
and the age of the oldest object of each queue. It prints what each had in the first quarter and in the last (medians)
and the slope of the line through all, from the end of the first day on: until then everything is loaded for the first
time. It ends with 1 where

- a server has grown from quarter to quarter by more than ``MOST_GROWTH`` and ``MOST_GROWTH_MB``;
- a queue holds something at the end of a day, or held something for longer than two days' minutes;
- a run ended red, or a page in the UI was not answered;
- ``progress_daily`` at the end of a day is not what plain SQL counts from the feeds and documents of that moment, or
  pages, progress, reconciliation and report at the very end are not what the simulator knows.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
import pyarrow.compute as pc
import pyarrow.parquet as pq
import urllib3
from rich.console import Console
from rich.table import Table

from benchmarks.kill_campaign import PROVINCE, own_mail, upload
from benchmarks.own_stack import own_stack
from benchmarks.timing import beside
from sohoa import layout, stack
from sohoa.days import Week
from sohoa.demo.compare_report import compare_report
from sohoa.demo.compare_truth import compare_pages, compare_progress, compare_reconciliation
from sohoa.demo.watch_runs import Watch
from sohoa.errors import StackError
from sohoa.settings import PREFIX
from sohoa.simulate import simulate
from sohoa.stack import airflow_server, seaweed
from sohoa.stack.processes import Server
from sohoa.store import Store
from tests.oracle.oracle import PROGRESS_KEY, ask_oracle, differences

EVERY_S = 15
MOST_GROWTH, MOST_GROWTH_MB = 0.10, 15.0
QUEUES = {
    "inbox": (layout.LANDING, layout.INBOX),
    "to summarise": (layout.WAREHOUSE, layout.PENDING),
    "to reconcile": (layout.WAREHOUSE, layout.UNRECONCILED),
    "work of runs": (layout.WAREHOUSE, layout.WORK),
}
PAGES = ("progress", "quality", "reconciliation", "batches", "reports", "decisions", "audit", "visits")
_WEEK = 7
"""Days from one report to the next."""
_NO_LIMITS = {"SPACE_WARN_PERCENT": 100, "SPACE_STOP_PERCENT": 100}
"""A full disk of this machine says nothing of the soak."""


@dataclass
class Samples:
    """What was seen so far; ``since`` is the moment from which memory is compared."""

    memory: dict[str, list[tuple[float, float]]] = field(default_factory=lambda: defaultdict(list))
    """Server, or those below it -> (monotonic seconds, MB)."""
    cpu: dict[str, float] = field(default_factory=dict)
    """Server -> CPU seconds that it and all below it, ended ones too, had when it was last seen."""
    oldest: Counter[str] = field(default_factory=Counter)
    """Queue -> seconds that something in it waited at most."""
    since: float = 0.0

    def of(self, name: str) -> list[tuple[float, float]]:
        """The memory of a server from ``since`` on."""
        return [(at, size) for at, size in self.memory[name] if at >= self.since]


def main() -> None:
    """Print the tables; exit 1 where something has grown, waits or is wrong."""
    options = _options()
    days, wrong = max(2, round(options.minutes / options.day)), list[str]()
    with TemporaryDirectory() as name, own_mail(Path(name)) as sink, own_stack({}, {**_NO_LIMITS, **_mail()}) as store:
        province = Path(name) / "province"
        size = {"agencies": options.agencies, "pages_per_day": options.pages}
        simulate(province, **PROVINCE | size, seed=options.seed)
        upload(store, province / layout.LANDING, "batches/**/*", layout.LANDING)
        client = stack.airflow_client(store.settings)
        samples, began = Samples(), time.monotonic()
        with _sampling(store, samples):
            for day in range(days):
                wrong += _told_at_once(f"day {day + 1}: {line}" for line in _play(store, province, day, days))
                samples.since = samples.since or time.monotonic()
                left = began + 60 * options.day * (day + 1) - time.monotonic()
                print(f"day {day + 1} of {days}: {60 * options.day - left:.0f} s", file=sys.stderr)
                time.sleep(max(0.0, left))
        took = time.monotonic() - began
        wrong += _told_at_once(_untrue(store, province))
        states = Counter((dag, state) for dag in client.dag_ids() for state in client.runs(dag).values())
        mails = len(sink.taken)
        wrong += [] if mails else ["the report was mailed to nobody"]
        wrong += [f"{count} runs of {dag} ended red" for (dag, state), count in states.items() if state == "failed"]
        wrong += [f"{what} has grown" for what in samples.memory if ": " not in what and _has_grown(samples, what)]
        wrong += [
            f"{queue}: something waited {age:.0f} s"
            for queue, age in samples.oldest.items()
            if age > 2 * 60 * options.day
        ]
        Console(width=120).print(_table(samples))
        for queue in QUEUES:
            print(f"{queue}: waited {samples.oldest[queue]:.0f} s at most")
        print(f"{days} days in {took / 60:.0f} minutes; runs: {_told(states)}; {mails} mails")
        cores = sum(samples.cpu.values()) / took
        print(f"servers and tasks took {cores:.2f} of a core; this machine's load was {os.getloadavg()[2]:.1f}")
    for line in wrong:
        print(f"WRONG: {line}")
    sys.exit(bool(wrong))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Hours of accelerated days on one running stack.")
    parser.add_argument("--minutes", type=float, default=120.0)
    parser.add_argument("--day", type=float, default=6.0, help="minutes of a day")
    parser.add_argument("--agencies", type=int, default=PROVINCE["agencies"])
    parser.add_argument("--pages", type=int, default=PROVINCE["pages_per_day"], help="pages of a dossier day, about")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def _told_at_once(lines: Iterable[str]) -> list[str]:
    """Say on the way what is wrong: whoever stops the soak knows it too."""
    found = list(lines)
    for line in found:
        print(f"WRONG: {line}", file=sys.stderr)
    return found


def _mail() -> dict[str, str]:
    """The settings that name the mail server, which Airflow is to start with."""
    names = (f"{PREFIX}SMTP", f"{PREFIX}RECIPIENTS")
    return {name.removeprefix(PREFIX): value for name, value in os.environ.items() if name.startswith(names)}


# a day


def _play(store: Store, province: Path, day: int, days: int) -> Iterator[str]:
    """Let a part of the province arrive and Airflow do all that there is to do; what went wrong."""
    for root, pattern in ((layout.LANDING, "inbox/**/*"), (layout.FEEDS, "**/dt=*/**/*")):
        upload(store, province / root, pattern, root, day, days)
    watch = Watch(store.settings, stack.airflow_client(store.settings), store, lambda _: None)
    try:
        for dag in ("import_feeds", "check_scan_batches"):
            watch.run(dag)
        watch.wait_until_empty("summarise_progress", layout.PENDING)
        watch.run("reconcile_portal")
        watch.run("maintain_store")
        if (day + 1) % _WEEK == 0 or day + 1 == days:
            watch.run("weekly_quality_report", {"week": Week.of(PROVINCE["end"]).name})
    except StackError as error:
        yield str(error)
    for queue, place in QUEUES.items():
        if any(True for _ in store.list_objects(*place, most=1)):
            yield f"{queue} is not empty"
    yield from _unlike_oracle(store, province)
    yield from _unanswered(store)


def _unlike_oracle(store: Store, province: Path) -> Iterator[str]:
    """Rows of ``progress_daily`` that plain SQL counts otherwise from what is in the store now."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        _write_headers(province / layout.FEEDS, folder / layout.FEEDS)
        for item in store.list_objects(layout.FEEDS, ""):
            path = folder / layout.FEEDS / item.key
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(store.get(layout.FEEDS, item.key))
        for table in ("documents", "reviews"):
            _write_days(store, table, folder / layout.WAREHOUSE)
        counted, expected = store.read_table("progress_daily"), ask_oracle(folder)["progress"]
    for key, one, other in differences(counted.select(expected.column_names), expected, PROGRESS_KEY)[:5]:
        yield f"progress of {key}: {one} counted, {other} by plain SQL"


def _write_headers(feeds: Path, folder: Path) -> None:
    """Give each feed a file of either format without rows: SQL refuses a pattern that fits nothing."""
    for feed in {path.parent.parent for path in feeds.rglob("dt=*/*")}:
        for example in (min(feed.glob(f"*/*{suffix}"), default=None) for suffix in (".csv", ".parquet")):
            if example is None:
                continue
            path = folder / example.relative_to(feeds)
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.suffix == ".csv":
                path.write_bytes(example.read_bytes().partition(b"\n")[0] + b"\n")
            else:
                pq.write_table(pq.read_schema(example).empty_table(), path)


def _write_days(store: Store, table: str, folder: Path) -> None:
    """Write a table as the oracle reads it, one object a day; of an empty one, an empty object."""
    rows = store.read_table(table)
    for day in {PROVINCE["start"], *rows["scan_date"].to_pylist()}:
        path = folder / layout.table_key(table, day, layout.DAY)
        path.parent.mkdir(parents=True)
        pq.write_table(rows.filter(pc.equal(rows["scan_date"], day)).drop_columns("scan_date"), path)


def _unanswered(store: Store) -> Iterator[str]:
    """Open the pages in the UI as people do."""
    client, http = stack.airflow_client(store.settings), urllib3.PoolManager()
    for page in PAGES:
        headers = {"Authorization": f"Bearer {client.token()}"}
        answer = http.request("GET", f"{client.url}/sohoa/{page}", headers=headers, redirect=False)
        if answer.status != 200:
            yield f"page {page} was answered {answer.status}"


def _untrue(store: Store, province: Path) -> list[str]:
    """What is not as the simulator knows it to be, at the end."""
    found = [compare(store, province) for compare in (compare_pages, compare_progress, compare_reconciliation)]
    found.append(compare_report(store, province, Week.of(PROVINCE["end"])))
    print(", ".join(f"{one.compared} {one.what}" for one in found))
    return [f"{one.what}: {line}" for one in found for line in one.differences]


# samples


@contextmanager
def _sampling(store: Store, samples: Samples) -> Iterator[None]:
    """Look at servers and queues until the block ends."""
    servers = [*airflow_server.servers(store.settings), seaweed.server(store.settings)]
    with beside(partial(_sample_on, store, servers, samples)):
        yield


def _sample_on(store: Store, servers: list[Server], samples: Samples, over: threading.Event) -> None:
    while not over.is_set():
        for server in servers:
            _sample(server, samples)
        for queue, place in QUEUES.items():
            ages = [(datetime.now(UTC) - item.last_modified).total_seconds() for item in store.list_objects(*place)]
            samples.oldest[queue] = max(samples.oldest[queue], *map(int, ages), 0)
        over.wait(EVERY_S)


def _sample(server: Server, samples: Samples) -> None:
    at, sizes, cpu = time.monotonic(), list[float](), 0.0
    for process in server.processes():
        try:
            sizes.append(_anonymous_mb(process))
            used = process.cpu_times()
        except (psutil.Error, OSError):  # it has ended since
            continue
        cpu += used.user + used.system + used.children_user + used.children_system
    samples.cpu[server.name] = cpu
    samples.memory[server.name].append((at, sizes[0]))
    samples.memory[f"{server.name}: below it"].append((at, sum(sizes[1:])))


def _anonymous_mb(process: psutil.Process) -> float:
    found = re.search(r"^RssAnon:\s+(\d+) kB$", Path(f"/proc/{process.pid}/status").read_text("ascii"), re.MULTILINE)
    return int(found[1]) * 1024 / 1e6 if found else 0.0  # one that is ending has none


def _quarters(samples: Samples, name: str) -> tuple[float, float]:
    """Median MB of the first quarter and of the last."""
    sizes = [size for _, size in samples.of(name)]
    count = max(1, len(sizes) // 4)
    return statistics.median(sizes[:count]), statistics.median(sizes[-count:])


def _has_grown(samples: Samples, name: str) -> bool:
    first, last = _quarters(samples, name)
    return last > first + max(MOST_GROWTH * first, MOST_GROWTH_MB)


def _slope(samples: Samples, name: str) -> float:
    """MB an hour of the line through all samples."""
    return 3600 * statistics.linear_regression(*zip(*samples.of(name), strict=True)).slope


def _table(samples: Samples) -> Table:
    title = f"Memory, MB that each has made (median), every {EVERY_S} s from the end of the first day"
    table = Table("process", "samples", "first quarter", "last quarter", "MB an hour", "most", "", title=title)
    for name in sorted(samples.memory):
        first, last = _quarters(samples, name)
        most = max(size for _, size in samples.of(name))
        told = "GROWN" if ": " not in name and _has_grown(samples, name) else ""
        numbers = (f"{first:.0f}", f"{last:.0f}", f"{_slope(samples, name):+.1f}", f"{most:.0f}")
        table.add_row(name, str(len(samples.of(name))), *numbers, told)
    return table


def _told(states: Counter[tuple[str, str]]) -> str:
    return ", ".join(f"{dag} {count} {state}" for (dag, state), count in sorted(states.items()))


if __name__ == "__main__":
    main()
