"""Opening a PDF as every reader does: strictly, and where its table of objects is wrong by looking for them.

What is found that way must be as many pages as the file says, and as PDFium finds; images are decoded strictly later.
"""

from __future__ import annotations

import io
import re

import pikepdf
import pypdfium2

from sohoa.pages.decode.flaws import note_repair
from sohoa.pages.decode.pdf_images import PIKEPDF_ERRORS
from sohoa.pages.decode.pdf_render import PDFIUM
from sohoa.pages.guard.faults import BadPage

_START, _END, _BLANKS = b"%PDF-", b"%%EOF", b" \t\r\n\f"
_EOF_WITHIN = 1024
_MAX_NODES = 100_000
_MAX_MEMORY = 268_435_456  # of any one stream that qpdf unpacks: page descriptions, object streams
_MAX_OBJECTS = 8_388_607  # the largest number that a PDF may give an object
_BYTES_PER_OBJECT = 3  # qpdf takes a file for damaged whose numbers are higher than its size allows
_NUMBER = re.compile(rb"(?<!\d)(\d{1,7})[ \r\n]+\d{1,5}[ \r\n]+obj\b")
_LAST_TABLE = re.compile(rb"startxref\s+(\d{1,12})\s+%%EOF\s*\Z")

pikepdf.settings.set_qpdf_limits(
    flate_max_memory=_MAX_MEMORY,
    png_max_memory=_MAX_MEMORY,
    run_length_max_memory=_MAX_MEMORY,
    tiff_max_memory=_MAX_MEMORY,
)


def without_zeros(data: bytes) -> bytes:
    """Return the file without zeros after its end, with which some disks and devices fill a block."""
    return data.rstrip(b"\0") if data[-1:] == b"\0" else data


def note_ends(data: bytes) -> None:
    """Note a file that does not begin with its header, or does not end with its end mark."""
    note_repair(not (data.startswith(_START) and data[-_EOF_WITHIN:].rstrip(_BLANKS).endswith(_END)))


def note_warnings(pdf: pikepdf.Pdf) -> None:
    """Note a file of which qpdf has put something right since the last call."""
    note_repair(bool(pdf.get_warnings()))


def open_pdf(data: bytes, max_pages: int) -> pikepdf.Pdf:
    """Open a PDF; of one with more than ``max_pages``, no page is looked at.

    Raises:
        BadPage: it needs a password, is cut short, or damaged so that readers do not agree on it.
    """
    try:
        pdf = _open(data, False)
    except PIKEPDF_ERRORS as error:
        fault = BadPage.from_library("qpdf", error)
        if _END not in data[-_EOF_WITHIN:]:
            fault.code = "truncated"
            raise fault from None
        found = _open_otherwise(data, max_pages)
        if found is None:
            raise fault from None
        return found
    return pdf if _has_all_parts(pdf, max_pages) else _open_otherwise(data, max_pages) or pdf


def _open(data: bytes, by_search: bool) -> pikepdf.Pdf:
    try:
        pdf = pikepdf.open(io.BytesIO(data), attempt_recovery=by_search, inherit_page_attributes=False)
    except pikepdf.PasswordError:
        raise BadPage("encrypted", "the PDF needs a password") from None
    if pdf.is_encrypted and not pdf.user_password_matched:  # the owner's is empty, but readers ask for the user's
        pdf.close()
        raise BadPage("encrypted", "the PDF needs a password")
    return pdf


def _open_sparse(data: bytes) -> pikepdf.Pdf | None:
    """Open a small file whose objects have large numbers, as parts taken from a large one have; null if it is none."""
    table = _LAST_TABLE.search(data, max(0, len(data) - _EOF_WITHIN))
    largest = min(max((int(found[1]) for found in _NUMBER.finditer(data)), default=0), _MAX_OBJECTS)
    more = _BYTES_PER_OBJECT * (largest + 2) - len(data)
    if table is None or more <= 0:
        return None
    try:
        return _open(b"%b\n%b\nstartxref\n%b\n%%%%EOF\n" % (data, b"\n" * more, table[1]), False)
    except PIKEPDF_ERRORS:
        return None


def _open_otherwise(data: bytes, max_pages: int) -> pikepdf.Pdf | None:
    """Open a file whose table does not lead to its objects; null where readers do not agree on what is found."""
    sparse = _open_sparse(data)
    if sparse is not None and _has_all_parts(sparse, max_pages):
        return sparse
    try:
        pdf = _open(data, True)
        count = count_pages(pdf, max_pages)
        is_agreed = count == int(pdf.Root.Pages.Count) == _count_in_pdfium(data)
        note_repair()
        return pdf if count > max_pages or (is_agreed and _has_all_parts(pdf, max_pages)) else None
    except PIKEPDF_ERRORS:
        return None


def _count_in_pdfium(data: bytes) -> int:
    try:
        with PDFIUM:
            document = pypdfium2.PdfDocument(data)
            try:
                return len(document)
            finally:
                document.close()
    except pypdfium2.PdfiumError:
        return -1


def count_pages(pdf: pikepdf.Pdf, most: int) -> int:
    """Return pages in the page tree, counted to one over ``most`` at the most and without building the list of them."""
    count, stack = 0, [pdf.Root.Pages]
    for _ in range(_MAX_NODES):
        if not stack or count > most:
            return count
        node = stack.pop()
        kids = node.get("/Kids")
        if kids is None:
            count += 1
        elif len(kids) > 2 * most + len(stack):
            return most + 1
        else:
            stack.extend(kids)
    raise BadPage("too_large", "the page tree is too large, or runs in a circle")


def _has_all_parts(pdf: pikepdf.Pdf, max_pages: int) -> bool:
    """Return whether no page names a description or an image that is not there."""
    try:
        return count_pages(pdf, max_pages) > max_pages or all(map(_is_complete, pdf.pages))
    except PIKEPDF_ERRORS:
        return False


def _is_complete(page: pikepdf.Page) -> bool:
    contents, resources = page.obj.get("/Contents", pikepdf.Array()), page.obj.get("/Resources")
    parts = list(contents) if isinstance(contents, pikepdf.Array) else [contents]
    objects = resources.get("/XObject") if isinstance(resources, pikepdf.Dictionary) else None
    parts += list(objects.values()) if isinstance(objects, pikepdf.Dictionary) else []
    return all(isinstance(part, pikepdf.Stream) for part in parts)
