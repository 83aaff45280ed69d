"""Check a folder and send what is good in it: ``sohoa check`` and ``sohoa upload``."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Protocol

from sohoa.desk.config import AgencyConfig, Declared
from sohoa.desk.judge_scans import Artist, CheckedDocument, Checkup, MemoryRows, Report, Rows, judge_scans
from sohoa.desk.line import Meter, open_line
from sohoa.desk.plan_batches import Known, plan_batches
from sohoa.desk.read_scans import read_scans
from sohoa.desk.scans import Problem, natural_key, scans_below
from sohoa.desk.send_batch import FileChanged, Patience, remaining_bytes, send_batch
from sohoa.desk.slips import fetch_slips
from sohoa.desk.state import PlannedBatch, SentDocument, State
from sohoa.desk.store_faults import telling
from sohoa.enums import DeviceKind
from sohoa.errors import DeskError, InputError
from sohoa.settings import TIME_ZONE, Settings
from sohoa.store import Store

WATCH_S = 2.0
"""How often a watched folder is looked at."""
CHECK_SETTLED_S, SEND_SETTLED_S = 1.0, 60.0
"""How long nothing must have changed before a folder is checked, and before it is sent."""
_AGAIN_EVERY_S = 60.0
"""How often slips are asked for, and what failed is tried again."""
_SHOWN_EVERY_S = 0.5
_ROUNDS = 3

Stamp = tuple[tuple[str, int, int], ...]


class Screen(Protocol):
    """Where the progress of sending is shown."""

    def say(self, text: str) -> None:
        """Show a line."""

    def checking(self, done: int, total: int) -> None:
        """Show how many files have been measured."""

    def sending(self, batch: str, done: int, total: int) -> None:
        """Show how many bytes of a batch's files are there."""

    def confirm(self, counted: list[CheckedDocument]) -> bool:
        """Ask whether the pages of these documents, counted in their files, are all that lie on paper."""


@dataclass
class Sent:
    """What one pass over a folder did.

    Attributes:
        checkup: what was found.
        committed: batches whose manifest was sent.
        answered: batches whose receipt came.
        waiting: batches of the folder without a receipt.
        to_scan: documents of the folder that receipts want scanned again, and that have not been.
        problems: why documents were not sent.
    """

    checkup: Checkup
    committed: list[PlannedBatch] = field(default_factory=list)
    answered: list[PlannedBatch] = field(default_factory=list)
    waiting: list[PlannedBatch] = field(default_factory=list)
    to_scan: list[SentDocument] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @property
    def is_bad(self) -> bool:
        """Whether anything is left to be put right."""
        return bool(self.problems or self.to_scan) or self.checkup.is_bad


def check_folder(
    folder: Path,
    declared: Declared,
    device_kind: DeviceKind | None,
    settings: Settings,
    report: Report,
    kept: Rows | None = None,
    artist: Artist | None = None,
) -> Checkup:
    """Check all scans of a folder; nothing is sent, and no network is needed.

    Raises:
        InputError: there is no such folder, or its list cannot be read.
    """
    scans = read_scans(folder, declared.model_dump())
    return judge_scans(scans, device_kind, settings, kept or MemoryRows(), report, artist)


def watch_folder(
    folder: Path, settled_s: float, sleep: Callable[[float], None] = time.sleep, every_s: float = WATCH_S
) -> Iterator[bool]:
    """Look at a folder again and again; True each time that it has changed and then been left alone for some seconds.

    It is True the first time, whatever lies there.
    """
    done: Stamp | None = None
    seen, since = _stamp(folder), time.monotonic() - settled_s
    while True:
        found = _stamp(folder)
        if found != seen:
            seen, since = found, time.monotonic()
        is_new = seen != done and time.monotonic() - since >= settled_s
        if is_new:
            done = seen
        yield is_new
        sleep(every_s)


def _stamp(folder: Path) -> Stamp:
    found = []
    for path in scans_below(folder):
        try:
            state = path.stat()
        except OSError:  # it was taken away just now
            continue
        found.append((str(path), state.st_size, state.st_mtime_ns))
    return tuple(sorted(found, key=lambda one: natural_key(Path(one[0]))))


class Uploader:
    """Sends the scans of an agency from one computer."""

    def __init__(
        self,
        config: AgencyConfig,
        keys: dict[str, str],
        settings: Settings,
        screen: Screen,
        give_up_s: float = 600.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Open the state and the line; nothing is sent yet.

        Raises:
            DeskError: the state cannot be opened.
        """
        self._config, self._settings, self._screen, self._sleep = config, settings, screen, sleep
        self.meter = Meter(config.kbit_per_s, self._tell)
        http = open_line(self.meter, config.proxy, config.ca_file)
        self.store = Store(config.store_settings(settings, keys), http)
        self.state = State(config.state)
        self._patience = Patience(give_up_s, config.quiet_hours, screen.say, sleep)
        self._batch: PlannedBatch | None = None
        self._there = self._in_flight = 0
        self._told = 0.0

    def close(self) -> None:
        """Close the state."""
        self.state.close()

    def run(
        self,
        folder: Path,
        wait_s: float = 0.0,
        scan_date: date | None = None,
        with_bad: bool = False,
        is_trying_again: bool = True,
    ) -> Sent:
        """Check a folder, send what is good and has not been sent, fetch slips.

        Args:
            folder: of scans.
            wait_s: how long to wait for the slips of what was sent.
            scan_date: of all documents; else the day on which the newest file of each was written.
            with_bad: send documents too that will have to be scanned again.
            is_trying_again: send documents of a refused batch too that have not changed since.

        Raises:
            DeskError: another process sends, the store refuses or is out of reach for too long, or nothing can be
                sent as things are; the message says why.
            InputError: there is no such folder, or its list cannot be read.
        """
        with self.state.alone(), telling(self._config.endpoint):
            answered = self._fetch()
            for left in reversed(range(_ROUNDS)):
                try:
                    sent = self._pass(folder, scan_date, with_bad, is_trying_again)
                    break
                except FileChanged as change:
                    if not left:
                        raise
                    self._screen.say(f"{change}. Kiểm tra lại thư mục.")
            sent.answered += answered
            deadline = time.monotonic() + wait_s
            while self._waiting(folder) and time.monotonic() < deadline:
                self._sleep(min(_AGAIN_EVERY_S, max(1.0, deadline - time.monotonic())))
                sent.answered += self._fetch()
            sent.waiting, sent.to_scan = self._waiting(folder), self.to_scan(folder)
            return sent

    def watch(self, folder: Path, with_bad: bool = False) -> Iterator[Sent]:
        """Send what comes into a folder, the oldest first, and fetch slips, until it is stopped; yields each pass.

        What cannot be done now is said, and done later.
        """
        done, is_left = time.monotonic(), False
        for is_new in watch_folder(folder, SEND_SETTLED_S, self._sleep):
            is_due = is_left and time.monotonic() - done >= _AGAIN_EVERY_S
            if not (is_new or is_due):
                continue
            try:
                sent = self.run(folder, with_bad=with_bad, is_trying_again=False)
            except (DeskError, InputError) as error:
                self._screen.say(str(error))
                is_left = True
            else:
                is_left = bool(sent.waiting)
                yield sent
            done = time.monotonic()

    def _pass(self, folder: Path, scan_date: date | None, with_bad: bool, is_trying_again: bool) -> Sent:
        checkup = check_folder(
            folder,
            self._config.documents,
            self._config.device.kind,
            self._settings,
            self._screen.checking,
            self.state,
        )
        good = [one for one in checkup.documents if with_bad or not one.is_bad or one.scanned.fields.get("send_anyway")]
        self._confirm(good)
        sent, now = Sent(checkup), datetime.now(TIME_ZONE)
        plan = plan_batches(self.state, self._config, folder, good, self._settings, now, scan_date, is_trying_again)
        sent.problems = plan.problems
        for batch in plan.batches:
            sent.committed.append(self._send(batch))
        return sent

    def _confirm(self, documents: Iterable[CheckedDocument]) -> None:
        """Have the pages confirmed that were counted in files and not by a person."""
        newest = self.state.newest_documents(self._config.agency)
        counted = []
        for one in documents:
            last = newest.get(one.scanned.slot)
            is_new = last is None or last.hashes != one.hashes
            if is_new and one.scanned.fields.get("physical_pages") is None:
                counted.append(one)
        if counted and not self._screen.confirm(counted):
            raise DeskError("Số trang chưa được xác nhận nên chưa gửi gì. Kiểm tra số trang rồi chạy lại.")

    def _send(self, batch: PlannedBatch) -> PlannedBatch:
        self._batch, self._there, self._in_flight = batch, 0, 0
        try:
            done = send_batch(self.store, self.state, batch, Known(self.state, batch.agency), self._patience)
            self._screen.sending(done.batch or "", *remaining_bytes(self.state, done))
            return done
        finally:
            self._batch = None

    def _tell(self, size: int) -> None:
        """Show how far the batch is that is being sent: what is there, and what is on its way."""
        self._in_flight += size
        if self._batch is None or time.monotonic() - self._told < _SHOWN_EVERY_S:
            return
        self._told = time.monotonic()
        batch = self.state.batch(self._batch.id)
        there, total = remaining_bytes(self.state, batch)
        if there != self._there:
            self._there, self._in_flight = there, 0
        self._screen.sending(batch.batch or "", min(there + self._in_flight, total), total)

    def is_quiet(self) -> bool:
        """Whether nothing is sent now, as the configuration wants it."""
        return self._patience.quiet_until() is not None

    def fetch(self) -> list[PlannedBatch]:
        """Fetch receipts and slips; returns the batches that have an answer now.

        Raises:
            DeskError: another process sends, or the store refuses or is out of reach for too long.
        """
        with self.state.alone(), telling(self._config.endpoint):
            return self._fetch()

    def _fetch(self) -> list[PlannedBatch]:
        today = datetime.now(TIME_ZONE).date()
        fetch = partial(fetch_slips, self.store, self.state, self._config.agency, today, self._screen.say)
        return self._patience.keep_trying(fetch)

    def _waiting(self, folder: Path) -> list[PlannedBatch]:
        return [
            one for one in self.state.batches(self._config.agency, "committed") if one.folder == str(folder.resolve())
        ]

    def to_scan(self, folder: Path) -> list[SentDocument]:
        """The documents of a folder that receipts want scanned again, and that have not been sent again."""
        newest = self.state.newest_documents(self._config.agency).values()
        here = str(folder.resolve())
        return [one for one in newest if one.outcome == "to_scan" and one.batch.folder == here]
