"""Nhập dữ liệu nguồn · Import feeds.

**Tiếng Việt.** Hằng ngày, đọc các tệp mới hoặc đã đổi trong `feeds/` (sổ hồ sơ và lịch sử trạng thái của hệ thống một
cửa, dữ liệu của Cổng và của hệ thống các bộ, báo cáo quốc gia, số kết quả còn hiệu lực, thông báo của đơn vị), giữ dòng
đang có hiệu lực và ghi các bảng cùng tên. Dòng không đọc được vào bảng `rejects` kèm lý do, phần còn lại của tệp vẫn
được dùng. Mỗi ngày chỉ xem các tệp của 60 ngày gần nhất; Chủ nhật và khi chạy bằng tay thì
xem tất cả. Nếu bước cuối cùng báo đỏ, một tệp có quá nhiều dòng hỏng: lỗi ghi rõ tệp nào.

**English.** Every day, reads the new or changed files in `feeds/` (register and status history of the province's
one-stop system, the portal's and the ministry systems' dossiers, the national report, the results still in force, the
notices of agencies), keeps the rows in force and writes the tables of the same names. A row that cannot be read goes to
`rejects` with its reason; the rest of the file is used. Only the files of the last 60 days are looked at; on
Sundays, and in a run by hand, all of them. If the last task is red, too many rows of a file were unusable:
the error names the file.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import CronTriggerTimetable, dag, task

from dag_policy import FEEDS, POLICY, REGISTER, day_param, late_after, pass_on, report_closed, tell
from sohoa.settings import TIME_ZONE


@dag(
    dag_display_name="Nhập dữ liệu nguồn",
    description="Nhập sổ hồ sơ, dữ liệu của Cổng và các bộ (imports register, portal and ministry feeds)",
    schedule=CronTriggerTimetable("0 1 * * *", timezone=TIME_ZONE.key),
    params={
        "since": day_param(
            "Từ tệp của ngày · From the files of",
            "Để trống: theo lịch là 60 ngày, chạy tay là tất cả · empty: 60 days by the clock, all by hand",
        )
    },
    tags=["so-hoa", "tien-do"],
    doc_md=__doc__,
    deadline=late_after("import_feeds", 3),
    **POLICY,
)
def import_feeds() -> None:
    """From exported files to source rows in force."""

    @task.short_circuit(task_display_name="Tìm tệp mới")
    def discover_feeds(dag_run: Any = None, params: Any = None) -> object:
        from sohoa import jobs

        window = jobs.feed_window(dag_run.run_after, dag_run.run_type == "scheduled", params["since"])
        found = tell(jobs.discover_feeds(window))
        return found if found["files"] else None

    @task(task_display_name="Nhập tệp")
    def import_feed_files(found: Any) -> object:
        from sohoa import jobs

        return pass_on(found, jobs.import_feed_files(found["work"]))

    @task(task_display_name="Hoàn tất tệp", inlets=[FEEDS], outlets=[REGISTER])
    def settle_feeds(found: Any) -> object:
        from sohoa import jobs

        return pass_on(found, jobs.settle_feeds(found["work"]))

    report_closed(settle_feeds(import_feed_files(discover_feeds())))


import_feeds()
