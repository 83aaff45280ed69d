"""What a site lets go, and what never goes; what nobody will read again."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from sohoa import jobs, layout
from sohoa.settings import TIME_ZONE
from sohoa.store import Store
from sohoa.upkeep.orphans import delete_old_logs, delete_orphans
from sohoa.upkeep.sweep import sweep
from tests.batch_builder import AGENCY, DAY, commit, document, manifest, page_jpeg, put_files, send

pytestmark = [pytest.mark.timeout(120), pytest.mark.usefixtures("judged_by_numpy")]
GOOD, BAD = page_jpeg(1), page_jpeg(2)[:-9000]


def sweep_with(store: Store, rejected_days: int | None, after_days: int) -> int:
    """How many versions of page files a sweep deletes that comes so many days later."""
    before = len(store.list_versions(layout.LANDING, layout.BATCHES))
    settings = store.settings.model_copy(update={"rejected_days": rejected_days})
    sweep(Store(settings), datetime.now(TIME_ZONE) + timedelta(after_days))
    return before - len(store.list_versions(layout.LANDING, layout.BATCHES))


def left(store: Store) -> set[str]:
    return {item.key.rpartition("/")[2] for item in store.list_objects(layout.LANDING, layout.BATCHES)}


@pytest.fixture
def sent(clean_store: Store) -> str:
    """A batch with an accepted or waiting document, a rejected one, and a rejected one that a person waived."""
    files = {"good.jpg": GOOD, "bad.jpg": BAD, "waived.jpg": BAD[:-100]}
    told = zip("ABC", files.items(), strict=True)
    body = manifest([document(name, dict([file])) for name, file in told])
    put_files(clean_store, body["batch"], files)
    commit(clean_store, body)
    jobs.check()
    jobs.review(AGENCY, "C", "waive", "Trần Văn A", "bản gốc rách", datetime(2023, 4, 1, 8))  # noqa: DTZ001
    return str(body["batch"])


def test_by_default_nothing_goes(clean_store: Store, sent: str) -> None:
    """However long it lies there."""
    assert sweep_with(clean_store, None, 4_000) == 0
    assert left(clean_store) == {"good.jpg", "bad.jpg", "waived.jpg"}


def test_rejected_files_go_after_the_term_and_nothing_else(clean_store: Store, sent: str) -> None:
    """Not a day before; what was accepted or waived never."""
    assert sweep_with(clean_store, 90, 89) == 0
    assert sweep_with(clean_store, 90, 91) == 1
    assert left(clean_store) == {"good.jpg", "waived.jpg"}
    assert sweep_with(clean_store, 90, 4_000) == 0
    assert left(clean_store) == {"good.jpg", "waived.jpg"}
    assert clean_store.get(layout.LANDING, layout.batch_prefix(AGENCY, DAY, sent) + "good.jpg") == GOOD


def test_what_dead_runs_left_goes_and_what_waits_stays(clean_store: Store) -> None:
    """Measured rows of a batch that waits stay however old they are."""
    waiting = send(clean_store, {"a.jpg": GOOD}, 1)
    kept = layout.measured_key(AGENCY, waiting, "0" * 64, "7", "p")
    gone = [
        layout.measured_key(AGENCY, f"{AGENCY}-20230306-009", "0" * 64, "7", "p"),
        layout.attempts_key("measure/x"),
        layout.work_key("import", "dead", "files.json"),
    ]
    for key in (kept, *gone):
        clean_store.put(layout.WAREHOUSE, key, b"{}")
    now = datetime.now(TIME_ZONE)
    assert delete_orphans(clean_store, now + timedelta(29)) == 0
    assert delete_orphans(clean_store, now + timedelta(31)) == 3
    assert [key for key in (kept, *gone) if clean_store.stat(layout.WAREHOUSE, key)] == [kept]


def test_old_logs_of_tasks_go_and_each_hour_another_dag_has_its_turn(clean_store: Store) -> None:
    """Two DAGs, so two hours; after that all that was older than it is kept for is gone, and no younger one."""
    assert delete_old_logs(clean_store, datetime.now(TIME_ZONE)) == 0
    for dag in ("a", "b"):
        clean_store.put(layout.WAREHOUSE, layout.log_key(f"dag_id={dag}/run_id=1/task_id=t/attempt=1.log"), b"told")
    soon = datetime.now(TIME_ZONE) + timedelta(clean_store.settings.events_days - 1)
    for hours, deleted in ((0, 0), (1, 0), (48, 1), (49, 1), (50, 0), (51, 0)):
        assert delete_old_logs(clean_store, soon + timedelta(hours=hours)) == deleted
