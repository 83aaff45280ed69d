"""Kiểm tra mẫu · Review pages.

**Tiếng Việt.** Mỗi thứ Ba, rút mẫu ngẫu nhiên các tài liệu mà hệ thống đã cho đạt và không cho đạt, theo từng cơ quan
(kế hoạch lấy mẫu một lần theo ISO 2859-1), cùng các tài liệu chờ người quyết định. Người kiểm tra mở trang **Kiểm tra
mẫu** (`/sohoa/audit`), xem từng trang và ghi những lỗi thật sự có; sau đó trả lời một lần ở đây rằng đã xem xong. Hết
sáu ngày không ai trả lời thì chạy tiếp với những gì đã xem. Lô mẫu chưa xem hết vẫn mở và không tính vào tỷ lệ sai.

**English.** Every Tuesday, draws a random sample of what the program accepted and rejected, agency by agency (single
sampling by ISO 2859-1), and the documents left to a person. Reviewers open the page **Samples** (`/sohoa/audit`), look
at each page and note the defects that are truly there; then they answer here, once, that they are done. After six days
without an answer the run goes on with what there is. A lot with pages left stays open and is in no error rate.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import CronTriggerTimetable, dag, task

from dag_policy import POLICY, pass_on, tell
from sohoa.settings import TIME_ZONE

DONE, NOT_YET = "Đã xem xong · Done", "Chưa xong · Not yet"


@dag(
    dag_display_name="Kiểm tra mẫu",
    description="Rút mẫu để người kiểm tra xem lại (draws samples for people to look at)",
    schedule=CronTriggerTimetable("0 7 * * 2", timezone=TIME_ZONE.key),
    tags=["so-hoa", "chat-luong"],
    doc_md=__doc__,
    **POLICY,
)
def review_pages() -> None:
    """From what the program decided to what people find."""

    @task.short_circuit(task_display_name="Rút mẫu")
    def draw_samples() -> object:
        from sohoa import jobs

        found = tell(jobs.draw_samples())
        return found if found["pages_left"] else None

    # not mapped, and asks once: each page is decided on the page of its scan
    ask_reviewers = HITLOperator(
        task_id="ask_reviewers",
        task_display_name="Chờ người kiểm tra",
        subject="Đã xem xong mẫu kiểm tra? · Has the sample been looked at?",
        body="Còn {{ ti.xcom_pull('draw_samples')['pages_left'] }} trang trong "
        "{{ ti.xcom_pull('draw_samples')['lots_open'] }} lô mẫu, ở trang [Kiểm tra mẫu · Samples](/sohoa/audit). "
        "Trả lời «" + DONE + "» khi đã ghi quyết định cho từng trang.",
        options=[DONE, NOT_YET],
        defaults=[NOT_YET],
        response_timeout=timedelta(days=6),
    )

    @task(task_display_name="Tổng hợp mẫu")
    def settle_samples(answer: Any) -> object:
        from sohoa import jobs

        return pass_on({"answer": answer["chosen_options"]}, jobs.settle_samples())

    drawn = draw_samples()
    drawn >> ask_reviewers
    settle_samples(ask_reviewers.output)


review_pages()
