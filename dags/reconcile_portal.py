"""Đối soát với Cổng Dịch vụ công · Reconcile with the portal.

**Tiếng Việt.** Hằng ngày, sau khi nhập dữ liệu nguồn và tổng hợp: so từng hồ sơ giữa hệ thống của tỉnh, Cổng Dịch vụ
công quốc gia, hệ thống của các bộ và bản quét đã nhận, xếp phần lệch vào các nhóm R0–R12 (`reconciliation`,
`reconciliation_daily`). Chỉ những ngày hồ sơ có thay đổi mới được làm lại. Nếu bước cuối cùng báo đỏ, số lệch của một
ngày không được giải thích hết: ngày đó giữ số cũ, dấu chờ vẫn còn, các ngày khác đã ghi xong.

**English.** Every day, after the import and the summaries: compares province, national portal, ministry systems and
received scans dossier by dossier and sorts what differs into R0–R12 (`reconciliation`, `reconciliation_daily`). Only
dossier days that changed are done again. If the last task is red, the difference of a day is not explained to the last
dossier: that day keeps what it had and its marker stays; all other days are written.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import CronTriggerTimetable, dag, task

from dag_policy import (
    POLICY,
    PROGRESS_DAILY,
    RECONCILIATION_DAILY,
    REGISTER,
    day_param,
    late_after,
    pass_on,
    report_closed,
    tell,
)
from sohoa.settings import TIME_ZONE


@dag(
    dag_display_name="Đối soát với Cổng Dịch vụ công",
    description="So hồ sơ của tỉnh với Cổng và các bộ (compares the province with the portal and the ministries)",
    schedule=CronTriggerTimetable("0 4 * * *", timezone=TIME_ZONE.key),  # the import runs at 1, the summaries at 3
    params={
        "start": day_param(
            "Làm lại từ ngày hồ sơ · Redo from the dossier day",
            "Để trống: chỉ những ngày có thay đổi · empty: only days that have changed",
        ),
        "end": day_param("Đến ngày hồ sơ · To the dossier day", "Để trống: chỉ một ngày · empty: that one day"),
    },
    tags=["so-hoa", "doi-soat"],
    doc_md=__doc__,
    deadline=late_after("reconcile_portal", 3),
    **POLICY,
)
def reconcile_portal() -> None:
    """From source rows to the reasons why the counts differ."""

    @task.short_circuit(task_display_name="Tìm ngày có thay đổi")
    def take_days(params: Any = None) -> object:
        from sohoa import jobs

        found = tell(jobs.take_days(jobs.asked_days(params["start"], params["end"])))
        return found if found["markers"] else None

    @task(task_display_name="Đối soát từng hồ sơ", inlets=[REGISTER, PROGRESS_DAILY], outlets=[RECONCILIATION_DAILY])
    def reconcile_days(found: Any) -> object:
        from sohoa import jobs

        return pass_on(found, jobs.reconcile_days(found["work"]))

    @task(task_display_name="Hoàn tất đối soát")
    def settle_days(found: Any) -> object:
        from sohoa import jobs

        return pass_on(found, jobs.settle_days(found["work"]))

    report_closed(settle_days(reconcile_days(take_days())))


reconcile_portal()
