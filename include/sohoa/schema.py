"""The column contract: Arrow schemas of every table, with unit and meaning, and the names that columns may hold.

The path key of a table (``layout.PATH_KEY``) is never a column of its files; agency, batch and unit codes are strings.
``docs/tables.md`` is generated from this module.
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from sohoa.vocabulary import (
    CONTENTS,
    COVERS,
    DEFINITIONS,
    DEVICE_KINDS,
    DOCUMENT_KINDS,
    NOT_SCANNED_REASONS,
    PAPERS,
    ROLES,
    VERDICTS,
)


def column(name: str, kind: pa.DataType, meaning: str, unit: str = "") -> pa.Field[Any]:
    """A nullable column with its meaning and unit in the file's own metadata."""
    return pa.field(name, kind, metadata={"meaning": meaning, **({"unit": unit} if unit else {})})


_TEXT, _INT, _FLOAT, _BOOL, _DATE = pa.string(), pa.int64(), pa.float64(), pa.bool_(), pa.date32()
_TIME = pa.timestamp("ms")  # wall clock of Asia/Ho_Chi_Minh: every reader sees the same day (docs/decisions/004)
_NAMES = pa.list_(pa.string())
_BOX = pa.list_(pa.float64())

_CONTEXT = [
    column("agency", _TEXT, "code of the agency that scanned"),
    column("batch", _TEXT, "batch id"),
    column("document_id", _TEXT, "id of the document, unique within the agency"),
]
_DECLARED = [
    column("kind", _TEXT, "declared: " + " | ".join(DOCUMENT_KINDS)),
    column("content", _TEXT, "declared: " + " | ".join(CONTENTS)),
    column("paper", _TEXT, "declared: " + " | ".join(PAPERS)),
    column("cover", _TEXT, "declared: " + " | ".join(COVERS)),
    column("device_id", _TEXT, "declared: the scanner"),
]

MEASURED = pa.schema(
    [
        column("file", _TEXT, "path of the file, inside the batch or as given"),
        column("page_no", _INT, "page inside the file, from 1"),
        column("sha256", _TEXT, "SHA-256 of the file as received, hexadecimal"),
        column("bytes", _INT, "size of the file as received", "byte"),
        column("format", _TEXT, "jpeg | png | tiff | pdf; null where it is none of them"),
        column("width_px", _INT, "width of the page image", "px"),
        column("height_px", _INT, "height of the page image", "px"),
        column("dpi_x", _FLOAT, "horizontal resolution; null where it cannot be known", "px/inch"),
        column("dpi_y", _FLOAT, "vertical resolution; null where it cannot be known", "px/inch"),
        column("width_mm", _FLOAT, "width on paper; null where the resolution is not known", "mm"),
        column("height_mm", _FLOAT, "height on paper; null where the resolution is not known", "mm"),
        column("paper_class", _TEXT, "a4 | a3 | a2 | a1 | a0 | other, by the measured size; null where not known"),
        column("colour_mode", _TEXT, "bilevel | grey | colour, as the file stores it"),
        column("bit_depth", _INT, "bits of one channel", "bit"),
        column(
            "jpeg_quality",
            _FLOAT,
            "libjpeg quality that fits the quantisation tables, 1 to 100; null if not JPEG",
        ),
        column("pdf_version", _TEXT, "version of the PDF, as 1.7; null if not PDF"),
        column(
            "has_signature",
            _BOOL,
            "a digital signature is present, intact or not; null if the format cannot carry one",
        ),
        column("ink_ratio", _FLOAT, "share of the page inside a 3 % margin that is ink, 0 to 1"),
        column("is_blank", _BOOL, "the page carries no ink worth the name"),
        column(
            "blur_mm",
            _FLOAT,
            "width of edges beyond that of sharp pixels, on the worse axis, half of it of the worst part of the page; "
            "null where there are no edges",
            "mm",
        ),
        column(
            "skew_deg",
            _FLOAT,
            "skew, positive where the content is turned counter-clockwise; null if unsure",
            "deg",
        ),
        column("skew_confidence", _FLOAT, "how clearly the skew stands out, 0 to 1"),
        column("orientation_deg", _INT, "0 | 90 | 180 | 270 clockwise; null if unsure", "deg"),
        column("glare_ratio", _FLOAT, "share of the page lost to glare, 0 to 1"),
        column("glare_box", _BOX, "x, y, width, height of the largest glare, as shares of the page"),
        column("edge_cut", _FLOAT, "characters and lines that the worst side of the frame cuts", "count"),
        column("border_dark", _FLOAT, "share of the worst side along which the frame is dark, 0 to 1"),
        column("illumination_range", _FLOAT, "1 - p4/p95 of the paper, pictures and tints left out, 0 for even light"),
        column(
            "contrast",
            _FLOAT,
            "grey range within 4 mm of a line that one place in fifty exceeds; null where there is no ink at all",
            "grey level",
        ),
        column(
            "noise",
            _FLOAT,
            "standard deviation of the grain of the paper, after reduction to 150 dpi or a little more where the page "
            "has 300 dpi or more",
            "L*",
        ),
        column(
            "moire_strength",
            _FLOAT,
            "height of the strongest period in the paper, median of three places; null on a tiny page",
            "sigma",
        ),
        column(
            "streak_strength",
            _FLOAT,
            "strongest thin line from end to end of the page, less the line that is one more than dust makes",
            "grey level",
        ),
        column(
            "streak_x_mm",
            _FLOAT,
            "where that line is, from the left edge; null where there is none or it is horizontal",
            "mm",
        ),
        column(
            "seam_strength",
            _FLOAT,
            "worst step between strips: 1 is 0.3 mm or 2 % of the brightness; null on a tiny page",
        ),
        column(
            "bleed_through",
            _FLOAT,
            "share of the paper without ink on which the other side shows, 0 to 1; null where hardly any is bare",
        ),
        column("foreign_object", _FLOAT, "share of the page under the largest object at the frame, 0 to 1"),
        column("phash", _TEXT, "256-bit perceptual hash, hexadecimal"),
        column(
            "chroma", _FLOAT, "strongest colour against the paper; null if no seal is expected", "level of Cb or Cr"
        ),
        column("error", _TEXT, "why the page could not be measured or trusted; null if all is well"),
    ]
)
"""What ``pages.measure`` returns for one page, in this order."""

TWIN = pa.struct(
    [
        pa.field("batch", _TEXT),
        pa.field("document_id", _TEXT),
        pa.field("file", _TEXT),
        pa.field("page_no", _INT),
        pa.field("bits", _INT),
    ]
)
"""An earlier capture that may show the same sheet, and the distance of the perceptual hashes."""

VERDICT = pa.schema(
    [
        column("verdict", _TEXT, " | ".join(VERDICTS)),
        column("defects", _NAMES, "defects of severity reject or review, in the order of defects.DEFECTS"),
        column("notes", _NAMES, "defects of severity note"),
    ]
)

TABLES: dict[str, pa.Schema] = {
    "pages": pa.schema(
        [
            *_CONTEXT,
            *_DECLARED,
            column("role", _TEXT, "declared: " + " | ".join(ROLES)),
            column("sheet", _INT, "declared: the sheet of the document that a tile or reference shows, from 1"),
            *MEASURED,
            column(
                "uncovered_ratio",
                _FLOAT,
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
    ),
    "documents": pa.schema(
        [
            *_CONTEXT,
            column("dossier_key", _TEXT, "dossier code in its one normal spelling; null for backlog results"),
            column("dossier_code", _TEXT, "dossier code as the manifest spells it"),
            column("procedure_code", _TEXT, "code of the administrative procedure"),
            column("title", _TEXT, "declared title"),
            *_DECLARED,
            column("operator", _TEXT, "who scanned"),
            column("operator_org", _TEXT, "organisation of the operator where it is not the agency"),
            column("replaces", _TEXT, "document id that this one replaces"),
            column("not_scanned", _TEXT, "declared without scan: " + " | ".join(NOT_SCANNED_REASONS)),
            column("received", _BOOL, "all files present with the declared hashes"),
            column("pages_declared", _INT, "physical pages plus pages scanned twice for a note", "page"),
            column("note_pages", _INT, "of these, pages scanned twice for a note", "page"),
            column("pages_found", _INT, "pages in the files", "page"),
            column("pages_accepted", _INT, "pages with verdict accepted", "page"),
            *VERDICT,
        ]
    ),
    "batches": pa.schema(
        [
            column("agency", _TEXT, "agency under whose prefix the manifest lay"),
            column("batch", _TEXT, "batch id; a stand-in made from its hash where it is malformed"),
            column("manifest_sha256", _TEXT, "SHA-256 of the manifest, hexadecimal"),
            column("manifest_etag", _TEXT, "ETag of the inbox marker"),
            column("received_at", _TIME, "when the store took the inbox marker"),
            column("engine_version", _TEXT, "version of the page engine"),
            column("thresholds_version", _TEXT, "hash of the limits in force"),
            column("operator", _TEXT, "who scanned"),
            column("device_id", _TEXT, "the scanner"),
            column("device_model", _TEXT, "its model"),
            column("device_kind", _TEXT, " | ".join(DEVICE_KINDS)),
            column("documents_declared", _INT, "documents in the manifest", "document"),
            column("documents_received", _INT, "of these, received", "document"),
            column("documents_accepted", _INT, "of these, accepted", "document"),
            column("pages_declared", _INT, "pages that the manifest promises", "page"),
            column("pages_found", _INT, "pages in the files", "page"),
            column("pages_accepted", _INT, "of these, accepted", "page"),
            column("verdict", _TEXT, " | ".join(VERDICTS) + "; null where refused or nothing was scanned"),
            column("refusal", _TEXT, "reason code of a refused manifest; null where admitted"),
            column("refusal_detail", _TEXT, "what exactly is wrong with the manifest"),
        ]
    ),
    "register": pa.schema(
        [
            column("dossier_key", _TEXT, "dossier code in its one normal spelling"),
            column("dossier_code", _TEXT, "MaHoSo as spelled in the row in force"),
            column("procedure_code", _TEXT, "MaTTHC"),
            column("field_code", _TEXT, "MaLinhVuc"),
            column("channel", _INT, "KenhThucHien: 1 direct, 2 online, 3 post"),
            column("agency", _TEXT, "DonViXuLy"),
            column("commune_code", _TEXT, "MaDonViHanhChinh; null where empty"),
            column("unit_code", _TEXT, "leaf unit that the dossier belongs to on its own date"),
            column("received_at", _TIME, "NgayTiepNhan"),
            column("due_at", _TIME, "NgayHenTra"),
            column("finished_at", _TIME, "NgayKetThucXuLy"),
            column("returned_at", _TIME, "NgayTra"),
            column("status", _INT, "TrangThaiHoSo, 1 to 10"),
            column("components", _INT, "SoThanhPhan: components to digitise", "document"),
            column("has_paper_result", _BOOL, "CoKetQuaGiay"),
            column("exemption", _TEXT, "MienSoHoa: reason of exemption; null where empty"),
            column("is_void", _BOOL, "LoaiBo: void or test"),
            column("updated_at", _TIME, "NgayCapNhat"),
            column("dt", _DATE, "day of the feed file that carried the row in force"),
            column("line", _INT, "line in that file, header is 1"),
            column("first_seen", _DATE, "first dt that named this dossier"),
        ]
    ),
    "dossiers": pa.schema(
        [
            column("dossier_key", _TEXT, "dossier code in its one normal spelling"),
            column("in_register", _BOOL, "the register knows the dossier"),
            column("unit_code", _TEXT, "leaf unit; null where the register does not know the dossier"),
            column("agency", _TEXT, "DonViXuLy"),
            column("procedure_code", _TEXT, "MaTTHC"),
            column("status", _INT, "TrangThaiHoSo, 1 to 10"),
            column("components", _INT, "components to digitise", "document"),
            column("has_paper_result", _BOOL, "a paper result is returned"),
            column("exemption", _TEXT, "reason of exemption; null where none"),
            column("is_void", _BOOL, "void or test"),
            column(
                "documents",
                pa.list_(
                    pa.struct(
                        [
                            pa.field("agency", _TEXT),
                            pa.field("batch", _TEXT),
                            pa.field("document_id", _TEXT),
                            pa.field("kind", _TEXT),
                            pa.field("received", _BOOL),
                            pa.field("verdict", _TEXT),
                            pa.field("replaces", _TEXT),
                        ]
                    )
                ),
                "documents of the dossier in all admitted batches",
            ),
        ]
    ),
    "progress_daily": pa.schema(
        [
            column(
                "unit_code",
                _TEXT,
                "province 20, district, commune, department or district office; with all below it",
            ),
            column("definition", _TEXT, " | ".join(DEFINITIONS)),
            column("stage", _TEXT, "all; for by_stage components | result"),
            column("numerator", _INT, "accepted", "dossier, or document for dn_store"),
            column("denominator", _INT, "all that count", "dossier, or document for dn_store"),
            column("declared", _INT, "listed in an admitted manifest", "as numerator"),
            column("received", _INT, "files present, hashes right", "as numerator"),
            column("accepted", _INT, "verdict accepted, review upheld or waived", "as numerator"),
            column("waived", _INT, "of accepted, by waiver", "as numerator"),
            column("finished", _INT, "the denominator's dossiers with status 9 or 10", "as numerator"),
        ]
    ),
    "quality_daily": pa.schema(
        [
            column("agency", _TEXT, "agency that scanned"),
            column("paper_class", _TEXT, "declared paper"),
            column("cover", _TEXT, "declared cover"),
            column("defect", _TEXT, "defect name"),
            column("bad", _INT, "pages with this defect at severity reject or review", "page"),
            column("n", _INT, "pages on which the defect could be judged", "page"),
        ]
    ),
    "rejects": pa.schema(
        [
            column("source", _TEXT, "feed: register, portal …"),
            column("feed_key", _TEXT, "key of the feed file"),
            column("line", _INT, "line in the file, header is 1; null where the whole file cannot be read"),
            column("field", _TEXT, "field at fault; null where it is the whole row or file"),
            column("reason", _TEXT, "what is wrong, and what to send instead"),
            column("value", _TEXT, "the value at fault, shortened"),
        ]
    ),
}
"""Table -> its schema."""

_CAPTURE_NAMES = (
    "agency", "batch", "document_id", "cover", "role", "file", "page_no", "sha256", "ink_ratio", "phash", "error",
)  # fmt: skip
CAPTURES = pa.schema(
    [
        *(TABLES["pages"].field(name) for name in _CAPTURE_NAMES),
        TABLES["batches"].field("received_at"),
        TABLES["documents"].field("replaces"),
    ]
)
"""What later batches are compared with: pages, when they were received, and what their documents replace."""
