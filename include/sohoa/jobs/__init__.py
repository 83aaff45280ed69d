"""One function a task. The DAGs and the command line call these and nothing deeper.

Every job may be killed and run again: what it writes depends on its input alone, and the markers that say what there
is to do are deleted last. Great Expectations costs seconds to import, so only the jobs that judge import it.
"""

from sohoa.jobs.check_tasks import (
    admit_batches,
    check,
    discover_batches,
    judge_batches,
    measure_shard,
    plan_shards,
    publish_batches,
    review,
    settle_batches,
    write_receipts,
)
from sohoa.jobs.import_tasks import discover_feeds, feed_window, import_all, import_feed_files, settle_feeds
from sohoa.jobs.reconcile_tasks import check_reconciliation, reconcile, reconcile_days, settle_days, take_days
from sohoa.jobs.report_closed import report_closed
from sohoa.jobs.report_tasks import (
    build_report,
    choose_week,
    deliver_reports,
    report,
    report_undelivered,
    update_incidents,
    write_data_docs,
    write_report,
)
from sohoa.jobs.summarise_tasks import (
    check_progress,
    keep_week,
    settle_summaries,
    summarise,
    summarise_dossiers,
    summarise_progress,
    summarise_quality,
    take_pending,
)

__all__ = [
    "admit_batches",
    "build_report",
    "check",
    "check_progress",
    "check_reconciliation",
    "choose_week",
    "deliver_reports",
    "discover_batches",
    "discover_feeds",
    "feed_window",
    "import_all",
    "import_feed_files",
    "judge_batches",
    "keep_week",
    "measure_shard",
    "plan_shards",
    "publish_batches",
    "reconcile",
    "reconcile_days",
    "report",
    "report_closed",
    "report_undelivered",
    "review",
    "settle_batches",
    "settle_days",
    "settle_feeds",
    "settle_summaries",
    "summarise",
    "summarise_dossiers",
    "summarise_progress",
    "summarise_quality",
    "take_days",
    "take_pending",
    "update_incidents",
    "write_data_docs",
    "write_receipts",
    "write_report",
]
