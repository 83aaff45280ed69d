"""Colour: how strong the strongest colour of a page is, looked at where a red seal is to be expected."""

from __future__ import annotations

import cv2
import numpy as np

from sohoa.pages.reduce import Grey

_AREA_MM2 = 50.0  # of ink, about a third of that of a seal
_AREA_SHARE = 0.001  # where the resolution is not known: 62 mm² of A4
_MM_PER_INCH = 25.4
_FAINTEST = 2.0  # levels: of real colour scans of black print
_HALF_STEP = 53.0  # levels, over the quality: half a step of the mean colour of a block (ITU-T T.81, table K.2: 17)


def measure_chroma(colour: Grey, dpi: float | None) -> float:
    """Measure the levels of Cb or Cr (ITU-R BT.601, 0 to 127) by which 50 mm² of the page differ from the paper.

    The paper is the median, so that its own tint is no colour; averaging over an eighth leaves the noise of a scanner
    below 2. On real colour scans of black print it is 2 to 30, on a grey scan that was stored in colour 0.

    Args:
        colour: page in blue, green, red at about an eighth of its size, uint8 (height, width, 3).
        dpi: resolution of that, null where it is not known.
    """
    planes = cv2.split(cv2.cvtColor(colour, cv2.COLOR_BGR2YCrCb))[1:]
    differences = [cv2.absdiff(plane, np.full_like(plane, round(float(np.median(plane))))) for plane in planes]
    strongest = np.asarray(cv2.max(*differences))
    area = _AREA_MM2 * (dpi / _MM_PER_INCH) ** 2 if dpi else _AREA_SHARE * strongest.size
    place = max(0, strongest.size - max(1, round(area)))
    return float(np.partition(strongest, place, axis=None)[place])


def is_lost_in_coding(chroma: float, jpeg_quality: float | None) -> bool:
    """Tell whether JPEG may have rounded the colours of a real colour scan down to what is left: 0 proves nothing then.

    Args:
        chroma: levels, as ``measure_chroma`` returns them.
        jpeg_quality: 1 to 100, null where the page is no JPEG.
    """
    return jpeg_quality is not None and chroma < _FAINTEST < _HALF_STEP / max(1.0, jpeg_quality)
