"""Source rows in force, as the feeds carried them, and the rows that could not be used."""

from __future__ import annotations

import pyarrow as pa

from sohoa.enums import NOTICE_KINDS
from sohoa.schema.fields import BOOL, DATE, INT, TEXT, TIME, column

_KEY = column("dossier_key", TEXT, "dossier code in its one normal spelling")
_LINE = column("line", INT, "line in that file, header is 1")
_SEEN = [column("dt", DATE, "day of the feed file that carried the row in force"), _LINE]
_FIRST_SEEN = column("first_seen", DATE, "first dt that named this dossier")

REGISTER = pa.schema(
    [
        _KEY,
        column("dossier_code", TEXT, "MaHoSo as spelled in the row in force"),
        column("procedure_code", TEXT, "MaTTHC"),
        column("field_code", TEXT, "MaLinhVuc"),
        column("channel", INT, "KenhThucHien: 1 direct, 2 online, 3 post"),
        column("handling_agency", TEXT, "DonViXuLy: agency that handles the dossier"),
        column("commune_code", TEXT, "MaDonViHanhChinh; null where empty"),
        column("unit_code", TEXT, "leaf unit that the dossier belongs to on its own date"),
        column("lodged_at", TIME, "NgayTiepNhan"),
        column("due_at", TIME, "NgayHenTra"),
        column("finished_at", TIME, "NgayKetThucXuLy"),
        column("returned_at", TIME, "NgayTra"),
        column("status", INT, "TrangThaiHoSo, 1 to 10"),
        column("components", INT, "SoThanhPhan: components to digitise", "document"),
        column("has_paper_result", BOOL, "CoKetQuaGiay"),
        column("exemption", TEXT, "MienSoHoa: reason of exemption; null where empty"),
        column("is_void", BOOL, "LoaiBo: void or test"),
        column("updated_at", TIME, "NgayCapNhat"),
        *_SEEN,
        _FIRST_SEEN,
    ]
)

PORTAL = pa.schema(
    [
        _KEY,
        column("dossier_code", TEXT, "MaHoSo as spelled: the portal may know one dossier under several spellings"),
        column("procedure_code", TEXT, "MaTTHC"),
        column("handling_agency", TEXT, "DonViXuLy: agency that handles the dossier"),
        column("lodged_at", TIME, "NgayTiepNhan; null where empty"),
        column("due_at", TIME, "NgayHenTra; null where empty"),
        column("status", INT, "TrangThaiHoSo, 1 to 10"),
        column("is_flagged_digitised", BOOL, "HoSoCoThanhPhanSoHoa; null where empty"),
        column("result_link", TEXT, "DuongDanKetQua; null where empty"),
        column("synced_at", TIME, "NgayDongBo"),
        *_SEEN,
        column("first_seen", DATE, "first dt that named this spelling"),
    ]
)

MINISTRY = pa.schema(
    [
        column("system", TEXT, "ministry system, as its feed's folder is called"),
        _KEY,
        column("dossier_code", TEXT, "MaHoSo as spelled in the row in force"),
        column("procedure_code", TEXT, "MaTTHC"),
        column("commune_code", TEXT, "MaDonViHanhChinh; null where empty"),
        column("lodged_at", TIME, "NgayTiepNhan; null where empty"),
        column("status", INT, "TrangThaiHoSo, 1 to 10; null where empty"),
        *_SEEN,
        column("first_seen", DATE, "first dt in which this system named this dossier"),
    ]
)

STATUS = pa.schema(
    [
        _KEY,
        column("dossier_code", TEXT, "MaHoSo as spelled in the row in force"),
        column("status", INT, "TrangThai, 1 to 10"),
        column("changed_at", TIME, "ThoiDiem: since when the dossier has this status"),
        *_SEEN,
        column("first_seen", DATE, "first dt that named this change"),
    ]
)

NATIONAL_REPORT = pa.schema(
    [
        column("unit_code", TEXT, "MaDonVi: unit with all below it, or the code of a department or district office"),
        column("start", DATE, "TuNgay: first day of the period"),
        column("end", DATE, "DenNgay: last day of the period"),
        column("dossiers_received", INT, "TiepNhan: dossiers received in the period", "dossier"),
        _LINE,
    ]
)

BACKLOG = pa.schema(
    [
        column("agency", TEXT, "MaDonVi: agency that keeps the results"),
        column("results", INT, "SoKetQua: results in force to digitise", "document"),
        _LINE,
    ]
)

NOTICES = pa.schema(
    [
        column("agency", TEXT, "MaDonVi: agency that gives notice"),
        column("start", DATE, "TuNgay: first day"),
        column("end", DATE, "DenNgay: last day; null where it is still open"),
        column("notice_kind", TEXT, "Loai: " + " | ".join(NOTICE_KINDS)),
        column("note", TEXT, "GhiChu"),
        _LINE,
    ]
)

REJECTS = pa.schema(
    [
        column("source", TEXT, "feed: register, portal …"),
        column("feed_key", TEXT, "key of the feed file"),
        column("line", INT, "line in the file, header is 1; null where the whole file cannot be read"),
        column("field", TEXT, "field at fault; null where it is the whole row or file"),
        column("problem", TEXT, "what is wrong, and what to send instead"),
        column("value", TEXT, "the value at fault, shortened"),
    ]
)
