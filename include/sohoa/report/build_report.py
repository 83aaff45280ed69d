"""The report of one week, read from the store: the same tables give the same report."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from time import perf_counter

import pyarrow.compute as pc

from sohoa import layout
from sohoa.arrow import give_back_memory
from sohoa.days import Week
from sohoa.labels import label_vi
from sohoa.logs import get_logger, seconds_since
from sohoa.report.by_district import with_districts
from sohoa.report.district_pages import district_pages
from sohoa.report.model import ROMAN, Row, Section, Table, WeekReport
from sohoa.report.sections import (
    agency_attention,
    digitisation_rates,
    overdue_dossiers,
    portal_gap,
    proposals,
    revised_figures,
    scan_quality,
)
from sohoa.report.sections.part import Part
from sohoa.store import Store

log = get_logger(__name__)

DEFINITIONS_VI = (
    "Tỷ lệ đạt: số hồ sơ có ít nhất một thành phần và kết quả giải quyết đã số hóa đạt yêu cầu (không xét thành phần "
    "hoặc kết quả mà hồ sơ không phải có), trên số hồ sơ phải số hóa tiếp nhận trong kỳ (không tính hồ sơ chưa được "
    "tiếp nhận, bị từ chối, rút, được miễn số hóa hoặc đã loại bỏ). Tỷ lệ chính thức chỉ đếm hồ sơ đã nhận đủ tệp, "
    "chưa xét chất lượng.",
    "Cùng độ tuổi số liệu: tuần vừa qua được so với tuần trước như đã biết đúng bảy ngày trước (số thành phần, bản "
    "giấy, miễn số hóa lấy như sổ nay ghi, nên có thể lệch ít hồ sơ so với số đã in). Hồ sơ vừa nhận chưa kịp có kết "
    "quả và bản quét nên tỷ lệ của mọi tuần mới đều thấp lúc đầu.",
    "Mức tăng, giảm khi ổn định: ước từ các tuần gần đây, mỗi tuần so với tuần trước nó ở cùng độ tuổi; hai tuần có số "
    "ngày làm việc khác nhau thì chỉ so những ngày cả hai cùng làm việc. Khoảng ước đúng trong bốn của năm tuần.",
    "Tuần ổn định: tuần mà các tuần cùng độ tuổi về sau chỉ tăng thêm chưa đến một điểm.",
    "Lộ trình: lũy kế được so với mức của lộ trình ở ngày cuối của tuần ổn định mới nhất, vì tuần chưa ổn định sẽ kéo "
    "tỷ lệ xuống. Khối lượng phải làm mỗi ngày thì tính từ sau tuần báo cáo đến hết lộ trình và gồm mọi hồ sơ chưa "
    "đạt, kể cả hồ sơ mới nhận.",
    "Hai mức đã công bố của năm 2023 chỉ để so sánh: tử số và mẫu số của chúng không được công bố.",
)


@dataclass(frozen=True)
class Entry:
    """A section of the report: what it is called, and who makes it."""

    title_vi: str
    build: Callable[[Store, Week], Part]


SECTIONS = (
    Entry("Kết quả số hóa", digitisation_rates.build),
    Entry("Chất lượng bản quét", scan_quality.build),
    Entry("Đồng bộ, đối soát với Cổng Dịch vụ công quốc gia", portal_gap.build),
    Entry("Hồ sơ quá hạn theo cấp xử lý", overdue_dossiers.build),
    Entry("Thiết bị, đường truyền và việc gửi lô", agency_attention.build),
)
"""In the order of the report; the proposals, which are drawn from all of them, follow as the last section."""
PROPOSALS_VI = "Kiến nghị"


def build_report(store: Store, week: str) -> WeekReport:
    """Build the report of an ISO week.

    Args:
        store: the store; it is only read.
        week: as 2024-W15.

    Raises:
        InputError: that is no week.
    """
    start, asked = perf_counter(), Week.parse(week)
    parts = build_parts(store, asked)
    tables = tables_of(parts)
    parts.append(proposals.build(tables, asked, _proposed_before(store, asked)))
    titles = (*(entry.title_vi for entry in SECTIONS), PROPOSALS_VI)
    report = WeekReport(
        week=asked.name,
        first_day=asked.first,
        last_day=asked.last,
        sections=tuple(map(_section, ROMAN, titles, parts)),
        annex=(
            *_districts(tables, asked),
            with_districts(tables["units"], asked),
            revised_figures.revisions_table(store, asked),
            with_districts(tables["agencies"], asked),
            tables["faulty_agencies"],
            with_districts(tables["faulty_files"], asked),
        ),
        message_vi=tuple(line for part in parts for line in part.message),
        definitions_vi=DEFINITIONS_VI,
        versions=_versions(store, asked),
        content_hash="",
    )
    rows = sum(len(table.rows) for table in report.tables)
    log.info("report_built", week=week, tables=len(report.tables), rows=rows, seconds=seconds_since(start))
    return replace(report, content_hash=hashlib.sha256(report.to_json()).hexdigest())


def _districts(tables: Mapping[str, Table], week: Week) -> tuple[Table, ...]:
    """The pages of the districts, where there are districts."""
    found = district_pages(tables, week)
    return (found,) if found.rows else ()


def _proposed_before(store: Store, week: Week) -> Sequence[Row] | None:
    """The proposals of the week before, as its report in the store has them."""
    key = layout.report_key(week.before.name, "report.json")
    is_there = store.stat(layout.REPORTS, key) is not None
    return proposals.printed_before(store.get_json(layout.REPORTS, key) if is_there else None)


def build_parts(store: Store, week: Week) -> list[Part]:
    """Build the parts in the order of ``SECTIONS``; the first has its forecast made while little else is held."""
    parts = []
    for entry in SECTIONS:
        parts.append(entry.build(store, week))
        give_back_memory()
    return parts


def tables_of(parts: Sequence[Part]) -> dict[str, Table]:
    """Return the tables of some parts by name, with those that are not printed."""
    return {table.name: table for part in parts for table in (*part.tables, *part.annex, *part.hidden)}


def _section(number: str, title_vi: str, part: Part) -> Section:
    charts = tuple(chart for chart in part.charts if chart is not None)
    return Section(number, title_vi, part.paragraphs, _filled(part), charts)


def _filled(part: Part) -> tuple[Table, ...]:
    return tuple(table for table in part.tables if table.rows)


def _versions(store: Store, week: Week) -> tuple[str, ...]:
    """Page engines and limits that judged the week's batches, and where the week's data were checked once more."""
    batches = store.read_table("batches", week.days)
    return (
        *(
            f"{label_vi('versions', name)} {version}"
            for name in ("engine_version", "thresholds_version")
            for version in sorted(pc.unique(batches[name].drop_null()).to_pylist())
        ),
        f"kiểm tra dữ liệu: {layout.REPORTS}/{layout.data_docs_prefix(week.name)}index.html",
    )
