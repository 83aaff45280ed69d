"""The codes that columns hold, each enumeration once: a type, and the tuple of its codes in order.

``sohoa.labels`` has a table of labels for each tuple.
"""

from __future__ import annotations

from typing import Literal, get_args

DocumentKind = Literal["component", "interim_result", "result", "backlog_result"]
DOCUMENT_KINDS: tuple[DocumentKind, ...] = get_args(DocumentKind)
SEALED_KINDS: tuple[DocumentKind, ...] = ("result", "backlog_result")
"""Kinds of documents that an office puts its red seal on."""

Content = Literal["text", "map", "photo"]
CONTENTS: tuple[Content, ...] = get_args(Content)

Paper = Literal["a4", "a3", "a2", "a1", "a0", "other"]
PAPERS: tuple[Paper, ...] = get_args(Paper)

Cover = Literal["matte", "glossy"]
COVERS: tuple[Cover, ...] = get_args(Cover)

Role = Literal["page", "tile", "reference"]
ROLES: tuple[Role, ...] = get_args(Role)

DeviceKind = Literal["flatbed", "adf", "large_format", "camera"]
DEVICE_KINDS: tuple[DeviceKind, ...] = get_args(DeviceKind)

NotScannedReason = Literal["too_large", "glossy", "fragile", "no_device"]
NOT_SCANNED_REASONS: tuple[NotScannedReason, ...] = get_args(NotScannedReason)

Verdict = Literal["accepted", "review", "rejected"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)

Decision = Literal["uphold", "waive", "reject"]
DECISIONS: tuple[Decision, ...] = get_args(Decision)
"""What a reviewer decides about a document: the scan is good enough | accepted although it is not | scan it again."""

Outcome = Literal["accepted", "to_scan", "review", "waived", "not_scanned"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
"""What becomes of a document: by its verdict, or by the newest decision about it."""

Severity = Literal["note", "review", "reject"]
SEVERITIES: tuple[Severity, ...] = get_args(Severity)

ErrorCode = Literal[
    "missing",
    "hash_mismatch",
    "unreadable",
    "not_measured",
    "truncated",
    "wrong_format",
    "encrypted",
    "altered",
    "too_large",
]
ERROR_CODES: tuple[ErrorCode, ...] = get_args(ErrorCode)
"""What stands before the colon in the column ``error``."""

FileFlaw = Literal["repaired"]
FILE_FLAWS: tuple[FileFlaw, ...] = get_args(FileFlaw)
"""What is odd about a file that was read whole: it had to be put right first."""

SignatureState = Literal["fits", "unchecked"]
SIGNATURE_STATES: tuple[SignatureState, ...] = get_args(SignatureState)
"""All signatures fit the file | one cannot be checked. A broken one is the error ``altered``."""

TileCoverage = Literal["no_reference", "unknown", "known"]
TILE_COVERAGES: tuple[TileCoverage, ...] = get_args(TileCoverage)
"""Whether the tiles of a sheet show all of it: no capture of the whole | it cannot be said | a share is known."""

NoticeKind = Literal["no_connection", "no_work", "device_down"]
NOTICE_KINDS: tuple[NoticeKind, ...] = get_args(NoticeKind)

ActivityState = Literal[
    "silent", "refused", "device_down", "no_connection", "no_work", "sent", "nothing_waits", "day_off", "no_agency"
]
ACTIVITY_STATES: tuple[ActivityState, ...] = get_args(ActivityState)
"""What an agency did on a day: first no batch and no notice, then a refused batch or a notice, then the others;
last those that no longer exist, or never did: what waits there has passed to others."""

Definition = Literal["dn_and", "dn_or", "dn_store", "by_stage"]
DEFINITIONS: tuple[Definition, ...] = get_args(Definition)

RateName = Literal["dn_and", "dn_or", "dn_store", "by_stage components", "by_stage result", "backlog"]
RATE_NAMES: tuple[RateName, ...] = get_args(RateName)
"""A definition with its stage, where it has several; ``backlog`` counts the results of earlier years."""

Step = Literal["day", "week", "month"]
STEPS: tuple[Step, ...] = get_args(Step)

Level = Literal["province", "district", "commune"]
LEVELS: tuple[Level, ...] = get_args(Level)
"""Level of government."""

UnitLevel = Literal["province", "department", "district", "commune"]
UNIT_LEVELS: tuple[UnitLevel, ...] = get_args(UnitLevel)
"""What a unit is; a department is an office of the province."""

Group = Literal["lacking", "counted", "out"]
GROUPS: tuple[Group, ...] = get_args(Group)
"""A dossier is in the denominator and not, or not wholly, in the numerator | in both | out of the denominator."""

DossierReason = Literal[
    "only_registered",
    "refused",
    "withdrawn",
    "void",
    "exempt",
    "nothing_due",
    "no_component_due",
    "no_result_due",
    "not_finished",
    "counted_elsewhere",
    "digitised",
    "waived",
    "nothing_to_scan",
    "component_undeclared",
    "component_unreceived",
    "component_rejected",
    "component_in_review",
    "result_undeclared",
    "result_unreceived",
    "result_rejected",
    "result_in_review",
]
DOSSIER_REASONS: tuple[DossierReason, ...] = get_args(DossierReason)
"""Why a dossier is out of a rate, counted, or not counted yet."""

ComparisonReason = Literal["not_over", "holidays", "unit_changed", "no_dossiers"]
COMPARISON_REASONS: tuple[ComparisonReason, ...] = get_args(ComparisonReason)
"""Why a period is not compared with the one before."""

ForecastReason = Literal["too_few_weeks", "too_few_dossiers", "too_old", "beyond_horizon", "already", "ended"]
FORECAST_REASONS: tuple[ForecastReason, ...] = get_args(ForecastReason)
"""Why there is no forecast of a date; ``already`` where the newest weeks are at the target."""

RevisionCause = Literal[
    "late_register", "corrected_register", "new_batch", "late_batch", "review", "judged_again", "recounted"
]
REVISION_CAUSES: tuple[RevisionCause, ...] = get_args(RevisionCause)
"""Why a printed figure has changed since, in the order in which causes are taken: dossiers the register named later |
its rows changed | documents of batches that came later | decisions of reviewers | verdicts under other limits |
all else, as a gate that closed or opened."""

Category = Literal[
    "portal",
    "province",
    "R0",
    "R1",
    "R2",
    "R3",
    "R4",
    "R5",
    "R5_ministry",
    "R6",
    "R7_out",
    "R7_in",
    "R8_out",
    "R8_in",
    "R9",
    "R10",
    "R11",
    "R12",
]
CATEGORIES: tuple[Category, ...] = get_args(Category)
"""The two sides of a reconciliation, then why a dossier is on one side only, or differs between them."""

Basis = Literal["national_report", "portal", "last_year"]
BASES: tuple[Basis, ...] = get_args(Basis)
"""Where the denominator of indicator 1.4 comes from."""

ReplaySubject = Literal["pages", "documents", "defect_pages", "agency_pages", "agency_documents", "rate"]
REPLAY_SUBJECTS: tuple[ReplaySubject, ...] = get_args(ReplaySubject)
"""What is counted before and after other limits."""

IncidentState = Literal["open", "closed"]
INCIDENT_STATES: tuple[IncidentState, ...] = get_args(IncidentState)

InspectionSeverity = Literal["normal", "tightened", "reduced"]
INSPECTION_SEVERITIES: tuple[InspectionSeverity, ...] = get_args(InspectionSeverity)
"""How strictly the lots of an agency are looked at."""

Stratum = Literal["accepted", "rejected", "borderline"]
STRATA: tuple[Stratum, ...] = get_args(Stratum)
"""Documents of which a sample is drawn: accepted by the program | rejected by it | left to a person."""

LotOutcome = Literal["open", "passed", "failed"]
LOT_OUTCOMES: tuple[LotOutcome, ...] = get_args(LotOutcome)
"""What is known of a lot: its sample is not looked at yet | its decisions hold | too many of them are wrong."""

TaskOutcome = Literal["done", "skipped", "tried_again", "failed"]
TASK_OUTCOMES: tuple[TaskOutcome, ...] = get_args(TaskOutcome)
"""How a try of a task in Airflow ended: done | skipped by itself | failed, another try follows | failed for good."""
