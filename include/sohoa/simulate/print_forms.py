"""What the offices print on a sheet: the heads of applications and results, signatures, covers, photo pages."""

from __future__ import annotations

import cv2
import numpy as np

from sohoa.simulate import draw_ink as ink
from sohoa.simulate.page_bodies import BODIES, prepare
from sohoa.simulate.paper_sheet import CELL_MM, SIZE_MM, Sheet
from sohoa.simulate.plan_scans import Document
from sohoa.simulate.sample_names import hamlet, person

NATION, MOTTO = "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc"
LEFT_MM, MIDDLE_MM, LINE_MM = 24, 105, 8.5


def dossier_name(document: Document) -> str:
    """What the paper gives as its dossier: the code as its office spells it; for a backlog result its own id."""
    return document.dossier.usual_code if document.dossier else document.id


def print_form(sheet: Sheet, document: Document, page: int, rng: np.random.Generator) -> None:
    """Head, page number, and on the last page the signature."""
    if page > 1:
        sheet.write(f"Mã hồ sơ: {dossier_name(document)} (tiếp theo)", LEFT_MM, 12, 10, "Italic")
    elif document.kind == "component":
        _head_application(sheet, document, document.title.upper())
        _fill_application(sheet, document, rng)
    else:
        _head_result(sheet, document, rng)
    sheet.centre(f"Trang {page}/{document.pages} - {document.id}", MIDDLE_MM, 283, 9, "Regular")
    if page == document.pages:
        sign(sheet, document, rng)


def print_photo(sheet: Sheet, document: Document, rng: np.random.Generator) -> None:
    """A colour picture with its caption."""
    pictures = [body for body in BODIES if body.style == "picture"]
    picture = prepare(pictures[int(rng.integers(len(pictures)))], document.dpi)
    left, top = (sheet.pixels.shape[1] - picture.shape[1]) // 2, sheet.px(60)
    sheet.pixels[top : top + picture.shape[0], left : left + picture.shape[1]] = picture
    _head_application(sheet, document, "ẢNH HIỆN TRẠNG KÈM THEO HỒ SƠ")
    sheet.centre(f"Ảnh: {hamlet(rng)}, người chụp {person(rng)}", MIDDLE_MM, 214, 13, "Italic")
    sign(sheet, document, rng)


def print_cover(sheet: Sheet, document: Document) -> None:
    """A booklet's cover: frame, nation, rosette, title."""
    height, width = sheet.pixels.shape[:2]
    for inset, thickness in ((10, 6), (13, 2)):
        edge = sheet.px(inset)
        cv2.rectangle(sheet.pixels, (edge, edge), (width - edge, height - edge), ink.RED, thickness)
    sheet.centre(NATION, MIDDLE_MM, 34, 15)
    sheet.centre(MOTTO, MIDDLE_MM, 43, 14)
    sheet.rule(MIDDLE_MM, 50, 60)
    rosette = cv2.resize(ink.seal_mask(sheet.dpi), None, fx=1.8, fy=1.8, interpolation=cv2.INTER_CUBIC)
    ink.stamp(sheet.pixels, rosette, ink.RED, width // 2 - rosette.shape[1] // 2, sheet.px(80))
    words = document.procedure.result.split()
    half = (len(words) + 1) // 2
    sheet.centre(" ".join(words[:half]), MIDDLE_MM, 170, 22)
    sheet.centre(" ".join(words[half:]), MIDDLE_MM, 182, 22)
    sheet.centre(document.id, MIDDLE_MM, 262, 13, "Regular")


def sign(sheet: Sheet, document: Document, rng: np.random.Generator) -> None:
    """Signature at the foot of the last cell; a red seal beside it where an office signs."""
    width, height = SIZE_MM[document.paper]
    x, y = width - CELL_MM[0] + 145, height - CELL_MM[1] + 226
    is_official = document.kind != "component"
    sheet.centre("THỦ TRƯỞNG ĐƠN VỊ" if is_official else "NGƯỜI YÊU CẦU", x, y, 12)
    scribble = ink.signature_mask(sheet.dpi, rng)
    ink.stamp(sheet.pixels, scribble, ink.BLUE, sheet.px(x - 20), sheet.px(y + 12))
    if is_official:
        seal = ink.turned_seal(sheet.dpi, float(rng.uniform(-12, 12)))
        ink.stamp(sheet.pixels, seal, ink.RED, sheet.px(x - 36 + 4 * rng.random()), sheet.px(y + 5))
    sheet.centre(person(rng), x, y + 42, 13)


def _head_application(sheet: Sheet, document: Document, title: str) -> None:
    sheet.write(f"Mã hồ sơ: {dossier_name(document)}", LEFT_MM, 9, 9)
    sheet.centre(NATION, MIDDLE_MM, 16)
    sheet.centre(MOTTO, MIDDLE_MM, 22)
    sheet.rule(MIDDLE_MM, 28.5, 62)
    sheet.centre(title, MIDDLE_MM, 34, 15)


def _fill_application(sheet: Sheet, document: Document, rng: np.random.Generator) -> None:
    sheet.centre(f"Kính gửi: {document.office.agency.name}", MIDDLE_MM, 43, 13, "Regular")
    fields = (
        ("Họ, chữ đệm, tên người yêu cầu: ", person(rng)),
        ("Nơi cư trú: ", f"{hamlet(rng)}, tỉnh Lạng Sơn"),
        ("Quan hệ với người được cấp giấy tờ: ", person(rng)),
        ("Ngày nộp: ", _date_of(document)),
    )
    for number, (label, value) in enumerate(fields):
        x = sheet.write(label, LEFT_MM, 53 + LINE_MM * number)
        sheet.write(value, x, 53 + LINE_MM * number, 14, "Italic", blue=True)
    sheet.write("Nội dung và giấy tờ kèm theo:", LEFT_MM, 87, 12, "Italic")


def _head_result(sheet: Sheet, document: Document, rng: np.random.Generator) -> None:
    sheet.centre(document.office.agency.name.upper()[:34], 58, 12, 11)
    sheet.rule(58, 18, 24)
    sheet.centre(f"Số: {int(rng.integers(1, 400))}/MẪU", 58, 20, 12, "Regular")
    sheet.centre(NATION, 142, 12, 11)
    sheet.centre(MOTTO, 142, 17.5, 12)
    sheet.rule(142, 23.5, 55)
    sheet.centre(document.procedure.result, MIDDLE_MM, 36, 16)
    fields = (
        ("Cấp cho ông/bà: ", person(rng)),
        ("Nơi cư trú: ", f"{hamlet(rng)}, tỉnh Lạng Sơn"),
        ("Theo hồ sơ số: ", dossier_name(document)),
        ("Ngày tiếp nhận: ", _date_of(document)),
    )
    for number, (label, value) in enumerate(fields):
        x = sheet.write(label, LEFT_MM, 50 + LINE_MM * number)
        sheet.write(value, x, 50 + LINE_MM * number, 13, "Bold")


def _date_of(document: Document) -> str:
    """Day of reception; of a backlog result some month of an earlier year."""
    if document.dossier is not None:
        return f"{document.dossier.day:%d/%m/%Y}"
    return f"{document.scan_date:%m}/{document.scan_date.year - 3}"
