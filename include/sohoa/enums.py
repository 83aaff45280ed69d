"""The codes that columns hold."""

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
