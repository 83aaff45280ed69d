"""The check, end to end on the real store: commit protocol, bad input, receipts."""

from __future__ import annotations

import io
import json
import zlib
from datetime import datetime
from typing import Any
from unicodedata import normalize

import pytest
from PIL import Image

from sohoa import jobs, layout
from sohoa.defects import DEFECTS
from sohoa.errors import WorkGone
from sohoa.intake.check_run import Shard
from sohoa.jobs import check_tasks
from sohoa.store import Store
from sohoa.work import clear_work
from tests.batch_builder import (
    AGENCY,
    DAY,
    commit,
    document,
    manifest,
    page_image,
    page_jpeg,
    page_pdf,
    put_files,
    receipt,
    send,
)
from tests.jobs.kills import take_snapshot

pytestmark = pytest.mark.usefixtures("judged_by_numpy")  # what is shown is what the check makes of verdicts
GOOD = page_jpeg(1)


def rows(store: Store, table: str, **where: Any) -> list[dict[str, Any]]:
    return [r for r in store.read_table(table).to_pylist() if all(r[k] == v for k, v in where.items())]


def inbox(store: Store) -> list[str]:
    return [item.key for item in store.list_objects(layout.LANDING, layout.INBOX)]


def test_a_good_batch_becomes_rows_a_receipt_and_a_marker(clean_store: Store) -> None:
    """Tables, receipt, pending marker, manifest copy; and the inbox is empty."""
    files = {"trang 1.jpg": GOOD, "trang 2.pdf": page_pdf(2, seed=5)}
    body = manifest([document("D1", files, physical_pages=3)])
    put_files(clean_store, body["batch"], files)
    sha256 = commit(clean_store, body)
    counts = jobs.check()
    assert counts["admitted"] == 1
    assert [(r["file"], r["page_no"], r["verdict"]) for r in rows(clean_store, "pages")] == [
        ("trang 1.jpg", 1, "accepted"),
        ("trang 2.pdf", 1, "accepted"),
        ("trang 2.pdf", 2, "accepted"),
    ]
    (found,) = rows(clean_store, "documents")
    assert (found["is_received"], found["verdict"], found["pages_found"], found["scan_date"]) == (
        True,
        "accepted",
        3,
        DAY,
    )
    (batch,) = rows(clean_store, "batches")
    assert (batch["verdict"], batch["refusal"], batch["documents_accepted"]) == ("accepted", None, 1)
    assert receipt(clean_store, body["batch"], sha256)["status"] == "admitted"
    assert not inbox(clean_store)
    assert clean_store.stat(layout.WAREHOUSE, layout.manifest_key(AGENCY, body["batch"], sha256)) is not None
    assert clean_store.stat(layout.WAREHOUSE, layout.pending_scan_key(AGENCY, body["batch"])) is not None
    assert not list(clean_store.list_objects(layout.WAREHOUSE, layout.WORK))


def bomb() -> bytes:
    """A PNG of 60,000 x 60,000 pixels in some kilobytes."""
    sink = io.BytesIO()
    Image.new("L", (8, 8)).save(sink, "PNG")
    data = bytearray(sink.getvalue())
    data[16:24] = (60_000).to_bytes(4, "big") * 2
    data[29:33] = zlib.crc32(data[12:29]).to_bytes(4, "big")
    return bytes(data)


BAD_FILES = {
    "truncated.jpg": (GOOD[: len(GOOD) // 2], "truncated"),
    "no_last_two_bytes.jpg": (GOOD[:-2], "truncated"),
    "zero_bytes.jpg": (b"", "truncated"),
    "password.pdf": (page_pdf(1, password="bí mật"), "unreadable"),
    "bomb.png": (bomb(), "unreadable"),
    "text.pdf": (b"xin chao", "wrong_format"),
}


def test_a_bad_file_is_a_row_and_rejects_its_document_alone(clean_store: Store) -> None:
    """Each page says what is wrong in the row and in the receipt; the good document among them is accepted."""
    files = {name: data for name, (data, _) in BAD_FILES.items()} | {"good.jpg": GOOD}
    body = manifest([document(name, {name: data}) for name, data in files.items()])
    put_files(clean_store, body["batch"], files)
    sha256 = commit(clean_store, body)
    jobs.check()
    found = {page["file"]: page for page in rows(clean_store, "pages")}
    assert {name: page["defects"] for name, page in found.items()} == {
        name: [defect] for name, (_, defect) in BAD_FILES.items()
    } | {"good.jpg": []}
    assert all(bool(page["error"]) == (name != "good.jpg") for name, page in found.items())
    verdicts = {row["document_id"]: row["verdict"] for row in rows(clean_store, "documents")}
    assert verdicts == {name: "accepted" if name == "good.jpg" else "rejected" for name in files}
    for told in receipt(clean_store, body["batch"], sha256)["documents"]:
        assert told["verdict"] == verdicts[told["document_id"]]
        if told["verdict"] == "rejected":
            (reason,) = told["pages"][0]["defects"]
            defect = DEFECTS[BAD_FILES[told["document_id"]][1]]
            assert (reason["vi"], reason["advice_vi"]) == (defect.label_vi, defect.advice_vi)
            assert reason["advice_vi"] != reason["advice_en"]


def test_a_pdf_with_fewer_pages_than_declared_is_missing_pages(clean_store: Store) -> None:
    """3 pages declared as 5: the pages are good, the document is not."""
    send(clean_store, {"a.pdf": page_pdf(3)}, physical_pages=5)
    jobs.check()
    (found,) = rows(clean_store, "documents")
    assert (found["pages_declared"], found["pages_found"], found["pages_accepted"]) == (5, 3, 3)
    assert (found["verdict"], found["defects"], found["is_received"]) == ("rejected", ["missing_page"], True)


def test_other_bytes_than_declared_reject_the_document(clean_store: Store) -> None:
    """A hash mismatch: not received, and the rest of the batch stands."""
    lie = document("D1", {"a.jpg": GOOD})
    body = manifest([lie, document("D2", {"b.jpg": GOOD})])
    put_files(clean_store, body["batch"], {"a.jpg": page_jpeg(2), "b.jpg": GOOD})
    commit(clean_store, body)
    jobs.check()
    first, second = rows(clean_store, "documents")
    assert (first["is_received"], first["verdict"], first["defects"]) == (False, "rejected", ["hash_mismatch"])
    assert (second["is_received"], second["verdict"]) == (True, "accepted")


def test_one_sheet_under_two_names_waits_for_a_person(clean_store: Store) -> None:
    """In the document that came later; the same twice in a document whose manifest names a note is in order."""
    files = {"1.jpg": page_jpeg(1), "2.jpg": page_jpeg(1, quality=70), "3.jpg": page_jpeg(2), "4.jpg": page_jpeg(2)}
    first, second = ({name: files[name] for name in names} for names in (("1.jpg",), ("2.jpg",)))
    noted = document("D3", {name: files[name] for name in ("3.jpg", "4.jpg")}, physical_pages=1, note_pages=[1])
    body = manifest([document("D1", first), document("D2", second), noted])
    put_files(clean_store, body["batch"], files)
    commit(clean_store, body)
    jobs.check()
    found = {row["document_id"]: (row["verdict"], row["defects"]) for row in rows(clean_store, "documents")}
    assert found == {"D1": ("accepted", []), "D2": ("review", ["duplicate_page"]), "D3": ("accepted", [])}


def test_a_result_that_lost_its_colour_is_sent_back(clean_store: Store) -> None:
    """Grey pixels in a colour file: seen where the manifest lets a seal be expected, and only there."""
    grey = io.BytesIO()
    page_image(1).convert("L").convert("RGB").save(grey, "JPEG", quality=90, dpi=(200, 200))
    for number, kind in ((1, "result"), (2, "component")):
        send(clean_store, {"a.jpg": grey.getvalue()}, number, kind=kind)
    jobs.check()
    found = {row["kind"]: (row["verdict"], row["defects"], row["chroma"]) for row in rows(clean_store, "pages")}
    assert found == {"result": ("rejected", ["wrong_colour"], 0.0), "component": ("accepted", [], None)}


def test_tiles_are_counted_by_their_sheets(clean_store: Store) -> None:
    """Two sheets of two tiles each; of the second document one sheet never came."""
    files = {f"{name}.jpg": page_jpeg(seed) for seed, name in enumerate("abcdef")}
    documents = [document("D1", dict(list(files.items())[:4])), document("D2", dict(list(files.items())[4:]))]
    for entry, sheets in zip(documents, ((1, 1, 2, 2), (2, 2)), strict=True):
        entry["physical_pages"] = 2
        for file, sheet in zip(entry["files"], sheets, strict=True):
            file |= {"role": "tile", "sheet": sheet}
    body = manifest(documents)
    put_files(clean_store, body["batch"], files)
    commit(clean_store, body)
    jobs.check()
    assert [row["defects"] for row in rows(clean_store, "documents")] == [[], ["missing_page"]]
    assert [row["sheet"] for row in rows(clean_store, "pages")] == [1, 1, 2, 2, 2, 2]


def speck(level: int) -> bytes:
    """A blank JPEG of a few pixels, other bytes for each level."""
    sink = io.BytesIO()
    Image.new("L", (64, 64), 200 + level).save(sink, "JPEG", dpi=(200, 200))
    return sink.getvalue()


def test_a_file_name_in_the_other_normal_form_is_found(clean_store: Store) -> None:
    """Composed in the manifest and decomposed in the store, the other way round, and letters that are half composed.

    Rows and slip keep the manifest's name; a file under both names is the one that the manifest spells.
    """
    composed, decomposed = (normalize(form, "Giấy khai sinh số 1.jpg") for form in ("NFC", "NFD"))
    half = "Gi\u00e2\u0301y khai sinh.jpg"
    assert half not in {normalize(form, half) for form in ("NFC", "NFD")}
    sent = [
        (composed, {decomposed: speck(1)}),
        (decomposed, {composed: speck(2)}),
        (half, {normalize("NFC", half): speck(3)}),
        (half, {normalize("NFD", half): speck(4)}),
        (composed, {composed: speck(5), decomposed: speck(6)}),
        (composed, {"Giay khai sinh so 1.jpg": speck(7)}),
    ]
    for number, (path, files) in enumerate(sent, start=1):
        body = manifest([document(f"D{number}", {path: next(iter(files.values()))})], number)
        put_files(clean_store, body["batch"], files)
        commit(clean_store, body)
    jobs.check()
    found = {row["document_id"]: (row["is_received"], row["defects"]) for row in rows(clean_store, "documents")}
    assert found == {f"D{number}": (True, []) for number in range(1, 6)} | {"D6": (False, ["missing_page"])}
    assert [row["file"] for row in rows(clean_store, "pages")] == [path for path, _ in sent]
    keys = [item.key for item in clean_store.list_objects(layout.LANDING, "receipts/")]
    slips = sorted(key for key in keys if key.endswith(".html") and "gui-lai" not in key)
    pictured = [b"data:image/jpeg" in clean_store.get(layout.LANDING, key) for key in slips]
    assert pictured == [True] * 5 + [False]


def test_an_absent_file_rejects_the_document(clean_store: Store) -> None:
    """A file named in the manifest that never came."""
    body = manifest([document("D1", {"a.jpg": GOOD})])
    commit(clean_store, body)
    jobs.check()
    (found,) = rows(clean_store, "documents")
    assert (found["is_received"], found["verdict"], found["pages_found"]) == (False, "rejected", 0)
    assert found["defects"] == ["missing_page"]


ONE = [document("D1", {"a.jpg": GOOD})]
REFUSED: list[tuple[str, dict[str, Any] | bytes, str, str]] = [
    ("not_json", b"{not json", f"{AGENCY}-20230306-001", AGENCY),
    ("unknown_agency", manifest(ONE, agency="H37.99"), "H37.99-20230306-001", "H37.99"),
    ("path_outside_batch", manifest([document("D1", {"../../H37.80.02/a.jpg": GOOD})], 2), "", AGENCY),
    ("agency_mismatch", manifest(ONE, agency="H37.80.02"), f"{AGENCY}-20230306-003", AGENCY),
    ("batch_mismatch", manifest(ONE, 9), f"{AGENCY}-20230306-004", AGENCY),
    ("malformed_batch_id", manifest(ONE), "lô-1", AGENCY),
    ("malformed_batch_id", manifest(ONE), "H37.80.02-20230306-001", AGENCY),
    ("empty_batch", manifest([], 5), "", AGENCY),
    ("scan_date_in_future", manifest(ONE, batch=f"{AGENCY}-29990101-001", scan_date="2999-01-01"), "", AGENCY),
    ("scan_date_before_agency", manifest(ONE, batch=f"{AGENCY}-19700101-001", scan_date="1970-01-01"), "", AGENCY),
    ("scan_date_before_agency", manifest(ONE, batch=f"{AGENCY}-00010101-001", scan_date="0001-01-01"), "", AGENCY),
    ("scan_date_before_agency", manifest(ONE, batch=f"{AGENCY}-20191231-001", scan_date="2019-12-31"), "", AGENCY),
    (
        "dossier_of_the_future",
        manifest([document("D1", {"a.jpg": GOOD}, dossier_code="H37.80.01-681231-0001")], 7),
        "",
        AGENCY,
    ),
    ("replaces_unknown", manifest([document("D1", {"a.jpg": GOOD}, replaces="D0")], 6), "", AGENCY),
]


def test_a_broken_manifest_is_refused_with_a_receipt_and_a_row(clean_store: Store) -> None:
    """One row in batches and one receipt in plain Vietnamese each; the good batch of a neighbour is admitted."""
    neighbour = manifest([document("N1", {"a.jpg": GOOD})], agency="H37.80.03")
    put_files(clean_store, neighbour["batch"], {"a.jpg": GOOD}, agency="H37.80.03")
    commit(clean_store, neighbour, agency="H37.80.03")
    sent = []
    for reason, body, name, agency in REFUSED:
        batch = name or (body["batch"] if isinstance(body, dict) else "")
        sent.append((reason, batch, commit(clean_store, body, batch, agency), agency))
    counts = jobs.check()
    assert (counts["refused"], counts["admitted"]) == (len(REFUSED), 1)
    refused = [row for row in rows(clean_store, "batches") if row["refusal"]]
    assert sorted((r["refusal"], r["agency"]) for r in refused) == sorted((reason, a) for reason, _, _, a in sent)
    assert all(row["verdict"] is None and row["documents_declared"] is None for row in refused)
    for reason, batch, sha256, agency in sent:
        told = receipt(clean_store, batch, sha256, agency)
        assert (told["status"], told["reason"]) == ("refused", reason)
        assert told["message_vi"]
    assert not inbox(clean_store)
    assert [r["agency"] for r in rows(clean_store, "documents")] == ["H37.80.03"]


def test_a_refused_id_may_be_sent_again(clean_store: Store) -> None:
    """The corrected batch replaces the refused row."""
    batch = f"{AGENCY}-20230306-001"
    commit(clean_store, b"{", batch)
    jobs.check()
    assert send(clean_store, {"a.jpg": GOOD}) == batch
    jobs.check()
    (row,) = rows(clean_store, "batches")
    assert (row["refusal"], row["verdict"]) == (None, "accepted")


def tables(store: Store) -> dict[str, list[tuple[str, str]]]:
    return {
        table: [(item.key, item.etag) for item in store.list_objects(layout.WAREHOUSE, layout.table_prefix(table))]
        for table in ("pages", "documents", "batches")
    }


def test_the_same_batch_twice_changes_nothing(clean_store: Store) -> None:
    """The second copy of a manifest is a no-op, and its marker goes."""
    send(clean_store, {"a.jpg": GOOD})
    jobs.check()
    before = tables(clean_store)
    send(clean_store, {"a.jpg": GOOD})
    assert jobs.check()["repeated"] == 1
    assert tables(clean_store) == before
    assert not inbox(clean_store)


def test_other_content_under_a_used_id_gets_a_receipt_and_no_row(clean_store: Store) -> None:
    """The agency is told to send a new number with `replaces`."""
    batch = send(clean_store, {"a.jpg": GOOD})
    jobs.check()
    before = tables(clean_store)
    body = manifest([document("D1", {"b.jpg": GOOD})])
    sha256 = commit(clean_store, body)
    assert jobs.check()["other_content"] == 1
    assert tables(clean_store) == before
    assert receipt(clean_store, batch, sha256)["reason"] == "batch_already_committed"
    assert not inbox(clean_store)


def test_a_rescan_names_what_it_replaces(clean_store: Store) -> None:
    """In one run or in two; another dossier or a used document id is refused."""
    send(clean_store, {"a.jpg": GOOD[:-2]}, 1)
    send(clean_store, {"a.jpg": GOOD}, 2, replaces="D1")
    assert jobs.check()["admitted"] == 2
    send(clean_store, {"a.jpg": GOOD}, 3, replaces="D2", dossier_code="H37.80.01-230306-0002")
    send(clean_store, {"a.jpg": GOOD}, 4, replaces="D2", kind="result")
    again = manifest([document("D1", {"a.jpg": GOOD})], 5)
    commit(clean_store, again)
    assert jobs.check()["refused"] == 3
    reasons = {r["batch"][-3:]: r["refusal"] for r in rows(clean_store, "batches") if r["refusal"]}
    assert reasons == {"003": "replaces_mismatch", "004": "replaces_mismatch", "005": "document_id_used"}


def test_a_document_that_was_not_scanned_is_declared_and_not_received(clean_store: Store) -> None:
    """too_large: no file, no page, no verdict."""
    body = manifest([document("D1", {}, not_scanned="too_large", paper="a1")])
    commit(clean_store, body)
    jobs.check()
    (found,) = rows(clean_store, "documents")
    assert (found["is_received"], found["verdict"], found["not_scanned"]) == (False, None, "too_large")


def test_both_spellings_of_a_dossier_are_one_key(clean_store: Store) -> None:
    """Old and new spelling in one batch."""
    first = document("D1", {"a.jpg": GOOD})
    second = document("D2", {"b.jpg": GOOD}, dossier_code="000.01.80.H37-230306-0001")
    body = manifest([first, second])
    put_files(clean_store, body["batch"], {"a.jpg": GOOD, "b.jpg": GOOD})
    commit(clean_store, body)
    jobs.check()
    assert {r["dossier_key"] for r in rows(clean_store, "documents")} == {"H37.80.01-230306-1"}


def test_a_decision_that_came_while_a_killed_run_lay_idle_stays_on_the_slip(clean_store: Store) -> None:
    """Killed after the receipts: the next run writes them again, with the decision made in between."""
    batch = send(clean_store, {"a.jpg": GOOD[:-2]})
    work = jobs.discover_batches()["work"]
    jobs.admit_batches(work)
    for shard in jobs.plan_shards(work):
        jobs.measure_shard(work, shard["shard"])
    jobs.judge_batches(work)
    jobs.publish_batches(work)
    jobs.review(AGENCY, "D1", "waive", "Trần Văn A", "Bản gốc mờ", datetime(2023, 3, 8, 9))  # noqa: DTZ001 (wall clock)
    assert jobs.check()["settled"] == 1
    (row,) = clean_store.read_table("batches", name=batch).to_pylist()
    (told,) = receipt(clean_store, batch, row["manifest_sha256"])["documents"]
    assert (told["outcome"], told["decision"]["approver"]) == ("waived", "Trần Văn A")


def test_a_newer_marker_survives_the_settling_of_an_older_one(clean_store: Store) -> None:
    """Deleting by version id leaves what the agency wrote meanwhile."""
    send(clean_store, {"a.jpg": GOOD})
    found = jobs.discover_batches()
    newer = json.dumps(manifest([document("D9", {"z.jpg": GOOD})])).encode()
    commit(clean_store, newer, f"{AGENCY}-20230306-001")
    work = found["work"]
    jobs.admit_batches(work)
    for pointer in jobs.plan_shards(work):
        jobs.measure_shard(pointer["work"], pointer["shard"])
    jobs.judge_batches(work)
    jobs.publish_batches(work)
    jobs.settle_batches(work)
    assert inbox(clean_store) == [layout.inbox_key(AGENCY, f"{AGENCY}-20230306-001")]
    assert [r["document_id"] for r in rows(clean_store, "documents")] == ["D1"]


def begin(store: Store) -> tuple[str, list[Shard]]:
    """A run with one good batch and one refused, up to its plan."""
    send(store, {"a.jpg": speck(1)})
    commit(store, b"{", f"{AGENCY}-20230306-002")
    work = jobs.discover_batches()["work"]
    jobs.admit_batches(work)
    return work, jobs.plan_shards(work)


def test_a_task_of_a_settled_run_does_nothing_and_says_so(
    clean_store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    """Somebody clears one measuring task of a run that has succeeded, and all below it runs again too."""
    work, shards = begin(clean_store)
    assert jobs.check()["settled"] == 2
    before = take_snapshot(clean_store)
    capsys.readouterr()
    for shard in (shards[0]["shard"], "0009-none"):
        assert jobs.measure_shard(work, shard) == {"shard_pages": 0}
        assert f"run_settled_before work={work} shard={shard}" in capsys.readouterr().err
    assert jobs.plan_shards(work) == []
    assert not any(jobs.judge_batches(work).values()) and not any(jobs.publish_batches(work).values())
    assert jobs.settle_batches(work) == {"settled": 0, "problems": []}
    assert take_snapshot(clean_store) == before


@pytest.mark.parametrize("step", ["admit_batches", "plan_shards", "_measure_shard", "judge_batches"])
def test_a_check_that_another_one_overtakes_ends_in_one_line(
    clean_store: Store, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """Whichever step it was about to take: the other has settled the batch and deleted the work of both."""
    send(clean_store, {"a.jpg": speck(1)})
    original = getattr(check_tasks, step)

    def settled_by_another(*arguments: Any) -> Any:
        clear_work(clean_store, "check")
        return original(*arguments)

    monkeypatch.setattr(check_tasks, step, settled_by_another)
    with pytest.raises(WorkGone) as raised:
        jobs.check()
    assert "nothing is lost" in str(raised.value) and "\n" not in str(raised.value)
    assert rows(clean_store, "batches") == []


def test_two_checks_at_once_check_a_batch_once(clean_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """One begins and ends while the other is about to publish; nothing is left over for the next."""
    send(clean_store, {"a.jpg": speck(1)})
    others, publish = iter([jobs.check]), check_tasks.publish_batches

    def after_another(work: str) -> Any:
        for check in others:
            check()
        return publish(work)

    monkeypatch.setattr(check_tasks, "publish_batches", after_another)
    with pytest.raises(WorkGone):
        jobs.check()
    assert len(rows(clean_store, "pages")) == len(rows(clean_store, "batches")) == 1
    assert jobs.check()["markers"] == 0
    assert not list(clean_store.list_objects(layout.WAREHOUSE, layout.WORK))


def test_work_that_vanishes_within_a_step_is_told(clean_store: Store) -> None:
    """Half of a run's objects are gone already, as while another run deletes them."""
    work, _ = begin(clean_store)
    clean_store.delete_prefix(layout.WAREHOUSE, layout.work_key("check", work, "manifests/"))
    for task in (jobs.judge_batches, jobs.publish_batches, jobs.settle_batches):
        with pytest.raises(WorkGone, match="another run has settled"):
            task(work)


def test_a_run_whose_manifests_were_all_withdrawn_ends(clean_store: Store) -> None:
    """Between the listing and the reading: nothing is admitted or refused, and nothing is left behind."""
    send(clean_store, {"a.jpg": speck(1)})
    work = jobs.discover_batches()["work"]
    (key,) = inbox(clean_store)
    clean_store.delete_versions(layout.LANDING, key)
    assert not any(jobs.admit_batches(work).values())
    assert jobs.plan_shards(work) == []
    jobs.judge_batches(work)
    jobs.publish_batches(work)
    assert jobs.settle_batches(work) == {"settled": 0, "problems": []}
    assert not list(clean_store.list_objects(layout.WAREHOUSE, layout.WORK))
