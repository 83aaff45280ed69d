"""A day of honest batches through the check, stage by stage: where its time goes.

    python -m benchmarks.day [--agencies 60]

CPU seconds are of this process and of the decoders that it starts, without the store's.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from typing import Any

from benchmarks.own_store import own_store, store_cpu
from sohoa import jobs, registry
from sohoa.store import Store
from tests.batch_builder import DAY, commit, document, manifest, page_jpeg, put_files

PAGES = 10
"""Of a batch; they differ from each other."""
_PAGES_EACH = 2
_TRUNCATED_EVERY = 20  # documents: their slips get pictures


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--agencies", type=int, default=60)
    agencies = parser.parse_known_args()[0].agencies
    with own_store() as store:
        drawn = [page_jpeg(seed) for seed in range(PAGES)]
        send_day(
            store, agencies, lambda document, page: drawn[page][: -1000 if document % _TRUNCATED_EVERY == 0 else None]
        )
        before = store_cpu(store)
        rows = check_by_stage()
        taken = store_cpu(store) - before
    pages = agencies * PAGES
    print(f"\nA day of {agencies} batches, {pages} pages of A4 at 200 dpi, through the check")
    print(f"{'stage':<10}{'CPU s':>8}{'wall s':>8}{'CPU ms a page':>15}")
    for stage, cpu, wall in [*rows, ("all", sum(row[1] for row in rows), sum(row[2] for row in rows))]:
        print(f"{stage:<10}{cpu:>8.2f}{wall:>8.2f}{1000 * cpu / pages:>15.1f}")
    print(f"The store took {taken:.1f} CPU s beside it.")


def send_day(store: Store, agencies: int, draw: Callable[[int, int], bytes], pages: int = PAGES) -> None:
    """One batch of so many pages of each of so many agencies.

    ``draw`` makes a page: from the number of its document, counted over the day, and its own, counted in its batch.
    """
    each = pages // _PAGES_EACH
    codes = [agency.code for agency in registry.agencies() if agency.works_on(DAY)]
    for place, code in enumerate(codes[:agencies]):
        files: dict[str, bytes] = {}
        documents = []
        for number in range(each):
            own = {
                f"{number}-{n}.jpg": draw(place * each + number, number * _PAGES_EACH + n) for n in range(_PAGES_EACH)
            }
            files |= own
            documents.append(document(f"{code}-D{number}", own))
        body = manifest(documents, 1, code)
        put_files(store, body["batch"], files, code)
        commit(store, body, agency=code)


def check_by_stage() -> list[tuple[str, float, float]]:
    """Run the tasks of the check one after another: stage, CPU and wall seconds."""
    rows = []

    def timed(stage: str, task: Callable[..., Any], *arguments: Any) -> Any:
        cpu, wall = _cpu(), time.perf_counter()
        found = task(*arguments)
        rows.append((stage, _cpu() - cpu, time.perf_counter() - wall))
        return found

    work = timed("discover", jobs.discover_batches)["work"]
    timed("admit", jobs.admit_batches, work)
    shards = timed("plan", jobs.plan_shards, work)
    timed("measure", lambda: [jobs.measure_shard(work, shard["shard"]) for shard in shards])
    timed("judge", jobs.judge_batches, work)
    timed("publish", jobs.publish_batches, work)
    timed("settle", jobs.settle_batches, work)
    return rows


def _cpu() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


if __name__ == "__main__":
    main()
