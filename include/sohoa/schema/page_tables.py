"""The measured columns of a page, its verdict, and the table ``pages``."""

from __future__ import annotations

import pyarrow as pa

from sohoa.enums import ROLES, VERDICTS
from sohoa.schema.fields import BOOL, BOX, CONTEXT, DECLARED, FLOAT, INT, NAMES, TEXT, column

MEASURED = pa.schema(
    [
        column("file", TEXT, "path of the file, inside the batch or as given"),
        column("page_no", INT, "page inside the file, from 1"),
        column("sha256", TEXT, "SHA-256 of the file as received, hexadecimal"),
        column("bytes", INT, "size of the file as received", "byte"),
        column("format", TEXT, "jpeg | png | tiff | pdf; null where it is none of them"),
        column("width_px", INT, "width of the page image", "px"),
        column("height_px", INT, "height of the page image", "px"),
        column("dpi_x", FLOAT, "horizontal resolution; null where it cannot be known", "px/inch"),
        column("dpi_y", FLOAT, "vertical resolution; null where it cannot be known", "px/inch"),
        column("width_mm", FLOAT, "width on paper; null where the resolution is not known", "mm"),
        column("height_mm", FLOAT, "height on paper; null where the resolution is not known", "mm"),
        column("paper_class", TEXT, "a4 | a3 | a2 | a1 | a0 | other, by the measured size; null where not known"),
        column("colour_mode", TEXT, "bilevel | grey | colour, as the file stores it"),
        column("bit_depth", INT, "bits of one channel", "bit"),
        column(
            "jpeg_quality",
            FLOAT,
            "libjpeg quality that fits the quantisation tables, 1 to 100; null if not JPEG",
        ),
        column("pdf_version", TEXT, "version of the PDF, as 1.7; null if not PDF"),
        column(
            "has_signature",
            BOOL,
            "a digital signature is present, intact or not; null if the format cannot carry one",
        ),
        column("ink_ratio", FLOAT, "share of the page inside a 3 % margin that is ink, 0 to 1"),
        column("is_blank", BOOL, "the page carries no ink worth the name"),
        column(
            "blur_mm",
            FLOAT,
            "width of edges beyond that of sharp pixels, on the worse axis, half of it of the worst part of the page; "
            "null where there are no edges",
            "mm",
        ),
        column(
            "skew_deg",
            FLOAT,
            "skew, positive where the content is turned counter-clockwise; null if unsure",
            "deg",
        ),
        column("skew_confidence", FLOAT, "how clearly the skew stands out, 0 to 1"),
        column("orientation_deg", INT, "0 | 90 | 180 | 270 clockwise; null if unsure", "deg"),
        column("glare_ratio", FLOAT, "share of the page lost to glare, 0 to 1"),
        column("glare_box", BOX, "x, y, width, height of the largest glare, as shares of the page"),
        column("edge_cut", FLOAT, "characters and lines that the worst side of the frame cuts", "count"),
        column("border_dark", FLOAT, "share of the worst side along which the frame is dark, 0 to 1"),
        column("illumination_range", FLOAT, "1 - p4/p95 of the paper, pictures and tints left out, 0 for even light"),
        column(
            "contrast",
            FLOAT,
            "grey range within 4 mm of a line that one place in fifty exceeds; null where there is no ink at all",
            "grey level",
        ),
        column(
            "noise",
            FLOAT,
            "standard deviation of the grain of the paper, after reduction to 150 dpi or a little more where the page "
            "has 300 dpi or more",
            "L*",
        ),
        column(
            "moire_strength",
            FLOAT,
            "height of the strongest period in the paper, median of three places; null on a tiny page",
            "sigma",
        ),
        column(
            "streak_strength",
            FLOAT,
            "strongest thin line from end to end of the page, less the line that is one more than dust makes",
            "grey level",
        ),
        column(
            "streak_x_mm",
            FLOAT,
            "where that line is, from the left edge; null where there is none or it is horizontal",
            "mm",
        ),
        column(
            "seam_strength",
            FLOAT,
            "worst step between strips: 1 is 0.3 mm or 2 % of the brightness; null on a tiny page",
        ),
        column(
            "bleed_through",
            FLOAT,
            "share of the paper without ink on which the other side shows, 0 to 1; null where hardly any is bare",
        ),
        column("foreign_object", FLOAT, "share of the page under the largest object at the frame, 0 to 1"),
        column("phash", TEXT, "256-bit perceptual hash, hexadecimal"),
        column(
            "chroma",
            FLOAT,
            "strongest colour against the paper; null if no seal is expected or the page is blank",
            "level of Cb or Cr",
        ),
        column("error", TEXT, "why the page could not be measured or trusted; null if all is well"),
    ]
)
"""What ``pages.measure`` returns for one page, in this order."""

TWIN = pa.struct(
    [
        pa.field("batch", TEXT),
        pa.field("document_id", TEXT),
        pa.field("file", TEXT),
        pa.field("page_no", INT),
        pa.field("bits", INT),
    ]
)
"""An earlier capture that may show the same sheet, and the distance of the perceptual hashes."""

VERDICT = pa.schema(
    [
        column("verdict", TEXT, " | ".join(VERDICTS)),
        column("defects", NAMES, "defects of severity reject or review, in the order of defects.DEFECTS"),
        column("notes", NAMES, "defects of severity note"),
    ]
)

PAGES = pa.schema(
    [
        *CONTEXT,
        *DECLARED,
        column("role", TEXT, "declared: " + " | ".join(ROLES)),
        column("sheet", INT, "declared: the sheet of the document that a tile or reference shows, from 1"),
        *MEASURED,
        column(
            "uncovered_ratio",
            FLOAT,
            "of a reference: share of its ink that no tile of the sheet shows, 0 to 1; null if it cannot be said",
        ),
        column(
            "twin",
            TWIN,
            "nearest earlier capture of the agency that may show the same sheet, and the distance of the hashes in "
            "bits; null where there is none",
        ),
        *VERDICT,
    ]
)
