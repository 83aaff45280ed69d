"""How often each detector errs, as people found in samples up to the end of the week, in section II."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from sohoa.audit.error_rates import DetectorErrors
from sohoa.audit.lots import REVIEW_COLUMNS, SAMPLE_COLUMNS, list_lots
from sohoa.audit.summarise_lots import AuditResult, summarise_lots
from sohoa.days import Week
from sohoa.defects import DEFECTS
from sohoa.format_value import count, decimal
from sohoa.report.model import Column, Row, Table
from sohoa.report.sentences import DEFECT
from sohoa.store import Store

_COLUMNS = (
    DEFECT,
    Column("missed_percent", "Bỏ sót", "False accept", "percent", "%"),
    Column("missed_lower", "Bỏ sót, từ", "False accept, from", "percent", "%"),
    Column("missed_upper", "Bỏ sót, đến", "False accept, to", "percent", "%"),
    Column("missed_pages", "Trang có lỗi", "Pages with it", "count", "trang"),
    Column("alarm_percent", "Báo nhầm", "False reject", "percent", "%"),
    Column("alarm_lower", "Báo nhầm, từ", "False reject, from", "percent", "%"),
    Column("alarm_upper", "Báo nhầm, đến", "False reject, to", "percent", "%"),
    Column("kappa", "Hệ số κ", "Kappa", "number"),
)


def errors_table(store: Store, week: Week) -> Table:
    """List the detectors that people have found anything to say of; no row before a sample was looked at to the end."""
    found = _read(store, datetime.combine(week.last + timedelta(1), time()))
    rows = tuple(_row(one) for one in found.detectors if one.false_accept.pages or one.false_reject.value)
    note = (
        f"{count(found.lots)} lô mẫu đã xem hết, {count(found.pages)} trang; {count(found.failed_lots)} lô sai nhiều "
        f"quá mức. {count(found.pages_twice)} trang có hai người xem, hệ số κ của Cohen {decimal(found.kappa, 2)}. Bỏ "
        "sót: phần hệ thống không thấy trong các trang thật sự có lỗi; báo nhầm: phần hệ thống báo lỗi trong các trang "
        "không có lỗi; từ … đến: khoảng tin cậy 95 %."
    )
    return Table("detector_errors", "Hệ thống sai đến đâu", "Errors of the program", _COLUMNS, rows, note)


def _read(store: Store, before: datetime) -> AuditResult:
    """What people had found before a moment: the same for a week whenever its report is made."""
    sample, reviews = (
        _known(store.read_table(table).select(columns), moment, before)
        for table, columns, moment in (
            ("audit_sample", SAMPLE_COLUMNS, "drawn_at"),
            ("page_reviews", REVIEW_COLUMNS, "decided_at"),
        )
    )
    return summarise_lots(list_lots(sample, reviews), list(DEFECTS))


def _known(rows: pa.Table, moment: str, before: datetime) -> pa.Table:
    return rows.filter(pc.less(rows[moment], pa.scalar(before, rows[moment].type)))


def _row(one: DetectorErrors) -> Row:
    missed, alarm = one.false_accept, one.false_reject
    return {
        "defect": one.defect,
        "missed_percent": missed.percent,
        "missed_lower": _percent(missed.lower),
        "missed_upper": _percent(missed.upper),
        "missed_pages": missed.pages,
        "alarm_percent": alarm.percent,
        "alarm_lower": _percent(alarm.lower),
        "alarm_upper": _percent(alarm.upper),
        "kappa": one.kappa,
    }


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share
