"""Bảo trì kho lưu trữ · Upkeep of the store.

**Tiếng Việt.** Mỗi giờ, dọn những gì không ai cần trong kho `landing`: các lượt tải lên bỏ dở, phiên bản cũ của tệp mà
không bản kê nào nêu, tệp của lô gửi dở không có bản kê (cơ quan nhận được biên nhận, tệp còn khôi phục được trong ít
ngày). Tệp mà một bản kê đã nêu thì không bao giờ bị xóa. Cùng lúc đếm dung lượng từng cơ quan dùng, báo cho người vận
hành khi kho sắp đầy, gửi lại những thông báo chưa đến nơi, và giữ quyền của cơ quan theo sổ đăng ký. Đọc lại một số tệp
đã nhận, đối chiếu mã băm, báo tệp hỏng hoặc mất. Gộp các quyết định của những tháng đã qua, bổ sung những ngày mà một
bảng của bản mới còn thiếu. Mỗi lượt chỉ làm một phần, lượt sau làm tiếp.

**English.** Every hour, takes away what nobody needs in `landing`: uploads that nobody ended, old versions of files
that no manifest names, files of batches left half-way without a manifest (the agency gets a receipt, and the files can
be restored for some days). A file that a manifest names is never deleted. Counts what each agency uses, warns the
operators when the store is filling up, tells again what could not be told, and keeps the agencies' rights as the
registry has them. Reads some accepted files back, holds them against their hashes, and tells which are damaged or gone.
Merges the decisions of months that are over, and counts the days that a table of a new release lacks. A run does a
part, the next goes on.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import CronTriggerTimetable, dag, task

from dag_policy import POLICY, late_after, pass_on, tell
from sohoa.settings import TIME_ZONE


@dag(
    dag_display_name="Bảo trì kho lưu trữ",
    description="Dọn kho, đếm dung lượng, báo khi kho sắp đầy (takes away what nobody needs, warns of a full store)",
    schedule=CronTriggerTimetable("35 * * * *", timezone=TIME_ZONE.key),
    tags=["so-hoa", "van-hanh"],
    doc_md=__doc__,
    deadline=late_after("maintain_store", 2),
    **POLICY,
)
def maintain_store() -> None:
    """From what lies in the store to what is needed of it."""

    @task(task_display_name="Cập nhật quyền của cơ quan")
    def guard_landing() -> object:
        from sohoa import jobs

        return tell(jobs.guard_landing())

    @task(task_display_name="Kết thúc lượt tải lên bỏ dở")
    def end_uploads() -> object:
        from sohoa import jobs

        return tell(jobs.end_uploads())

    @task(task_display_name="Dọn kho, đếm dung lượng")
    def clean_landing(found: Any) -> object:
        from sohoa import jobs

        return pass_on(found, jobs.clean_landing())

    @task(task_display_name="Báo kho sắp đầy")
    def watch_store() -> object:
        from sohoa import jobs

        return tell(jobs.watch_store())

    @task(task_display_name="Gộp nhật ký lượt chạy")
    def merge_events() -> object:
        from sohoa import jobs

        return tell(jobs.merge_events())

    @task(task_display_name="Gộp quyết định của tháng đã qua")
    def merge_decisions() -> object:
        from sohoa import jobs

        return tell(jobs.merge_decisions())

    @task(task_display_name="Chuyển bảng của bản trước")
    def migrate_tables() -> object:
        from sohoa import jobs

        return tell(jobs.migrate_tables())

    @task(task_display_name="Đọc lại tệp đã nhận")
    def check_integrity() -> object:
        from sohoa import jobs

        return tell(jobs.check_integrity())

    guard_landing()
    merge_events()
    merge_decisions()
    migrate_tables()
    check_integrity()
    watch_store()
    clean_landing(end_uploads())


maintain_store()
