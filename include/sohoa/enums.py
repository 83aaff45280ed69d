"""The names that columns hold, and the names of the measured columns: without Arrow, which takes 30 MB of a process."""

from __future__ import annotations

DOCUMENT_KINDS = ("component", "interim_result", "result", "backlog_result")
SEALED_KINDS = ("result", "backlog_result")
"""Kinds of documents that an office puts its red seal on."""
CONTENTS = ("text", "map", "photo")
PAPERS = ("a4", "a3", "a2", "a1", "a0", "other")
COVERS = ("matte", "glossy")
ROLES = ("page", "tile", "reference")
DEVICE_KINDS = ("flatbed", "adf", "large_format", "camera")
NOT_SCANNED_REASONS = ("too_large", "glossy", "fragile", "no_device")
VERDICTS = ("accepted", "review", "rejected")
DECISIONS = ("uphold", "waive", "reject")
"""What a reviewer decides about a document: the scan is good enough | accepted although it is not | scan it again."""
SEVERITIES = ("note", "review", "reject")
NOTICE_KINDS = ("no_connection", "no_work", "device_down")
DEFINITIONS = ("dn_and", "dn_or", "dn_store", "by_stage")
ERROR_CODES = (
    "missing", "hash_mismatch", "unreadable", "truncated", "wrong_format", "encrypted", "altered", "too_large",
)  # fmt: skip
"""What stands before the colon in the column ``error``."""

MEASURED_NAMES = (
    "file", "page_no", "sha256", "bytes", "format", "width_px", "height_px", "dpi_x", "dpi_y", "width_mm",
    "height_mm", "paper_class", "colour_mode", "bit_depth", "jpeg_quality", "pdf_version", "has_signature",
    "ink_ratio", "is_blank", "blur_mm", "skew_deg", "skew_confidence", "orientation_deg", "glare_ratio", "glare_box",
    "edge_cut", "border_dark", "illumination_range", "contrast", "noise", "moire_strength", "streak_strength",
    "streak_x_mm", "seam_strength", "bleed_through", "foreign_object", "phash", "chroma", "error",
)  # fmt: skip
"""The columns of ``schema.MEASURED``, in order."""
