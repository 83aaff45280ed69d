"""Days in which processes are killed at random moments, against the same day undisturbed: nothing may differ.

``python -m benchmarks.kill_campaign [--kills 60] [--seed 1]`` simulates a small province with every feed and drawn
scans and sends it in waves to an embedded store of its own. After each wave it runs the jobs as an orchestrator does:
each as a child process ``sohoa run …``, again until it ends well; at the end the weekly report, mailed to a mail server
of its own. First nothing is disturbed. Then the same day comes to an empty store, again and again until ``--kills``
processes have been killed by SIGKILL: half of them jobs, the others decoders in the middle of measuring, decoders in
the middle of drawing slips, and now and then the store, which is started again.

It prints what was killed how often, and every difference of tables (``received_at`` left aside), receipts, pictures,
queues, work left over, report and mails; it ends with 1 where there is one. A mail may come a second time with the same
Message-ID. What was killed is drawn by the seed; the moments are shares of the least time that the job took, so
that no two campaigns are quite the same.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import Any

import psutil
from rich.console import Console
from rich.table import Table

from benchmarks.own_store import own_store
from sohoa import layout, stack
from sohoa.settings import PREFIX
from sohoa.simulate import simulate
from sohoa.stack import seaweed
from sohoa.store import Store
from tests.jobs.kills import contents, left_over, waiting
from tests.report.smtp_sink import Sink, running
from tests.servers import empty_buckets, free_port

PROVINCE: dict[str, Any] = {
    "agencies": 4,
    "start": date(2023, 3, 6),
    "end": date(2023, 3, 12),
    "pages_per_day": 10,
}
WEEK, WAVES = "2023-W10", 3
_DAILY = ("check", "import", "summarise", "reconcile")
_RECIPIENTS = (
    "unit_code,valid_from,unit,name,address\n"
    "20,2020-01-01,Tỉnh Lạng Sơn,An,an@example.vn\n"
    "178,2020-01-01,Thành phố Lạng Sơn,Bình,binh@example.vn\n"
    "05971,2020-01-01,Phường Hoàng Văn Thụ,Chi,chi@example.vn\n"
)

TASK, MEASURING, DRAWING, STORE = "job", "decoder that measures", "decoder that draws", "store"
_SHARES = {TASK: 0.5, MEASURING: 0.2, DRAWING: 0.2, STORE: 0.1}
_AT_WORK = {MEASURING: layout.attempts_prefix("measure/"), DRAWING: layout.attempts_prefix("publish")}
"""Where the store has something while the decoders of a job do this."""
DECODER = "sohoa.pages.guard.child_process"
_MOST = {TASK: 2, MEASURING: 2, DRAWING: 1, STORE: 1}
"""Kills of one run of a job: what dies more often at one batch is that batch's fault."""
_TRIES, _DAYS = 12, 30
_LOOK_SECONDS, _MOMENT_SECONDS = 0.02, 0.3
_FAREWELL_SECONDS = 10


@dataclass
class State:
    """What a day leaves behind, part by part, as far as the clock has no say in it."""

    parts: dict[str, dict[str, Any]]
    mails: list[tuple[str, str]]
    """Recipient and Message-ID of each."""


@dataclass
class Campaign:
    """Who is still to be killed, and what became of that."""

    rng: random.Random
    deck: list[str]
    killed: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(what, job) -> how often."""
    missed: Counter[tuple[str, str]] = field(default_factory=Counter)
    red: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(job, last line) -> tries that ended badly by themselves."""
    seconds: dict[tuple[int, str], float] = field(default_factory=dict)
    """(wave, job) -> the least time that it took to its end."""

    def draw(self, job: str) -> list[list[str]]:
        """Who is to die in each try of a job: it or the store in the first, decoders in the last, in their order."""
        chosen: list[str] = []
        for what in list(self.deck):
            fits = job == "check" or what in {TASK, STORE}
            if fits and chosen.count(what) < _MOST[what] and self.rng.random() < 0.5:
                chosen.append(what)
                self.deck.remove(what)
        decoders = [what for what in _AT_WORK for _ in range(chosen.count(what))]
        tries = [[what] for what in chosen if what not in _AT_WORK]
        return [*tries, decoders] if decoders else tries


def main() -> None:
    """Print the tables and the differences; exit 1 where there is one."""
    parser = argparse.ArgumentParser(description="Days in which processes are killed.")
    parser.add_argument("--kills", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    deck = [what for what, share in _SHARES.items() for _ in range(round(share * options.kills))]
    rng.shuffle(deck)
    campaign, differences, days = Campaign(rng, deck), list[str](), 0
    with TemporaryDirectory() as name, own_store() as store, own_mail(Path(name)) as sink:
        province = Path(name) / "province"
        simulate(province, **PROVINCE, seed=options.seed)
        expected, problems = _play(store, province, sink, campaign, is_disturbed=False)
        differences += [f"undisturbed: {line}" for line in problems]
        while campaign.deck and days < _DAYS:
            days += 1
            found, problems = _play(store, province, sink, campaign, is_disturbed=True)
            differences += [f"day {days}: {line}" for line in [*problems, *compare(expected, found)]]
    Console().print(_table(campaign, days))
    for (job, line), count in sorted(campaign.red.items()):
        print(f"{job} ended badly by itself, {count} times: {line}")
    sizes = ", ".join(f"{len(part)} {what}" for what, part in expected.parts.items())
    print(f"compared each day: {sizes}, {len(expected.mails)} mails")
    for line in differences:
        print(f"DIFFERENT: {line}")
    sys.exit(bool(differences))


@contextmanager
def own_mail(folder: Path) -> Iterator[Sink]:
    """A mail server that takes what it gets; this process's children mail to it."""
    (folder / "recipients.csv").write_text(_RECIPIENTS, encoding="utf-8")
    sink, port = Sink(), free_port()
    mail = {
        "SMTP_HOST": "127.0.0.1",
        "SMTP_PORT": str(port),
        "SMTP_TLS": "none",
        "SMTP_SENDER": "sohoa@langson.example",
        "RECIPIENTS_FILE": str(folder / "recipients.csv"),
    }
    os.environ |= {f"{PREFIX}{name}": value for name, value in mail.items()}
    with running(sink, port):
        yield sink


def _play(store: Store, province: Path, sink: Sink, campaign: Campaign, is_disturbed: bool) -> tuple[State, list[str]]:
    """Send the day in waves, run the jobs after each and the report at the end; what is left, what went wrong."""
    empty_buckets(store)
    sink.taken.clear()
    problems = []
    upload(store, province / layout.LANDING, "batches/**/*", layout.LANDING)
    for wave in range(WAVES):
        upload(store, province / layout.LANDING, "inbox/**/*", layout.LANDING, wave)
        upload(store, province / layout.FEEDS, "**/dt=*/**/*", layout.FEEDS, wave)
        for job in (*_DAILY, "report") if wave == WAVES - 1 else _DAILY:
            if not _run(store, campaign, wave, job, campaign.draw(job) if is_disturbed else []):
                problems.append(f"{job} did not end well in {_TRIES} tries")
    problems += [f"process {pid} outlives its job" for pid in _left_decoders()]
    return read_state(store, sink), problems


def upload(store: Store, root: Path, pattern: str, bucket: str, wave: int | None = None, waves: int = WAVES) -> None:
    """Put the files that fit, or those of one of so many waves by their day."""
    files = sorted((path for path in root.glob(pattern) if path.is_file()), key=_day_of)
    if wave is not None:
        days = sorted({_day_of(path) for path in files})
        own = set(days[wave * len(days) // waves : (wave + 1) * len(days) // waves])
        files = [path for path in files if _day_of(path) in own]
    store.each(lambda path: store.put(bucket, path.relative_to(root).as_posix(), path.read_bytes()), files)


def _day_of(path: Path) -> str:
    """The day in the path of a feed file or of a manifest; of a page, nothing that matters."""
    named = [part.removeprefix("dt=") for part in path.parts if part.startswith("dt=")]
    found = layout.BatchId.parse(path.stem)
    return named[0] if named else found.scan_date.isoformat() if found else ""


def _run(store: Store, campaign: Campaign, wave: int, job: str, kills: list[list[str]]) -> bool:
    """Run a job again until it ends well, and kill meanwhile; whether it ended well."""
    more = ["--week", WEEK] if job == "report" else []
    command = [sys.executable, "-c", "from sohoa.cli import main; main()", "run", job, *more]
    for _ in range(_TRIES):
        wanted, start = kills.pop(0) if kills else [], time.monotonic()
        with TemporaryFile("w+") as said, psutil.Popen(command, stdout=said, stderr=said) as child:
            usual = campaign.seconds.get((wave, job), 0)
            struck = [what for what in wanted if _strike(store, campaign, child, what, usual)]
            ended = child.wait()
            said.seek(0)
            last = (said.read().strip().splitlines() or [""])[-1]
        missed = list((Counter(wanted) - Counter(struck)).elements())
        campaign.killed.update((what, job) for what in struck)
        campaign.missed.update((what, job) for what in missed)
        campaign.deck += missed
        took, told = time.monotonic() - start, "".join(f", {what} killed" for what in struck)
        print(f"wave {wave + 1}, {job}: {took:.0f} s, ended with {ended}{told}", file=sys.stderr)
        if ended == 0:
            campaign.seconds[wave, job] = min(took, campaign.seconds.get((wave, job), took))
        elif TASK not in struck:
            campaign.red[job, last[:200]] += 1
        if ended == 0 and not kills:
            return True
    campaign.deck += [what for wanted in kills for what in wanted]
    return False


def _strike(store: Store, campaign: Campaign, child: psutil.Popen, what: str, seconds: float) -> bool:
    """Kill one process at a moment of a job's run; false where it ended before."""
    if what in _AT_WORK:
        moment = campaign.rng.uniform(0, _MOMENT_SECONDS)
        return _strike_decoder(store, child, _AT_WORK[what], moment)
    with suppress(psutil.TimeoutExpired):
        child.wait(campaign.rng.uniform(0.2, 1.0) * seconds)
        return False
    if what == TASK:
        child.kill()
        return True
    weed = seaweed.server(store.settings).processes()
    for process in weed:
        process.kill()
    psutil.wait_procs(weed, timeout=_FAREWELL_SECONDS)  # its ports are free only then
    stack.up(store.settings, "store", lambda _: None)
    return True


def _strike_decoder(store: Store, child: psutil.Popen, at_work: str, moment: float) -> bool:
    """Kill a decoder of a job while the store says that the job is at this work."""
    while child.poll() is None:
        if _decoders_of(child) and any(True for _ in store.list_objects(layout.WAREHOUSE, at_work)):
            time.sleep(moment)
            for decoder in _decoders_of(child)[-1:]:
                with suppress(psutil.NoSuchProcess):
                    decoder.kill()
                    return True
        time.sleep(_LOOK_SECONDS)
    return False


def _decoders_of(child: psutil.Popen) -> list[psutil.Process]:
    with suppress(psutil.Error):  # it has ended since
        return [one for one in child.children() if DECODER in one.cmdline()]
    return []


def _left_decoders() -> list[int]:
    """Decoders of this home that live on when no job does, some seconds later."""
    deadline = time.monotonic() + _FAREWELL_SECONDS
    while found := [one.pid for one in psutil.process_iter() if _is_own_decoder(one)]:
        if time.monotonic() > deadline:
            return found
        time.sleep(1)
    return []


def _is_own_decoder(process: psutil.Process) -> bool:
    try:
        own = os.environ[f"{PREFIX}HOME"]
        return DECODER in process.cmdline() and process.environ().get(f"{PREFIX}HOME") == own
    except psutil.Error:  # it has ended since, or is another user's
        return False


def read_state(store: Store, sink: Sink) -> State:
    """Read what a day has left in store and mail."""
    receipts = {item.key for item in store.list_objects(layout.LANDING, "receipts/")}
    told = {key: store.get_json(layout.LANDING, key) for key in sorted(receipts) if key.endswith(".json")}
    rows = {f"{table} {number}": row for table, found in contents(store).items() for number, row in enumerate(found)}
    report = store.get_json(layout.REPORTS, layout.report_key(WEEK, "report.json"))
    parts = {
        "rows": rows,
        "receipts": {key: _timeless(body) for key, body in told.items() if not key.endswith(".pictures.json")},
        "batches with pictures": {key: body for key, body in told.items() if key.endswith(".pictures.json")},
        "slips": {key: "there" for key in receipts if key.endswith(".html")},
        "objects waiting": dict.fromkeys(waiting(store), "there"),
        "objects left over": dict.fromkeys([*left_over(store), *_left_in_queues(store)], "there"),
        "objects of the report": {item.key: "there" for item in store.list_objects(layout.REPORTS, "")},
        "reports": {WEEK: report["content_hash"]},
    }
    return State(parts, [(str(mail["X-Rcpt"]), str(mail["Message-ID"])) for mail in sink.taken])


def _timeless(receipt: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in receipt.items() if name != "received_at"}


def _left_in_queues(store: Store) -> list[str]:
    prefixes = (layout.ATTEMPTS, layout.MEASURED, layout.OUTBOX)
    return [item.key for prefix in prefixes for item in store.list_objects(layout.WAREHOUSE, prefix)]


def compare(expected: State, found: State) -> list[str]:
    """List what differs, a line each."""
    lines = []
    for what, part in expected.parts.items():
        other = found.parts[what]
        for key in sorted(part.keys() | other.keys()):
            if part.get(key) != other.get(key):
                lines.append(f"{what}: {key}: {_first_difference(part.get(key), other.get(key))}")
    return lines + _compare_mails(expected.mails, found.mails)


def _first_difference(one: Any, other: Any) -> str:
    """What differs, as deep as both have the same form."""
    if isinstance(one, dict) and isinstance(other, dict):
        names = [name for name in {**one, **other} if one.get(name) != other.get(name)]
        return f"{names[0]}: {_first_difference(one.get(names[0]), other.get(names[0]))}"
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        number = next(number for number, pair in enumerate(zip(one, other, strict=True)) if pair[0] != pair[1])
        return f"[{number}] {_first_difference(one[number], other[number])}"
    return f"{str(one)[:100]} undisturbed, {str(other)[:100]} found"


def _compare_mails(expected: Sequence[tuple[str, str]], found: Sequence[tuple[str, str]]) -> list[str]:
    """One mail each, or the same one twice."""
    counts = Counter(found)
    lines = [f"mails: {rcpt} got {name} {count} times" for (rcpt, name), count in counts.items() if count > 2]
    lines += [f"mails: {rcpt} did not get {name}" for rcpt, name in set(expected) - counts.keys()]
    return lines + [f"mails: {rcpt} got {name} as well" for rcpt, name in counts.keys() - set(expected)]


def _table(campaign: Campaign, days: int) -> Table:
    jobs = (*_DAILY, "report")
    table = Table("killed", *jobs, "all", "missed", title=f"{campaign.killed.total()} kills in {days} days")
    for what in _SHARES:
        counts = [campaign.killed[what, job] for job in jobs]
        missed = sum(campaign.missed[what, job] for job in jobs)
        table.add_row(what, *map(str, counts), str(sum(counts)), str(missed))
    return table


if __name__ == "__main__":
    main()
