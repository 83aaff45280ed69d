"""What the offices print on a sheet: the heads of applications and results, signatures, covers, photo pages."""

from __future__ import annotations

import cv2
import numpy as np

from sohoa.simulate import draw_ink
from sohoa.simulate.page_bodies import BODIES, prepare
from sohoa.simulate.paper_sheet import CELL_MM, SIZE_MM, Sheet
from sohoa.simulate.plan_scans import Scan
from sohoa.simulate.sample_names import hamlet, person

NATION, MOTTO = "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc"
LEFT_MM, MIDDLE_MM, LINE_MM = 24, 105, 8.5


def dossier_name(scan: Scan) -> str:
    """Return what the paper gives as its dossier: the code as it is spelled; where it names none the paper's own id."""
    return scan.dossier_code or scan.paper_id


def print_form(sheet: Sheet, scan: Scan, page: int, rng: np.random.Generator) -> None:
    """Head, page number, and on the last page the signature."""
    if page > 1:
        sheet.write(f"Mã hồ sơ: {dossier_name(scan)} (tiếp theo)", LEFT_MM, 12, 10, "Italic")
    elif scan.kind == "component":
        _head_application(sheet, scan, scan.title.upper())
        _fill_application(sheet, scan, rng)
    else:
        _head_result(sheet, scan, rng)
    sheet.centre(f"Trang {page}/{scan.pages} - {scan.paper_id}", MIDDLE_MM, 283, 9, "Regular")
    if page == scan.pages:
        sign(sheet, scan, rng)


def print_photo(sheet: Sheet, scan: Scan, rng: np.random.Generator) -> None:
    """A part of a colour picture, somewhere over its caption: two pages with one picture are not one page twice."""
    pictures = [body for body in BODIES if body.style == "picture"]
    whole = prepare(pictures[int(rng.integers(len(pictures)))], scan.dpi)
    height, width = (int(side * rng.uniform(0.4, 0.8)) for side in whole.shape[:2])
    first, aside = (int(rng.integers(side - part)) for side, part in zip(whole.shape, (height, width), strict=False))
    left = int(rng.integers(sheet.px(LEFT_MM), sheet.pixels.shape[1] - sheet.px(LEFT_MM) - width))
    top = int(rng.integers(sheet.px(60), sheet.px(206) - height))
    sheet.pixels[top : top + height, left : left + width] = whole[first : first + height, aside : aside + width]
    _head_application(sheet, scan, "ẢNH HIỆN TRẠNG KÈM THEO HỒ SƠ")
    sheet.centre(f"Ảnh: {hamlet(rng)}, người chụp {person(rng)}", MIDDLE_MM, 214, 13, "Italic")
    sign(sheet, scan, rng)


def print_cover(sheet: Sheet, scan: Scan) -> None:
    """A booklet's cover: frame, nation, rosette, title."""
    height, width = sheet.pixels.shape[:2]
    for inset, thickness in ((10, 6), (13, 2)):
        edge = sheet.px(inset)
        cv2.rectangle(sheet.pixels, (edge, edge), (width - edge, height - edge), draw_ink.RED, thickness)
    sheet.centre(NATION, MIDDLE_MM, 34, 15)
    sheet.centre(MOTTO, MIDDLE_MM, 43, 14)
    sheet.rule(MIDDLE_MM, 50, 60)
    rosette = cv2.resize(draw_ink.seal_mask(sheet.dpi), None, fx=1.8, fy=1.8, interpolation=cv2.INTER_CUBIC)
    draw_ink.stamp(sheet.pixels, rosette, draw_ink.RED, width // 2 - rosette.shape[1] // 2, sheet.px(80))
    words = scan.procedure.result.split()
    half = (len(words) + 1) // 2
    sheet.centre(" ".join(words[:half]), MIDDLE_MM, 170, 22)
    sheet.centre(" ".join(words[half:]), MIDDLE_MM, 182, 22)
    sheet.centre(scan.paper_id, MIDDLE_MM, 262, 13, "Regular")


def sign(sheet: Sheet, scan: Scan, rng: np.random.Generator) -> None:
    """Signature at the foot of the last cell; a red seal beside it where an office signs."""
    width, height = SIZE_MM[scan.paper]
    x, y = width - CELL_MM[0] + 145, height - CELL_MM[1] + 226
    is_official = scan.kind != "component"
    sheet.centre("THỦ TRƯỞNG ĐƠN VỊ" if is_official else "NGƯỜI YÊU CẦU", x, y, 12)
    scribble = draw_ink.signature_mask(sheet.dpi, rng)
    draw_ink.stamp(sheet.pixels, scribble, draw_ink.BLUE, sheet.px(x - 20), sheet.px(y + 12))
    if is_official:
        seal = draw_ink.turned_seal(sheet.dpi, float(rng.uniform(-12, 12)))
        draw_ink.stamp(sheet.pixels, seal, draw_ink.RED, sheet.px(x - 36 + 4 * rng.random()), sheet.px(y + 5))
    sheet.centre(person(rng), x, y + 42, 13)


def stamp_across_edge(sheet: Sheet, page: int, pages: int) -> None:
    """A red seal over the edges of sheets laid like a fan (dấu giáp lai): each bears its part at the right edge."""
    seal = draw_ink.turned_seal(sheet.dpi, 8.0)
    height, width = sheet.pixels.shape[:2]
    share = seal.shape[1] // pages
    part = np.ascontiguousarray(seal[:, (page - 1) * share : page * share])
    draw_ink.stamp(sheet.pixels, part, draw_ink.RED, width - part.shape[1], round(height * 0.45))


def _head_application(sheet: Sheet, scan: Scan, title: str) -> None:
    sheet.write(f"Mã hồ sơ: {dossier_name(scan)}", LEFT_MM, 9, 9)
    sheet.centre(NATION, MIDDLE_MM, 16)
    sheet.centre(MOTTO, MIDDLE_MM, 22)
    sheet.rule(MIDDLE_MM, 28.5, 62)
    sheet.centre(title, MIDDLE_MM, 34, 15)


def _fill_application(sheet: Sheet, scan: Scan, rng: np.random.Generator) -> None:
    sheet.centre(f"Kính gửi: {scan.office.agency.name}", MIDDLE_MM, 43, 13, "Regular")
    fields = (
        ("Họ, chữ đệm, tên người yêu cầu: ", person(rng)),
        ("Nơi cư trú: ", f"{hamlet(rng)}, tỉnh Lạng Sơn"),
        ("Quan hệ với người được cấp giấy tờ: ", person(rng)),
        ("Ngày nộp: ", _date_of(scan)),
    )
    for number, (label, value) in enumerate(fields):
        x = sheet.write(label, LEFT_MM, 53 + LINE_MM * number)
        sheet.write(value, x, 53 + LINE_MM * number, 14, "Italic", blue=True)
    sheet.write("Nội dung và giấy tờ kèm theo:", LEFT_MM, 87, 12, "Italic")


def _head_result(sheet: Sheet, scan: Scan, rng: np.random.Generator) -> None:
    sheet.centre(scan.office.agency.name.upper()[:34], 58, 12, 11)
    sheet.rule(58, 18, 24)
    sheet.centre(f"Số: {int(rng.integers(1, 400))}/MẪU", 58, 20, 12, "Regular")
    sheet.centre(NATION, 142, 12, 11)
    sheet.centre(MOTTO, 142, 17.5, 12)
    sheet.rule(142, 23.5, 55)
    sheet.centre(scan.procedure.result, MIDDLE_MM, 36, 16)
    fields = (
        ("Cấp cho ông/bà: ", person(rng)),
        ("Nơi cư trú: ", f"{hamlet(rng)}, tỉnh Lạng Sơn"),
        ("Theo hồ sơ số: ", dossier_name(scan)),
        ("Ngày tiếp nhận: ", _date_of(scan)),
    )
    for number, (label, value) in enumerate(fields):
        x = sheet.write(label, LEFT_MM, 50 + LINE_MM * number)
        sheet.write(value, x, 50 + LINE_MM * number, 13, "Bold")


def _date_of(scan: Scan) -> str:
    """Day of reception; of a backlog result some month of an earlier year."""
    if scan.received is not None:
        return f"{scan.received:%d/%m/%Y}"
    return f"{scan.scan_date:%m}/{scan.scan_date.year - 3}"
