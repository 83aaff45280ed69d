"""``sohoa demo``: a small province, from scans in the store to progress, done by the DAGs and shown on one page."""

from __future__ import annotations

import signal
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, suppress
from datetime import date
from pathlib import Path
from threading import Event
from typing import Any

from rich.console import Console
from rich.table import Table

from sohoa import layout, stack
from sohoa.defects import DEFECTS
from sohoa.demo.compare_truth import Comparison, compare_truth, defects_put_in
from sohoa.errors import StackError, TruthDiffers
from sohoa.format_value import decimal
from sohoa.jobs.query_tables import run_query
from sohoa.progress.rate import progress_share, weekly_progress, worst_units
from sohoa.registry import PROVINCE
from sohoa.settings import Settings, load_settings, wants_demo_exit
from sohoa.simulate import simulate
from sohoa.simulate.upload_folder import load_folder
from sohoa.stack import AirflowClient
from sohoa.store import Store, open_store

SIZE: dict[str, Any] = {
    "agencies": 12,
    "start": date(2023, 3, 6),
    "end": date(2023, 4, 30),
    "pages_per_day": 30,
    "seed": 1,
}
PATIENCE_S = 1_800

Bar = Callable[[str], AbstractContextManager[Callable[[int, int], None]]]


def run_demo(settings: Settings, out: Console, bar: Bar) -> None:
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
    try:
        province = settings.home / "demo"
        stack.up(settings, "store", say)
        settings = load_settings()
        _prepare(province, settings, say, bar)
        stack.up(settings, "airflow", say)
        _run_dags(settings, say)
        differences = _show(open_store(), province, out)
        say("done")
        for line in stack.describe(settings, "all"):
            out.print(line, markup=False, highlight=False, soft_wrap=True)
        if not wants_demo_exit():
            say("Ctrl-C stops the servers and leaves; what they hold stays in " + str(settings.home))
            with suppress(KeyboardInterrupt):  # after the result it is how to leave, before it the demo has failed
                Event().wait()
    finally:
        stack.down(settings, "all", say)
    if differences:
        raise TruthDiffers(f"{differences} figures or pages differ from what the simulator knows to be true")


def _prepare(province: Path, settings: Settings, say: Callable[[str], None], bar: Bar) -> None:
    """Simulate and load once: a second run finds the marks of the first."""
    simulated, loaded = province / "simulated", province / "loaded"
    if not simulated.exists():
        say("simulating " + ", ".join(f"{name} {value}" for name, value in SIZE.items()))
        with bar("simulate") as report:
            simulate(province / "province", **SIZE, report=report)
        simulated.touch()
    if not loaded.exists():
        say("uploading, each agency with its own key")
        with bar("load") as report:
            load_folder(province / "province", settings, report)
        loaded.touch()


def _run_dags(settings: Settings, say: Callable[[str], None]) -> None:
    """Run the jobs one after another, each until its queue is empty: what one run leaves is the next one's."""
    client, store = stack.airflow_client(settings), open_store()
    deadline = time.monotonic() + PATIENCE_S

    def is_empty(bucket: str, queue: str) -> bool:
        if time.monotonic() > deadline:
            raise StackError(f"{bucket}/{queue} is not empty after {PATIENCE_S} s; the runs are in the Airflow UI")
        return not any(True for _ in store.list_objects(bucket, queue, most=1))

    def run_until_empty(dag: str, bucket: str, queue: str) -> None:
        _run_dag(client, dag, say)
        while not is_empty(bucket, queue):  # of one agency a run takes no more than its share
            _run_dag(client, dag, say)

    _run_dag(client, "import_feeds", say)
    run_until_empty("check_scan_batches", layout.LANDING, layout.INBOX)
    say("Airflow runs summarise_progress, woken by the two before it")
    while not is_empty(layout.WAREHOUSE, layout.PENDING):
        time.sleep(1)
    run_until_empty("reconcile_portal", layout.WAREHOUSE, layout.UNRECONCILED)


def _run_dag(client: AirflowClient, dag: str, say: Callable[[str], None]) -> None:
    say(f"Airflow runs {dag}")
    run = client.trigger(dag)
    state = client.wait_for(dag, run, PATIENCE_S)
    if state != "success":
        raise StackError(f"the run {run} of {dag} ended as {state}; its log is in the Airflow UI")


def _show(store: Store, province: Path, out: Console) -> int:
    """Print the result, and return how much of it differs from the truth."""
    progress = store.read_table("progress_daily")
    _show_weeks(progress, store.settings, out)
    _show_units(progress, out)
    _show_defects(store, out)
    truth = province / "province" / "truth"
    comparisons = compare_truth(store, truth)
    _show_truth(comparisons, defects_put_in(truth), out)
    return sum(len(comparison.differences) for comparison in comparisons)


def _show_weeks(progress: Any, settings: Settings, out: Console) -> None:
    lines = f"baseline {settings.baseline_percent} %, target {settings.target_percent} %"
    table = _table("Tuần (week)", "Tử số", "Mẫu số", "Tỷ lệ %", "Tới mục tiêu %", "")
    table.title = f"Tỉnh Lạng Sơn · dn_and, accepted / denominator · {lines}"
    for row in weekly_progress(progress, PROVINCE).to_pylist():
        rate = row["rate_percent"]
        share = progress_share(rate, settings.baseline_percent, settings.target_percent)
        bar = "█" * round((rate or 0) / 5)
        table.add_row(
            row["week"],
            str(row["numerator"]),
            str(row["denominator"]),
            decimal(rate),
            decimal(share and 100 * share),
            bar,
        )
    out.print(table)


def _table(*names: str) -> Table:
    """A table whose columns of numbers are set to the right."""
    table = Table(title_justify="left")
    for name in names:
        table.add_column(name, justify="right" if name.endswith(("số", "%", "Số")) else "left")
    return table


def _show_units(progress: Any, out: Console) -> None:
    table = _table("Xã, phường (commune)", "Tử số", "Mẫu số", "Tỷ lệ %")
    table.title = "Các đơn vị thấp nhất (worst units)"
    for row in worst_units(progress, "commune", 5).to_pylist():
        name = f"{row['name']} ({row['unit_code']})"
        table.add_row(name, str(row["numerator"]), str(row["denominator"]), decimal(row["rate_percent"]))
    out.print(table)


def _show_defects(store: Store, out: Console) -> None:
    sql = """
        SELECT defect, level, count(*) AS n FROM (
            SELECT unnest(defects) AS defect, 'trang (page)' AS level FROM pages
            UNION ALL SELECT unnest(defects), 'tài liệu (document)' FROM documents
        ) GROUP BY ALL ORDER BY n DESC, defect"""
    table = _table("Lỗi (defect)", "", "Ở", "Số")
    table.title = "Lỗi phát hiện (defects found)"
    for row in run_query(store, sql).to_pylist():
        defect = DEFECTS[row["defect"]]
        table.add_row(defect.label_vi, defect.label_en, row["level"], str(row["n"]))
    out.print(table)


def _show_truth(comparisons: Sequence[Comparison], put_in: Iterable[str], out: Console) -> None:
    """Print what equals the truth, and in red each line that does not."""
    out.print("Against the simulator's truth:", highlight=False)
    for comparison in comparisons:
        count, differences = comparison.compared, comparison.differences
        out.print(f"{comparison.what}: {count} compared, {len(differences)} differ", highlight=False)
        for line in differences:
            out.print(f"  {line}", style="red", markup=False, highlight=False, soft_wrap=True)
    made = Counter(put_in)
    out.print("Defects put in: " + ", ".join(f"{name} {n}" for name, n in sorted(made.items())), highlight=False)
