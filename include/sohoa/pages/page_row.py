"""The page row: what is measured on a page, each column declared once.

The schema ``MEASURED``, the order and rounding of a row, the metrics to run, the words of a return slip and
``docs/tables.md`` follow from here. A new metric is one file in ``pages.metrics`` and one entry in ``PageRow``. This
module imports neither Arrow nor a metric: each would take 30 MB of a process that only asks for names.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import NoneType
from typing import Annotated, TypedDict, get_args, get_type_hints

ENGINE_VERSION = "14"
"""Raised whenever a row of the same file changes; ``tests/pages/test_engine_version.py`` holds it to that."""


@dataclass(frozen=True)
class Quantity:
    """How a return slip names and writes a value."""

    label: str
    unit: str = ""
    decimals: int = 0
    factor: float = 1


@dataclass(frozen=True)
class Measured:
    """What a column of the page row means."""

    meaning: str
    unit: str = ""
    decimals: int = 2
    """To which a float is rounded, so that a row is the same on every machine."""
    metric: str = ""
    """``module:function`` in ``pages.metrics``, from ``PageViews`` to the value, or to a tuple of the values of all
    columns that name it; empty where ``measure_page`` knows the value by itself."""
    quantity: Quantity | None = None
    """None where no limit tests the column."""


class PageRow(TypedDict):
    """One page as measured, in the order of the columns; null where nothing can be said."""

    file: Annotated[str, Measured("path of the file, inside the batch or as given")]
    page_no: Annotated[int, Measured("page inside the file, from 1")]
    sha256: Annotated[str | None, Measured("SHA-256 of the file as received, hexadecimal")]
    bytes: Annotated[int | None, Measured("size of the file as received", "byte")]
    format: Annotated[
        str | None,
        Measured("jpeg | png | tiff | pdf; null where it is none of them", quantity=Quantity("Định dạng tệp")),
    ]
    width_px: Annotated[int | None, Measured("width of the page image", "px")]
    height_px: Annotated[int | None, Measured("height of the page image", "px")]
    dpi_x: Annotated[
        float | None,
        Measured(
            "horizontal resolution; null where it cannot be known; of a page of several images, that which a tenth of "
            "the page does not exceed",
            "px/inch",
            quantity=Quantity("Độ phân giải", "dpi"),
        ),
    ]
    dpi_y: Annotated[
        float | None,
        Measured("vertical resolution, likewise", "px/inch", quantity=Quantity("Độ phân giải", "dpi")),
    ]
    width_mm: Annotated[float | None, Measured("width on paper; null where the resolution is not known", "mm")]
    height_mm: Annotated[float | None, Measured("height on paper; null where the resolution is not known", "mm")]
    paper_class: Annotated[
        str | None, Measured("a4 | a3 | a2 | a1 | a0 | other, by the measured size; null where not known")
    ]
    colour_mode: Annotated[
        str | None,
        Measured(
            "bilevel | grey | colour, as the file stores it; a palette of greys is no colour",
            quantity=Quantity("Chế độ màu"),
        ),
    ]
    bit_depth: Annotated[int | None, Measured("bits of one channel", "bit")]
    jpeg_quality: Annotated[
        float | None,
        Measured(
            "libjpeg quality that fits the quantisation tables, 1 to 100; null if not JPEG",
            quantity=Quantity("Chất lượng ảnh JPEG (thang 100)"),
        ),
    ]
    pdf_version: Annotated[
        str | None,
        Measured("version of the PDF, as 1.7; null if not PDF", quantity=Quantity("Phiên bản PDF")),
    ]
    has_signature: Annotated[
        bool | None,
        Measured(
            "a digital signature is present, intact or not; null if the format cannot carry one",
            quantity=Quantity("Chữ ký số"),
        ),
    ]
    ink_ratio: Annotated[
        float | None,
        Measured(
            "share of the page inside a 3 % margin that is ink, 0 to 1",
            decimals=6,
            quantity=Quantity("Phần trang có chữ, nét mực", "%", 2, 100),
        ),
    ]
    is_blank: Annotated[bool | None, Measured("the page carries no ink worth the name")]
    blur_mm: Annotated[
        float | None,
        Measured(
            "width of edges beyond that of sharp pixels, on the worse axis, half of it of the worst part of the page; "
            "null where there are no edges, or the size on paper is not known",
            "mm",
            decimals=4,
            metric="blur:measure_blur",
            quantity=Quantity("Độ nhòe của nét chữ", "mm", 2),
        ),
    ]
    skew_deg: Annotated[
        float | None,
        Measured(
            "skew, positive where the content is turned counter-clockwise; null if unsure",
            "deg",
            decimals=3,
            quantity=Quantity("Độ nghiêng", "độ", 1),
        ),
    ]
    skew_confidence: Annotated[float | None, Measured("how clearly the skew stands out, 0 to 1", decimals=3)]
    orientation_deg: Annotated[
        int | None,
        Measured(
            "0 | 90 | 180 | 270 clockwise; null if unsure",
            "deg",
            metric="orientation:measure_orientation",
            quantity=Quantity("Trang bị xoay", "độ"),
        ),
    ]
    glare_ratio: Annotated[
        float | None,
        Measured(
            "share of the page lost to glare, 0 to 1: of one that is not white what the page net takes for light, a "
            "small one by how sure it is, of white paper a twenty-fifth of what looks so; null in two tones",
            decimals=5,
            metric="glare:measure_glare",
            quantity=Quantity("Phần trang bị lóa", "%", 1, 100),
        ),
    ]
    glare_box: Annotated[
        list[float] | None,
        Measured(
            "x, y, width, height of the largest glare, as shares of the page",
            decimals=4,
            metric="glare:measure_glare",
        ),
    ]
    edge_cut: Annotated[
        float | None,
        Measured(
            "letters that the worst side of the frame cuts; other strokes that end there count together less than one",
            "count",
            metric="edge_cut:measure_edge_cut",
            quantity=Quantity("Chữ bị mép ảnh cắt", "chỗ"),
        ),
    ]
    border_dark: Annotated[
        float | None,
        Measured(
            "share of the worst side along which the frame is dark and without colour, 0 to 1",
            decimals=4,
            metric="dark_border:measure_border",
            quantity=Quantity("Phần cạnh trang bị viền đen", "%", 0, 100),
        ),
    ]
    illumination_range: Annotated[
        float | None,
        Measured(
            "1 - p4/p95 of the paper, 0 for even light; left out are pictures, tints and what the page net sees beside "
            "the sheet",
            decimals=4,
            metric="illumination:measure_illumination",
            quantity=Quantity("Chênh lệch sáng tối của nền giấy", "%", 0, 100),
        ),
    ]
    contrast: Annotated[
        float | None,
        Measured(
            "grey range within 4 mm of a line that one place in fifty exceeds; null where there is no ink at all",
            "grey level",
            metric="contrast:measure_contrast",
            quantity=Quantity("Độ tương phản", "mức xám"),
        ),
    ]
    noise: Annotated[
        float | None,
        Measured(
            "standard deviation of the grain of the paper, after reduction to 150 dpi or a little more where the page "
            "has 300 dpi or more",
            "L*",
            decimals=3,
            metric="noise:measure_noise",
            quantity=Quantity("Độ nhiễu hạt (L*)", "", 1),
        ),
    ]
    moire_strength: Annotated[
        float | None,
        Measured(
            "height of the strongest period in the paper, median of three places; null on a tiny page",
            "sigma",
            metric="moire:measure_moire",
            quantity=Quantity("Độ rõ của vân so với nền giấy", "lần"),
        ),
    ]
    streak_strength: Annotated[
        float | None,
        Measured(
            "strongest thin line over the height of the page in the paper between its print, less the line that is one "
            "more than dust makes; below 1 where nothing is one",
            "grey level",
            metric="streaks:measure_streaks",
            quantity=Quantity("Độ đậm của sọc", "mức xám", 1),
        ),
    ]
    streak_x_mm: Annotated[
        float | None,
        Measured(
            "where that line is, from the left edge; null where there is none, it is horizontal, or the size on paper "
            "is not known",
            "mm",
            metric="streaks:measure_streaks",
        ),
    ]
    seam_strength: Annotated[
        float | None,
        Measured(
            "worst step between strips: 1 is 0.3 mm or 2 % of the brightness; null on a tiny page",
            decimals=3,
            metric="seams:measure_seams",
            quantity=Quantity("Độ lệch chỗ ghép (1 là lệch 0,3 mm)", "", 1),
        ),
    ]
    bleed_through: Annotated[
        float | None,
        Measured(
            "share of the paper without ink on which the other side shows, 0 to 1; null where hardly any is bare",
            decimals=5,
            metric="bleed_through:measure_bleed_through",
            quantity=Quantity("Phần giấy hằn chữ mặt sau", "%", 1, 100),
        ),
    ]
    foreign_object: Annotated[
        float | None,
        Measured(
            "share of the page under the largest object at the frame, 0 to 1",
            decimals=5,
            metric="foreign_object:measure_foreign_object",
            quantity=Quantity("Phần trang bị che", "%", 1, 100),
        ),
    ]
    perspective: Annotated[
        float | None,
        Measured(
            "of a sheet photographed on a ground: by how much the shorter of two opposite sides is shorter, 0 to 1; "
            "all else is then measured on the sheet as if it were A4; null where no such sheet is seen",
            decimals=4,
            quantity=Quantity("Độ lệch phối cảnh của ảnh chụp", "%", 1, 100),
        ),
    ]
    phash: Annotated[str | None, Measured("256-bit perceptual hash, hexadecimal", metric="phash:measure_phash")]
    chroma: Annotated[
        float | None,
        Measured(
            "strongest colour against the paper; null if no seal is expected or the page is blank",
            "level of Cb or Cr",
            quantity=Quantity("Độ đậm của màu", "mức", 1),
        ),
    ]
    file_flaw: Annotated[
        str | None,
        Measured(
            "repaired where the file breaks its format's standard, or what common readers take, and was read whole all "
            "the same; null if nothing odd was seen, or with an error",
            quantity=Quantity("Tệp phải sửa mới đọc được"),
        ),
    ]
    signature_state: Annotated[
        str | None,
        Measured(
            "fits | unchecked, where one of the signatures is of an unknown kind; null without one, or with an error",
            quantity=Quantity("Kiểm tra chữ ký số"),
        ),
    ]
    error: Annotated[str | None, Measured("why the page could not be measured or trusted; null if all is well")]


_HINTS = get_type_hints(PageRow, include_extras=True)
COLUMNS: dict[str, Measured] = {name: hint.__metadata__[0] for name, hint in _HINTS.items()}
"""Column -> its declaration, in the order of a row."""


def kind_of(column: str) -> type:
    """Return the Python type of a column's values: str, int, float, bool or list[float]."""
    hint = _HINTS[column].__origin__
    kinds: list[type] = [kind for kind in get_args(hint) if kind is not NoneType] or [hint]
    return kinds[0]
