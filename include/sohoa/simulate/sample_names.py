"""Invented people and sample procedures: what the forms are about. Procedure codes beginning with 9 are synthetic."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Procedure:
    """An administrative procedure and the titles its papers carry."""

    code: str
    field: str
    form: str
    result: str
    days: int
    """Working time until the promised return."""
    is_glossy: bool = False
    """Its result is a booklet with a glossy cover."""


CIVIL = (
    Procedure("1.001193", "TP", "TỜ KHAI ĐĂNG KÝ KHAI SINH", "GIẤY KHAI SINH", 2),
    Procedure("2.000815", "TP", "PHIẾU YÊU CẦU CHỨNG THỰC BẢN SAO", "BẢN SAO CHỨNG THỰC", 1),
    Procedure("9.000101", "TP", "TỜ KHAI ĐĂNG KÝ KẾT HÔN", "GIẤY CHỨNG NHẬN KẾT HÔN", 3),
    Procedure(
        "9.000102", "TP", "TỜ KHAI CẤP GIẤY XÁC NHẬN TÌNH TRẠNG HÔN NHÂN", "GIẤY XÁC NHẬN TÌNH TRẠNG HÔN NHÂN", 3
    ),
    Procedure("9.000103", "XH", "ĐƠN ĐỀ NGHỊ TRỢ CẤP XÃ HỘI", "QUYẾT ĐỊNH TRỢ CẤP XÃ HỘI", 7),
)
LAND = (
    Procedure(
        "9.000201", "DD", "ĐƠN ĐĂNG KÝ BIẾN ĐỘNG ĐẤT ĐAI", "GIẤY CHỨNG NHẬN QUYỀN SỬ DỤNG ĐẤT", 10, is_glossy=True
    ),
    Procedure("9.000202", "XD", "ĐƠN ĐỀ NGHỊ CẤP GIẤY PHÉP XÂY DỰNG", "GIẤY PHÉP XÂY DỰNG", 10),
    Procedure("9.000203", "KD", "GIẤY ĐỀ NGHỊ ĐĂNG KÝ HỘ KINH DOANH", "GIẤY CHỨNG NHẬN ĐĂNG KÝ HỘ KINH DOANH", 3),
)
TRADE = (
    Procedure("9.000301", "CT", "ĐƠN ĐỀ NGHỊ CẤP GIẤY PHÉP KINH DOANH", "GIẤY PHÉP KINH DOANH", 7),
    Procedure("9.000302", "VH", "ĐƠN ĐỀ NGHỊ CẤP CHỨNG CHỈ HÀNH NGHỀ", "CHỨNG CHỈ HÀNH NGHỀ", 10, is_glossy=True),
    Procedure("9.000303", "NN", "ĐƠN ĐỀ NGHỊ THẨM ĐỊNH ĐIỀU KIỆN SẢN XUẤT", "GIẤY CHỨNG NHẬN ĐỦ ĐIỀU KIỆN", 10),
)
PROCEDURES = {"commune": CIVIL, "district": LAND, "department": TRADE}
"""Kind of agency -> what it handles."""

BY_CODE = {p.code: p for group in PROCEDURES.values() for p in group}

_FAMILY = ("Nguyễn", "Hoàng", "Nông", "Vi", "Lý", "Triệu", "Lương", "Đàm", "Hứa", "Bế", "Chu", "Lộc")
_MIDDLE = ("Văn", "Thị", "Đức", "Minh", "Thu", "Hải", "Ngọc", "Quốc")
_GIVEN = ("Hưởng", "Tuyết", "Khuyên", "Dũng", "Thủy", "Luyện", "Mỹ", "Bằng", "Sửu", "Hậu", "Kỷ", "Vượng", "Đông", "Yến")
_HAMLET = ("Nà Mẫu", "Khuổi Thử", "Bản Ví Dụ", "Pò Mẫu", "Khối 0", "Thôn Thử Nghiệm")


def pick(rng: np.random.Generator, options: tuple[str, ...]) -> str:
    """One of the options."""
    return options[int(rng.integers(len(options)))]


def person(rng: np.random.Generator) -> str:
    """An invented full name."""
    return " ".join(pick(rng, part) for part in (_FAMILY, _MIDDLE, _GIVEN))


def hamlet(rng: np.random.Generator) -> str:
    """An invented hamlet."""
    return pick(rng, _HAMLET)
