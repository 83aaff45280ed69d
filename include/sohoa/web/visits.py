"""Who opened which page when: what shows citizens' papers says afterwards who has seen them.

Each visit is a line of a journal on this machine before the page is made; some seconds later the day's lines are one
object of the table ``visits``, which is kept for a term. A server that is killed loses nothing: its next start sends
what the journal has.
"""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from datetime import date, datetime, timedelta
from pathlib import Path

import pyarrow as pa

from sohoa import layout
from sohoa.errors import StoreError
from sohoa.logs import get_logger
from sohoa.schema import TABLES
from sohoa.settings import TIME_ZONE
from sohoa.store import Store

log = get_logger(__name__)

WAIT_SECONDS = 5.0
"""After the first of some visits they are sent together."""
SAME_SECONDS = 60.0
"""The same address opened again by the same person within this time is one visit: a sheet is many pictures."""
MAX_ADDRESS = 1_000
"""Characters."""
_MOST_TOLD = 10_000


class Visits:
    """The visits of this server."""

    def __init__(self, store: Store, folder: Path) -> None:
        """Keep the journal in ``folder``; what an earlier process left there is sent with the next visit."""
        self._store, self._folder = store, folder
        self._lock, self._sending = threading.Lock(), threading.Lock()
        self._told: dict[tuple[str, str, str], float] = {}
        self._is_waiting = False

    def note(self, visitor: str, opened: str, address: str) -> None:
        """Write a visit down; it is in the journal, on the disk, when this returns."""
        now, address = datetime.now(TIME_ZONE), address[:MAX_ADDRESS]
        with self._lock:
            if self._is_same((visitor, opened, address)):
                return
            self._write({"at": now.replace(tzinfo=None).isoformat("T", "milliseconds")}, visitor, opened, address)
            self._told[visitor, opened, address] = time.monotonic()
            if not self._is_waiting:
                self._is_waiting = True
                threading.Thread(target=self._send_later, daemon=True).start()

    def send(self) -> None:
        """Write the journal's days to the table, and take away the days that are over, here and there.

        Raises:
            StoreError: the store cannot be reached; the journal stays.
        """
        with self._sending:
            today = datetime.now(TIME_ZONE).date()
            for file in sorted(self._folder.glob("*.jsonl")):
                day = date.fromisoformat(file.stem)
                with self._lock:
                    lines = file.read_text(encoding="utf-8").splitlines()
                self._store.write_table("visits", day, _server_name(self._folder), _rows(lines))
                if day < today:
                    file.unlink()
                    self._end_old(today)

    def _is_same(self, visit: tuple[str, str, str]) -> bool:
        now = time.monotonic()
        if len(self._told) > _MOST_TOLD:
            self._told = {key: at for key, at in self._told.items() if now - at < SAME_SECONDS}
        at = self._told.get(visit)
        return at is not None and now - at < SAME_SECONDS

    def _write(self, line: dict[str, str], visitor: str, opened: str, address: str) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        line |= {"visitor": visitor, "opened": opened, "address": address}
        with (self._folder / f"{line['at'][:10]}.jsonl").open("a", encoding="utf-8") as journal:
            journal.write("\n" + json.dumps(line, ensure_ascii=False))  # half a line before it ends there
            journal.flush()
            os.fsync(journal.fileno())

    def _send_later(self) -> None:
        time.sleep(WAIT_SECONDS)
        with self._lock:
            self._is_waiting = False
        try:
            self.send()
        except StoreError as error:
            log.warning("visits_wait", reason=str(error))  # the journal has them: the next visit sends them

    def _end_old(self, today: date) -> None:
        oldest = today - timedelta(self._store.settings.visits_days)
        for item in list(self._store.list_objects(layout.WAREHOUSE, layout.table_prefix("visits"))):
            if layout.table_day(item.key) < oldest:
                self._store.delete(layout.WAREHOUSE, item.key)


def _server_name(folder: Path) -> str:
    """Name this server's objects: several servers write each their own, and a new container its own again."""
    name = folder / "server"
    if not name.exists():
        name.write_text(f"{layout.safe_name(socket.gethostname())}-{os.urandom(4).hex()}", encoding="ascii")
    return name.read_text(encoding="ascii")


def _rows(lines: list[str]) -> pa.Table:
    found = [line for line in map(_parse, lines) if line is not None]
    columns = {
        "visited_at": [datetime.fromisoformat(line["at"]) for line in found],
        **{name: [line[name] for line in found] for name in ("visitor", "opened", "address")},
    }
    return pa.table({name: pa.array(values, TABLES["visits"].field(name).type) for name, values in columns.items()})


def _parse(line: str) -> dict[str, str] | None:
    """A line of the journal; None for what a process that was killed left of one."""
    try:
        found: dict[str, str] = json.loads(line)
    except ValueError:
        return None
    return found
