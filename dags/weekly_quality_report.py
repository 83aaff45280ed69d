"""Báo cáo tuần về số hóa hồ sơ · The weekly quality report.

**Tiếng Việt.** Sáu giờ sáng thứ Hai, lập báo cáo của tuần ISO vừa qua (thứ Hai đến Chủ nhật): PDF, trang web, bảng
tính, ghi vào kho `reports/weekly/<tuần>/`, sau đó mới gửi thư cho những người nhận đã khai báo; thư chỉ có số liệu và
đường dẫn. Muốn lập lại một tuần cũ: chạy với tham số `week`, ví dụ `2024-W15`; cùng số liệu thì ra cùng báo cáo và
không ai nhận thư lần nữa. Nếu bước cuối cùng báo đỏ, có người chưa nhận được thư: lỗi ghi rõ ai, vì sao; báo cáo vẫn
còn trong kho và được gửi tiếp ở lượt sau. Tuần chưa kết thúc hoặc chưa có số liệu thì không lập báo cáo, trừ khi chọn
`force`; báo cáo như vậy không được gửi thư.

**English.** On Mondays at six, makes the report of the ISO week that has just ended, as PDF, page and workbook, in
`reports/weekly/<week>/`, and only then mails it to the configured recipients, with figures and links only. To do a past
week again, run it with the parameter `week`, as `2024-W15`; the same figures give the same report, and nobody gets the
mail twice. If the last task is red, somebody has not got the mail: the error says who and why; the report stays in the
store, and the next run goes on with it. No report is made of a week that is not over or of which nothing is known
unless `force` is set, and such a one is not mailed.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import CronPartitionTimetable, Param, dag, task

from dag_policy import POLICY, REPORTED, WEEKLY_REPORT, late_after, pass_on, tell
from sohoa.settings import TIME_ZONE


@dag(
    dag_display_name="Báo cáo tuần",
    description="Lập và gửi báo cáo tuần (makes and mails the weekly report)",
    # the key is the week's Monday, 2024-W15-1: Airflow cannot read a week without a day back when a run is asked for
    schedule=CronPartitionTimetable("0 6 * * 1", timezone=TIME_ZONE.key, run_offset=-1, key_format="%G-W%V-%u"),
    params={
        "week": Param(
            None,
            type=["null", "string"],
            pattern=r"^\d{4}-W(0[1-9]|[1-4]\d|5[0-3])$",
            examples=["2024-W15"],
            title="Tuần ISO · ISO week",
            description="2024-W15; để trống: tuần vừa qua · empty: the week that has just ended",
        ),
        "force": Param(
            False,
            type="boolean",
            title="Lập cả khi tuần chưa hết hoặc chưa có số liệu · Even if not over or empty",
            description="Báo cáo như vậy không gửi thư · such a report is not mailed",
        ),
        "resend": Param(
            False,
            type="boolean",
            title="Gửi lại cho người đã nhận · Mail it again to those who have it",
            description="Không chọn: mỗi người nhận một báo cáo một lần · else each recipient gets a report once",
        ),
    },
    tags=["so-hoa", "bao-cao"],
    doc_md=__doc__,
    deadline=late_after("weekly_quality_report", 6),
    **POLICY,
)
def weekly_quality_report() -> None:
    """From the tables to the report in the store, then in the mail."""

    @task(task_display_name="Chọn tuần")
    def choose_week(partition_key: str | None = None, params: Any = None, dag_run: Any = None) -> str:
        from sohoa import jobs

        week = jobs.choose_week(partition_key, params["week"], dag_run.run_after)
        jobs.require_week(week, params["force"])
        tell({"week": week})
        return week

    @task(task_display_name="Tìm diễn biến bất thường")
    def update_incidents(week: Any) -> object:
        from sohoa import jobs

        tell(jobs.update_incidents())
        return week

    @task(task_display_name="Lập báo cáo", inlets=REPORTED, outlets=[WEEKLY_REPORT])
    def build_report(week: Any, params: Any = None) -> object:
        from sohoa import jobs

        return pass_on({}, jobs.build_report(week, params["force"], params["resend"]))

    @task(task_display_name="Trang Great Expectations")
    def write_data_docs(week: Any) -> object:
        from sohoa import jobs

        return tell(jobs.write_data_docs(week))

    @task(task_display_name="Gửi thư", retries=8)
    def deliver_reports(_: Any) -> object:
        from sohoa import jobs

        return tell(jobs.deliver_reports())

    @task(task_display_name="Báo thư chưa đến")
    def report_undelivered(_: Any) -> None:
        from sohoa import jobs

        jobs.report_undelivered()

    week = choose_week()
    report_undelivered(deliver_reports(build_report(update_incidents(week))))
    write_data_docs(week)


weekly_quality_report()
