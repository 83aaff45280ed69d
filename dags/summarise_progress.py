"""Tổng hợp tiến độ số hóa · Summarise progress.

**Tiếng Việt.** Chạy mỗi khi có lô quét vừa kiểm tra xong hoặc sổ hồ sơ vừa đổi, và mỗi đêm. Một lượt chạy lấy tất
cả những gì đang chờ trong `warehouse/_pending/`: ghép hồ sơ với tài liệu đã quét, tính lại tỷ lệ số hóa của những
ngày hồ sơ có thay đổi (`progress_daily`), số lỗi, số trang đạt và tình hình máy quét của những ngày quét có thay đổi
(`quality_daily`, `pages_daily`, `device_daily`). Nếu bước cuối cùng báo đỏ, số liệu của một ngày trái quy tắc: ngày đó
không được ghi, dấu chờ vẫn còn, các ngày khác đã ghi xong.

**English.** Runs whenever scan batches were checked or the register changed, and every night. One run takes all
that waits in `warehouse/_pending/`: joins dossiers with scanned documents, counts again the dossier days touched
(`progress_daily`) and the defects, accepted pages and scanners of the scan days touched (`quality_daily`,
`pages_daily`, `device_daily`). If the last task is red, the figures of a day broke a rule: that day is not written and
its marker stays; all other days are written.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import AssetOrTimeSchedule, CronTriggerTimetable, dag, task

from dag_policy import (
    BATCHES,
    DEVICE_DAILY,
    PAGES,
    PAGES_DAILY,
    POLICY,
    PROGRESS_DAILY,
    QUALITY_DAILY,
    RECHECKED,
    REGISTER,
    SCAN_BATCHES,
    day_param,
    late_after,
    pass_on,
    report_closed,
    tell,
)
from sohoa.settings import TIME_ZONE


@dag(
    dag_display_name="Tổng hợp tiến độ số hóa",
    description="Tính tỷ lệ số hóa và số lỗi theo ngày (counts the rates and defects of each day)",
    # an event can be lost, so the night run takes what events have left
    schedule=AssetOrTimeSchedule(
        assets=SCAN_BATCHES | REGISTER | RECHECKED, timetable=CronTriggerTimetable("0 3 * * *", timezone=TIME_ZONE.key)
    ),
    params={
        "start": day_param(
            "Làm lại từ ngày hồ sơ · Redo from the dossier day",
            "Để trống: chỉ những ngày có thay đổi · empty: only days that have changed",
        ),
        "end": day_param("Đến ngày hồ sơ · To the dossier day", "Để trống: chỉ một ngày · empty: that one day"),
    },
    tags=["so-hoa", "tien-do"],
    doc_md=__doc__,
    deadline=late_after("summarise_progress", 3),
    **POLICY,
)
def summarise_progress() -> None:
    """From judged documents and the register to the rates."""

    @task.short_circuit(task_display_name="Lấy việc đang chờ")
    def take_pending(params: Any = None) -> object:
        from sohoa import jobs

        found = tell(jobs.take_pending(jobs.asked_days(params["start"], params["end"])))
        return found if found["markers"] else None

    @task(task_display_name="Ghép hồ sơ với tài liệu")
    def summarise_dossiers(found: Any) -> object:
        from sohoa import jobs

        return pass_on(found, jobs.summarise_dossiers(found["work"]))

    @task(task_display_name="Tính tỷ lệ số hóa", inlets=[SCAN_BATCHES, REGISTER, RECHECKED], outlets=[PROGRESS_DAILY])
    def count_progress(found: Any) -> object:
        from sohoa import jobs

        return pass_on(found, jobs.summarise_progress(found["work"]))

    @task(
        task_display_name="Đếm lỗi",
        inlets=[PAGES, BATCHES, RECHECKED],
        outlets=[QUALITY_DAILY, PAGES_DAILY, DEVICE_DAILY],
    )
    def count_quality(found: Any) -> object:
        from sohoa import jobs

        return pass_on(found, jobs.summarise_quality(found["work"]))

    @task(task_display_name="Hoàn tất tổng hợp")
    def settle_summaries(found: Any) -> object:
        from sohoa import jobs

        return pass_on(found, jobs.settle_summaries(found["work"]))

    counted = count_quality(count_progress(summarise_dossiers(take_pending())))
    report_closed(settle_summaries(counted))


summarise_progress()
