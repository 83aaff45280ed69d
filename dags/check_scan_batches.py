"""Kiểm tra lô quét · Check scan batches.

**Tiếng Việt.** Cứ 15 phút (`SOHOA_CHECK_MINUTES`), lấy mọi bản kê mà các đơn vị đã đặt vào `landing/inbox/`, kiểm tra
từng lô: tiếp nhận hoặc từ chối bản kê, đo chất lượng từng trang, đánh giá theo ngưỡng, ghi bảng `pages`, `documents`,
`batches`, trả giấy biên nhận cho đơn vị. Một trang hỏng không làm dừng cả lô, một lô hỏng không làm dừng cả lượt
chạy. Nếu bước cuối cùng báo đỏ, có dòng dữ liệu trái quy tắc của bảng: lỗi ghi rõ lô nào, bản kê của lô đó vẫn ở
trong hộp chờ.

**English.** Every 15 minutes (`SOHOA_CHECK_MINUTES`), takes every manifest that agencies have put into
`landing/inbox/` and checks its batch: admits or refuses the manifest, measures each page, judges it against the
limits, writes the tables `pages`, `documents` and `batches`, and gives the agency a receipt. One bad page stops no
batch, and one bad batch stops no run. If the last task is red, rows broke a rule of their table: the error names the
batches; their manifests stay in the inbox.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import CronTriggerTimetable, dag, task

from dag_policy import (
    BATCHES,
    INBOX,
    MAX_MEASURING_TIME,
    PAGES,
    POLICY,
    SCAN_BATCHES,
    late_after,
    pass_on,
    report_closed,
    tell,
)
from sohoa.settings import TIME_ZONE, load_settings


@dag(
    dag_display_name="Kiểm tra lô quét",
    description="Đo và đánh giá các lô quét mới (measures and judges new scan batches)",
    schedule=CronTriggerTimetable(f"*/{load_settings().check_minutes} * * * *", timezone=TIME_ZONE.key),
    tags=["so-hoa", "chat-luong"],
    doc_md=__doc__,
    deadline=late_after("check_scan_batches", 4),
    **POLICY,
)
def check_scan_batches() -> None:
    """The main job: from the inbox to judged pages and receipts."""

    @task.short_circuit(task_display_name="Tìm lô mới")
    def discover_batches() -> object:
        from sohoa import jobs

        found = tell(jobs.discover_batches())
        return found if found["markers"] else None

    @task(task_display_name="Tiếp nhận bản kê")
    def admit_batches(found: Any) -> object:
        from sohoa import jobs

        return pass_on(found, jobs.admit_batches(found["work"]))

    @task(task_display_name="Chia phần việc")
    def plan_shards(found: Any) -> list[Any]:
        from sohoa import jobs

        shards = jobs.plan_shards(found["work"])
        tell({"shards": len(shards)})
        return shards

    @task(
        task_display_name="Đo trang",
        pool="measure",
        execution_timeout=MAX_MEASURING_TIME,
        map_index_template="{{ task.op_kwargs['shard']['label'] }}",
    )
    def measure_shard(shard: Any) -> object:
        from sohoa import jobs

        return tell(jobs.measure_shard(shard["work"], shard["shard"]))

    # where every manifest was refused there is nothing to measure, and still receipts to write
    @task(task_display_name="Đánh giá", trigger_rule="none_failed")
    def judge_batches(found: Any) -> object:
        from sohoa import jobs

        return pass_on(found, jobs.judge_batches(found["work"]))

    @task(task_display_name="Ghi bảng, trả biên nhận", inlets=[INBOX], outlets=[PAGES, BATCHES])
    def publish_batches(found: Any) -> object:
        from sohoa import jobs

        return pass_on(found, jobs.publish_batches(found["work"]))

    @task(task_display_name="Hoàn tất lô", inlets=[PAGES, BATCHES], outlets=[SCAN_BATCHES])
    def settle_batches(found: Any) -> object:
        from sohoa import jobs

        return pass_on(found, jobs.settle_batches(found["work"]))

    admitted = admit_batches(discover_batches())
    judged = judge_batches(admitted)
    measure_shard.expand(shard=plan_shards(admitted)) >> judged
    report_closed(settle_batches(publish_batches(judged)))


check_scan_batches()
