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

from datetime import timedelta
from typing import Any

from airflow.sdk import CronTriggerTimetable, ExceptionRetryPolicy, RetryAction, RetryRule, dag, task

from sohoa.errors import GateClosed, SettingsError, StoreError
from sohoa.settings import TIME_ZONE

RETRY = ExceptionRetryPolicy(
    rules=[
        RetryRule(exception=StoreError, action=RetryAction.RETRY, retry_delay=timedelta(seconds=20)),
        RetryRule(exception=[GateClosed, SettingsError], action=RetryAction.FAIL),  # trying again heals neither
    ]
)


@dag(
    dag_display_name="Đối soát với Cổng Dịch vụ công",
    description="So hồ sơ của tỉnh với Cổng và các bộ (compares the province with the portal and the ministries)",
    schedule=CronTriggerTimetable("0 4 * * *", timezone=TIME_ZONE.key),  # the import runs at 1, the summaries at 3
    catchup=False,
    max_active_runs=1,
    default_args={"owner": "sohoa", "retries": 3, "retry_delay": timedelta(seconds=20), "retry_policy": RETRY},
    tags=["so-hoa", "doi-soat"],
    doc_md=__doc__,
)
def reconcile_portal() -> None:
    """From source rows to the reasons why the counts differ."""

    @task.short_circuit(task_display_name="Tìm ngày có thay đổi")
    def take_days() -> object:
        from sohoa import jobs

        found = jobs.take_days()
        return found if found["markers"] else None

    @task(task_display_name="Đối soát từng hồ sơ")
    def reconcile_days(found: dict[str, Any]) -> object:
        from sohoa import jobs

        return found | jobs.reconcile_days(found["work"])

    @task(task_display_name="Hoàn tất đối soát")
    def settle_days(found: dict[str, Any]) -> object:
        from sohoa import jobs

        return found | jobs.settle_days(found["work"])

    @task(task_display_name="Báo cổng đóng")
    def report_closed(settled: dict[str, Any]) -> None:
        from sohoa import jobs

        jobs.report_closed(settled["closed"])

    report_closed(settle_days(reconcile_days(take_days())))


reconcile_portal()
