"""One agency sends all that could stop the others, at once: an honest day beside it, on a real store and Airflow.

``python -m benchmarks.hostile_day [--honest 11] [--broken 4000] [--seed 1]`` starts the embedded store and Airflow in a
home of their own, with check_scan_batches every minute and shares of an agency for such a schedule. Each honest agency
sends a batch of drawn pages: first alone; then, on an empty store, while one more agency sends everything that
``tests/province/hostile_agency.py`` has, with the keys that it was given: a forged agency, 100,000 files, a file of
5 GB, odd names, a clock a year ahead, ``--broken`` files that were broken by the seed. It prints when each honest
agency had its receipt, what each hostile batch was answered, and the most memory that each kind of process took.

It ends with 1 where a promise is broken: a receipt within two schedules of the honest batches; the same rows of the
honest agencies in all tables, ``received_at`` left aside; an answer to every hostile batch that the store took and
still has; no decoder over ``SOHOA_MAX_MEMORY_BYTES``; no red run.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.own_stack import own_stack
from benchmarks.stack_memory import StackMemory
from sohoa import layout, stack
from sohoa.registry import agencies_at
from sohoa.stack import airflow_server, seaweed
from sohoa.store import Store
from tests.batch_builder import DAY, document, manifest, page_jpeg
from tests.jobs.kills import contents
from tests.province.hostile_agency import AGENCY, HostileAgency, client_of
from tests.servers import empty_buckets

_SCHEDULE = 60
"""Seconds from one check to the next."""
_WITHIN = 2 * _SCHEDULE
_SHARES = {"SHARE_SECONDS": 30, "MAX_FILE_SECONDS": 10, "SHARE_BATCHES": 20}
_CRONS = {"check_scan_batches": "* * * * *"}
_PAGES, _HOSTILE_PAGES = 4, 2
_LOOK_SECONDS, _QUIET_LOOKS = 1.0, 5
_PATIENCE, _PATIENCE_PER_FILE = 3_600, 2
"""Seconds until a day is given up, and more for each broken file."""
_READ = ("slow files", "broken files")
"""Kinds that only who reads the files can answer."""
_GONE = "marker deleted"
"""The hostile agency may have taken this batch back before anybody saw it."""


@dataclass
class Day:
    """What a day came to: seconds to each honest receipt, rows of the honest agencies, answers by batch."""

    seconds: dict[str, float] = field(default_factory=dict)
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)
    hostile: HostileAgency | None = None
    took: float = 0


def main() -> None:
    """Print the tables; exit 1 where a promise is broken."""
    options = _options()
    honest = [one.code for one in agencies_at(DAY) if one.code != AGENCY][: options.honest]
    with own_stack(_CRONS, _SHARES) as store:
        pages = {agency: _draw(number, _PAGES) for number, agency in enumerate(honest, 1)}
        alone = _play(store, pages, None, 0)
        empty_buckets(store)
        servers = {server.name: server for server in airflow_server.servers(store.settings)}
        memory = StackMemory(servers | {"weed": seaweed.server(store.settings)})
        hostile = HostileAgency(store, _draw(0, _HOSTILE_PAGES))
        with memory.watching():
            beside = _play(
                store,
                pages,
                lambda: hostile.send_all(options.broken, options.seed, options.objects, options.large),
                options.broken,
                hostile,
            )
        red = _red_runs(store)
    broken = [*_late(beside, honest), *_differences(alone, beside), *_unanswered(beside), *red]
    decoders = memory.peaks["decoder"].largest
    if decoders > store.settings.max_memory_bytes:
        broken.append(f"a decoder took {decoders / 1e6:.0f} MB")
    out = Console()
    for table in (_honest_table(alone, beside), _hostile_table(beside), _denied_table(hostile), _memory_table(memory)):
        out.print(table)
    rows = sum(map(len, alone.rows.values()))
    print(f"the honest day took {alone.took:.0f} s alone; beside the hostile agency, all took {beside.took:.0f} s")
    print(f"the load of this machine was {os.getloadavg()[2]:.1f} on {os.cpu_count()} cores")
    print(f"{rows:,} rows of the honest agencies in {len(alone.rows)} tables compared")
    for line in broken:
        print(f"BROKEN: {line}")
    sys.exit(bool(broken))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="An honest day beside a hostile agency.")
    parser.add_argument("--honest", type=int, default=11, help="agencies that send an honest day")
    parser.add_argument("--broken", type=int, default=4_000, help="broken files of the hostile agency")
    parser.add_argument("--objects", type=int, default=100_000, help="files of one byte of one of its batches")
    parser.add_argument("--large", type=int, default=5_000_000_000, help="bytes of its largest file")
    parser.add_argument("--seed", type=int, default=1, help="of the broken files")
    return parser.parse_args()


def _draw(first: int, count: int) -> dict[str, bytes]:
    return {f"{number}.jpg": page_jpeg(100 * first + number) for number in range(count)}


def _play(
    store: Store,
    pages: Mapping[str, dict[str, bytes]],
    attack: Callable[[], None] | None,
    broken: int,
    hostile: HostileAgency | None = None,
) -> Day:
    """Let the hostile agency send, then the honest ones at once, and wait until all is answered and counted."""
    day, start = Day(hostile=hostile), time.monotonic()
    if attack is not None:
        attack()
    with ThreadPoolExecutor() as pool:
        sent = dict(zip(pages, pool.map(lambda agency: _send(store, agency, pages[agency]), pages), strict=True))
    deadline, quiet = time.monotonic() + _PATIENCE + _PATIENCE_PER_FILE * broken, 0
    while quiet < _QUIET_LOOKS and time.monotonic() < deadline:
        answered = {agency for agency, _, _ in _receipts(store)}
        for agency in answered & pages.keys():
            day.seconds.setdefault(agency, time.monotonic() - sent[agency])
        quiet = quiet + 1 if not _is_waiting(store) else 0
        time.sleep(_LOOK_SECONDS)
    day.took = time.monotonic() - start
    day.rows = _rows_of(store, pages.keys())
    day.answers = {batch: _answer(store, key) for agency, batch, key in _receipts(store) if agency == AGENCY}
    return day


def _send(store: Store, agency: str, pages: dict[str, bytes]) -> float:
    """Send an agency's batch with its own keys; when its manifest was there."""
    client = client_of(store, agency)
    one = document("D1", pages, kind="result", dossier_code=_dossier(agency))
    body = manifest([one], 1, agency)
    prefix = layout.batch_prefix(agency, DAY, body["batch"])
    for name, data in pages.items():
        client.put_object(layout.LANDING, prefix + name, BytesIO(data), len(data))
    marker = json.dumps(body, ensure_ascii=False).encode()
    client.put_object(layout.LANDING, layout.inbox_key(agency, body["batch"]), BytesIO(marker), len(marker))
    return time.monotonic()


def _dossier(agency: str) -> str:
    return f"{agency}-{DAY:%y%m%d}-0001"


def _receipts(store: Store) -> list[tuple[str, str, str]]:
    """Agency, batch and key of each receipt."""
    keys = [item.key for item in store.list_objects(layout.LANDING, "receipts/")]
    keys = [key for key in keys if key.endswith(".json") and not key.endswith(".pictures.json")]
    return [(*key.split("/")[1:3], key) for key in keys]  # type: ignore[misc]


def _is_waiting(store: Store) -> bool:
    """Whether anything is still to be checked or counted."""
    places = ((layout.LANDING, layout.INBOX), (layout.WAREHOUSE, layout.PENDING), (layout.WAREHOUSE, layout.WORK))
    return any(True for place in places for _ in store.list_objects(*place))


def _rows_of(store: Store, honest: Any) -> dict[str, list[dict[str, Any]]]:
    """The rows of all tables that are about the honest agencies."""
    dossiers = set(map(_dossier, honest))
    found = {
        table: [row for row in rows if row.get("agency") in honest or row.get("dossier_key") in dossiers]
        for table, rows in contents(store).items()
    }
    return {table: rows for table, rows in found.items() if rows}


def _answer(store: Store, key: str) -> str:
    """What a receipt says, in short: the reason of a refusal, else what becomes of the documents."""
    receipt = store.get_json(layout.LANDING, key)
    if receipt.get("reason"):
        return f"{receipt['status']}: {receipt['reason']}"
    outcomes = Counter(one["outcome"] for one in receipt.get("documents", []))
    return f"{receipt['status']}: " + ", ".join(f"{count} {name}" for name, count in sorted(outcomes.items()))


def _red_runs(store: Store) -> list[str]:
    client = stack.airflow_client(store.settings)
    runs = [(dag, run, state) for dag in sorted(client.dag_ids()) for run, state in client.runs(dag).items()]
    return [f"{dag} {run} ended red" for dag, run, state in runs if state == "failed"]


def _late(day: Day, honest: list[str]) -> list[str]:
    return [
        f"{agency} had its receipt after {day.seconds[agency]:.0f} s" if agency in day.seconds else f"{agency} had none"
        for agency in honest
        if day.seconds.get(agency, _WITHIN + 1) > _WITHIN
    ]


def _differences(alone: Day, beside: Day) -> list[str]:
    """Rows of the honest agencies that only one of two days has."""
    lines = []
    for table in sorted(alone.rows.keys() | beside.rows.keys()):
        one, other = alone.rows.get(table, []), beside.rows.get(table, [])
        lines += [f"{table}: only alone: {row}" for row in one if row not in other]
        lines += [f"{table}: only beside the hostile agency: {row}" for row in other if row not in one]
        if len(one) != len(other):
            lines.append(f"{table}: {len(one)} rows alone, {len(other)} beside the hostile agency")
    return lines


def _unanswered(day: Day) -> list[str]:
    assert day.hostile is not None
    missing = [(batch, what) for batch, what in day.hostile.sent.items() if batch not in day.answers]
    unread = [
        f"{batch} ({what}) was refused before its files were read"
        for batch, what in day.hostile.sent.items()
        if what.endswith(_READ) and day.answers.get(batch, "").startswith("refused")
    ]
    return unread + [f"{batch} ({what}) was not answered" for batch, what in missing if what != _GONE]


def _honest_table(alone: Day, beside: Day) -> Table:
    title = f"Seconds from sending to the receipt, a check every {_SCHEDULE} s"
    table = Table("agency", "alone", "beside the hostile agency", f"within {_WITHIN} s", title=title)
    for agency in alone.seconds:
        seconds = beside.seconds.get(agency)
        shown = "none" if seconds is None else f"{seconds:.0f}"
        is_within = seconds is not None and seconds <= _WITHIN
        table.add_row(agency, f"{alone.seconds[agency]:.0f}", shown, "yes" if is_within else "NO")
    return table


def _hostile_table(day: Day) -> Table:
    assert day.hostile is not None
    table = Table("batches", "what", "answer", title="Hostile batches that the store took")
    answers = Counter((what, day.answers.get(batch, "none")) for batch, what in day.hostile.sent.items())
    for (what, answer), count in answers.items():
        table.add_row(str(count), what, answer)
    return table


def _denied_table(hostile: HostileAgency) -> Table:
    table = Table("times", "what the store did not take", title="Denied")
    for what, count in Counter(hostile.denied).items():
        table.add_row(str(count), what)
    return table


def _memory_table(memory: StackMemory) -> Table:
    title = "Most memory, MB; what processes share is in the RSS of each, not in the USS"
    table = Table("process", "at once", "largest, RSS", "largest, USS", "together, RSS", title=title)
    for kind, peak in sorted(memory.peaks.items()):
        sizes = (f"{size / 1e6:.0f}" for size in (peak.largest, peak.own, peak.together))
        table.add_row(kind, str(peak.processes), *sizes)
    return table


if __name__ == "__main__":
    main()
