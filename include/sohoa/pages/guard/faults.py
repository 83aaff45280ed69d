"""Why a page cannot be measured or trusted: one code per cause, each with the next step in Vietnamese and English."""

from __future__ import annotations

import re

NEXT_STEPS = {
    "missing": "Không tìm thấy tệp, hãy kiểm tra đường dẫn / there is no such file: check the path",
    "unreadable": "Tệp bị hỏng, hãy quét lại và gửi lại / the file is damaged: scan the page again and send it again",
    "not_measured": "Máy chủ đã dừng chương trình đọc tệp hai lần, có thể vì thiếu bộ nhớ; tệp chưa chắc hỏng, hãy gửi "
    "lại, nếu vẫn vậy thì báo đơn vị vận hành / the process that read the file was ended twice from outside, perhaps "
    "for want of memory: send the file again, and tell the operator if it happens again",
    "truncated": "Tệp bị cắt cụt, hãy gửi lại tệp đầy đủ / the file is cut short: send the whole file again",
    "wrong_format": "Sai định dạng, hãy lưu lại thành JPEG, PNG, TIFF hoặc PDF loại thông thường: 8 bit, màu RGB hoặc "
    "xám, không trong suốt / the format is not supported: save it as an ordinary JPEG, PNG, TIFF or PDF: 8 bits, "
    "RGB or grey, not transparent",
    "encrypted": "Tệp có mật khẩu, hãy gửi lại tệp không đặt mật khẩu / "
    "the file has a password: send it again without one",
    "altered": "Tệp đã bị thay đổi sau khi ký số, hãy ký lại rồi gửi lại / "
    "the file was changed after it was signed: sign it again and send it again",
    "too_large": "Tệp quá lớn, hãy lưu lại nhỏ hơn hoặc tách tệp / "
    "the file is too large: save it smaller, as baseline JPEG, or split it",
}
"""Code -> what an office clerk does next."""

_TOLD_BY = (
    ("memory limit", "too_large"),
    ("memoryerror", "too_large"),
    ("insufficient memory", "too_large"),  # OpenCV
    ("bad_alloc", "too_large"),  # C++
    ("out of memory", "too_large"),  # Pillow
    ("encrypt", "encrypted"),
    ("incorrect password", "encrypted"),  # PDFium, where qpdf takes it for none
    ("premature end", "truncated"),
    ("truncated", "truncated"),
)


class BadPage(Exception):
    """A page, or the whole file where no page can be told apart, cannot be measured. Never leaves ``pages``."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code, self.detail = code, detail

    @classmethod
    def from_library(cls, library: str, error: BaseException) -> BadPage:
        """Return the fault that a library's error stands for, in the same words each time."""
        message = re.sub(r"<[^<>]* object at 0x[0-9a-f]+>", "file", str(error)) or type(error).__name__
        codes = (code for words, code in _TOLD_BY if words in message.lower())
        return cls(next(codes, "unreadable"), f"{library}: {message}")

    @property
    def text(self) -> str:
        """The ``error`` column: code, next step, and the exact finding."""
        return f"{self.code}: {NEXT_STEPS[self.code]} ({self.detail})"
