"""One agency sends all that could stop the others, at once: they get what they would have got without it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sohoa import jobs, layout
from sohoa.quality import gate, rules
from sohoa.store import Store
from tests.batch_builder import commit, document, manifest, page_jpeg, put_files
from tests.jobs.kills import contents
from tests.province.hostile_agency import AGENCY, HostileAgency

HONEST = ("H37.80.01", "H37.80.03", "H37.80.04")
PAGES = {f"{seed}.jpg": page_jpeg(seed) for seed in (1, 2)}
RUNS = 6
ANSWERS = {
    "forged agency": "agency_mismatch",
    "name that leaves": "path_outside_batch",
    "name with a line break": "invalid_manifest",
    "name with an escape": "invalid_manifest",
    "names that look the same": "duplicate_file",
    "scan day of next year": "scan_date_in_future",
    "100,000 files": "manifest_too_large",
    "one of very many objects": "to_scan",
    "large file": "absurd_size",
    "large file said to be small": "to_scan",
}
"""What comes -> why it is refused, or what becomes of its document."""


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small shares and limits; judged by numpy, no gate closes."""
    small = {"SHARE_SECONDS": 10, "SHARE_BATCHES": 30, "MAX_FILE_SECONDS": 1, "BATCH_SECONDS": 2}
    for name, value in {**small, "MAX_FILE_BYTES": 10_000_000}.items():
        monkeypatch.setenv(f"SOHOA_{name}", str(value))
    monkeypatch.setattr(gate, "judge_pages", lambda rows, limits: rules.judge_pages(rows, limits.rules))
    monkeypatch.setattr(gate, "check_rows", lambda *_: [])


def send_honest_day(store: Store) -> None:
    for agency in HONEST:
        body = manifest([document("D1", PAGES, kind="result")], 1, agency)
        put_files(store, body["batch"], PAGES, agency)
        commit(store, body, agency=agency)


def of_honest(store: Store) -> dict[str, list[dict[str, Any]]]:
    return {
        table: [row for row in rows if row.get("agency") in HONEST]
        for table, rows in contents(store).items()
        if rows and "agency" in rows[0]
    }


def receipts(store: Store, agency: str) -> set[str]:
    """The batches of an agency that have an answer."""
    keys = (item.key for item in store.list_objects(layout.LANDING, f"receipts/{agency}/"))
    return {key.split("/")[2] for key in keys if key.endswith(".json") and not key.endswith("pictures.json")}


def answer(store: Store, batch: str) -> str:
    """Why a batch of the hostile agency was refused, or the outcomes of its documents."""
    keys = [item.key for item in store.list_objects(layout.LANDING, f"receipts/{AGENCY}/{batch}/")]
    keys = [key for key in keys if key.endswith(".json") and not key.endswith("pictures.json")]
    if not keys:
        return "none"
    told = store.get_json(layout.LANDING, keys[0])
    return str(told.get("reason") or ", ".join(sorted({one["outcome"] for one in told["documents"]})))


def test_an_honest_day_is_the_same_beside_a_hostile_agency(
    clean_store: Store, empty: Callable[[], None], quick: None
) -> None:
    """Receipts in the first run, tables row for row; every batch that the store took is answered in the end."""
    send_honest_day(clean_store)
    jobs.check()
    alone = of_honest(clean_store)
    assert len(alone["pages"]) == 6
    empty()
    hostile = HostileAgency(clean_store, PAGES)
    hostile.send_all(broken=40, seed=1)
    send_honest_day(clean_store)
    jobs.check()
    assert [len(receipts(clean_store, agency)) for agency in HONEST] == [1] * 3
    assert of_honest(clean_store) == alone
    for _ in range(RUNS):
        if list(clean_store.list_objects(layout.LANDING, layout.INBOX)):
            jobs.check()
    told = {what: answer(clean_store, batch) for batch, what in hostile.sent.items()}
    assert {what: told[what] for what in ANSWERS} == ANSWERS
    assert {"put 1.jpg: AccessDenied", "request of next year: RequestTimeTooSkewed"} <= set(hostile.denied)
    unanswered = {batch: what for batch, what in hostile.sent.items() if batch not in receipts(clean_store, AGENCY)}
    assert set(unanswered.values()) <= {"marker deleted"}
    assert not list(clean_store.list_objects(layout.LANDING, layout.INBOX))
    assert of_honest(clean_store) == alone
