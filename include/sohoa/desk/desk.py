"""What the local page shows and does: the scans of one folder, judged as they come, sorted, sent, and answered."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sohoa.clean_text import clean
from sohoa.desk.config import AgencyConfig
from sohoa.desk.judge_scans import Artist, CheckedDocument, Checkup
from sohoa.desk.plan_batches import is_as_planned
from sohoa.desk.scans import OWN_FOLDER, name_in_batch, scans_below
from sohoa.desk.sort_scans import group_files, recover, remove_files, replace_files, ungroup_document, write_notes
from sohoa.desk.state import OPEN, PlannedBatch
from sohoa.desk.upload import CHECK_SETTLED_S, Uploader, check_folder, watch_folder
from sohoa.errors import InputError, SohoaError
from sohoa.intake.manifest import MAX_REASON
from sohoa.labels import label_vi
from sohoa.settings import TIME_ZONE, Settings
from sohoa.slips.slip_page import show_document

_LOOK_S = 0.5
_SLIPS_EVERY_S = 60.0
_SHOWN_BATCHES = 20

Row = dict[str, Any]


@dataclass(frozen=True)
class Said:
    """A line of what has happened."""

    at: str
    text: str


class DeskScreen:
    """Keeps what is said while it is sent, for the page to show."""

    def __init__(self) -> None:
        """Nothing is said yet."""
        self.lines: deque[Said] = deque(maxlen=30)
        self.progress: dict[str, tuple[int, int]] = {}

    def say(self, text: str) -> None:
        """Keep a line; the same one again only with its new time."""
        if self.lines and self.lines[0].text == text:
            self.lines.popleft()
        self.lines.appendleft(Said(f"{datetime.now(TIME_ZONE):%H:%M:%S}", text))

    def checking(self, done: int, total: int) -> None:
        """Show nothing: the page tells file by file."""

    def sending(self, batch: str, done: int, total: int) -> None:
        """Keep how far a batch is."""
        self.progress[batch] = done, total

    def confirm(self, counted: list[CheckedDocument]) -> bool:
        """Take the pages as confirmed: the page shows how many they are, beside the button that sends."""
        return bool(counted)


class Desk:
    """One folder at one computer of an agency. Its threads end with ``close``."""

    def __init__(
        self, folder: Path, config: AgencyConfig, keys: dict[str, str], settings: Settings, give_up_s: float = 600.0
    ) -> None:
        """Make loose again what a crash left half sorted; nothing is watched yet.

        Raises:
            InputError: there is no such folder.
            DeskError: the state cannot be opened.
        """
        if not folder.is_dir():
            raise InputError(f"{folder}: không có thư mục này (there is no such folder)")
        self.folder, self.config, self._settings = folder, config, settings
        self.screen = DeskScreen()
        self._uploader = Uploader(config, keys, settings, self.screen, give_up_s)
        self._ended, self._again, self._lock = threading.Event(), threading.Event(), threading.Lock()
        self._artist = Artist(settings)
        self._checkup, self._judged = Checkup(), dict[str, str]()
        self._line = threading.Lock()
        self._sender: threading.Thread | None = None
        self._asker: threading.Thread | None = None
        recover(folder)

    @property
    def is_sending(self) -> bool:
        """Whether scans are being sent."""
        return self._sender is not None and self._sender.is_alive()

    def start(self) -> None:
        """Watch the folder and fetch slips, until ``close``."""
        for work in (self._watch, self._fetch):
            threading.Thread(target=work, daemon=True).start()

    def close(self) -> None:
        """End the threads; what is being sent goes on where it was when the desk is opened again."""
        self._ended.set()
        self._artist.close()

    # watching

    def _watch(self) -> None:
        for is_new in watch_folder(self.folder, CHECK_SETTLED_S, self._pause, _LOOK_S):
            if self._ended.is_set():
                return
            if is_new or self._again.is_set():
                self._again.clear()
                self._try(self.look)

    def _pause(self, seconds: float) -> None:
        self._ended.wait(seconds)

    def look(self) -> None:
        """Check what lies in the folder now."""
        stamps = self._stamps()
        found = check_folder(
            self.folder,
            self.config.documents,
            self.config.device.kind,
            self._settings,
            self.screen.checking,
            self._uploader.state,
            self._artist,
        )
        with self._lock:
            self._checkup, self._judged = found, stamps

    def _stamps(self) -> dict[str, str]:
        """Each file that may be a scan, and what tells whether it is still the same."""
        found = {}
        for path in scans_below(self.folder):
            try:
                state = path.stat()
            except OSError:  # it was taken away just now
                continue
            found[name_in_batch(self.folder, path)] = f"{state.st_size} {state.st_mtime_ns}"
        return found

    # doing

    def group(self, files: Sequence[str], said: Mapping[str, object]) -> None:
        """Make a document of loose files.

        Raises:
            InputError: something is lacking or malformed; says what.
        """
        group_files(self.folder, files, said)
        self._again.set()

    def rescan(self, place: str, files: Sequence[str]) -> None:
        """Put a new scan in the place of a document's files.

        Raises:
            InputError: no file was chosen, or the document is gone.
        """
        replace_files(self.folder, place, files)
        self._again.set()

    def remove(self, files: Sequence[str]) -> None:
        """Put files away.

        Raises:
            InputError: a file is gone.
        """
        remove_files(self.folder, files)
        self._again.set()

    def ungroup(self, place: str) -> None:
        """Make the files of a document loose again.

        Raises:
            InputError: the document is gone.
        """
        ungroup_document(self.folder, place)
        self._again.set()

    def send_anyway(self, place: str) -> None:
        """Let a document be sent although it will have to be scanned again.

        Raises:
            InputError: the document is gone.
        """
        write_notes(self.folder, place, send_anyway=True)
        self._again.set()

    def ask_reviewer(self, place: str, reason: str) -> None:
        """Have a person of the province look at a document that the program rejects.

        Raises:
            InputError: the document is gone, or no reason is given, or one that is too long.
        """
        reason = " ".join(clean(reason).split())
        if not reason:
            raise InputError("Chưa ghi lý do.")
        if len(reason) > MAX_REASON:
            raise InputError(f"Lý do dài quá {MAX_REASON} ký tự. Hãy viết ngắn lại.")
        write_notes(self.folder, place, ask_reviewer=reason)
        self._again.set()

    def send(self) -> None:
        """Begin to send all documents that are good enough; does nothing while it is being done."""
        if not self.is_sending:
            self._sender = self._begin(self._send)

    def fetch(self) -> None:
        """Begin to fetch the slips that have come; does nothing while it is being done."""
        if self._asker is None or not self._asker.is_alive():
            self._asker = self._begin(self._fetch_in_turn)

    def _begin(self, work: Callable[[], None]) -> threading.Thread:
        thread = threading.Thread(target=self._try, args=(work,), daemon=True)
        thread.start()
        return thread

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Have the line to the store for oneself: one of this desk's threads at a time sends or fetches."""
        if not self._line.acquire(blocking=False):
            self.screen.say("Đang chờ việc trước với kho xong; rồi làm tiếp.")
            self._line.acquire()
        try:
            yield
        finally:
            self._line.release()

    def _send(self) -> None:
        with self._turn():
            sent = self._uploader.run(self.folder)
        for problem in sent.problems:
            self.screen.say(f"{problem.place}: {problem.words}")
        if sent.committed:
            self.screen.say(f"Đã gửi {', '.join(str(batch.batch) for batch in sent.committed)}.")
        else:
            self.screen.say("Không có tài liệu nào để gửi.")

    def _fetch(self) -> None:
        while not self._ended.wait(_SLIPS_EVERY_S):
            self._try(self._fetch_what_waits)

    def _fetch_what_waits(self) -> None:
        """Fetch slips of their own accord: never where somebody's sending would have to wait for it."""
        if self._uploader.is_quiet() or not self._uploader.state.batches(self.config.agency, "committed"):
            return
        if self._line.acquire(blocking=False):
            try:
                self._fetch_slips()
            finally:
                self._line.release()

    def _fetch_in_turn(self) -> None:
        with self._turn():
            self._fetch_slips()

    def _fetch_slips(self) -> None:
        for batch in self._uploader.fetch():
            self.screen.say(f"Đã có giấy báo của lô {batch.batch}.")
        self._again.set()

    def _try(self, work: Callable[[], None]) -> None:
        """Do something, and say where it cannot be done."""
        try:
            work()
        except (SohoaError, OSError) as error:
            self.screen.say(str(error))

    # showing

    def view(self) -> Row:
        """All that the page shows, for its template."""
        with self._lock:
            checkup, judged = self._checkup, self._judged
        newest = self._uploader.state.newest_documents(self.config.agency)
        batches = self._uploader.state.batches(self.config.agency)
        return {
            "agency": self.config.agency,
            "folder": str(self.folder),
            "operator": self.config.operator,
            "loose": self._loose(checkup, judged),
            "documents": [self._document(one, newest) for one in checkup.documents],
            "problems": checkup.problems,
            "batches": [self._batch(batch) for batch in reversed(batches[-_SHOWN_BATCHES:])],
            "to_scan": [self._to_scan(one, checkup) for one in self._uploader.to_scan(self.folder)],
            "lines": list(self.screen.lines),
            "is_sending": self.is_sending,
            "check_minutes": self.config.check_minutes,
            "next_check": _next_check(datetime.now(TIME_ZONE), self.config.check_minutes),
        }

    def _loose(self, checkup: Checkup, judged: Mapping[str, str]) -> list[Row]:
        """Each file that belongs to no document, the newest last, with its pages that fail."""
        now = self._stamps()
        known: dict[str, Row] = {}
        for pile in checkup.loose:
            shown = show_document(pile.receipt)
            for file in pile.scanned.files:
                sha256 = next(one["sha256"] for one in pile.fields["files"] if one["path"] == file.name)
                pages = [(page, defects) for page, defects in shown.pages if page["file"] == file.name]
                verdict = "rejected" if any(page["verdict"] == "rejected" for page, _ in pages) else "accepted"
                picture = self._artist.draw_page(file, sha256, 1) if sha256 else {}
                known[file.name] = {"verdict": verdict, "pages": pages, "pictures": pile.pictures, "picture": picture}
        in_documents = {file.name for one in checkup.documents for file in one.scanned.files}
        rows = []
        for name, stamp in now.items():
            if name in in_documents and judged.get(name) == stamp:
                continue
            is_judged = judged.get(name) == stamp and name in known
            rows.append({"name": name, "is_judged": is_judged, **(known[name] if is_judged else {})})
        return rows

    def _document(self, one: CheckedDocument, newest: Mapping[str, Any]) -> Row:
        last = newest.get(one.scanned.slot)
        is_sent = last is not None and last.outcome != "refused" and is_as_planned(last, one)
        is_wanted_again = is_sent and last is not None and last.outcome == "to_scan"
        is_folder = (self.folder / one.scanned.place).is_dir()
        status = label_vi("sending_states", last.batch.status) if is_sent and last is not None else ""
        return {
            "place": one.scanned.place,
            "fields": one.fields,
            "kind": label_vi("document_kinds", one.fields["kind"]),
            "outcome": one.receipt["outcome"],
            "verdict": one.receipt["verdict_vi"],
            "shown": show_document(one.receipt),
            "pictures": one.pictures,
            "status": status,
            "send_anyway": bool(one.scanned.fields.get("send_anyway")),
            "ask_reviewer": one.fields.get("ask_reviewer"),
            "can_change": is_folder and not is_sent,
            "can_ask": is_folder and (is_wanted_again or (one.is_bad and not is_sent)),
        }

    def _batch(self, batch: PlannedBatch) -> Row:
        done, total = self.screen.progress.get(batch.batch or "", (0, 0))
        message = "" if batch.receipt is None else batch.receipt["message_vi"]
        slip = self.folder / OWN_FOLDER / f"{batch.batch}.html"
        return {
            "batch": batch.batch or "–",
            "status": label_vi("sending_states", batch.status),
            "percent": 100 * done // total if total and batch.status in OPEN else None,
            "message": message,
            "slip": batch.batch if slip.exists() else None,
        }

    def _to_scan(self, one: Any, checkup: Checkup) -> Row:
        place = next((found.scanned.place for found in checkup.documents if found.scanned.slot == one.slot), None)
        return {"batch": one.batch.batch, "fields": one.fields, "place": place}

    def rescan_places(self) -> list[tuple[str, str]]:
        """The documents that a new scan can take the place of: where they lie, and what they are called."""
        with self._lock:
            documents = self._checkup.documents
        wanted = {one.slot for one in self._uploader.to_scan(self.folder)}
        bad = [one for one in documents if one.is_bad or one.scanned.slot in wanted]
        return [
            (one.scanned.place, f"{one.fields.get('dossier_code') or ''} {one.scanned.title}".strip()) for one in bad
        ]

    def slip(self, batch: str) -> bytes | None:
        """The slip of a batch of this folder, None where there is none."""
        known = {one.batch for one in self._uploader.state.batches(self.config.agency)}
        path = self.folder / OWN_FOLDER / f"{batch}.html"
        return path.read_bytes() if batch in known and path.exists() else None


def _next_check(now: datetime, every: int) -> str:
    """When the pipeline looks into the inbox next, which it does every so many minutes from each hour on."""
    minutes = min(every - now.minute % every, 60 - now.minute)
    return f"{now + timedelta(minutes=minutes):%H:%M}"
