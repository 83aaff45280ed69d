"""Packages for the archive on the real store: the accepted originals and nothing else, the same however often."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import bagit
import pytest
from click.testing import CliRunner

from sohoa import layout
from sohoa.archive import hand_over as hand_over_module
from sohoa.archive import write_bags
from sohoa.archive.hand_over import hand_over
from sohoa.errors import ArchiveError, InputError
from sohoa.quality.thresholds import load_thresholds
from sohoa.store import Store
from tests.archive.archive_cases import (
    CODES,
    SIGNED,
    TITLE,
    UNIT,
    archive,
    payload,
    send_province,
    sent_files,
    table,
)
from tests.batch_builder import AGENCY, DAY
from tests.command_line import app
from tests.servers import empty_buckets

pytestmark = [pytest.mark.timeout(120), pytest.mark.usefixtures("judged_by_numpy")]
NAME = f"{UNIT}_{DAY}_{DAY}_001"


@pytest.fixture(scope="module")
def province(store: Store, judged_by_numpy: None) -> Store:
    """The province of ``send_province``, which these tests only read."""
    empty_buckets(store)
    send_province(store)
    return store


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "giao-nop"


def test_accepted_originals_go_and_the_rest_is_named(province: Store, out: Path) -> None:
    """Byte for byte as committed, though one was overwritten since; a rejected document and an open dossier stay."""
    done = archive(province, out)
    bag = bagit.Bag(str(out / NAME))
    bag.validate()
    sent = {hashlib.sha256(data).hexdigest(): name for name, data in sent_files().items()}
    files = {path: sums["sha256"] for path, sums in bag.payload_entries().items() if "muc-luc" not in path}
    assert {sent[digest] for digest in files.values()} == set(sent_files()) - {"p/c.pdf", "p/bad.pdf"}
    assert all(len(sums["sha512"]) == 128 for sums in bag.payload_entries().values())
    assert {path.split("/")[1] for path in files} == {"ho-so", "ket-qua-ton-dong"}
    assert dict(done.left.counts) == {"not_ended": 1, "rejected": 1}
    assert not done.is_bad
    assert done.left_file is not None
    rows = table(done.left_file.read_bytes())
    assert [(row["fileCode"], row["document_id"]) for row in rows] == [(CODES[2], ""), (CODES[3], "X")]


def test_the_index_has_the_fields_of_the_circular_and_no_formula(province: Store, out: Path) -> None:
    """18 fields of a dossier; of a file its name as sent, verdict, waiver and signature; text of an agency is text."""
    archive(province, out)
    dossiers = table((out / NAME / "data/muc-luc/ho-so.csv").read_bytes())
    assert len(list(dossiers[0])) == 18 + 3
    first = dossiers[0]
    assert (first["fileCode"], first["startDate"], first["endDate"]) == (CODES[1], "06/03/2023", "09/03/2023")
    assert (first["title"], first["totalDoc"], first["confidenceLevel"]) == (f"'{TITLE}", "2", "02")
    files = {row["document_id"]: row for row in table((out / NAME / "data/muc-luc/tai-lieu.csv").read_bytes())}
    assert files.keys() == {"A", "B", "D", "E"}
    assert files["A"]["path"] == f"data/ho-so/{CODES[1]}/{CODES[1]}.001.pdf"
    assert (out / NAME / files["A"]["path"]).read_bytes() == sent_files()[SIGNED]
    assert "khớp" in files["A"]["signature"] and files["A"]["signature_place"] == "góc trên bên trái trang 1"
    assert files["B"]["sent_as"] == "'=1+1.pdf"
    assert files["B"]["signature_place"] == "chưa ký" and "chữ ký" in files["B"]["remarks"]
    assert (files["D"]["approver"], files["D"]["reason"]) == ("Trần Văn Duyệt", "bản gốc mờ")
    assert files["E"]["fileCode"] == f"{AGENCY}-E"


def test_run_again_it_verifies_and_leaves_what_is_there(province: Store, out: Path) -> None:
    """Nothing is written a second time, and nothing changes."""
    first = archive(province, out)
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*") if path.is_file() and path.suffix != ".csv"}
    again = archive(province, out)
    assert [bag.is_new for bag in (*first.bags, *again.bags)] == [True, False]
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert again.left.counts == first.left.counts


class Killed(BaseException):
    """The process is gone."""


def test_killed_anywhere_and_run_again_the_packages_are_the_same(
    province: Store, out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before each file and each step of a package."""
    archive(province, tmp_path / "whole")
    steps = [(Store, "download"), (bagit, "make_bag"), (write_bags, "_drop_from_memory"), (Path, "rename")]
    for owner, name in steps:
        for number in range(4 if name == "download" else 1):
            shutil.rmtree(out, ignore_errors=True)
            with monkeypatch.context() as patch:
                _die_at(patch, owner, name, number)
                with pytest.raises(Killed):
                    archive(province, out)
            assert not [path for path in out.iterdir() if not path.name.startswith(".")]
            archive(province, out)
            assert payload(out) == payload(tmp_path / "whole"), (name, number)


def _die_at(patch: pytest.MonkeyPatch, owner: object, name: str, number: int) -> None:
    original, calls = getattr(owner, name), iter(range(99))

    def die(*args: object, **kwargs: object) -> object:
        if next(calls) == number:
            raise Killed
        return original(*args, **kwargs)

    patch.setattr(owner, name, die)


def test_no_name_of_an_agency_decides_where_a_file_lies(province: Store, out: Path) -> None:
    """Every path of the package is made of codes and numbers, and lies inside it."""
    archive(province, out)
    for path in (out / NAME / "data").rglob("*"):
        assert path.resolve().is_relative_to(out / NAME / "data")
        assert path.name.isascii() and not set(path.name) & set(' ()="\\:*?<>|')


def test_packages_are_split_by_size_and_each_is_whole(province: Store, out: Path) -> None:
    """A dossier lies in one package; what is larger than a package is told, with the size that would do."""
    largest = max(map(len, sent_files().values()))
    done = hand_over(province, UNIT, DAY, DAY, out, 1 + 2 * largest // 1_000_000, lambda bag: None)
    assert len(done.bags) >= 2
    places = [path for bag in done.bags for path in bagit.Bag(str(bag.path)).payload_entries() if "ho-so/" in path]
    assert len({path.rpartition("/")[0] for path in places}) == sum(bag.dossiers for bag in done.bags) - 1
    with pytest.raises(InputError, match=f"{CODES[1]} has .* take --size-mb"):
        archive(province, out / "small", size_mb=1)


def test_a_file_that_a_limit_refuses_stays_with_its_dossier(
    province: Store, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a site takes no unsigned file, the dossier of one stays here and is named."""
    strict = load_thresholds("archive")
    refusing = tuple(one.model_copy(update={"severity": "reject"}) for one in strict.files if "place" in one.check)
    monkeypatch.setattr(hand_over_module, "load_thresholds", lambda profile: replace(strict, files=refusing))
    done = archive(province, out)
    assert done.bags == () and done.left.counts["file_refused"] == 3
    assert [path.name for path in out.iterdir()] == [f"{NAME[:-4]}_con-lai.csv"]


def test_what_is_damaged_or_another_package_is_told(province: Store, out: Path) -> None:
    """One flipped bit; a file too many; a package of other content under the same name."""
    archive(province, out)
    (victim,) = (out / NAME / "data").rglob(f"{CODES[1]}.001.pdf")
    data = bytearray(victim.read_bytes())
    data[len(data) // 2] ^= 1
    victim.chmod(0o600)
    victim.write_bytes(data)
    with pytest.raises(ArchiveError, match="damaged"):
        archive(province, out)
    shutil.rmtree(out / NAME)
    draft = out / "draft"
    draft.mkdir()
    (draft / "other.txt").write_text("other")
    bagit.make_bag(str(draft), checksums=write_bags.CHECKSUMS)
    draft.rename(out / NAME)
    with pytest.raises(ArchiveError, match="another package"):
        archive(province, out)


def test_an_original_that_is_gone_or_altered_is_told_and_its_dossier_stays(
    province: Store, out: Path, tmp_path: Path
) -> None:
    """Exit code 1; everything else goes, and a second run verifies the same package."""
    batch = f"{AGENCY}-{DAY:%Y%m%d}-001"
    key = layout.batch_prefix(AGENCY, DAY, batch) + "=1+1.pdf"
    province.delete_versions(layout.LANDING, key)
    assert archive(province, tmp_path / "gone").left.counts["file_gone"] == 1
    province.put(layout.LANDING, key, b"altered")
    for _ in range(2):
        done = archive(province, out)
        assert done.is_bad and done.left.counts["file_altered"] == 1
        assert not (out / NAME / "data/ho-so" / CODES[1]).exists()
        assert (out / NAME / "data/ho-so" / CODES[3]).exists()
    province.put(layout.LANDING, key, sent_files()["=1+1.pdf"])
    with pytest.raises(ArchiveError, match="another package"):
        archive(province, out)


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--unit", AGENCY, "--from", "2023-03-06", "--to", "2023-03-06"], "the commune's code, 05971"),
        (["--unit", "H99", "--from", "2023-03-06", "--to", "2023-03-06"], "names no unit"),
        (["--unit", UNIT, "--from", "2023-03-06", "--to", "2023-03-05"], "lies before"),
        (["--unit", UNIT, "--from", "2023-02-30", "--to", "2023-03-05"], "not a date"),
        (["--unit", UNIT, "--from", "2023-03-06", "--to", "2023-03-06", "--size-mb", "0"], "at least 1"),
        (["--unit", "05977", "--from", "2023-03-06", "--to", "2026-03-06"], "borne by 2"),
    ],
)
def test_bad_questions_are_answered_in_a_sentence(province: Store, out: Path, arguments: list[str], word: str) -> None:
    """With exit code 2, and nothing written."""
    done = CliRunner().invoke(app, ["archive", *arguments, "--out", str(out)])
    said = done.output + str(done.exception)
    assert word in said, said
    assert not out.exists()


def test_the_command_says_what_it_did(province: Store, out: Path) -> None:
    """A line a package, the sums, what stays; of days without anything a sentence, too."""
    asked = ["archive", "--unit", "20", "--from", "2023-03-06", "--to", "2023-03-06", "--out", str(out)]
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == 0, done.output
    assert "written and verified" in done.output and "3 dossiers, 4 documents" in done.output
    assert "the dossier has not ended: 1" in done.output
    nothing = CliRunner().invoke(app, [*asked[:3], "--from", "2023-05-06", "--to", "2023-05-07", "--out", str(out)])
    assert "Nothing to hand over" in nothing.output and nothing.exit_code == 0


def test_two_runs_do_not_meet(province: Store, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second is told, and disturbs nothing."""
    seen: list[str] = []
    make_bag = bagit.make_bag

    def run_again(*args: object, **kwargs: object) -> object:
        with pytest.raises(ArchiveError, match="another run") as told:
            archive(province, out)
        seen.append(str(told.value))
        return make_bag(*args, **kwargs)

    monkeypatch.setattr(bagit, "make_bag", run_again)
    archive(province, out)
    assert len(seen) == 1
    assert bagit.Bag(str(out / NAME)).is_valid()


def test_a_disk_that_damages_what_is_written_is_told(
    province: Store, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What lies on it is held against the manifests of the agencies, not against itself."""
    make_bag = bagit.make_bag

    def damage(folder: str, *args: object, **kwargs: object) -> object:
        victim = next(Path(folder).rglob(f"{CODES[1]}.001.pdf"))
        victim.write_bytes(victim.read_bytes()[:-1] + b"x")
        return make_bag(folder, *args, **kwargs)

    monkeypatch.setattr(bagit, "make_bag", damage)
    with pytest.raises(ArchiveError, match="does not hold what was written"):
        archive(province, out)
    assert not (out / NAME).exists()


def test_a_disk_without_room_is_told_before_anything_is_written(
    province: Store, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How much is needed, and how much there is."""
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1_000_000))
    with pytest.raises(ArchiveError, match="has no room"):
        archive(province, out)
    assert not list(out.iterdir())


def test_a_unit_is_asked_for_with_all_below_it_by_its_own_days(province: Store, out: Path) -> None:
    """Nothing of others."""
    assert hand_over(province, "05974", DAY, DAY, out, 10, lambda bag: None).bags == ()
    assert hand_over(province, "20", date(2023, 1, 1), DAY, out, 4_000, lambda bag: None).bags[0].dossiers == 3
