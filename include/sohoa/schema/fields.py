"""The dictionary of fields: what a column name means, in every table that has it.

A table lists names (``schema``); type, meaning, unit and values are said here once, so the same name is the same
quantity everywhere and a second type or meaning cannot be written.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from sohoa import enums
from sohoa.pages.page_row import COLUMNS, kind_of

TEXT, INT, FLOAT, BOOL, DATE = pa.string(), pa.int64(), pa.float64(), pa.bool_(), pa.date32()
TIME = pa.timestamp("ms")
"""Wall clock of Asia/Ho_Chi_Minh: every reader sees the same day (docs/decisions/004)."""
NAMES, NUMBERS, DATES = pa.list_(TEXT), pa.list_(FLOAT), pa.list_(DATE)

_ARROW: dict[Any, pa.DataType] = {str: TEXT, int: INT, float: FLOAT, bool: BOOL, list[float]: NUMBERS}


def _rows(**types: pa.DataType) -> pa.DataType:
    """Return a list of structs with these parts."""
    return pa.list_(pa.struct(list(types.items())))


@dataclass(frozen=True)
class Field:
    """A column: its name, Arrow type, meaning and unit, and the codes that it holds where these are an enumeration."""

    name: str
    type: pa.DataType
    meaning: str
    unit: str = ""
    values: tuple[str, ...] = ()

    def to_arrow(self) -> pa.Field[Any]:
        """Return the nullable Arrow field, with meaning and unit in the file's own metadata."""
        meaning = ": ".join(filter(None, (self.meaning, " | ".join(self.values))))
        return pa.field(
            self.name, self.type, metadata={"meaning": meaning, **({"unit": self.unit} if self.unit else {})}
        )


def by_name(fields: Iterable[Field]) -> dict[str, Field]:
    """Return the fields by their names.

    Raises:
        ValueError: two fields have one name.
    """
    found: dict[str, Field] = {}
    for field in fields:
        if field.name in found:
            raise ValueError(f"the field {field.name} is declared twice: one name is one quantity")
        found[field.name] = field
    return found


FIELDS = by_name(
    [
        # who scanned what
        Field("agency", TEXT, "agency that scans: it sent the batch, gives the notice, has the results to digitise"),
        Field("batch", TEXT, "batch id; a stand-in made from the manifest's hash where it is malformed"),
        Field("document_id", TEXT, "id of the document, unique within the agency"),
        Field("title", TEXT, "declared title of the document"),
        Field("kind", TEXT, "declared kind of the document", values=enums.DOCUMENT_KINDS),
        Field("content", TEXT, "declared content", values=enums.CONTENTS),
        Field("paper", TEXT, "declared paper", values=enums.PAPERS),
        Field("cover", TEXT, "declared cover", values=enums.COVERS),
        Field("role", TEXT, "declared role of the file", values=enums.ROLES),
        Field("sheet", INT, "declared: the sheet of the document that a tile or reference shows, from 1"),
        Field("operator", TEXT, "who scanned"),
        Field("operator_org", TEXT, "organisation of the operator where it is not the agency"),
        Field("device_id", TEXT, "the scanner, by the name its agency gives it; null where it gives none"),
        Field("device_model", TEXT, "model of the scanner"),
        Field("device_kind", TEXT, "kind of the scanner", values=enums.DEVICE_KINDS),
        Field("replaces", TEXT, "id of the document that this one replaces"),
        Field("not_scanned", TEXT, "why the document was declared without scan", values=enums.NOT_SCANNED_REASONS),
        Field(
            "ask_reviewer", TEXT, "why its agency asks a person, should the program reject it; null where it does not"
        ),
        # pages, as measured
        *(Field(name, _ARROW[kind_of(name)], column.meaning, column.unit) for name, column in COLUMNS.items()),
        Field(
            "uncovered_ratio",
            FLOAT,
            "of a reference: share of its ink that no tile of the sheet shows, 0 to 1; null if it cannot be said",
        ),
        Field(
            "twin",
            pa.struct([("batch", TEXT), ("document_id", TEXT), ("file", TEXT), ("page_no", INT), ("bits", INT)]),
            "nearest earlier capture of the agency that may show the same sheet, and the distance of the hashes in "
            "bits; null where there is none",
        ),
        # pages and documents, as judged
        Field(
            "verdict",
            TEXT,
            "worst severity of the defects, null where nothing was scanned or the manifest refused",
            values=enums.VERDICTS,
        ),
        Field("defects", NAMES, "defects of severity reject or review, in the order of defects.DEFECTS"),
        Field("notes", NAMES, "defects of severity note"),
        Field("is_received", BOOL, "all files of the document are present with the declared hashes"),
        Field(
            "pages_declared",
            INT,
            "pages that the manifest names, scanned or not; those to scan twice for a note count twice",
            "page",
        ),
        Field("note_pages", INT, "of these, pages scanned twice for a note", "page"),
        Field("pages_found", INT, "pages in the files", "page"),
        Field("pages_accepted", INT, "pages with verdict accepted", "page"),
        Field("decision", TEXT, "newest decision of a reviewer", values=enums.DECISIONS),
        Field("approver", TEXT, "who decided"),
        Field("reason", TEXT, "why, in the approver's words"),
        Field("decided_at", TIME, "when; of several on a document, or of one reviewer on a page, the newest holds"),
        # samples that people look at (docs/audit.md)
        Field("lot", TEXT, "name of the lot of a sample, its seed: agency, stratum and number"),
        Field("stratum", TEXT, "what the program decided about the documents of the lot", values=enums.STRATA),
        Field("weight", FLOAT, "documents of the lot for each one drawn; null for a page of no sample", "document"),
        Field("lot_documents", INT, "documents of the lot", "document"),
        Field("lot_batches", NAMES, "batches whose documents make the lot"),
        Field("sample_documents", INT, "documents of the lot that were drawn", "document"),
        Field("inspection", TEXT, "with which plan the sample was drawn", values=enums.INSPECTION_SEVERITIES),
        Field("aql_percent", FLOAT, "acceptance quality limit of the plan; null where there is no plan", "%"),
        Field("accept_number", INT, "with so many wrong decisions in the sample the lot passes", "document"),
        Field("reject_number", INT, "with so many wrong decisions in the sample the lot fails", "document"),
        Field("drawn_at", TIME, "when the sample was drawn"),
        Field("true_defects", NAMES, "defects for which the page has to be scanned again, as a reviewer says"),
        Field("reviewer", TEXT, "who looked at the page"),
        # batches
        Field("manifest_sha256", TEXT, "SHA-256 of the manifest, hexadecimal"),
        Field("manifest_etag", TEXT, "ETag of the inbox marker"),
        Field("received_at", TIME, "when the store took the inbox marker"),
        Field("engine_version", TEXT, "version of the page engine"),
        Field("thresholds_version", TEXT, "hash of the limits in force"),
        Field("documents_declared", INT, "documents in the manifests", "document"),
        Field(
            "documents_received", INT, "documents of which all files are present with the declared hashes", "document"
        ),
        Field("documents_accepted", INT, "documents with verdict accepted", "document"),
        Field("refusal", TEXT, "reason code of a refused manifest; null where admitted"),
        Field("refusal_detail", TEXT, "what exactly is wrong with the manifest"),
        # dossiers, as the feeds tell
        Field("dossier_key", TEXT, "dossier code in its one normal spelling; null for backlog results"),
        Field("dossier_code", TEXT, "dossier code (MaHoSo) as its source spells it"),
        Field("dossier_date", DATE, "dossier day: the day in the dossier code"),
        Field("procedure_code", TEXT, "MaTTHC: code of the administrative procedure"),
        Field("field_code", TEXT, "MaLinhVuc"),
        Field("channel", INT, "KenhThucHien: 1 direct, 2 online, 3 post"),
        Field("handling_agency", TEXT, "DonViXuLy: agency that handles the dossier"),
        Field("commune_code", TEXT, "MaDonViHanhChinh; null where empty"),
        Field(
            "unit_code",
            TEXT,
            "unit: province 20, district, commune, department or district office. Figures are of it and all below it; "
            "a dossier lies in its leaf unit on its own day, in the province or null where none is known",
        ),
        Field(
            "is_split",
            BOOL,
            "the commune that its code names had ended and was split: it lies in the default successor",
        ),
        Field("valid_from", DATE, "first day of the unit: with its code it names the unit, since codes are used again"),
        Field("lodged_at", TIME, "NgayTiepNhan; null where empty"),
        Field("due_at", TIME, "NgayHenTra; null where empty"),
        Field("finished_at", TIME, "NgayKetThucXuLy; null where empty"),
        Field("returned_at", TIME, "NgayTra; null where empty"),
        Field("updated_at", TIME, "NgayCapNhat"),
        Field("synced_at", TIME, "NgayDongBo"),
        Field("status", INT, "TrangThaiHoSo (TrangThai), 1 to 10; null where empty"),
        Field("changed_at", TIME, "ThoiDiem: since when the dossier has this status"),
        Field("components", INT, "SoThanhPhan: components to digitise", "document"),
        Field("has_paper_result", BOOL, "CoKetQuaGiay: a paper result is returned"),
        Field("exemption", TEXT, "MienSoHoa: reason of exemption; null where empty"),
        Field("is_void", BOOL, "LoaiBo: void or test"),
        Field("is_flagged_digitised", BOOL, "HoSoCoThanhPhanSoHoa; null where empty"),
        Field("result_link", TEXT, "DuongDanKetQua; null where empty"),
        Field("system", TEXT, "ministry system, as its feed's folder is called"),
        Field("in_register", BOOL, "the register knows the dossier"),
        Field(
            "documents",
            _rows(
                agency=TEXT,
                batch=TEXT,
                document_id=TEXT,
                kind=TEXT,
                is_received=BOOL,
                verdict=TEXT,
                replaces=TEXT,
                decision=TEXT,
            ),
            "documents of the dossier in all admitted batches, each with the newest decision of a reviewer",
        ),
        # where a row came from, and rows that could not be used
        Field("dt", DATE, "day of the feed file that carried the row in force"),
        Field("feed_file", TEXT, "name of the feed file below its day; the line is its own"),
        Field(
            "line",
            INT,
            "line in the feed file, from 1 and on from sheet to sheet; null where it is a whole file or sheet",
        ),
        Field(
            "first_seen",
            DATE,
            "since when it is known: the first dt that named it, of a pair the later one; of R0 the scan date",
        ),
        Field("source", TEXT, "feed: register, portal …"),
        Field("feed_key", TEXT, "key of the feed file"),
        Field("field", TEXT, "field at fault; null where it is the whole row or file"),
        Field("problem", TEXT, "what is wrong, and what to send instead"),
        Field("value", TEXT, "the value at fault, shortened"),
        # small feeds
        Field("start", DATE, "TuNgay: first day"),
        Field("end", DATE, "DenNgay: last day; null where a notice is still open"),
        Field("dossiers_received", INT, "TiepNhan: dossiers received in the period", "dossier"),
        Field("results", INT, "SoKetQua: results in force to digitise", "document"),
        Field("notice_kind", TEXT, "Loai", values=enums.NOTICE_KINDS),
        Field("note", TEXT, "GhiChu"),
        # progress
        Field("definition", TEXT, "definition of the rate", values=enums.DEFINITIONS),
        Field("stage", TEXT, "all; for by_stage components | result"),
        Field("numerator", INT, "accepted", "dossier, or document for dn_store"),
        Field("denominator", INT, "dossiers in the rate, or their documents", "as numerator"),
        Field("declared", INT, "listed in an admitted manifest", "as numerator"),
        Field("received", INT, "files present, hashes right", "as numerator"),
        Field("accepted", INT, "verdict accepted, review upheld or waived", "as numerator"),
        Field("waived", INT, "of accepted, by waiver", "as numerator"),
        Field("finished", INT, "the denominator's dossiers with status 9 or 10", "as numerator"),
        # reconciliation
        Field("category", TEXT, "portal | province | R0 to R12; R5_ministry, R7_in, R7_out, R8_in, R8_out"),
        Field("province", TEXT, "what the province says: status, place, code, date; of R0 agency and document id"),
        Field("portal", TEXT, "what the portal says, likewise; of R5_ministry the ministry system"),
        Field(
            "entries",
            INT,
            "rows of reconciliation; portal - province = R1 + R2 + R3 + R5 - R4 + R7_in - R7_out + R8_in - R8_out",
            "dossier; portal, R3: code as spelled; R0: document",
        ),
        Field("oldest_first_seen", DATE, "the earliest first_seen"),
        Field("mean_first_seen", DATE, "mean of first_seen, rounded down: the mean age on a day is counted from it"),
        # quality and scanners
        Field("defect", TEXT, "name of a defect, one of defects.DEFECTS"),
        Field("pages_bad", INT, "pages with the defect at severity reject or review", "page"),
        Field("pages_judged", INT, "pages on which the defect could be judged", "page"),
        Field("pages_received", INT, "pages of the documents received", "page"),
        Field(
            "defect_pages",
            _rows(defect=TEXT, pages=INT),
            "pages with each defect at severity reject or review, in the order of defects.DEFECTS",
            "page",
        ),
        Field(
            "streaks",
            _rows(x_mm=INT, pages=INT),
            "pages with a streak at each whole millimetre from the left edge, from left to right",
            "mm, page",
        ),
        Field("measure", TEXT, "volume (pages per scan day), or the defect whose share of pages left its limits"),
        Field("last_day", DATE, "newest scan day out of limits"),
        Field("closed_day", DATE, "scan day on which it was back in limits; null while the incident is open"),
        Field("days", DATES, "scan days out of limits"),
        Field("pages_counted", INT, "on the first day: pages with the defect; of the volume, pages", "page"),
        Field("sample_size", INT, "on the first day: pages; of the volume 1", "page; of the volume day"),
        Field(
            "centre",
            FLOAT,
            "expected pages_counted / sample_size on the first day",
            "share of pages; of the volume page/day",
        ),
        Field("lower", FLOAT, "lower control limit of pages_counted / sample_size on the first day", "as centre"),
        Field("upper", FLOAT, "upper control limit of pages_counted / sample_size on the first day", "as centre"),
        Field("visited_at", TIME, "when it was opened"),
        Field("visitor", TEXT, "who opened it: the user's name in Airflow"),
        Field("opened", TEXT, "which page: progress | batches | scan …"),
        Field("address", TEXT, "its address below the prefix of the pages, as asked for"),
        # what runs in Airflow did
        Field("dag_id", TEXT, "DAG of the run"),
        Field("run_id", TEXT, "run of the DAG, as Airflow names it"),
        Field("task_id", TEXT, "task of the DAG"),
        Field("task_name", TEXT, "the task as Airflow shows it"),
        Field("map_index", INT, "which of the mapped tasks, from 0; -1 where the task is not mapped"),
        Field("try_number", INT, "which try of the task, from 1"),
        Field("task_outcome", TEXT, "how the try ended", values=enums.TASK_OUTCOMES),
        Field("began_at", TIME, "when the try began; null where Airflow does not know"),
        Field("ended_at", TIME, "when it ended"),
        Field("told", TEXT, "what the task says it did: counts by name; null where it says nothing"),
        Field("failure", TEXT, "why it failed, the next step first; null where it did not"),
        Field("batches_written", NAMES, "batches that it wrote, each as <scan date>/<batch>"),
    ]
)
"""Name -> field, of all columns of all tables."""
