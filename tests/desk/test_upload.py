"""An agency's folder goes through the real store and the pipeline's own jobs, and back comes the slip."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sohoa import jobs, layout
from sohoa.desk.scans import OWN_FOLDER
from sohoa.errors import DeskError
from sohoa.store import Store
from tests.batch_builder import AGENCY
from tests.desk.agency_folder import BAD, GOOD, NOON, OTHER, QuietScreen, computer, in_dossier, put_scan

pytestmark = pytest.mark.usefixtures("judged_by_numpy")


def batches(store: Store) -> list[dict[str, Any]]:
    return store.read_table("batches").to_pylist()


def documents(store: Store) -> list[dict[str, Any]]:
    return store.read_table("documents").to_pylist()


def test_upload_slip_and_only_what_was_bad_again(clean_store: Store, tmp_path: Path) -> None:
    """The whole way: two documents, one bad; its slip; the bad one scanned again replaces it, the other stays."""
    folder, uploader = tmp_path / "scans", computer(clean_store, tmp_path)
    put_scan(folder, in_dossier("Tờ khai.jpg"), GOOD)
    bad = put_scan(folder, in_dossier("Giấy chứng sinh/1.jpg"), BAD)
    first = uploader.run(folder, with_bad=True)
    assert [batch.batch for batch in first.committed] == [f"{AGENCY}-20230306-001"]
    assert first.checkup.is_bad and len(first.waiting) == 1
    jobs.check()
    second = uploader.run(folder)
    assert (second.committed, second.waiting) == ([], [])
    assert [batch.status for batch in second.answered] == ["admitted"]
    assert [one.fields["title"] for one in second.to_scan] == ["Giấy chứng sinh"]
    slips = sorted(path.name for path in (folder / OWN_FOLDER).iterdir())
    assert slips == [f"{AGENCY}-20230306-001.html", f"{AGENCY}-20230306-001.json"]
    put_scan(folder, str(bad.relative_to(folder)), OTHER)
    third = uploader.run(folder)
    jobs.check()
    fourth = uploader.run(folder)
    assert [batch.batch for batch in third.committed] == [f"{AGENCY}-20230306-002"]
    assert not fourth.is_bad
    sent = {row["document_id"]: row for row in documents(clean_store)}
    assert len(sent) == 3
    again = next(row for row in sent.values() if row["batch"].endswith("002"))
    replaced = sent[again["replaces"]]
    assert (replaced["title"], replaced["verdict"], again["verdict"]) == ("Giấy chứng sinh", "rejected", "accepted")
    assert again["document_id"] == replaced["document_id"] + "-L2"


def test_what_is_bad_stays_at_home(clean_store: Store, tmp_path: Path) -> None:
    """Nothing of a bad document is sent, and what is sent is accepted."""
    folder, uploader = tmp_path / "scans", computer(clean_store, tmp_path)
    put_scan(folder, in_dossier("a.jpg"), GOOD)
    put_scan(folder, in_dossier("b.jpg"), BAD)
    sent = uploader.run(folder)
    jobs.check()
    assert sent.is_bad
    assert [(row["title"], row["verdict"]) for row in documents(clean_store)] == [("a", "accepted")]
    keys = [info.key for info in clean_store.list_objects(layout.LANDING, layout.BATCHES)]
    assert not [key for key in keys if key.endswith("b.jpg")]


def test_nothing_is_sent_twice(clean_store: Store, tmp_path: Path) -> None:
    """Before the slip and after it; a file that changes while its batch waits is sent when the slip is there."""
    folder, uploader = tmp_path / "scans", computer(clean_store, tmp_path)
    put_scan(folder, in_dossier("a.jpg"), GOOD)
    uploader.run(folder)
    put_scan(folder, in_dossier("a.jpg"), OTHER)
    assert uploader.run(folder).committed == []
    jobs.check()
    assert len(uploader.run(folder).committed) == 1
    jobs.check()
    assert uploader.run(folder).committed == []
    assert [row["verdict"] for row in batches(clean_store)] == ["accepted", "accepted"]


def test_another_computer_goes_on_with_the_slip(clean_store: Store, tmp_path: Path) -> None:
    """It finds what is to be replaced in the agency's receipts, and does not send what was accepted from elsewhere."""
    folder, other = tmp_path / "scans", tmp_path / "other"
    put_scan(folder, in_dossier("a.jpg"), BAD)
    put_scan(folder, in_dossier("b.jpg"), GOOD)
    computer(clean_store, tmp_path / "one").run(folder, with_bad=True)
    jobs.check()
    put_scan(other, in_dossier("a.jpg"), OTHER)
    put_scan(other, in_dossier("b.jpg"), GOOD)
    sent = computer(clean_store, tmp_path / "two").run(other)
    jobs.check()
    assert [problem.place.rpartition("/")[2] for problem in sent.problems] == ["b.jpg"]
    assert "-001" in sent.problems[0].words
    again = next(row for row in documents(clean_store) if row["batch"].endswith("002"))
    assert (again["replaces"], again["verdict"]) == (f"{AGENCY}-20230306-001-001", "accepted")


def test_what_the_pipeline_would_refuse_is_not_sent(clean_store: Store, tmp_path: Path) -> None:
    """A dossier of the future is a problem; the batch goes without it and is admitted."""
    folder, uploader = tmp_path / "scans", computer(clean_store, tmp_path)
    put_scan(folder, in_dossier("a.jpg", dossier="H37.80.01-490306-0001"), GOOD)
    put_scan(folder, in_dossier("b.jpg"), OTHER)
    sent = uploader.run(folder)
    jobs.check()
    assert [problem.place.partition("_")[0] for problem in sent.problems] == ["H37.80.01-490306-0001"]
    assert [row["refusal"] for row in batches(clean_store)] == [None]


def test_a_clock_that_is_wrong_sends_nothing(clean_store: Store, tmp_path: Path) -> None:
    """Scans of next year, and of before the agency: said of each in words, and nothing lies in the store."""
    folder, uploader = tmp_path / "scans", computer(clean_store, tmp_path)
    for written, words in ((NOON + 20 * 365 * 86_400, "Ngày quét sau ngày gửi"), (0, "sớm hơn ngày cơ quan")):
        put_scan(folder, in_dossier("a.jpg"), GOOD, written=written)
        (problem,) = uploader.run(folder).problems
        assert words in problem.words and "đồng hồ" in problem.words
    assert not list(clean_store.list_objects(layout.LANDING, ""))


def test_wrong_keys_are_said(clean_store: Store, tmp_path: Path) -> None:
    """Keys of another agency: denied by the store, told in words at once and not after ten minutes."""
    folder = tmp_path / "scans"
    put_scan(folder, in_dossier("a.jpg"), GOOD)
    uploader = computer(clean_store, tmp_path)
    uploader.store = computer(clean_store, tmp_path / "other", agency="H37.60").store
    with pytest.raises(DeskError, match="không nhận khóa"):
        uploader.run(folder)


def test_a_refused_batch_is_sent_anew(clean_store: Store, tmp_path: Path) -> None:
    """When somebody asks for it, and not again and again by a program that watches."""
    folder, uploader = tmp_path / "scans", computer(clean_store, tmp_path)
    put_scan(folder, in_dossier("a.jpg"), GOOD)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOHOA_QUOTA_DAY_BYTES", "1000")
        uploader.run(folder)
        jobs.check()
    watched = uploader.run(folder, is_trying_again=False)
    assert [batch.status for batch in watched.answered] == ["refused"]
    assert watched.committed == [] and "bị trả lại. Lô quá lớn" in watched.problems[0].words
    assert len(uploader.run(folder).committed) == 1
    jobs.check()
    assert [batch.status for batch in uploader.run(folder).answered] == ["admitted"]


def test_pages_that_a_program_counted_are_confirmed(clean_store: Store, tmp_path: Path) -> None:
    """Once for each scan; who says no has nothing sent."""
    folder, screen = tmp_path / "scans", QuietScreen()
    put_scan(folder, in_dossier("a/1.jpg"), GOOD)
    put_scan(folder, in_dossier("a/2.jpg"), OTHER)
    uploader = computer(clean_store, tmp_path, screen)
    screen.confirm = lambda counted: False  # type: ignore[method-assign]
    with pytest.raises(DeskError, match="chưa được xác nhận"):
        uploader.run(folder)
    assert not list(clean_store.list_objects(layout.LANDING, ""))
    del screen.confirm
    uploader.run(folder)
    assert [one.fields["physical_pages"] for one in screen.counted] == [2]
    uploader.run(folder)
    assert len(screen.counted) == 1


def test_two_at_once_on_one_computer(clean_store: Store, tmp_path: Path) -> None:
    """The second says that another one sends."""
    folder = tmp_path / "scans"
    put_scan(folder, in_dossier("a.jpg"), GOOD)
    one, two = computer(clean_store, tmp_path), computer(clean_store, tmp_path)
    with one.state.alone(), pytest.raises(DeskError, match="đang gửi"):
        two.run(folder)
    assert len(two.run(folder).committed) == 1
