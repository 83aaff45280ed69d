"""A good row of each feed beside the register, and files of such rows."""

from __future__ import annotations

import csv
import io

CODE, OLD_SPELLING = "H37.81.03-240415-0012", "000.03.81.H37-240415-0012"
GOOD = {
    "portal": {
        "MaHoSo": CODE,
        "MaTTHC": "1.001193",
        "DonViXuLy": "H37.81.03",
        "NgayTiepNhan": "20240415083000",
        "NgayHenTra": "20240419170000",
        "TrangThaiHoSo": "4",
        "HoSoCoThanhPhanSoHoa": "1",
        "DuongDanKetQua": "https://kho.example.vn/1",
        "NgayDongBo": "20240415220000",
    },
    "ministry": {
        "MaHoSo": CODE,
        "MaTTHC": "2.000815",
        "MaDonViHanhChinh": "06001",
        "NgayTiepNhan": "20240415083000",
        "TrangThaiHoSo": "4",
    },
    "status": {"MaHoSo": CODE, "TrangThai": "5", "ThoiDiem": "20240415093000"},
    "national_report": {"MaDonVi": "20", "TuNgay": "20240401", "DenNgay": "20240430000000", "TiepNhan": "26600"},
    "backlog": {"MaDonVi": "H37.60", "SoKetQua": "1200"},
    "notices": {
        "MaDonVi": "H37.81.03",
        "TuNgay": "20240415",
        "DenNgay": "20240416",
        "Loai": "no_connection",
        "GhiChu": "mất mạng, chờ sửa",
    },
}


def csv_of(*rows: dict[str, str]) -> bytes:
    """A CSV file whose header is the keys of the first row."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()
