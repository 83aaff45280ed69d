"""``sohoa demo``: a small province, from scans to the weekly report, done by the DAGs, shown at the end."""

from __future__ import annotations

import json
import shutil
import signal
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from datetime import date
from pathlib import Path
from threading import Event
from typing import Any

from rich.console import Console

from sohoa import layout, stack
from sohoa.days import Week
from sohoa.demo import show_result
from sohoa.demo.compare_report import compare_report, read_report
from sohoa.demo.compare_slips import compare_slips, count_defects
from sohoa.demo.compare_truth import (
    Comparison,
    compare_pages,
    compare_progress,
    compare_reconciliation,
    count_seals,
)
from sohoa.demo.true_scans import read_true_scans
from sohoa.demo.watch_runs import Watch
from sohoa.errors import StackError, TruthDiffers
from sohoa.jobs.open_files import fetch_docs, fetch_report, fetch_slip
from sohoa.reconcile.known_days import read_known_days
from sohoa.reconcile.list_dossiers import read_lines
from sohoa.registry import PROVINCE
from sohoa.settings import Settings, load_settings, wants_demo_exit
from sohoa.simulate import simulate
from sohoa.simulate.upload_folder import load_folder
from sohoa.store import Store, open_store

SIZE: dict[str, Any] = {
    "agencies": 12,
    "start": date(2023, 3, 6),
    "end": date(2023, 4, 30),
    "pages_per_day": 30,
    "seed": 1,
}
WEEK = Week.of(SIZE["end"])
"""Week of the report: it ends on the last dossier day."""
SHOWN_DEFECT = "glare"
"""What the slip that is shown has a picture of."""
RECIPE = "2"
"""Changes with what is simulated and what is known to be true of it."""

Bar = Callable[[str], AbstractContextManager[Callable[[int, int], None]]]


def run_demo(settings: Settings, out: Console, bar: Bar, profile: str = stack.LOCAL) -> None:
    """Set up, run, show; then wait for Ctrl-C, or not where ``DEMO_EXIT=1``; stop everything at the end.

    Raises:
        StackError: a server does not start, or a DAG run fails; the message says which.
        TruthDiffers: a figure or the verdict on a page is not what the simulator knows to be true.
    """
    started = time.monotonic()

    def say(text: str) -> None:
        out.print(f"[{time.monotonic() - started:4.0f} s] {text}", markup=False, highlight=False, soft_wrap=True)

    for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, signal.default_int_handler)  # whatever ends the demo, the servers are stopped
    is_local = profile == stack.LOCAL
    try:
        province = settings.home / "demo"
        stack.require_ports(settings, profile)  # Airflow's too: it is started minutes later
        stack.up(settings, "store" if is_local else "all", say, profile)
        settings = load_settings()
        _prepare(province, settings, say, bar)
        if is_local:
            stack.up(settings, "airflow", say, profile)
        _run_dags(settings, say)
        say("comparing with what the simulator knows to be true")
        differences = show(open_store(), province / "province", own_command(), out)
        say("done")
        if not wants_demo_exit():
            say("Ctrl-C stops the servers and leaves; what they hold stays in " + str(settings.home))
            with suppress(KeyboardInterrupt):  # after the result it is how to leave, before it the demo has failed
                Event().wait()
    finally:
        stack.down(settings, "all", say)
    again = f"{own_command()} stack up" + ("" if is_local else f" --profile {profile}")
    say(f"the servers are stopped; `{again}` starts them again, with all that they hold")
    if differences:
        raise TruthDiffers(f"{differences} figures, pages or slips differ from what the simulator knows to be true")


def _prepare(province: Path, settings: Settings, say: Callable[[str], None], bar: Bar) -> None:
    """Simulate and load once: a second run finds the marks of the first.

    Raises:
        StackError: the home holds another demo's province.
    """
    simulated, loaded = province / "simulated", province / "loaded"
    recipe = json.dumps({"recipe": RECIPE, **SIZE}, default=str)
    if simulated.exists() and simulated.read_text(encoding="utf-8") != recipe:
        raise StackError(
            f"{settings.home} holds the demo of another version: `make distclean` takes it away, "
            "or SOHOA_HOME names another folder"
        )
    if not simulated.exists():
        say("simulating {agencies} agencies from {start} to {end}, some {pages_per_day} pages a day".format(**SIZE))
        with bar("simulate") as report:
            simulate(province / "province", **SIZE, report=report)
        simulated.write_text(recipe, encoding="utf-8")
    if not loaded.exists():
        say("uploading, each agency with its own key")
        with bar("load") as report:
            load_folder(province / "province", settings, report)
        loaded.touch()


def _run_dags(settings: Settings, say: Callable[[str], None]) -> None:
    """Run the jobs one after another, each until its queue is empty: what one run leaves is the next one's."""
    store = open_store()
    watch = Watch(settings, stack.airflow_client(settings), store, say)

    def run_until_empty(dag: str, bucket: str, queue: str) -> None:
        watch.run(dag)
        while not watch.is_empty(bucket, queue):  # of one agency a run takes no more than its share
            watch.run(dag)

    watch.run("import_feeds")
    run_until_empty("check_scan_batches", layout.LANDING, layout.INBOX)
    found = show_result.found_defects(store)
    say(f"  {found.total()} defects so far: " + ", ".join(f"{name} {n}" for name, n in found.most_common()))
    watch.wait_until_empty("summarise_progress", layout.PENDING)
    run_until_empty("reconcile_portal", layout.WAREHOUSE, layout.UNRECONCILED)
    watch.run("weekly_quality_report", {"week": WEEK.name})


def show(store: Store, province: Path, command: str, out: Console) -> int:
    """Print the result, and return how much of it differs from the truth.

    Args:
        store: where all five jobs have run.
        province: the folder that the simulator has made.
        command: how ``sohoa`` is called here.
        out: where to print.
    """
    first, last = SIZE["start"], SIZE["end"]
    known = read_known_days(store, PROVINCE, first, last).compared
    entries = {line.category: line.entries for line in read_lines(store, PROVINCE, known, last)}
    progress, sides, reconciled = (
        compare_progress(store, province),
        show_result.compare_sides(entries),
        compare_reconciliation(store, province),
    )
    scans = [compare_pages(store, province), compare_slips(store, province)]
    report = compare_report(store, province, WEEK)
    show_result.show_progress(store.read_table("progress_daily"), store.settings, progress, out)
    out.print()
    seals = count_seals(store, province)
    show_result.show_defects(count_defects(province), show_result.found_defects(store), seals, scans, out)
    out.print()
    show_result.show_portal(entries, [sides, reconciled], out)
    out.print()
    show_result.show_agencies(read_report(store, WEEK), report, out)
    batch = _batch_to_show(province)
    slip, docs = fetch_slip(store, batch)[0], fetch_docs(store, WEEK.name)[0]
    places = show_result.Places(WEEK, fetch_report(store, WEEK.name), batch, slip, docs, command)
    out.print()
    show_result.show_places(places, store.settings, first, out)
    compared: list[Comparison] = [progress, *scans, sides, reconciled, report]
    return sum(len(comparison.differences) for comparison in compared)


def _batch_to_show(province: Path) -> str | None:
    """The last batch with a glossy cover under a lamp, whose slip has a picture; None where there is none."""
    shining = (one.batch for one in read_true_scans(province) if SHOWN_DEFECT in one.defects)
    return max(shining, key=lambda batch: batch.split("-")[1:], default=None)


def own_command() -> str:
    """How this command is called from here: by its name where the shell finds it, else by its path."""
    own = Path(sys.argv[0]).resolve()
    found = shutil.which(own.name)
    if found is not None and Path(found).resolve() == own:
        return own.name
    return str(own.relative_to(Path.cwd())) if own.is_relative_to(Path.cwd()) else str(own)
