"""The DAG review_pages on a real Airflow: a person is asked once, and the run tells what was found."""

from __future__ import annotations

import time
from datetime import date, datetime
from urllib.parse import quote

from sohoa.audit.lots import read_lots
from sohoa.audit.record_page_review import PageReview, record_page_review
from sohoa.stack import AirflowClient
from sohoa.store import Store
from tests.audit.audit_cases import publish
from tests.dags.test_run import PATIENCE_S, log_of, run

DAG, ASK = "review_pages", "ask_reviewers"
DONE = "Đã xem xong · Done"
SETTLED_FOR_S = 8
"""An answer in the first seconds after the question can fail the task."""
DAY = date(2024, 4, 15)


def wait_for_question(airflow: AirflowClient, run_id: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while {task.task_id: task.state for task in airflow.task_states(DAG, run_id)}.get(ASK) != "awaiting_input":
        assert time.monotonic() < deadline, airflow.task_states(DAG, run_id)
        time.sleep(1)
    time.sleep(SETTLED_FOR_S)


def test_without_anything_to_look_at_nobody_is_asked(airflow: AirflowClient) -> None:
    state, tasks = run(airflow, DAG)
    assert state == "success"
    assert tasks == {"draw_samples": "success", ASK: "skipped", "settle_samples": "skipped"}


def test_a_person_is_asked_and_the_run_tells_what_was_found(airflow: AirflowClient, clean_store: Store) -> None:
    """The question says how many pages wait; with them decided and the answer given, no lot is open any more."""
    publish(clean_store, DAY, ["review"] * 3)
    run_id = airflow.trigger(DAG)
    wait_for_question(airflow, run_id)
    (lot,) = read_lots(clean_store)
    question = f"/dags/{DAG}/dagRuns/{quote(run_id)}/taskInstances/{ASK}/-1/hitlDetails"
    asked = airflow.call("GET", question)
    assert f"{len(lot.pages)} trang" in asked["body"] and DONE in asked["options"]
    for page in lot.pages:
        now = datetime(2024, 4, 20, 9)  # noqa: DTZ001 (wall clock)
        one = PageReview(lot.agency, page.batch, page.document_id, page.file, page.page_no, (), "an", now)
        record_page_review(clean_store, DAY, one, lot)
    airflow.call("PATCH", question, {"chosen_options": [DONE], "params_input": {}})
    assert airflow.wait_for(DAG, run_id, PATIENCE_S) == "success"
    states = {task.task_id: task.state for task in airflow.task_states(DAG, run_id)}
    assert set(states.values()) == {"success"}
    lines = {line["event"]: line for line in log_of(airflow, DAG, run_id, "settle_samples")}
    assert (lines["samples_settled"]["lots_open"], lines["samples_settled"]["pages_left"]) == (0, 0)
