"""Pictures on return slips, on the real store: where they lie, how many, how long, and that they repeat."""

from __future__ import annotations

import json

import pytest

from sohoa import jobs, layout
from sohoa.store import Store
from tests.batch_builder import AGENCY, DOSSIER, commit, document, manifest, page_jpeg, put_files
from tests.servers import versions_of
from tests.slips.slip_reader import (
    NOON,
    deliver,
    deliver_all,
    deliver_all_and_check,
    deliver_good,
    files,
    pictured,
    slip,
)

pytestmark = pytest.mark.usefixtures("judged_by_numpy")  # what is shown is what the check makes of verdicts


def _values(store: Store, bucket: str, key: str) -> bytes:
    """What an object says; of Parquet its rows."""
    return repr(store.get_parquet(key).to_pylist()).encode() if key.endswith(".parquet") else store.get(bucket, key)


def test_pictures_lie_under_the_agency_that_sent_the_pages_and_nowhere_else(clean_store: Store) -> None:
    """Two agencies: each one's slip and pictures under its own receipts; no other object holds a small JPEG."""
    neighbour = "H37.80.02"
    deliver(clean_store, [document("D1", {"s.jpg": files()["skewed.jpg"]})], {"s.jpg": files()["skewed.jpg"]})
    theirs = {"t.jpg": files()["coarse.jpg"]}
    body = manifest([document("D1", theirs, dossier_code="H37.80.02-230306-0001")], agency=neighbour)
    put_files(clean_store, body["batch"], theirs, neighbour)
    commit(clean_store, body, agency=neighbour)
    jobs.check()
    jobs.summarise()
    found = {
        f"{bucket}/{item.key}"
        for bucket in layout.BUCKETS
        for item in clean_store.list_objects(bucket, "")
        if b"/9j/" in (data := _values(clean_store, bucket, item.key)) or b"\xff\xd8\xff" in data
        if not (bucket == layout.LANDING and item.key.startswith("batches/"))
    }
    assert {key.rpartition("/")[0] for key in found} == {
        f"landing/receipts/{agency}/{agency}-20230306-001" for agency in (AGENCY, neighbour)
    }
    assert sorted(key.partition(".")[2][-13:] for key in found if key.endswith("json")) == ["pictures.json"] * 2


def test_pictures_end_with_their_time_in_every_version(clean_store: Store) -> None:
    """The slip is written again without them, all that it says stays; doing it again changes nothing."""
    batch, sha256 = deliver_all_and_check(clean_store)
    jobs.review(AGENCY, "skewed.jpg", "waive", "Bình", "Cong", NOON)  # a second version of the slip
    deliver_good(clean_store, 2)
    assert slip(clean_store, batch, sha256).pictures  # young ones stay
    told, (marker,) = slip(clean_store, batch, sha256), pictured(clean_store)
    late = marker.replace(str(layout.pictured_day(marker)), "2023-03-06")
    clean_store.put_json(layout.WAREHOUSE, late, clean_store.get_json(layout.WAREHOUSE, marker))
    clean_store.delete(layout.WAREHOUSE, marker)
    for number in (3, 4):
        deliver_good(clean_store, number)
        after = slip(clean_store, batch, sha256)
        assert not after.pictures
        assert "Hình đã xóa khi hết hạn lưu" in after.text
        assert told.text.partition("A. Phải gửi lại")[0] == after.text.partition("A. Phải gửi lại")[0]
        assert not pictured(clean_store)
        assert versions(clean_store, layout.pictures_key(AGENCY, batch, sha256)) == []
        (last,) = versions(clean_store, layout.receipt_key(AGENCY, batch, sha256, "html"))
        assert b"image/jpeg" not in clean_store.get(layout.LANDING, last[0], version_id=last[1])


def versions(store: Store, key: str) -> list[tuple[str, str]]:
    """Every version of an object that holds something."""
    found = versions_of(store, layout.LANDING, key)
    return [(item.object_name, item.version_id) for item in found if not item.is_delete_marker]


def test_pictures_are_bounded_and_spread_over_documents(clean_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two pictures for a batch: the first bad page of each document, not two of the first."""
    monkeypatch.setenv("SOHOA_PICTURES_PER_BATCH", "2")
    files = {f"{name}.jpg": page_jpeg(seed, dpi=100) for seed, name in enumerate("abc", start=50)}
    first = {name: files[name] for name in ("a.jpg", "b.jpg")}
    documents = [document("D1", first), document("D2", {"c.jpg": files["c.jpg"]})]
    batch, sha256 = deliver(clean_store, documents, files)
    jobs.check()
    body = clean_store.get_json(layout.LANDING, layout.receipt_key(AGENCY, batch, sha256))
    shown = [page["file"] for told in body["documents"] for page in told["pages"] if page["picture"]]
    assert shown == ["a.jpg", "c.jpg"]
    assert "Không in hình trang này" in slip(clean_store, batch, sha256).text


def test_the_same_run_again_writes_the_same_bytes(clean_store: Store) -> None:
    """Receipt, pictures and slip; a file that changed after it was measured is not shown."""
    batch, sha256 = deliver_all(clean_store)
    work = jobs.discover_batches()["work"]
    jobs.admit_batches(work)
    for pointer in jobs.plan_shards(work):
        jobs.measure_shard(pointer["work"], pointer["shard"])
    jobs.judge_batches(work)

    def written() -> dict[str, bytes]:
        jobs.publish_batches(work)
        return {
            i.key: clean_store.get(layout.LANDING, i.key) for i in clean_store.list_objects(layout.LANDING, "receipts/")
        }

    first = written()
    assert len(first) == 4
    assert written() == first
    put_files(clean_store, batch, {"skewed.jpg": files()["coarse.jpg"]})
    written()
    assert len(slip(clean_store, batch, sha256).pictures) == 4
    assert DOSSIER in json.dumps(clean_store.get_json(layout.LANDING, layout.receipt_key(AGENCY, batch, sha256)))
