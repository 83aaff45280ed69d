"""What one computer of an agency has sent and is sending, in one SQLite file that survives kill and power loss.

Each change is written through to the disk before the next request is sent. A batch goes from ``planned`` to
``claimed`` (its number is this computer's), ``uploaded`` (all files are there), ``committed`` (its manifest is), and is
``admitted`` or ``refused`` by its receipt.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from weakref import finalize

from sohoa.clean_text import escape_name
from sohoa.errors import DeskError

Status = Literal["planned", "claimed", "uploaded", "committed", "admitted", "refused"]
OPEN: tuple[Status, ...] = ("planned", "claimed", "uploaded")

_TABLES = """
CREATE TABLE IF NOT EXISTS batches (
    id INTEGER PRIMARY KEY, agency TEXT NOT NULL, folder TEXT NOT NULL, scan_date TEXT NOT NULL, token TEXT NOT NULL,
    head TEXT NOT NULL, batch TEXT, manifest BLOB, status TEXT NOT NULL, receipt TEXT
);
CREATE TABLE IF NOT EXISTS documents (
    batch_id INTEGER NOT NULL REFERENCES batches(id), place INTEGER NOT NULL, slot TEXT NOT NULL,
    document_id TEXT, fields TEXT NOT NULL, hashes TEXT NOT NULL, outcome TEXT, PRIMARY KEY (batch_id, place)
);
CREATE TABLE IF NOT EXISTS files (
    batch_id INTEGER NOT NULL REFERENCES batches(id), path TEXT NOT NULL, source TEXT NOT NULL, bytes INTEGER NOT NULL,
    sha256 TEXT NOT NULL, upload_id TEXT, etag TEXT, PRIMARY KEY (batch_id, path)
);
CREATE TABLE IF NOT EXISTS parts (
    batch_id INTEGER NOT NULL, path TEXT NOT NULL, number INTEGER NOT NULL, etag TEXT NOT NULL,
    PRIMARY KEY (batch_id, path, number)
);
CREATE TABLE IF NOT EXISTS receipts (
    agency TEXT NOT NULL, key TEXT PRIMARY KEY, etag TEXT NOT NULL, body TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS measured (key TEXT PRIMARY KEY, rows TEXT NOT NULL);
"""
_MAX_MEASURED = 20_000

Row = dict[str, Any]


@dataclass(frozen=True)
class PlannedFile:
    """A file of a batch, and how far it has been sent."""

    path: str
    source: Path
    bytes: int
    sha256: str
    upload_id: str | None = None
    etag: str | None = None


@dataclass(frozen=True)
class PlannedBatch:
    """A batch and how far it has been sent; ``batch`` is its number once it has one."""

    id: int
    agency: str
    folder: str
    scan_date: str
    token: str
    head: dict[str, Any]
    batch: str | None
    manifest: bytes | None
    status: Status
    receipt: dict[str, Any] | None


@dataclass(frozen=True)
class SentDocument:
    """A document of a batch; ``outcome`` as the receipt tells it, None before, ``refused`` with its batch."""

    slot: str
    document_id: str | None
    fields: dict[str, Any]
    hashes: tuple[str, ...]
    outcome: str | None
    batch: PlannedBatch


class State:
    """The file; one process at a time may send with it."""

    def __init__(self, file: Path) -> None:
        """Open the file, made where there is none.

        Raises:
            DeskError: it cannot be opened, or is damaged.
        """
        self._file, self._lock = file, threading.RLock()
        with self._telling():
            file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._db = sqlite3.connect(file, timeout=30, isolation_level=None, check_same_thread=False)
            finalize(self, self._db.close)  # at the latest when nobody holds it any more
            self._db.row_factory = sqlite3.Row
            self._db.execute("PRAGMA synchronous=EXTRA")
            self._db.execute("PRAGMA foreign_keys=ON")
            self._db.executescript(_TABLES)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep others that send with this file out; the system lets go of it when this process ends, however.

        Raises:
            DeskError: another process sends, or the file beside this one cannot be used.
        """
        with self._telling():
            lock = sqlite3.connect(self._file.with_suffix(".lock.db"), timeout=0, isolation_level=None)
        try:
            with self._telling():
                _take(lock)
            yield
        finally:
            lock.close()

    @contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            name = escape_name(self._file)
            raise DeskError(f"{name}: không ghi được sổ gửi ({error}). Xem đĩa còn chỗ không, rồi chạy lại.") from error

    @contextmanager
    def _change(self) -> Iterator[sqlite3.Connection]:
        """One change, on the disk whole or not at all."""
        with self._telling(), self._lock, self._db:
            self._db.execute("BEGIN IMMEDIATE")
            yield self._db

    def _all(self, sql: str, *values: object) -> list[sqlite3.Row]:
        with self._telling(), self._lock:
            return self._db.execute(sql, values).fetchall()

    # batches

    def plan(
        self, agency: str, folder: str, scan_date: str, token: str, head: Row, documents: list[Row], files: list[Row]
    ) -> PlannedBatch:
        """Write down a batch that is to be sent.

        Args:
            agency: its code.
            folder: in which its scans lie.
            scan_date: ISO date.
            token: by which this computer claims a number.
            head: operator and device.
            documents: slot, document_id, fields and hashes of each.
            files: path, source, bytes and sha256 of each.
        """
        with self._change() as db:
            cursor = db.execute(
                "INSERT INTO batches (agency, folder, scan_date, token, head, status)"
                " VALUES (?, ?, ?, ?, ?, 'planned')",
                (agency, folder, scan_date, token, json.dumps(head, ensure_ascii=False)),
            )
            found = int(cursor.lastrowid or 0)
            self._fill(db, found, documents, files)
        return self.batch(found)

    def plan_again(self, batch: PlannedBatch, documents: list[Row], files: list[Row]) -> PlannedBatch:
        """Give an open batch other documents; its number stays, and what was sent of the same files."""
        kept = {file.path: file for file in self.files(batch)}
        with self._change() as db:
            for table in ("documents", "files"):
                db.execute(f"DELETE FROM {table} WHERE batch_id = ?", (batch.id,))  # noqa: S608 (fixed names)
            self._fill(db, batch.id, documents, files)
            for row in files:
                old = kept.get(row["path"])
                if old is not None and old.sha256 == row["sha256"]:
                    db.execute(
                        "UPDATE files SET upload_id = ?, etag = ? WHERE batch_id = ? AND path = ?",
                        (old.upload_id, old.etag, batch.id, old.path),
                    )
                else:
                    db.execute("DELETE FROM parts WHERE batch_id = ? AND path = ?", (batch.id, row["path"]))
            db.execute("UPDATE batches SET manifest = NULL WHERE id = ?", (batch.id,))
        return self.batch(batch.id)

    def _fill(self, db: sqlite3.Connection, batch_id: int, documents: list[Row], files: list[Row]) -> None:
        db.executemany(
            "INSERT INTO documents (batch_id, place, slot, document_id, fields, hashes) VALUES (?, ?, ?, ?, ?, ?)",
            [
                (
                    batch_id,
                    place,
                    row["slot"],
                    row["document_id"],
                    json.dumps(row["fields"], ensure_ascii=False),
                    json.dumps(row["hashes"]),
                )
                for place, row in enumerate(documents)
            ],
        )
        db.executemany(
            "INSERT INTO files (batch_id, path, source, bytes, sha256) VALUES (?, ?, ?, ?, ?)",
            [(batch_id, row["path"], row["source"], row["bytes"], row["sha256"]) for row in files],
        )

    def drop(self, batch: PlannedBatch) -> None:
        """Forget a batch that was planned and not committed."""
        with self._change() as db:
            for table in ("parts", "files", "documents"):
                db.execute(f"DELETE FROM {table} WHERE batch_id = ?", (batch.id,))  # noqa: S608 (fixed names)
            db.execute("DELETE FROM batches WHERE id = ?", (batch.id,))

    def batch(self, batch_id: int) -> PlannedBatch:
        """A batch by its number in this file."""
        (row,) = self._all("SELECT * FROM batches WHERE id = ?", batch_id)
        return _batch(row)

    def batches(self, agency: str, *statuses: Status) -> list[PlannedBatch]:
        """The batches of an agency in the order in which they were planned; all, or those of these states."""
        rows = self._all("SELECT * FROM batches WHERE agency = ? ORDER BY id", agency)
        return [_batch(row) for row in rows if not statuses or row["status"] in statuses]

    def claim(self, batch: PlannedBatch, number: str) -> None:
        """Write down the number under which a batch is about to be claimed."""
        self._update(batch, batch=number)

    def set_status(self, batch: PlannedBatch, status: Status) -> None:
        """Write down how far a batch has come."""
        self._update(batch, status=status)

    def set_manifest(self, batch: PlannedBatch, manifest: bytes, document_ids: list[str]) -> None:
        """Write down the manifest, byte by byte as it will be sent, and the ids in it."""
        with self._change() as db:
            db.execute("UPDATE batches SET manifest = ? WHERE id = ?", (manifest, batch.id))
            db.executemany(
                "UPDATE documents SET document_id = ? WHERE batch_id = ? AND place = ?",
                [(name, batch.id, place) for place, name in enumerate(document_ids)],
            )

    def set_receipt(self, batch: PlannedBatch, receipt: Row) -> None:
        """Write down the receipt of a batch, and what became of its documents."""
        is_admitted = receipt["status"] == "admitted"
        outcomes = {one["document_id"]: one["outcome"] for one in receipt["documents"]} if is_admitted else {}
        with self._change() as db:
            db.execute(
                "UPDATE batches SET receipt = ?, status = ? WHERE id = ?",
                (json.dumps(receipt, ensure_ascii=False), "admitted" if is_admitted else "refused", batch.id),
            )
            if not is_admitted:
                db.execute("UPDATE documents SET outcome = 'refused' WHERE batch_id = ?", (batch.id,))
            db.executemany(
                "UPDATE documents SET outcome = ? WHERE batch_id = ? AND document_id = ?",
                [(outcome, batch.id, name) for name, outcome in outcomes.items()],
            )

    def _update(self, batch: PlannedBatch, /, **values: object) -> None:
        names = ", ".join(f"{name} = ?" for name in values)
        with self._change() as db:
            db.execute(f"UPDATE batches SET {names} WHERE id = ?", (*values.values(), batch.id))  # noqa: S608 (names)

    # documents

    def documents(self, batch: PlannedBatch) -> list[SentDocument]:
        """The documents of a batch in order."""
        rows = self._all("SELECT * FROM documents WHERE batch_id = ? ORDER BY place", batch.id)
        return [_document(row, batch) for row in rows]

    def newest_documents(self, agency: str) -> dict[str, SentDocument]:
        """Slot -> the document that was planned last for it."""
        found: dict[str, SentDocument] = {}
        for batch in self.batches(agency):
            found |= {document.slot: document for document in self.documents(batch)}
        return found

    # files and parts

    def files(self, batch: PlannedBatch) -> list[PlannedFile]:
        """The files of a batch."""
        rows = self._all("SELECT * FROM files WHERE batch_id = ? ORDER BY rowid", batch.id)
        names = ("path", "bytes", "sha256", "upload_id", "etag")
        return [PlannedFile(source=Path(row["source"]), **{name: row[name] for name in names}) for row in rows]

    def set_sent(self, batch: PlannedBatch, path: str, etag: str | None) -> None:
        """Write down that a file is there, or with None that it is to be sent (again)."""
        with self._change() as db:
            db.execute(
                "UPDATE files SET etag = ?, upload_id = NULL WHERE batch_id = ? AND path = ?", (etag, batch.id, path)
            )
            db.execute("DELETE FROM parts WHERE batch_id = ? AND path = ?", (batch.id, path))

    def set_upload(self, batch: PlannedBatch, path: str, upload_id: str) -> None:
        """Write down that an upload in parts was begun."""
        with self._change() as db:
            db.execute("UPDATE files SET upload_id = ? WHERE batch_id = ? AND path = ?", (upload_id, batch.id, path))
            db.execute("DELETE FROM parts WHERE batch_id = ? AND path = ?", (batch.id, path))

    def add_part(self, batch: PlannedBatch, path: str, number: int, etag: str) -> None:
        """Write down that a part is there."""
        with self._change() as db:
            db.execute("INSERT OR REPLACE INTO parts VALUES (?, ?, ?, ?)", (batch.id, path, number, etag))

    def parts(self, batch: PlannedBatch, path: str) -> dict[int, str]:
        """The parts of a file that are there: number -> ETag."""
        rows = self._all("SELECT number, etag FROM parts WHERE batch_id = ? AND path = ?", batch.id, path)
        return {row["number"]: row["etag"] for row in rows}

    # receipts of the whole agency, from other computers too

    def receipt_etags(self, agency: str) -> dict[str, str]:
        """Key -> ETag of the receipts that are kept."""
        rows = self._all("SELECT key, etag FROM receipts WHERE agency = ?", agency)
        return {row["key"]: row["etag"] for row in rows}

    def keep_receipt(self, agency: str, key: str, etag: str, receipt: Row) -> None:
        """Keep a receipt."""
        with self._change() as db:
            db.execute(
                "INSERT OR REPLACE INTO receipts VALUES (?, ?, ?, ?)",
                (agency, key, etag, json.dumps(receipt, ensure_ascii=False)),
            )

    def receipts(self, agency: str) -> list[Row]:
        """The receipts that are kept, in the order in which their batches were received."""
        rows = [json.loads(row["body"]) for row in self._all("SELECT body FROM receipts WHERE agency = ?", agency)]
        return sorted(rows, key=lambda receipt: str(receipt["received_at"]))

    # what was measured

    def find_rows(self, key: str) -> list[Row] | None:
        """The rows measured of a file under a key, None where there are none."""
        rows = self._all("SELECT rows FROM measured WHERE key = ?", key)
        return json.loads(rows[0]["rows"]) if rows else None

    def keep_rows(self, key: str, rows: list[Row]) -> None:
        """Keep the rows measured of a file; the oldest go where there are very many."""
        with self._change() as db:
            db.execute("INSERT OR REPLACE INTO measured VALUES (?, ?)", (key, json.dumps(rows)))
            db.execute("DELETE FROM measured WHERE rowid <= (SELECT max(rowid) FROM measured) - ?", (_MAX_MEASURED,))


def _take(lock: sqlite3.Connection) -> None:
    try:
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
            raise
        raise DeskError("Một chương trình sohoa khác đang gửi. Chờ nó xong, hoặc tắt nó đi.") from None


def _batch(row: sqlite3.Row) -> PlannedBatch:
    names = ("id", "agency", "folder", "scan_date", "token", "batch", "manifest", "status")
    receipt = json.loads(row["receipt"]) if row["receipt"] else None
    return PlannedBatch(head=json.loads(row["head"]), receipt=receipt, **{name: row[name] for name in names})


def _document(row: sqlite3.Row, batch: PlannedBatch) -> SentDocument:
    hashes = tuple(json.loads(row["hashes"]))
    return SentDocument(row["slot"], row["document_id"], json.loads(row["fields"]), hashes, row["outcome"], batch)
