"""What a manifest is held against beside itself: where and when it came, the registry, the documents known before.

The pipeline refuses by these rules, and an agency's own program asks them before it sends anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from sohoa import format_value, layout, registry
from sohoa.days import ONE_DAY
from sohoa.dossier_code import dossier_day
from sohoa.intake.manifest import Document, Reading, read_manifest
from sohoa.intake.manifest_faults import Fault, Refusal, Steps, own_fault
from sohoa.known_documents import KnownDocument
from sohoa.settings import Settings

FindKnown = Callable[[Iterable[Document]], Mapping[str, KnownDocument]]
"""What is known of the ids that some documents use or replace, by id."""


@dataclass(frozen=True)
class Arrival:
    """Where and when a manifest comes.

    Attributes:
        agency: the agency under whose prefix it lies.
        batch: the batch id that its name gives.
        day: when it was received, local date.
        size: bytes that the store has of it.
    """

    agency: str
    batch: str
    day: date
    size: int


def read_and_check(arrival: Arrival, body: bytes, find_known: FindKnown, settings: Settings) -> Reading:
    """Read a manifest, with all that is wrong with it, as far as it can be read.

    Raises:
        Refusal: it is none, or cannot be read at all.
    """
    if not arrival.batch or "/" in arrival.batch:
        raise Refusal("stray_object")
    if arrival.size > settings.max_manifest_bytes or (arrival.size and not body):
        raise Refusal("manifest_too_large")
    faults = list(_faults_of_name(arrival))
    try:
        reading = read_manifest(body)
    except Refusal as refusal:
        raise (Refusal.of([*faults, *refusal.faults]) if faults else refusal) from None
    faults += reading.faults
    faults += _faults_of_head(arrival, reading)
    faults += _faults_of_documents(find_known, arrival, reading, settings)
    return Reading(reading.whole, None if faults else reading.manifest, reading.documents, faults)


def _faults_of_name(arrival: Arrival) -> Iterator[Fault]:
    if registry.find_agency(arrival.agency) is None:
        yield own_fault("unknown_agency", (), None, arrival.agency)
    if layout.batch_date(arrival.batch, arrival.agency) is None:
        yield own_fault("malformed_batch_id", (), None, arrival.batch)


def _faults_of_head(arrival: Arrival, reading: Reading) -> Iterator[Fault]:
    """What the manifest says of itself against where and when it came."""
    whole = reading.whole if isinstance(reading.whole, dict) else {}
    for name, code, told in (
        ("agency", "agency_mismatch", arrival.agency),
        ("batch", "batch_mismatch", arrival.batch),
    ):
        if isinstance(whole.get(name), str) and whole[name] != told:
            yield own_fault(code, (name,), whole, whole[name])
    day, agency = layout.batch_date(arrival.batch, arrival.agency), registry.agencies_of(arrival.agency)
    if day is not None and day > arrival.day:
        yield own_fault("scan_date_in_future", ("scan_date",), whole, format_value.day(day))
    if day is not None and agency and day < agency[0].valid_from:
        yield own_fault("scan_date_before_agency", ("scan_date",), whole, format_value.day(day))


def _faults_of_documents(
    find_known: FindKnown, arrival: Arrival, reading: Reading, settings: Settings
) -> Iterator[Fault]:
    """What is wrong with documents that are well formed: sizes, days, and ids that earlier batches know."""
    known = find_known(reading.documents.values())
    for number, document in reading.documents.items():
        tell = partial(_about, reading.whole, number)
        for place, file in enumerate(document.files):
            if file.bytes > settings.max_file_bytes:
                yield tell("absurd_size", ("files", place, "bytes"), format_value.count(file.bytes))
        key = document.dossier_key
        if key is not None and dossier_day(key) > arrival.day + ONE_DAY:
            yield tell("dossier_of_the_future", ("dossier_code",), document.dossier_code)
        same = known.get(document.document_id)
        if same is not None and same.batch != arrival.batch:
            yield tell("document_id_used", ("document_id",), f"{document.document_id}, lô {same.batch}")
        if document.replaces is not None:
            old = known.get(document.replaces)
            if old is None or old.batch == arrival.batch:
                yield tell("replaces_unknown", ("replaces",), document.replaces)
            elif (old.dossier_key, old.kind) != (document.dossier_key, document.kind):
                yield tell("replaces_mismatch", ("replaces",), document.replaces)


def _about(whole: Any, number: int, code: str, steps: Steps, value: object) -> Fault:
    return own_fault(code, ("documents", number, *steps), whole, value)
