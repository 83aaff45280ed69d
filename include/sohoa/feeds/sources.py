"""The feeds, one ``Source`` each: fields as the messages name them, columns of the table, and which row is in force.

Field names are those of the national message format (MaHoSo, NgayTiepNhan …), in the order in which a row is checked.
A new feed is one ``Source`` here, its table in ``sohoa.schema`` and the path key of the table in ``sohoa.layout``; who
exports it has a key then. People need its name in ``sohoa.labels`` and an example in ``templates.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa

from sohoa.enums import NOTICE_KINDS
from sohoa.feeds import message_fields as field
from sohoa.feeds.message_fields import Field, parse_integer, parse_one_of
from sohoa.feeds.refuse_rows import (
    Sorted,
    refuse_backwards,
    refuse_homeless,
    refuse_strange_communes,
    refuse_strangers,
    refuse_unknown_units,
)
from sohoa.layout import PATH_KEY
from sohoa.schema import TABLES


@dataclass(frozen=True)
class Source:
    """One feed and the table that it fills, both called ``name``."""

    name: str
    fields: tuple[Field, ...]
    key: tuple[str, ...] = ()
    """Columns that name one row in force; none: a file's rows are kept as they are, in its own object."""
    time: str | None = None
    """Column that says when a row was written: the newest is in force, later dt and line decide ties. A row of the
    future is refused."""
    has_systems: bool = False
    """Files lie below a folder for each system."""
    refusals: tuple[Callable[[pa.Table], Sorted], ...] = ()
    """What else makes a row useless."""
    is_counted: bool = False
    """A dossier day that changes wakes the summaries."""
    is_compared: bool = False
    """A dossier day that changes wakes the reconciliation."""

    @property
    def schema(self) -> pa.Schema:
        """The schema of its table."""
        return TABLES[self.name]

    @property
    def is_by_dossier_day(self) -> bool:
        """Whether rows in force are merged by dossier day, over all files."""
        return PATH_KEY[self.name] == "dossier_date"

    @property
    def row_schema(self) -> pa.Schema:
        """The columns of its rows before they are saved: those of the table, and the dossier day where it has one."""
        days = [pa.field("dossier_date", pa.date32())] if self.is_by_dossier_day else []
        return pa.schema([*self.schema, *days])

    def field_of(self, column: str) -> str:
        """Name of the field that fills a column."""
        return next(field.source for field in self.fields if field.target == column)

    @property
    def place(self) -> str:
        """Where its files lie, as a message tells it."""
        return f"{self.name}/{'<hệ thống>/' if self.has_systems else ''}dt=<yyyy-mm-dd>/<tên tệp>"


REGISTER = Source(
    "register",
    (
        field.key(),
        field.text("MaTTHC", "procedure_code"),
        field.text("MaLinhVuc", "field_code"),
        Field("KenhThucHien", "channel", parse_integer(1, 3), "1 (trực tiếp), 2 (trực tuyến) hoặc 3 (bưu chính)"),
        field.text("DonViXuLy", "handling_agency"),
        field.commune(),
        field.time("NgayTiepNhan", "lodged_at"),
        field.time("NgayHenTra", "due_at"),
        field.time("NgayKetThucXuLy", "finished_at"),
        field.time("NgayTra", "returned_at"),
        field.status(),
        field.count("SoThanhPhan", "components", "số thành phần phải số hóa, từ 0"),
        field.flag("CoKetQuaGiay", "has_paper_result"),
        field.text("MienSoHoa", "exemption"),
        field.flag("LoaiBo", "is_void"),
        field.time("NgayCapNhat", "updated_at", is_required=True),
    ),
    key=("dossier_key",),
    time="updated_at",
    refusals=(refuse_strange_communes, refuse_homeless),
    is_counted=True,
    is_compared=True,
)
PORTAL = Source(
    "portal",
    (
        field.key(),
        field.text("MaTTHC", "procedure_code"),
        field.text("DonViXuLy", "handling_agency"),
        field.time("NgayTiepNhan", "lodged_at"),
        field.time("NgayHenTra", "due_at"),
        field.status(),
        field.flag("HoSoCoThanhPhanSoHoa", "is_flagged_digitised", is_required=False),
        field.text("DuongDanKetQua", "result_link"),
        field.time("NgayDongBo", "synced_at", is_required=True),
    ),
    key=("dossier_key", "dossier_code"),
    time="synced_at",
    is_compared=True,
)
MINISTRY = Source(
    "ministry",
    (
        field.key(),
        field.text("MaTTHC", "procedure_code"),
        field.commune(),
        field.time("NgayTiepNhan", "lodged_at"),
        field.status(is_required=False),
    ),
    key=("system", "dossier_key"),
    has_systems=True,
    refusals=(refuse_strange_communes,),
    is_compared=True,
)
STATUS = Source(
    "status",
    (field.key(), field.status("TrangThai"), field.time("ThoiDiem", "changed_at", is_required=True)),
    key=("dossier_key", "changed_at", "status"),
    time="changed_at",
)
NATIONAL_REPORT = Source(
    "national_report",
    (
        field.text("MaDonVi", "unit_code", is_required=True),
        field.day("TuNgay", "start"),
        field.day("DenNgay", "end"),
        field.count("TiepNhan", "dossiers_received", "số hồ sơ tiếp nhận, từ 0"),
    ),
    refusals=(refuse_backwards, refuse_unknown_units),
)
BACKLOG = Source(
    "backlog",
    (
        field.text("MaDonVi", "agency", is_required=True),
        field.count("SoKetQua", "results", "số kết quả còn hiệu lực phải số hóa, từ 0"),
    ),
    refusals=(refuse_strangers,),
)
NOTICES = Source(
    "notices",
    (
        field.text("MaDonVi", "agency", is_required=True),
        field.day("TuNgay", "start"),
        field.day("DenNgay", "end", is_required=False),
        Field("Loai", "notice_kind", parse_one_of(NOTICE_KINDS), "một trong: " + ", ".join(NOTICE_KINDS), True),
        field.text("GhiChu", "note"),
    ),
    refusals=(refuse_backwards, refuse_strangers),
)
SOURCES = {source.name: source for source in (REGISTER, PORTAL, MINISTRY, STATUS, NATIONAL_REPORT, BACKLOG, NOTICES)}
"""All feeds, by name."""
