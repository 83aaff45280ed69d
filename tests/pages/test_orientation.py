"""Orientation: told from how letters stand beside each other, whatever their size, script of accents or slant."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from sohoa.pages.metrics.orientation import _tiles, measure_orientation
from sohoa.pages.views import PageViews
from sohoa.simulate.draw_ink import text_mask
from tests.pages.page_files import REAL

DPI = 150
QUARTERS = (0, 1, 2, 3)
VIETNAMESE = (
    "Căn cứ Luật Tổ chức chính quyền địa phương ngày 19 tháng 6",
    "Quyết định về việc công nhận kết quả giải quyết thủ tục",
    "Người yêu cầu: giấy chứng nhận quyền sử dụng đất, hồ sơ",
    "Đề nghị cơ quan có thẩm quyền xem xét, giải quyết theo quy",
    "định của pháp luật. Tôi xin cam đoan nội dung khai là đúng.",
    "Nơi nhận: như trên; lưu văn thư; phòng đăng ký, quản lý.",
)
CAPITALS = tuple("HXEI NHMEX IHE XENIM HENX" for _ in range(6))
ASKED = (
    "WHERE DID THIS HAPPEN? AND WHEN?",
    "HOW MANY TIMES? WHO ELSE KNEW?",
    "WAS A CASE FILED? IN WHICH COURT?",
    "IS THE HOUSE YOURS? SINCE WHEN?",
)
Image = NDArray[np.uint8]


def sheet(lines: tuple[str, ...], size_pt: float = 12.0, times: int = 3) -> Image:
    """A4 with the lines set one below the other, dark on paper."""
    page = np.full((1754, 1240), 238, np.uint8)
    y = 150
    for text in lines * times:
        mask = text_mask(text, size_pt, DPI)[:, :980]
        part = page[y : y + mask.shape[0], 120 : 120 + mask.shape[1]]
        part[:] = np.where(mask[: len(part)] > 127, 40, part)
        y += round(1.1 * mask.shape[0])
    return page


def turned(page: Image, quarter: int) -> Image:
    """Clockwise by so many quarters."""
    return np.ascontiguousarray(np.rot90(page, -quarter))


def orientation(page: Image, dpi: float | None = DPI) -> int | None:
    return measure_orientation(PageViews.of(page, dpi))


def test_half_of_the_most_inked_tile_is_read_before_it() -> None:
    """Of dense text that is enough."""
    half, tile, *others = _tiles(PageViews.of(sheet(VIETNAMESE), DPI))
    assert np.array_equal(half, tile[: len(half)])
    assert len(half) == len(tile) // 2 // 2 * 2
    assert others


@pytest.mark.parametrize("quarter", QUARTERS)
@pytest.mark.parametrize("size_pt", [9.0, 13.0, 26.0])
def test_text_of_any_size_is_told_in_every_turn(quarter: int, size_pt: float) -> None:
    """A few lines of print from small to the size of a heading."""
    assert orientation(turned(sheet(VIETNAMESE, size_pt), quarter)) == 90 * quarter


@pytest.mark.parametrize("quarter", QUARTERS)
@pytest.mark.parametrize("name", ["lept_cootoots.png", "lept_candelabrum.011.jpg", "lept_table.27.tif"])
def test_real_pages_are_told_in_every_turn(quarter: int, name: str) -> None:
    """Each real page, turned by each quarter, has that orientation."""
    page = np.asarray(cv2.imread(str(REAL / name), cv2.IMREAD_GRAYSCALE), np.uint8)
    assert orientation(turned(page, quarter), None) == 90 * quarter


@pytest.mark.parametrize("degrees", [-4.0, -2.0, 3.0])
def test_skew_does_not_hide_it(degrees: float) -> None:
    """Neighbours stay on one line when the sheet is laid on the glass at a slant."""
    page = sheet(VIETNAMESE)
    rotation = cv2.getRotationMatrix2D((620, 877), degrees, 1)
    slanting = np.asarray(cv2.warpAffine(page, rotation, page.shape[::-1], borderValue=238), np.uint8)
    assert orientation(slanting) == 0
    assert orientation(turned(slanting, 2)) == 180


@pytest.mark.parametrize("quarter", QUARTERS)
def test_what_shows_no_head_and_foot_is_left_undecided(quarter: int) -> None:
    """Capitals that read alike both ways, rules, grain and an empty sheet say nothing."""
    ruled = sheet(())
    ruled[200:1500:40, 100:1100] = 30
    grain = np.random.default_rng(3).integers(0, 256, ruled.shape).astype(np.uint8)
    for page in (sheet(CAPITALS), ruled, grain, sheet(())):
        assert orientation(turned(page, quarter)) is None


@pytest.mark.parametrize("quarter", QUARTERS)
def test_questions_in_capitals_are_left_undecided(quarter: int) -> None:
    """A question mark hangs from the head line and has a dot under it: as an i does on its head, and is none."""
    assert orientation(turned(sheet(ASKED, 14.0), quarter)) is None


def test_capitals_with_a_few_of_other_form_are_left_undecided() -> None:
    """Q reaches under the line and x is low: of fewer than one pair of letters in twelve, more would have to agree."""
    lines = [line + last for line, last in zip(CAPITALS, "QQQQQx", strict=True)]
    assert orientation(sheet(tuple(lines), 14.0)) is None


def test_a_false_resolution_does_not_hide_the_letters() -> None:
    """Letters are measured against the sheet, for tags are often wrong."""
    page = sheet(VIETNAMESE)
    assert [orientation(page, dpi) for dpi in (None, 72, 150, 1200)] == [0, 0, 0, 0]


def test_a_large_sheet_with_little_text_is_told() -> None:
    """A sheet of several A4: its title block alone is read."""
    large = np.full((3600, 5000), 238, np.uint8)
    block = sheet(VIETNAMESE, 11, times=2)[140:800]
    large[2900 : 2900 + len(block), 3700 : 3700 + block.shape[1]] = block
    assert orientation(large) == 0
    assert orientation(turned(large, 3)) == 270


SCRIPTS = {
    "Russian": (
        "Российская Федерация, город Москва, свидетельство о рождении",
        "Гражданин родился двадцатого марта, о чём в книге регистрации",
        "актов сделана запись. Место рождения: посёлок Фёдоровка, отец",
        "и мать указаны, документ выдан управлением, подпись и печать.",
        "Предъявитель обязан хранить эту справку до получения другой.",
        "Адрес учреждения: проспект Мира, корпус первый, кабинет пять.",
    ),
    "Greek": (
        "Ελληνική Δημοκρατία, πιστοποιητικό γεννήσεως του δήμου Αθηναίων",
        "Ο υπογεγραμμένος ληξίαρχος βεβαιώνει ότι γεννήθηκε στην πόλη",
        "αυτή την εικοστή ημέρα του μηνός Μαρτίου και έχει εγγραφεί στο",
        "βιβλίο. Το παρόν χορηγείται ύστερα από αίτηση του ενδιαφερομένου",
        "για κάθε νόμιμη χρήση, με υπογραφή και σφραγίδα της υπηρεσίας.",
        "Διεύθυνση: οδός Φιλελλήνων, δεύτερος όροφος, γραφείο πέντε.",
    ),
    "Hebrew": (
        "מדינת ישראל תעודת לידה עיריית ירושלים משרד הפנים",
        "מאשרים בזה כי נולד בתאריך עשרים במרץ ונרשם בספר",
        "שם האב ושם האם רשומים כאן והמסמך ניתן לפי בקשתו",
        "על המחזיק לשמור את התעודה עד לקבלת תעודה אחרת",
        "כתובת המשרד רחוב הנביאים קומה שנייה חדר חמש עשרה",
        "חתימה וחותמת של פקיד הרישום במחוז המרכז והצפון",
    ),
    "Cyrillic letters alike": tuple("абвгдеёжзийклмнопрстуфхцчшщъыьэюя"[k : k + 26] for k in range(6)),
    "capitals with feet": tuple("AQUI JHEQ NQUJ TIJX QJEHN" for _ in range(6)),
}


@pytest.mark.parametrize("size_pt", [9.0, 13.0])
@pytest.mark.parametrize("script", SCRIPTS)
def test_other_scripts_are_left_undecided(script: str, size_pt: float) -> None:
    """In them more letters reach under the line than over it: upright, they are never said to stand wrong."""
    page = sheet(SCRIPTS[script], size_pt, 4)
    assert orientation(page) is None
    if script != "Hebrew":  # turned, it has the proportions of Latin text
        assert {orientation(turned(page, quarter)) for quarter in QUARTERS} == {None}
