"""What is wrong with this installation, and what to do about each: what ``sohoa status`` knows, and what lies below it.

The store's own words come from ``morning_status``; here it is asked whether the store answers at all, whether clocks,
disks, certificates, policy and versions are in order, what runs left half-way, and what Airflow says.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any, Literal

import urllib3
from cryptography import x509

from sohoa import layout, registry
from sohoa.errors import KeysRefused, ObjectDamaged, SettingsError, StackError, StoreError
from sohoa.last_runs import read_runs
from sohoa.schema import TABLES, schema_version
from sohoa.settings import Settings
from sohoa.stack import airflow_server, database, production, topology
from sohoa.stack.airflow_client import AirflowClient
from sohoa.stack.certificates import AUTHORITY, CERTIFICATE
from sohoa.steering.morning_status import read_status
from sohoa.store import Store

State = Literal["well", "wrong", "broken"]
"""In order | wants a person | nothing else can be told before this is mended."""

MAX_CLOCK_OFFSET = timedelta(seconds=60)
"""S3 refuses requests from 15 minutes on; moments in the tables are wrong before."""
MIN_FREE_SHARE, MIN_FREE_BYTES = 0.05, 2_000_000_000
CERTIFICATE_NOTICE = timedelta(days=60)
MAX_LEFT_HALF_WAY = timedelta(hours=3)
"""A run pays what a killed one owes within minutes; each task ends within the hour, or three."""
MAX_RUN_HOURS = 6
"""Longer than the longest deadline of a DAG."""
_WAITS_FOR_PEOPLE = "review_pages"
_GB = 1_000_000_000
_FILLED_BY = {
    "check": ("batches", "documents"), "import": ("register",), "summarise": ("dossiers", "progress_daily"),
    "reconcile": ("reconciliation_daily",),
}  # fmt: skip
_ADVICE = {
    "site": "correct what is named; `sohoa site check` lists all",
    "store": "add a disk, or delete what is not needed any more (docs/upkeep.md)",
    "stopped": "ask that agency; it may send again by itself five per cent below SOHOA_SPACE_STOP_PERCENT",
    "inbox": "see whether check_scan_batches runs and ends (Airflow UI), or run `sohoa run check`",
    "to count": "see whether summarise_progress runs and ends, or run `sohoa run summarise`",
    "to reconcile": "see whether reconcile_portal runs and ends, or run `sohoa run reconcile`",
    "mail": "see whether the mail server answers, then `sohoa run deliver`",
    "damaged": "bring the files back from a backup (docs/runbook.md); the next upkeep sees it",
    "closed": "look at what is named: the rows wait, all else is written",
    "alert": "do what the alert says (docs/upkeep.md)",
    "last run": "see whether Airflow runs (`sohoa stack status airflow`) and whether the DAG is paused",
}


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    topic: str
    text: str
    state: State = "well"
    advice: str = ""
    """What to do; empty where nothing is to be done."""


def diagnose(settings: Settings, now: datetime) -> list[Finding]:
    """Look at everything, and change nothing.

    Args:
        settings: of this process.
        now: with its zone.
    """
    found = [*_disk(settings), *_certificates(settings, now)]
    broken, store = _reach_store(settings, now)
    found += broken
    if store is not None:
        looks = partial(_lines, store, now), partial(_policy, store), partial(_left_half_way, store, now)
        found += [one for look in (*looks, partial(_tables, store)) for one in _but_damaged(look)]
    return [*_each_once(found), *_servers(settings, now)]


def _each_once(found: list[Finding]) -> list[Finding]:
    """Findings without those that say no more than the end of one before, as of an object that something waits for."""
    kept: list[Finding] = []
    for one in found:
        if not any(before.text.endswith(f": {one.text}") for before in kept):
            kept.append(one)
    return kept


def _reach_store(settings: Settings, now: datetime) -> tuple[list[Finding], Store | None]:
    """Whether the store answers, with these keys, and what it is o'clock there; the store where it can be asked."""
    try:
        store = Store(settings)
        found = _clock(settings, now)
        list(store.list_objects(layout.WAREHOUSE, layout.RUNS, most=1))
    except KeysRefused as error:
        advice = "set the keys that the store knows (.env, or .sohoa/store/credentials.json); see the clock too"
        return [*_clock(settings, now), Finding("store", str(error), "broken", advice)], None
    except SettingsError as error:
        return [Finding("store", str(error), "broken", "do what it says")], None
    except StoreError as error:
        advice = "start it (`sohoa stack up store`, `docker compose up --detach store`), then run this again"
        return [Finding("store", str(error), "broken", advice)], None
    return found, store


def _clock(settings: Settings, now: datetime) -> list[Finding]:
    try:
        answer = urllib3.request("GET", f"{settings.s3_endpoint}/healthz", timeout=5, retries=False)
        there = parsedate_to_datetime(answer.headers["Date"])
    except (urllib3.exceptions.HTTPError, KeyError, ValueError):
        return [Finding("clock", "the store does not say what it is o'clock there")]
    offset = abs(there - now)
    if offset <= MAX_CLOCK_OFFSET:
        return [Finding("clock", "this machine and the store agree within a minute")]
    text = f"this machine and the store differ by {offset.total_seconds():,.0f} s"
    return [
        Finding("clock", text, "wrong", "set both by NTP (timedatectl set-ntp true): from 15 minutes on it refuses")
    ]


def _disk(settings: Settings) -> Iterator[Finding]:
    folder = next(path for path in (settings.home, *settings.home.parents) if path.exists())
    usage = shutil.disk_usage(folder)
    text = f"{usage.free / _GB:,.1f} GB of {usage.total / _GB:,.1f} GB free where {settings.home} lies"
    is_full = usage.free < min(MIN_FREE_BYTES, usage.total) or usage.free < MIN_FREE_SHARE * usage.total
    advice = "free some space: old logs (`sohoa stack clean`), the caches under web/ and open/"
    yield Finding("disk", text, "wrong" if is_full else "well", advice if is_full else "")


def _certificates(settings: Settings, now: datetime) -> Iterator[Finding]:
    """Those by which the parts of the embedded store know one another."""
    folder = settings.home / "store" / "grpc"
    for name in (AUTHORITY, CERTIFICATE):
        path = folder / name
        if not path.exists():
            continue
        try:
            ends = x509.load_pem_x509_certificate(path.read_bytes()).not_valid_after_utc
        except (OSError, ValueError) as error:
            yield Finding("certificate", f"{path} cannot be read ({error})", "wrong", _RENEW)
            continue
        is_old = ends - now < CERTIFICATE_NOTICE
        yield Finding(
            "certificate", f"{name} is valid until {ends:%Y-%m-%d}", "wrong" if is_old else "well",
            _RENEW if is_old else "",
        )  # fmt: skip


_RENEW = "`sohoa stack down`, delete .sohoa/store/grpc, `sohoa stack up`: new ones are made"


def _but_damaged(look: Callable[[], Iterator[Finding]]) -> list[Finding]:
    """What a look finds; where it ends at a damaged object, that."""
    try:
        return list(look())
    except ObjectDamaged as error:
        return [Finding("damaged", str(error), "wrong", "do what it says")]


def _lines(store: Store, now: datetime) -> Iterator[Finding]:
    """What `sohoa status` says."""
    for line in read_status(store, now):
        advice = _ADVICE.get(line.topic, "") if line.wants_person else ""
        yield Finding(line.topic, line.text, "wrong" if line.wants_person else "well", advice)


def _policy(store: Store) -> Iterator[Finding]:
    if store.has_landing_policy({agency.code for agency in registry.agencies()}):
        yield Finding("policy", "agencies are denied what they must not do in landing")
    else:
        advice = "`sohoa stack up store`, or `docker compose up --detach`, writes it with the administrator's keys"
        yield Finding("policy", "the policy of landing is gone, changed, or lacks agencies", "wrong", advice)


def _left_half_way(store: Store, now: datetime) -> Iterator[Finding]:
    """Debts, work and attempts of killed runs that no later run has taken up."""
    is_clean = True
    for prefix in (layout.DEBTS, layout.WORK, layout.ATTEMPTS):
        old = [
            item
            for item in store.list_objects(layout.WAREHOUSE, prefix, most=1_000)
            if now - item.last_modified > MAX_LEFT_HALF_WAY
        ]
        if old:
            is_clean = False
            text = f"{len(old):,} objects since {min(item.last_modified for item in old):%Y-%m-%d %H:%M}: {old[0].key}"
            advice = "the next run of that job takes it up: see that its DAG runs and is not paused"
            yield Finding("left half-way", text, "wrong", advice)
    if is_clean:
        yield Finding("left half-way", "nothing that a killed run left")


def _tables(store: Store) -> Iterator[Finding]:
    """Tables that a job should have filled, and objects that a newer sohoa has written, or that are damaged."""
    newest = {}
    for table in TABLES:
        item = next(iter(store.list_objects(layout.WAREHOUSE, layout.table_prefix(table), most=1)), None)
        if item is not None:
            try:
                newest[table] = schema_version(store.get_parquet(item.key).schema)
            except ObjectDamaged as error:
                newest[table] = schema_version(TABLES[table])
                yield Finding("tables", str(error), "wrong", "do what it says")
    for job, run in read_runs(store).items():
        missing = [table for table in _FILLED_BY.get(job, ()) if table not in newest] if run["settled"] else []
        if missing:
            text = f"{job} has done {run['settled']:,}, and there is nothing in {', '.join(missing)}"
            yield Finding("tables", text, "wrong", "bring the bucket warehouse back from a backup (docs/runbook.md)")
    newer = {table: version for table, version in newest.items() if version > schema_version(TABLES[table])}
    if newer:
        text = f"written by a newer sohoa: {', '.join(f'{table} (version {n})' for table, n in newer.items())}"
        yield Finding("versions", text, "wrong", "install that version here too (docs/runbook.md)")
    yield Finding("tables", f"{len(newest)} of {len(TABLES)} tables have rows")


def _servers(settings: Settings, now: datetime) -> list[Finding]:
    """What can be told of the servers of this home; it ends where one of its files is damaged."""
    try:
        return _airflow(settings, now)
    except StackError as error:
        return [Finding("servers", str(error), "wrong", "do what it says")]


def _airflow(settings: Settings, now: datetime) -> list[Finding]:
    """What the Airflow of this home says, beside the profile ``production`` of all its servers; else its UI tells."""
    servers = airflow_server.servers(settings)
    was_production = topology.env_file(settings).exists() or database.folder(settings).exists()
    if was_production and not any(server.is_running() for server in servers):
        return list(_production(settings, now))
    if not airflow_server.password_file(settings).exists():
        return [Finding("Airflow", "none was started in this home: look at its own UI")]
    if down := [server.name for server in servers if not server.is_running()]:
        advice = "`sohoa stack up airflow`; `sohoa stack status airflow` names the logs"
        return [Finding("Airflow", f"not running: {', '.join(down)}", "wrong", advice)]
    return _of_client(settings, airflow_server.client(settings), now)


def _production(settings: Settings, now: datetime) -> Iterator[Finding]:
    """Which servers of the profile run and which do not; then what its Airflow says."""
    at_work = production.at_work(settings)
    programs = production.running(settings)
    if not programs and not at_work:
        yield Finding("servers", "of the profile production none of them runs", "wrong", _START)
        return
    if programs:
        down = [f"{one.name} ({one.state.lower()})" for one in programs if one.state != "RUNNING"]
        advice = f"{topology.home(settings)} has a log of each; those that are stopped: {_START}"
        text = f"not running: {', '.join(down)}" if down else f"up: {', '.join(one.name for one in programs)}"
        yield Finding("servers", text, "wrong" if down else "well", advice if down else "")
    elif production.server(settings).processes():
        text = "supervisor has ended, and what it left is not started again when it ends"
        yield Finding("servers", text, "wrong", "`sohoa stack up --profile production`")
    else:
        named = ", ".join(sorted({process.info["name"] for process in at_work}))
        yield Finding("servers", f"without supervisor, as systemd runs them (`systemctl status 'sohoa-*'`): {named}")
    try:
        client = production.client(settings)
    except StackError as error:
        yield Finding("Airflow", str(error), "wrong", "do what it says")
    else:
        yield from _of_client(settings, client, now)


_START = "`sohoa stack up --profile production`, or `systemctl start sohoa.target` where systemd runs them"


def _of_client(settings: Settings, client: AirflowClient, now: datetime) -> list[Finding]:
    """What a running Airflow says."""
    advice = "`sohoa stack status airflow` names the logs"
    if not client.is_healthy():
        return [Finding("Airflow", "it does not say that it is well", "wrong", advice)]
    try:
        return [Finding("Airflow", "up"), *_dags(settings, client), *_late_runs(client, now)]
    except StackError as error:
        return [Finding("Airflow", str(error), "wrong", advice)]


def _dags(settings: Settings, client: AirflowClient) -> Iterator[Finding]:
    for file, trace in client.import_errors().items():
        text = f"{file} cannot be read: {trace.strip().splitlines()[-1]}"
        yield Finding("DAGs", text, "wrong", "install the packages of this version (`make setup`), or mend the file")
    known = client.dag_ids()
    if missing := airflow_server.dag_files(settings) - known:
        yield Finding(
            "DAGs", f"not known: {', '.join(sorted(missing))}", "wrong", "wait a minute; then see dag-processor.log"
        )
    if paused := [dag for dag in sorted(known) if client.is_paused(dag)]:
        yield Finding(
            "DAGs", f"paused: {', '.join(paused)}", "wrong", "let them go on in the UI, unless somebody works there"
        )


def _late_runs(client: AirflowClient, now: datetime) -> Iterator[Finding]:
    found: Any = client.call("GET", "/dags/~/dagRuns?state=running&limit=100")
    for run in found["dag_runs"]:
        began = run["start_date"] and datetime.fromisoformat(run["start_date"])
        if run["dag_id"] != _WAITS_FOR_PEOPLE and began and now - began > timedelta(hours=MAX_RUN_HOURS):
            text = f"{run['dag_id']} {run['dag_run_id']} runs since {began:%Y-%m-%d %H:%M} UTC"
            yield Finding(
                "late run", text, "wrong", "see in the UI which task is at work; clear it if its process is gone"
            )
