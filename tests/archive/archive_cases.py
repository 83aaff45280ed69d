"""A small province through the real jobs: dossiers that have ended and some that have not, results of the backlog."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from functools import cache
from pathlib import Path

from sohoa import jobs, layout
from sohoa.archive.hand_over import HandedOver, hand_over
from sohoa.counting.record_review import Review, record_review
from sohoa.store import Store
from tests.batch_builder import AGENCY, DAY, commit, document, manifest, page_pdf, put_files
from tests.pages.test_pdf_signatures import TOP_LEFT, sign

UNIT = "05971"
"""The commune whose office scans here."""
CODES = {number: f"{AGENCY}-230306-{number}" for number in (1, 2, 3)}
HEADER = (
    "MaHoSo,MaTTHC,MaLinhVuc,KenhThucHien,DonViXuLy,MaDonViHanhChinh,NgayTiepNhan,NgayHenTra,NgayKetThucXuLy,NgayTra,"
    "TrangThaiHoSo,SoThanhPhan,CoKetQuaGiay,MienSoHoa,LoaiBo,NgayCapNhat"
)
ROW = "{code},1.001193,LV01,1,H37.80.01,,20230306080000,20230310170000,{ended},,{status},1,1,,0,20230309090000"
SIGNED = "ho so/to khai (ban chinh).pdf"
TITLE = '=HYPERLINK("http://x")'


@cache
def sent_files() -> dict[str, bytes]:
    """What is sent, by its name in the batch."""
    return {
        SIGNED: sign(page_pdf(seed=1), box=TOP_LEFT),
        "=1+1.pdf": page_pdf(seed=2),
        "p/c.pdf": page_pdf(seed=3),
        "p/d.pdf": page_pdf(seed=4),
        "ton/e.pdf": page_pdf(seed=5),
        "p/bad.pdf": b"%PDF-1.7 broken",
    }


def send_province(store: Store) -> None:
    """Dossier 1 has ended with two documents, 2 has not, of 3 one document is waived and one rejected; one old result.

    The waived document's file is overwritten by its agency after it was accepted: its version stays.
    """
    rows = "\n".join(
        ROW.format(code=CODES[n], ended="20230309080000" if n != 2 else "", status=4 if n == 2 else 10) for n in CODES
    )
    store.put(layout.FEEDS, "register/dt=2023-03-10/a.csv", f"{HEADER}\n{rows}\n".encode())
    own = dict(zip("ABCDEX", sent_files().items(), strict=True))
    told = {
        "A": {"dossier_code": CODES[1]},
        "B": {"dossier_code": CODES[1], "kind": "result", "title": TITLE},
        "C": {"dossier_code": CODES[2]},
        "D": {"dossier_code": CODES[3]},
        "E": {"dossier_code": None, "kind": "backlog_result"},
        "X": {"dossier_code": CODES[3], "kind": "result"},
    }
    body = manifest([document(name, dict([own[name]]), **changes) for name, changes in told.items()])
    put_files(store, body["batch"], sent_files())
    commit(store, body)
    for job in (jobs.check, jobs.import_all):
        assert job()["problems"] == []
    decided = datetime(2023, 4, 1, 8)  # noqa: DTZ001 (wall clock, as in all tables)
    verdicts = {row["document_id"]: row["verdict"] for row in store.read_table("documents").to_pylist()}
    assert verdicts["X"] == "rejected"
    for name in "ABCDE":
        if name == "D" or verdicts[name] != "accepted":
            record_review(store, Review(AGENCY, name, "waive", "Trần Văn Duyệt", "bản gốc mờ", decided))
    jobs.summarise()
    put_files(store, body["batch"], {"p/d.pdf": b"something else"})


def archive(store: Store, folder: Path, size_mb: int = 4_000, unit: str = UNIT) -> HandedOver:
    """What the command does."""
    return hand_over(store, unit, DAY, DAY, folder, size_mb, lambda bag: None)


def payload(folder: Path) -> dict[str, bytes]:
    """Every file under a folder but those of which the day stands in the bag's own description."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def table(data: bytes) -> list[dict[str, str]]:
    """Rows of an index by the names of the circular."""
    reader = csv.reader(io.StringIO(data.decode("utf-8-sig")))
    names = [cell.rpartition("(")[2].rstrip(")") for cell in next(reader)]
    return [dict(zip(names, row, strict=True)) for row in reader]
