"""One damaged object of each kind that the jobs keep, and what each job and `sohoa doctor` make of it.

``python -m benchmarks.damaged_objects [--damages truncated empty] [--kinds _documents pages] [--seed 1]`` simulates a
small province, does its week by the jobs but for the last days, which wait in the inbox, among the feeds, and to be
summarised and reconciled. Then, for each kind of object of ``warehouse`` (a table, a kind of mark) and each kind of
damage, it spoils one object that the seed draws, runs all jobs of a day once, check as often as a batch may fail, and
`sohoa doctor`. It prints for each kind which jobs ended with what, whether that named the object, and how many rows of
which tables are not those of the same day undisturbed once the object is whole again: what it held up. It ends with 1
where a job or doctor ended in an error that is none of ours, or does not name the object.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import re
import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from rich.console import Console
from rich.table import Table

from benchmarks.kill_campaign import PROVINCE, WEEK, own_mail, upload
from benchmarks.own_store import own_store
from sohoa import jobs, layout
from sohoa.errors import SohoaError
from sohoa.settings import TIME_ZONE
from sohoa.simulate import simulate
from sohoa.steering.diagnose import diagnose
from sohoa.store import Store
from tests.jobs.kills import contents, put_back, take_snapshot

WAVES = 3
_CHECKS = 4
"""A batch at which three runs have died is given up by the fourth."""
_KIND = re.compile(r"(_(?:pending|work)/[^/]+|[^/]+)/")


def _flipped(data: bytes) -> bytes:
    place = len(data) // 2
    return data[:place] + bytes([data[place] ^ 0x10]) + data[place + 1 :]


def _of_another_shape(data: bytes) -> bytes:
    if not data.startswith(b"PAR1"):
        return b'{"other": 1}' if data.startswith(b"[") else b"[]"
    sink = io.BytesIO()
    pq.write_table(pa.table({"other": [1]}), sink)
    return sink.getvalue()


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "flipped": _flipped,
    "truncated": lambda data: data[: len(data) * 2 // 3],
    "empty": lambda _: b"",
    "another shape": _of_another_shape,
}


@dataclass
class Trial:
    """What was damaged how, and what came of it."""

    kind: str
    damage: str
    key: str
    ended: dict[str, str] = field(default_factory=dict)
    """Job -> what it ended with, where it did not end well."""
    doctor: list[str] = field(default_factory=list)
    """What doctor says of the object."""
    differs: dict[str, int] = field(default_factory=dict)
    """Table -> rows that are not those of the day undisturbed."""

    @property
    def unclear(self) -> dict[str, str]:
        """Jobs that ended with what names neither the object nor a cause of ours."""
        return {job: said for job, said in self.ended.items() if self.key not in said or said.startswith("UNFORESEEN")}


def main() -> None:
    """Print a line for each trial, and the table; exit 1 where something is unclear."""
    parser = argparse.ArgumentParser(description="One damaged object of each kind.")
    parser.add_argument("--damages", nargs="*", choices=DAMAGES, default=list(DAMAGES))
    parser.add_argument("--kinds", nargs="*", help="only these; all where none are named")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    with TemporaryDirectory() as name, own_store() as store, own_mail(Path(name)):
        _prepare(store, Path(name) / "province", options.seed)
        before = take_snapshot(store)
        undisturbed = Trial("none", "none", "")
        _do_day(store, undisturbed)
        print(f"undisturbed: {undisturbed.ended or 'all well'}")
        expected, trials = contents(store), list[Trial]()
        for kind, keys in sorted(_by_kind(before).items()):
            if options.kinds and kind not in options.kinds:
                continue
            key = rng.choice(_at_stake(keys, before))
            for damage in options.damages:
                put_back(store, before)
                trials.append(Trial(kind, damage, key))
                whole = store.get(layout.WAREHOUSE, key)
                spoilt = DAMAGES[damage](whole)
                store.put(layout.WAREHOUSE, key, spoilt)
                _do_day(store, trials[-1])
                if store.stat(layout.WAREHOUSE, key) and store.get(layout.WAREHOUSE, key) == spoilt:
                    store.put(layout.WAREHOUSE, key, whole)
                trials[-1].differs = _differing(expected, store)
                _tell(trials[-1])
    Console(width=200).print(_table(trials))
    sys.exit(any(trial.unclear for trial in trials))


def _prepare(store: Store, province: Path, seed: int) -> None:
    """A week of which the last days wait: for check and import, and the days before them for summaries."""
    simulate(province, **PROVINCE, seed=seed)
    upload(store, province / layout.LANDING, "batches/**/*", layout.LANDING)
    for wave in range(WAVES):
        upload(store, province / layout.LANDING, "inbox/**/*", layout.LANDING, wave, WAVES)
        upload(store, province / layout.FEEDS, "**/dt=*/**/*", layout.FEEDS, wave, WAVES)
        if wave < WAVES - 1:
            jobs.import_all()
            jobs.check()
        if wave == 0:
            jobs.summarise()
            jobs.reconcile()
            jobs.report(WEEK, is_forced=True)
            jobs.maintain()


def _by_kind(snapshot: list[tuple[str, str, bytes]]) -> dict[str, list[str]]:
    kinds: dict[str, list[str]] = {}
    for bucket, key, _ in snapshot:
        if bucket == layout.WAREHOUSE:
            found = _KIND.match(key)
            kinds.setdefault(found[1] if found else key, []).append(key)
    return kinds


def _at_stake(keys: list[str], snapshot: list[tuple[str, str, bytes]]) -> list[str]:
    """Those of an agency of which a batch waits in the inbox, where there are any; else all."""
    waiting = {layout.split_inbox_key(key)[0] for _, key, _ in snapshot if key.startswith(layout.INBOX)}
    return [key for key in keys if any(f"/{agency}/" in key for agency in waiting)] or keys


def _do_day(store: Store, trial: Trial) -> None:
    day: dict[str, Callable[[], Any]] = {
        "import": jobs.import_all,
        **{f"check {number + 1}": jobs.check for number in range(_CHECKS)},
        "summarise": jobs.summarise,
        "reconcile": jobs.reconcile,
        "report": partial(jobs.report, WEEK, is_forced=True),
        "maintain": jobs.maintain,
        "review": jobs.review_pages,
    }
    for name, job in day.items():
        if name not in {"check 2", "check 3", "check 4"} or any(one.startswith("check") for one in trial.ended):
            _try(trial, name, job)
    now = datetime.now(TIME_ZONE)

    def doctor() -> None:
        trial.doctor = [one.text for one in diagnose(store.settings, now) if trial.key and trial.key in one.text]

    _try(trial, "doctor", doctor)


def _try(trial: Trial, name: str, job: Callable[[], Any]) -> None:
    with ThreadPoolExecutor(1) as pool:
        error = pool.submit(job).exception()
    if error is not None:
        foreseen = "" if isinstance(error, SohoaError) else "UNFORESEEN "
        trial.ended[name] = f"{foreseen}{type(error).__name__}: {error}"


def _differing(expected: dict[str, list[dict[str, Any]]], store: Store) -> dict[str, int]:
    found, differs = contents(store), {}
    for table, rows in expected.items():
        if table in {"events", "audit_sample"}:
            continue
        one, other = (
            Counter(json.dumps(row, default=str, sort_keys=True) for row in part) for part in (rows, found[table])
        )
        count = ((one - other) + (other - one)).total()
        if count:
            differs[table] = count
    return differs


def _counted(rows: list[dict[str, Any]]) -> Counter[str]:
    return Counter(json.dumps(row, default=str, sort_keys=True) for row in rows)


def _tell(trial: Trial) -> None:
    print(f"## {trial.kind} {trial.damage} ({trial.key})")
    for job, said in trial.ended.items():
        mark = " UNCLEAR" if job in trial.unclear else ""
        print(f"   {job}: {' '.join(said.split())[:260]}{mark}")
    print(f"   doctor: {trial.doctor or 'says nothing of it'}; differs: {trial.differs}", flush=True)


def _table(trials: list[Trial]) -> Table:
    table = Table("kind", "damage", "jobs that ended with an error", "unclear", "doctor", "rows that differ")
    for trial in trials:
        table.add_row(
            trial.kind,
            trial.damage,
            ", ".join(trial.ended),
            ", ".join(trial.unclear),
            "tells" if trial.doctor else "",
            ", ".join(f"{table} {count}" for table, count in trial.differs.items()),
        )
    return table


if __name__ == "__main__":
    main()
