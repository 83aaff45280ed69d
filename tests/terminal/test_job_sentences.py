"""What a job did is said in sentences: every count that is not zero, in words that a person uses."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from sohoa.terminal import job_sentences

CHECKED: Any = {
    "work": "w",
    "markers": 4,
    "admitted": 2,
    "refused": 2,
    "repeated": 0,
    "other_content": 0,
    "reasons": {"checksum": 1, "not_json": 1},
    "pages": 1_041,
    "documents": 1,
    "batches": 2,
    "closed_gates": 0,
    "verdicts": {"accepted": 1_038, "rejected": 2, "review": 1},
    "published": 2,
    "receipts": 4,
    "settled": 4,
    "problems": [],
}


def test_a_check_says_what_became_of_batches_and_pages():
    """Ways that no batch went are left out."""
    assert job_sentences.checked(CHECKED, "no batch waits") == [
        "4 batches: 2 admitted, 2 refused (1 checksum, 1 not_json).",
        "1,041 pages of 1 document: 1,038 accepted, 2 rejected, 1 waits for review.",
        "4 receipts written; in the inbox no batch waits.",
    ]


def test_a_check_with_nothing_to_do_says_so():
    """No sentence speaks of zero batches."""
    assert job_sentences.checked({**CHECKED, "markers": 0}, "no batch waits")[0] == "Nothing to check: no batch waits."


def test_a_run_with_nothing_to_do_says_how_what_was_meant_is_done():
    """Other limits are replayed, scans sent anew, files corrected, days named."""
    nothing: Any = {**CHECKED, "markers": 0, "files": 0}
    assert "a new batch with `replaces`" in job_sentences.checked(nothing, "none")[1]
    told = job_sentences.checked(nothing, "none", date(2024, 4, 15))[1]
    assert "The limits have changed since the scans of 2024-04-15" in told
    assert "`sohoa replay --thresholds FILE --from 2024-04-15 --to 2024-04-15`" in told
    assert "`sohoa run recheck --from 2024-04-15 --to 2024-04-15`" in told
    assert "corrected under the same key" in job_sentences.imported(nothing, [])[1]
    assert job_sentences.summarised(nothing)[1].endswith("sohoa run summarise --date 2024-04-15")
    assert job_sentences.reconciled(nothing)[1].endswith("sohoa run reconcile --date 2024-04-15")
    assert "sohoa run report --week" in job_sentences.delivered({"sent": 0})[1]


@pytest.mark.parametrize(
    ("sentence", "counts", "said"),
    [
        ("imported", {"files": 0}, "No feed file is new or changed."),
        (
            "imported",
            {"files": 1, "rows": 3_000, "rejects": 2, "changed_days": 1},
            "1 feed file: 3,000 rows read, 2 of them unusable; 1 dossier day changed.",
        ),
        ("summarised", {"markers": 0}, "Nothing has changed since the last summary."),
        ("reconciled", {"markers": 0}, "Nothing has changed since the last reconciliation."),
        (
            "reconciled",
            {"markers": 9, "reconciled_days": 2},
            "2 dossier days reconciled with portal, ministries and scans.",
        ),
        ("delivered", {}, "Nothing is mailed: no mail server is set up (SOHOA_SMTP_HOST)."),
        ("delivered", {"sent": 0, "failed": 0}, "No mail waits."),
        ("delivered", {"sent": 3, "failed": 0, "refused": 1}, "Mails: 3 sent, 1 refused."),
    ],
)
def test_each_job_has_its_sentence(sentence: str, counts: dict[str, int], said: str):
    """The first of what it says."""
    closed = ([],) if sentence == "imported" else ()
    assert getattr(job_sentences, sentence)(counts, *closed)[0] == said


@pytest.mark.parametrize("files", [0, 3])
def test_an_import_names_the_files_that_wait_for_a_corrected_one(files: int):
    """Also in a later run that found nothing new."""
    counts: Any = {"files": files, "rows": 9, "rejects": 0, "changed_days": 1}
    closed: Any = [{"key": "portal/dt=2024-04-15/p.csv", "etag": "e", "rows": 1_200, "rejects": 1_100}]
    assert job_sentences.imported(counts, closed)[-1] == (
        "Closed until it comes corrected under the same key: portal/dt=2024-04-15/p.csv, 1,100 of 1,200 rows unusable."
    )


def test_upkeep_never_guesses_how_full_the_store_is():
    """Unknown is said to be unknown."""
    counts: Any = {
        "folders": 1, "versions_deleted": 0, "bytes_freed": 2_500_000, "batches_abandoned": 1, "is_through": False,
        "uploads_ended": 0, "used_percent": None, "alerts": 0, "policy_stands": True, "files_read": 200,
        "batches_read": 40, "batches_damaged": 0, "orphans_deleted": 1, "task_logs_deleted": 2_000,
    }  # fmt: skip
    assert job_sentences.maintained(counts) == [
        "1 folder looked at: 0 old versions deleted, 2.5 MB freed, 0 unfinished uploads ended, "
        "1 abandoned batch, 1 leftover of runs and 2,000 old logs of tasks taken away; the next run goes on.",
        "200 files of 40 batches read back, each as it was accepted.",
        "How full the store is cannot be told.",
    ]
    assert "1 batch is damaged" in job_sentences.maintained({**counts, "batches_damaged": 1})[1]
    assert "`sohoa stack up store`" in job_sentences.maintained({**counts, "policy_stands": False})[-1]
