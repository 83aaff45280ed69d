"""Replay: stored pages judged again under other limits, on the real store; nothing is written."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from importlib.resources import files
from pathlib import Path

import pyarrow as pa
import pytest

from sohoa import jobs, layout
from sohoa.errors import InputError
from sohoa.quality.thresholds import Thresholds, asked_thresholds
from sohoa.schema import TABLES
from sohoa.steering.replay_limits import Line, judge_again, judged_by_others
from sohoa.store import Store
from tests.batch_builder import AGENCY, DAY, commit, document, manifest, page_jpeg, put_files
from tests.servers import empty_buckets

SOHOA = Path(sys.executable).with_name("sohoa")
OTHER = "H37.80.03"
SHIPPED = files("expectations").joinpath("thresholds.toml").read_text(encoding="utf-8")
QUALITIES = {"fine": 90, "coarse": 60, "bad": 30}
"""Of three pages alike in all but words and compression: above all limits, below the note, below the reject limit."""

LimitsAt = Callable[[int], Thresholds]


def quiet(done: int, total: int) -> None:
    pass


def write_limits(path: Path, quality: int) -> Path:
    """The shipped limits, but for the JPEG quality below which a page is rejected."""
    entries = SHIPPED.split("[[page]]")
    (place,) = (n for n, entry in enumerate(entries) if 'defect = "over_compressed"' in entry and '"reject"' in entry)
    entries[place] = re.sub("(?m)^limit = .*$", f"limit = {quality}", entries[place])
    path.write_text("[[page]]".join(entries), encoding="utf-8")
    return path


@pytest.fixture
def limits_at(tmp_path: Path) -> LimitsAt:
    return lambda quality: asked_thresholds("tthc", write_limits(tmp_path / "limits.toml", quality))


@pytest.fixture(scope="module")
def province(store: Store) -> Store:
    """Three dossiers of one page each, the bad one from another agency; a fourth listed but not scanned."""
    empty_buckets(store)
    pages = {name: page_jpeg(seed, quality=quality) for seed, (name, quality) in enumerate(QUALITIES.items())}
    codes = [f"{AGENCY}-{DAY:%y%m%d}-{number:04d}" for number in range(1, 5)]
    first = [document(n, {f"{n}.jpg": pages[n]}, dossier_code=c) for n, c in zip(pages, codes, strict=False)]
    first[2:] = [document("unscanned", {}, dossier_code=codes[3], not_scanned="fragile")]
    second = [document("bad", {"bad.jpg": pages["bad"]}, dossier_code=codes[2])]
    for agency, documents in ((AGENCY, first), (OTHER, second)):
        body = manifest(documents, agency=agency)
        put_files(store, body["batch"], {f"{name}.jpg": data for name, data in pages.items()}, agency)
        commit(store, body, agency=agency)
    assert jobs.check()["admitted"] == 2
    row = {"unit_code": "05971", "handling_agency": AGENCY, "status": 4, "components": 1, "has_paper_result": False}
    register = [{"dossier_key": code.replace("-000", "-"), **row} for code in codes]
    store.write_table("register", DAY, layout.DAY, pa.Table.from_pylist(register, TABLES["register"]))
    jobs.summarise()
    return store


def run(store: Store, limits: Thresholds) -> dict[tuple[str, str], Line]:
    lines = judge_again(store, limits, DAY, DAY + timedelta(1), quiet)
    return {(line.subject, line.name): line for line in lines}


def verdicts(accepted: int, review: int, rejected: int) -> dict[str, int]:
    return {"accepted": accepted, "review": review, "rejected": rejected}


def test_the_same_limits_change_nothing(province: Store) -> None:
    """What is stored is found again: verdicts, defects, and the rates of progress_daily."""
    lines = run(province, asked_thresholds("tthc", Path(str(files("expectations").joinpath("thresholds.toml")))))
    assert all(line.before == line.after and not line.changed for line in lines.values())
    assert lines["pages", "all"].before == lines["documents", "all"].before == verdicts(2, 0, 1)
    assert lines["agency_pages", OTHER].before == verdicts(0, 0, 1)
    stored = [row for row in province.read_table("progress_daily", [DAY]).to_pylist() if row["unit_code"] == "20"]
    assert len(stored) == 5
    for row in stored:
        line = lines["rate", f"{row['definition']} {row['stage']}"]
        assert {name: row[name] for name in ("accepted", "received", "denominator")}.items() <= line.before.items()
    assert lines["rate", "dn_and all"].before["rate_percent"] == 50


def test_a_stricter_limit_takes_pages_documents_and_dossiers_away(province: Store, limits_at: LimitsAt) -> None:
    """The coarse page had a note; now it is rejected, with its document, and its dossier leaves the rate."""
    lines = run(province, limits_at(70))
    for subject in ("pages", "documents"):
        assert (lines[subject, "all"].after, lines[subject, "all"].changed) == (verdicts(1, 0, 2), 1)
        assert lines[f"agency_{subject}", AGENCY].before == verdicts(2, 0, 0)
        assert lines[f"agency_{subject}", AGENCY].after == verdicts(1, 0, 1)
        assert lines[f"agency_{subject}", OTHER].changed == 0
    defect = lines["defect_pages", "over_compressed"]
    assert defect.before == {"noted": 1, "review": 0, "rejected": 1}
    assert defect.after == {"noted": 0, "review": 0, "rejected": 2}
    rate = lines["rate", "dn_and all"]
    assert (rate.before["accepted"], rate.after["accepted"]) == (2, 1)
    assert rate.before["received"] == rate.after["received"] == 3
    assert rate.after["rate_percent"] == 25


def test_a_looser_limit_gives_them_back(province: Store, limits_at: LimitsAt) -> None:
    """The bad page becomes one with a note: all that was scanned is accepted."""
    lines = run(province, limits_at(5))
    assert lines["pages", "all"].after == lines["documents", "all"].after == verdicts(3, 0, 0)
    assert lines["agency_documents", OTHER].after == verdicts(1, 0, 0)
    assert lines["defect_pages", "over_compressed"].after == {"noted": 2, "review": 0, "rejected": 0}
    assert lines["rate", "dn_and all"].after["rate_percent"] == 75


def test_nothing_is_written(province: Store, limits_at: LimitsAt) -> None:
    """Every object of the store is the one it was."""

    def objects() -> list[tuple[str, str]]:
        return [(item.key, item.etag) for bucket in layout.BUCKETS for item in province.list_objects(bucket, "")]

    before = objects()
    run(province, limits_at(70))
    assert objects() == before


def test_other_scan_days_are_left_alone(province: Store, limits_at: LimitsAt) -> None:
    """A period in which nothing was scanned: no page, no agency, rates without a denominator."""
    days: list[tuple[int, int]] = []
    later = DAY + timedelta(1)
    lines = judge_again(province, limits_at(70), later, later + timedelta(2), lambda *done: days.append(done))
    assert days == [(1, 3), (2, 3), (3, 3)]
    assert [line.subject for line in lines] == ["pages", "documents", *["rate"] * 5]
    assert all(line.after == line.before for line in lines)
    assert lines[-1].after["rate_percent"] is None


def test_the_command_prints_tables_or_one_object_a_line(province: Store, tmp_path: Path) -> None:
    """The same figures for people, in Vietnamese and English, and for programs."""
    period = ["--from", DAY.isoformat(), "--to", DAY.isoformat()]
    command = [SOHOA, "replay", "--thresholds", write_limits(tmp_path / "strict.toml", 70), *period]
    done = subprocess.run([*command, "--format", "jsonl"], capture_output=True, text=True, check=True)
    lines = [Line(**json.loads(text)) for text in done.stdout.splitlines()]
    assert {(line.subject, line.name): line for line in lines}["pages", "all"].after == verdicts(1, 0, 2)
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, "COLUMNS": "120"})
    for text in ("Tài liệu · Documents", "2 → 1", "50,00 → 25,00", "Nén ảnh quá mức"):
        assert text in done.stdout


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ('\n[[page]]\ndefect = "dusty"\ncolumn = "noise"', "dusty"),
        ("limit = = 3", "TOML"),
        ('\n[[page]]\ndefect = "noisy"\ncolumn = "noise"\ntest = "max"\nlimit = "much"', "(noisy, noise)"),
    ],
)
def test_a_bad_file_is_wrong_usage_and_the_entry_is_named(tmp_path: Path, entry: str, says: str) -> None:
    """Before the store is asked for anything."""
    path = tmp_path / "bad.toml"
    path.write_text(SHIPPED + entry, encoding="utf-8")
    with pytest.raises(InputError, match=re.escape(says)):
        asked_thresholds("tthc", path)


def test_wrong_usage_exits_2(tmp_path: Path) -> None:
    """A file that is not there, days in the wrong order, an unknown format."""
    path = write_limits(tmp_path / "limits.toml", 50)
    for arguments, says in (
        ([tmp_path / "none.toml", "--from", "2023-03-06", "--to", "2023-03-07"], "none.toml"),
        ([path, "--from", "2023-03-06", "--to", "2023-03-05"], "--to"),
        ([path, "--from", "2023-03-06", "--to", "2023-03-07", "--format", "xml"], "jsonl"),
    ):
        done = subprocess.run(
            [SOHOA, "replay", "--thresholds", *arguments], capture_output=True, text=True, check=False
        )
        assert (done.returncode, says in done.stderr, "Traceback" in done.stderr) == (2, True, False), done.stderr


def test_other_limits_than_those_that_judged_are_noticed(province: Store, limits_at: LimitsAt) -> None:
    """By the newest scan day since a day; the shipped ones judged it."""
    assert judged_by_others(province, asked_thresholds("tthc"), DAY) is None
    assert judged_by_others(province, limits_at(70), DAY) == DAY
    assert judged_by_others(province, limits_at(70), DAY + timedelta(1)) is None
