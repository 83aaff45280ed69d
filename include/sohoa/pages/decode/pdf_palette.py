"""Whether a palette or a tint of a PDF holds greys only: PDFium is asked to show each value."""

from __future__ import annotations

import io
from itertools import product
from typing import Any

import numpy as np
import pikepdf
import pypdfium2

from sohoa.pages.decode.pdf_render import PDFIUM

_MAX_VALUES = 256
_MAX_CHANNELS = 4
_LEAST_POINTS = 3  # of a page
_GREY = 8  # levels by which red, green and blue of a grey may differ: five in black ink of a printing press


def holds_only_greys(image: Any, channels: int) -> bool:
    """Return whether every value that a pixel of the image may have shows as a grey; not where PDFium cannot say.

    Args:
        image: an image of a PDF, whose colour space is an array.
        channels: of a pixel; of more than one, values between are taken on a grid.
    """
    space = image["/ColorSpace"]
    if not 1 <= channels <= _MAX_CHANNELS:
        return False
    last = min(int(space[2]), _MAX_VALUES - 1) if str(space[0]) == "/Indexed" else None
    if last is not None:
        values = bytes(range(last + 1))
    else:
        levels = np.linspace(0, 255, int(_MAX_VALUES ** (1 / channels))).astype(np.uint8).tolist()
        values = b"".join(bytes(value) for value in product(levels, repeat=channels))
    shown = _show(image, values, len(values) // channels)
    return shown is not None and int(np.ptp(shown.astype(int), axis=-1).max()) <= _GREY


def _show(found: Any, values: bytes, count: int) -> np.ndarray | None:
    with pikepdf.new() as pdf:
        pdf.add_blank_page(page_size=(max(_LEAST_POINTS, count), _LEAST_POINTS))
        image = pdf.make_stream(values)
        image["/Type"], image["/Subtype"] = pikepdf.Name("/XObject"), pikepdf.Name("/Image")
        image["/Width"], image["/Height"], image["/BitsPerComponent"] = count, 1, 8
        image["/ColorSpace"] = pdf.copy_foreign(found)["/ColorSpace"]
        page = pdf.pages[0].obj
        page["/Resources"] = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Im0=image))
        page["/Contents"] = pdf.make_stream(b"q %d 0 0 3 0 0 cm /Im0 Do Q" % count)
        out = io.BytesIO()
        pdf.save(out)
    try:
        with PDFIUM:
            document = pypdfium2.PdfDocument(out.getvalue())
            try:
                return np.array(document[0].render(scale=1).to_numpy())[1, :count, :3]
            finally:
                document.close()
    except pypdfium2.PdfiumError:
        return None
