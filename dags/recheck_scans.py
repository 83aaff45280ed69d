"""Đánh giá lại bản quét · Recheck scans.

**Tiếng Việt.** Chỉ chạy bằng tay, sau khi sửa ngưỡng (`expectations/thresholds.toml`): các lô quét trong khoảng ngày
đã chọn được đánh giá lại theo ngưỡng mới, không đo lại ảnh. Lô nào đã theo ngưỡng mới thì giữ nguyên. Kết quả mới thay
kết quả cũ trong `pages`, `documents`, `batches`; lô có thay đổi nhận thêm một giấy báo mới, giấy đã trả không bị sửa;
các ngày liên quan được tính lại ngay sau đó. Nếu bước cuối cùng báo đỏ, lỗi ghi rõ lô nào giữ kết quả cũ và vì sao. Xem
trước sẽ đổi gì: `sohoa replay`.

**English.** Run by hand only, after a change of the limits (`expectations/thresholds.toml`): the batches of the chosen
scan days are judged again by the new limits, no image is measured again. A batch that these limits have judged stays as
it is. The new verdicts take the place of the old ones in `pages`, `documents` and `batches`; a batch of which something
changes gets one more slip, a delivered one is never changed; the days are counted again right after. If the last task
is red, the error names the batches that keep their verdicts, and why. What would change: `sohoa replay`.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import Param, dag, task

from dag_policy import MAX_MEASURING_TIME, PAGES, POLICY, RECHECKED, day_param, late_after, pass_on, report_closed, tell


@dag(
    dag_display_name="Đánh giá lại bản quét",
    description="Đánh giá lại theo ngưỡng mới (judges scans again by new limits)",
    schedule=None,
    params={
        "start": Param(
            type="string",
            format="date",
            title="Từ ngày quét · From the scan day",
            description="Ngày quét đầu tiên · the first scan day",
            examples=["2024-04-15"],
        ),
        "end": day_param("Đến ngày quét · To the scan day", "Để trống: chỉ một ngày · empty: that one day"),
    },
    tags=["so-hoa", "chat-luong"],
    doc_md=__doc__,
    deadline=late_after("recheck_scans", 4),
    **POLICY,
)
def recheck_scans() -> None:
    """From measured pages to verdicts by other limits."""

    @task.short_circuit(task_display_name="Tìm lô của ngưỡng cũ")
    def find_batches(params: Any = None) -> object:
        from sohoa import jobs

        found = tell(jobs.find_batches_to_recheck(jobs.asked_days(params["start"], params["end"])))
        return found if found["batches"] else None

    @task(task_display_name="Đánh giá lại", inlets=[PAGES], outlets=[RECHECKED], execution_timeout=MAX_MEASURING_TIME)
    def recheck_days(found: Any) -> object:
        from sohoa import jobs

        return pass_on(found, jobs.recheck_days(found["days"]))

    report_closed(recheck_days(find_batches()))


recheck_scans()
