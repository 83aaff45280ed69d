"""A folder of what the pipeline would refuse: the client tells it, sends none of it, and sends all else."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

from sohoa.desk import plan_batches
from sohoa.intake.manifest import MAX_FILES
from sohoa.store import Store
from tests.batch_builder import AGENCY
from tests.desk.agency_folder import GOOD, NOON, OTHER, computer, in_dossier, put_scan
from tests.desk.kill_sender import markers

YEAR = 365 * 86_400.0


def test_what_would_be_refused_is_not_sent(clean_store: Store, tmp_path: Path) -> None:
    """Names that cannot be seen, names that look the same, 5 GB, a clock a year ahead, a document of 2,001 files."""
    folder = tmp_path / "scans"
    put_scan(folder, in_dossier("Đơn.jpg"), GOOD)
    put_scan(folder, in_dossier("a\n.jpg"), OTHER)
    for form in ("NFC", "NFD"):
        put_scan(folder, in_dossier(unicodedata.normalize(form, "Tờ khai/1.jpg")), OTHER)
    put_scan(folder, in_dossier("mai sau.jpg"), OTHER, written=NOON + 50 * YEAR)
    large = put_scan(folder, in_dossier("lớn.tif"), b"II*\0")
    os.truncate(large, 5_000_000_000)
    os.utime(large, (NOON, NOON))
    for number in range(MAX_FILES + 1):
        put_scan(folder, in_dossier(f"nhiều/{number}.jpg", dossier="H37.80.01-230306-0002"), b"")
    uploader = computer(clean_store, tmp_path)
    sent = uploader.run(folder)
    uploader.close()
    told = " ".join(f"{one.place}: {one.words}" for one in [*sent.problems, *sent.checkup.problems])
    for words in ("không in được", "trông cùng tên", "ngày quét", "tối đa 2.000", "tệp quá lớn"):
        assert words.lower() in told.lower(), told
    (batch,) = sent.committed
    assert markers(clean_store) == [f"{AGENCY}-20230306-001"]
    assert [one.fields["title"] for one in uploader_documents(tmp_path, batch)] == ["Đơn"]


def uploader_documents(home: Path, batch: plan_batches.PlannedBatch) -> list[plan_batches.SentDocument]:
    state = plan_batches.State(home / "agency.db")
    try:
        return state.documents(batch)
    finally:
        state.close()


def test_a_folder_of_more_than_a_batch_can_hold_is_several() -> None:
    """By documents and by files, before they are held against the rules of one manifest."""
    choices = [
        plan_batches._Choice(_Document(files), None, None)  # type: ignore[arg-type]
        for files in [1] * 501 + [2_000] * 6
    ]
    groups = list(plan_batches._cut(choices))
    assert [len(group) for group in groups] == [500, 5, 2]


class _Document:
    def __init__(self, files: int) -> None:
        self.scanned = self
        self.files, self.fields = [None] * files, {"files": []}
