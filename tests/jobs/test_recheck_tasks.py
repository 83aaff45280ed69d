"""Scans judged again by other limits: new verdicts, days to redo, one more slip, nothing delivered is changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest
from click.testing import CliRunner

from sohoa import jobs, layout
from sohoa.counting.record_review import Review, record_review
from sohoa.errors import InputError
from sohoa.quality import thresholds
from sohoa.slips.write_slips import newest_place, revise_slip
from sohoa.store import Store
from tests.batch_builder import AGENCY, DAY, commit, document, manifest, page_jpeg, put_files, receipt
from tests.command_line import app
from tests.jobs.kills import killed_before, put_back, take_snapshot

pytestmark = pytest.mark.usefixtures("judged_by_numpy")
BATCH = f"{AGENCY}-{DAY:%Y%m%d}-001"
STRICT, STRICTER = "strict0000001", "strict0000002"


@pytest.fixture
def limit(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, float], None]:
    """Puts other limits in force: so many dpi at least, under a version of their own."""
    known = thresholds.load_thresholds("tthc")

    def put(version: str, least: float) -> None:
        rules = tuple(
            rule.model_copy(update={"limit": least, "rounded": ()})
            if rule.defect == "low_dpi" and rule.test == "min" and not rule.content
            else rule
            for rule in known.rules
        )
        monkeypatch.setattr(thresholds, "load_thresholds", lambda _: replace(known, version=version, rules=rules))

    return put


@pytest.fixture
def sent(clean_store: Store) -> str:
    """A batch of two documents that are accepted and counted; the hash of its manifest."""
    files = {"low.jpg": page_jpeg(1), "high.jpg": page_jpeg(2, dpi=300)}
    body = manifest([document(name, {name: data}) for name, data in files.items()])
    put_files(clean_store, body["batch"], files)
    sha256 = commit(clean_store, body)
    jobs.check()
    jobs.summarise()
    return sha256


def verdicts(store: Store) -> dict[str, str]:
    return {row["document_id"]: row["verdict"] for row in store.read_table("documents", [DAY]).to_pylist()}


def delivered(store: Store) -> dict[str, bytes]:
    prefix = layout.receipts_prefix(AGENCY, BATCH)
    return {item.key: store.get(layout.LANDING, item.key) for item in store.list_objects(layout.LANDING, prefix)}


def newest(store: Store, sha256: str) -> dict[str, Any]:
    found: dict[str, Any] = store.get_json(layout.LANDING, newest_place(store, AGENCY, BATCH, sha256).key())
    return found


def test_stricter_limits_change_verdicts_and_add_a_slip(
    clean_store: Store, sent: str, limit: Callable[[str, float], None]
) -> None:
    """Tables, counts and version; the delivered slip stays byte for byte; the days wait to be counted again."""
    assert verdicts(clean_store) == {"low.jpg": "accepted", "high.jpg": "accepted"}
    before = delivered(clean_store)
    limit(STRICT, 250)
    found = jobs.recheck([DAY])
    assert (found["batches"], found["documents_changed"], found["slips"], found["problems"]) == (1, 1, 1, [])
    assert found["verdicts"] == {"accepted": 1, "rejected": 1}
    assert found["defects"] == {"low_dpi": 1}
    assert verdicts(clean_store) == {"low.jpg": "rejected", "high.jpg": "accepted"}
    (batch,) = clean_store.read_table("batches", [DAY]).to_pylist()
    assert (batch["thresholds_version"], batch["verdict"], batch["documents_accepted"], batch["pages_accepted"]) == (
        STRICT, "rejected", 1, 1,
    )  # fmt: skip
    after = delivered(clean_store)
    assert {key: after[key] for key in before} == before
    assert receipt(clean_store, BATCH, sent)["counts"]["accepted"] == 2
    again = newest(clean_store, sent)
    assert (again["judged_again"], again["counts"]["accepted"], again["counts"]["to_scan"]) == (f"01-{STRICT}", 1, 1)
    assert "giấy này thay các giấy trước" in after[newest_place(clean_store, AGENCY, BATCH, sent).key("html")].decode()
    assert jobs.summarise()["progress_days"] == 1
    (quality,) = [
        row for row in clean_store.read_table("quality_daily", [DAY]).to_pylist() if row["defect"] == "low_dpi"
    ]
    assert quality["pages_bad"] == 1


def test_the_command_says_what_changed(clean_store: Store, sent: str, limit: Callable[[str, float], None]) -> None:
    limit(STRICT, 250)
    command = ["run", "recheck", "--from", f"{DAY}", "--to", f"{DAY}"]
    done = CliRunner().invoke(app, command)
    assert (done.exit_code, done.stdout.splitlines()[0]) == (
        0, "1 batch with 2 pages judged again; 1 document judged otherwise.",
    )  # fmt: skip
    assert "nothing to do" in CliRunner().invoke(app, command).stdout
    wrong = CliRunner().invoke(app, [*command[:-1], "2023-03-05"])
    assert isinstance(wrong.exception, InputError)


def test_the_same_limits_find_nothing_to_do(clean_store: Store, sent: str, limit: Callable[[str, float], None]) -> None:
    limit(STRICT, 250)
    jobs.recheck([DAY])
    state = take_snapshot(clean_store)
    assert jobs.find_batches_to_recheck([DAY])["batches"] == 0
    assert jobs.recheck([DAY])["batches"] == 0
    assert take_snapshot(clean_store) == state


def test_a_batch_that_stays_as_it_was_gets_no_slip(
    clean_store: Store, sent: str, limit: Callable[[str, float], None]
) -> None:
    """But the version under which it is accepted is the new one."""
    before = delivered(clean_store)
    limit(STRICT, 150)
    assert jobs.recheck([DAY])["slips"] == 0
    assert delivered(clean_store) == before
    assert clean_store.read_table("batches", [DAY])["thresholds_version"].to_pylist() == [STRICT]


def test_each_judging_has_its_slip_and_decisions_go_to_the_newest(
    clean_store: Store, sent: str, limit: Callable[[str, float], None]
) -> None:
    limit(STRICT, 250)
    jobs.recheck([DAY])
    limit(STRICTER, 400)
    jobs.recheck([DAY])
    before = delivered(clean_store)
    assert newest(clean_store, sent)["judged_again"] == f"02-{STRICTER}"
    decided = Review(AGENCY, "high.jpg", "waive", "Lê An", "bản gốc mờ", datetime(2023, 3, 9, 9))  # noqa: DTZ001
    record_review(clean_store, decided)
    revise_slip(clean_store, AGENCY, BATCH, DAY)
    changed = {key for key, data in delivered(clean_store).items() if before.get(key) != data}
    place = newest_place(clean_store, AGENCY, BATCH, sent)
    assert changed == {place.key(), place.key("html"), place.key(layout.RESEND_SUFFIX)}
    assert newest(clean_store, sent)["counts"]["waived"] == 1


def test_a_recheck_that_is_killed_anywhere_and_done_again_ends_the_same(
    clean_store: Store, sent: str, limit: Callable[[str, float], None]
) -> None:
    """Tables, slips and the marker of the days, whichever write was its last."""
    limit(STRICT, 250)
    start = take_snapshot(clean_store)
    jobs.recheck([DAY])
    wanted = take_snapshot(clean_store)
    number = 1
    while True:
        put_back(clean_store, start)
        if not killed_before(lambda: jobs.recheck([DAY]), number):
            break
        jobs.recheck([DAY])
        assert take_snapshot(clean_store) == wanted, number
        number += 1
    assert number > 5


@pytest.mark.parametrize("days", [[], [date(2023, 3, 7)]])
def test_days_without_scans_are_refused(clean_store: Store, sent: str, days: list[date]) -> None:
    with pytest.raises(InputError, match=r"day|batch"):
        jobs.find_batches_to_recheck(days)


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        ("2024-13-01", None, "not a day"),
        ("hôm nay", None, "not a day"),
        ("0001-01-01", None, "not a day"),
        ("2024-04-15", "2024-04-14", "comes before"),
        ("2024-01-01", "2025-01-01", "ask for 366"),
        (None, "2024-04-15", "first day too"),
    ],
)
def test_a_form_filled_wrongly_is_told_at_once(start: str | None, end: str | None, said: str) -> None:
    with pytest.raises(InputError, match=said):
        jobs.asked_days(start, end)


def test_days_of_a_form() -> None:
    assert jobs.asked_days(None, None) == jobs.asked_days("", "") == []
    assert jobs.asked_days("2024-04-15", None) == [date(2024, 4, 15)]
    assert len(jobs.asked_days("2024-01-01", "2024-12-31")) == 366
