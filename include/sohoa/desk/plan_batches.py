"""Which documents of a folder are to be sent now, in which batches, and what each replaces."""

from __future__ import annotations

import json
import secrets
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sohoa.desk.config import AgencyConfig
from sohoa.desk.judge_scans import CheckedDocument
from sohoa.desk.scans import Problem, slot_of
from sohoa.desk.state import OPEN, PlannedBatch, SentDocument, State
from sohoa.dossier_code import dossier_key
from sohoa.errors import DeskError
from sohoa.intake.manifest import Document
from sohoa.intake.manifest_faults import Fault, Refusal
from sohoa.intake.manifest_rules import Arrival, read_and_check
from sohoa.known_documents import KnownDocument
from sohoa.labels import label_vi
from sohoa.settings import TIME_ZONE, Settings
from sohoa.slips.apply_decisions import RESENT, next_id

BATCH_DOCUMENTS, BATCH_FILES, BATCH_BYTES = 500, 10_000, 500_000_000
"""More than that goes into another batch: its slip comes sooner, and a fault costs less."""

Row = dict[str, Any]


@dataclass
class Plan:
    """What is to be sent of a folder.

    Attributes:
        batches: those begun before, then new ones, the oldest first.
        problems: why others are not sent.
    """

    batches: list[PlannedBatch] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


@dataclass(frozen=True)
class _Choice:
    """A document to be sent, and its id and what it replaces where these are known already."""

    checked: CheckedDocument
    document_id: str | None
    replaces: str | None

    @property
    def row(self) -> Row:
        """As the state keeps it."""
        fields = _said(self.checked.fields)
        if self.replaces is not None:
            fields["replaces"] = self.replaces
        row = {"slot": self.checked.scanned.slot, "document_id": self.document_id, "fields": fields}
        return {**row, "hashes": list(self.checked.hashes)}

    @property
    def bytes(self) -> int:
        """Of its files."""
        return sum(file["bytes"] for file in self.checked.fields["files"])


class Known:
    """What is known of the documents that the agency has sent, from this computer and from receipts."""

    def __init__(self, state: State, agency: str) -> None:
        """Read it from the state."""
        self._receipts: dict[str, Row] = {}
        self._by_slot: dict[str, list[Row]] = defaultdict(list)
        replaced = set[str]()
        for receipt in state.receipts(agency):
            for document in receipt["documents"] if receipt["status"] == "admitted" else ():
                row = {**document, "batch": receipt["batch"]}
                self._receipts[document["document_id"]] = row
                self._by_slot[slot_of(row)].append(row)
                replaced.add(document["replaces"] or "")
        self._replaced = replaced
        self._own = {
            document.document_id: document
            for batch in state.batches(agency, "committed", "admitted")
            for document in state.documents(batch)
            if document.document_id is not None
        }

    def standing(self, slot: str) -> list[Row]:
        """The documents of receipts under a slot that no other has replaced."""
        return [row for row in self._by_slot[slot] if row["document_id"] not in self._replaced]

    def find(self, documents: Iterable[Document]) -> dict[str, KnownDocument]:
        """What is known of the ids that documents use or replace, as the pipeline looks it up."""
        names = {name for one in documents for name in (one.document_id, one.replaces) if name is not None}
        return {name: found for name in names if (found := self._known(name)) is not None}

    def _known(self, name: str) -> KnownDocument | None:
        if (row := self._receipts.get(name)) is not None:
            fields, batch = row, row["batch"]
        elif (own := self._own.get(name)) is not None:
            fields, batch = own.fields, own.batch.batch
        else:
            return None
        code = fields.get("dossier_code")
        return KnownDocument(name, batch or "", dossier_key(code) if code else None, fields["kind"])


def plan_batches(
    state: State,
    config: AgencyConfig,
    folder: Path,
    documents: Sequence[CheckedDocument],
    settings: Settings,
    now: datetime,
    scan_date: date | None = None,
    is_trying_again: bool = True,
) -> Plan:
    """Plan what is to be sent of the documents of a folder; what has been sent is not sent again.

    Args:
        state: of this computer.
        config: of the agency.
        folder: in which the scans lie.
        documents: those that are good enough.
        settings: bounds, as the pipeline has them.
        now: the time, with its zone.
        scan_date: of all documents; else the day on which the newest file of each was written.
        is_trying_again: send documents of a refused batch too that have not changed since.
    """
    plan, known, here = Plan(), Known(state, config.agency), str(folder.resolve())
    plan.batches = _resume(state, config.agency, here, documents)
    newest = state.newest_documents(config.agency)
    chosen = defaultdict[date, list[_Choice]](list)
    for checked in sorted(documents, key=_written):
        last = newest.get(checked.scanned.slot)
        is_refused = last is not None and last.outcome == "refused" and is_as_planned(last, checked)
        if last is not None and is_refused and not is_trying_again:
            plan.problems.append(Problem(checked.scanned.place, _refusal(last)))
            continue
        found = _choose(checked, last, known, plan)
        if found is not None:
            chosen[scan_date or _day_of(checked, now)].append(found)
    for day, choices in sorted(chosen.items()):
        for group in _cut(choices):
            group = _sound(group, config, day, known, settings, now, plan)
            if not group:
                continue
            rows = [choice.row for choice in group]
            head = _head(config)
            token = secrets.token_hex(8)
            files = [row for choice in group for row in _files(choice.checked)]
            plan.batches.append(state.plan(config.agency, here, day.isoformat(), token, head, rows, files))
    return plan


def list_manifests(
    config: AgencyConfig,
    known: Known,
    documents: Sequence[CheckedDocument],
    settings: Settings,
    now: datetime,
    number: int,
    scan_date: date | None = None,
) -> tuple[dict[str, bytes], list[Problem]]:
    """Make the manifests of documents whose files another program sends.

    Args:
        config: of the agency.
        known: what the agency has sent from this computer.
        documents: those that are good enough.
        settings: bounds, as the pipeline has them.
        now: the time, with its zone.
        number: of the first batch.
        scan_date: of all documents; else the day on which the newest file was written.

    Returns:
        Batch id -> manifest, and why documents are in none.

    Raises:
        DeskError: the pipeline would refuse the batch, whatever is in it.
    """
    ordered, plan = sorted(documents, key=_written), Plan()
    day = scan_date or max((_day_of(one, now) for one in ordered), default=now.date())
    choices = [_Choice(one, one.fields.get("document_id"), one.fields.get("replaces")) for one in ordered]
    head = _head(config)
    manifests = {}
    groups = [_sound(group, config, day, known, settings, now, plan) for group in _cut(choices)]
    for place, group in enumerate(filter(None, groups)):
        batch = _batch_id(config.agency, day, number + place)
        rows = [choice.row for choice in group]
        manifests[batch] = make_manifest(config.agency, batch, day.isoformat(), head, rows)[1]
    return manifests, plan.problems


def is_as_planned(last: SentDocument, checked: CheckedDocument) -> bool:
    """Whether a document is still what was planned: its files, and all that is said of it.

    What is said of a document that was admitted and is to be sent again by nobody is not looked at: it is known so.
    """
    is_settled = last.batch.status in ("committed", "admitted") and last.outcome not in RESENT
    return last.hashes == checked.hashes and (is_settled or _said(last.fields) == _said(checked.fields))


def _said(fields: Row) -> Row:
    return {name: value for name, value in fields.items() if name not in ("document_id", "replaces")}


def _refusal(last: SentDocument) -> str:
    message = "" if last.batch.receipt is None else last.batch.receipt["message_vi"]
    return f"Lô {last.batch.batch} bị trả lại. {message}".strip()


def _written(checked: CheckedDocument) -> float:
    """When the newest of its files was written; one without files comes last."""
    times = [file.path.stat().st_mtime for file in checked.scanned.files if file.path.exists()]
    return max(times, default=float("inf"))


def _day_of(checked: CheckedDocument, now: datetime) -> date:
    written = _written(checked)
    return datetime.fromtimestamp(written, TIME_ZONE).date() if written < float("inf") else now.date()


def _files(checked: CheckedDocument) -> Iterator[Row]:
    for file, listed in zip(checked.scanned.files, checked.fields["files"], strict=True):
        yield {
            "path": file.name,
            "source": str(file.path.absolute()),
            "bytes": listed["bytes"],
            "sha256": listed["sha256"],
        }


def _resume(state: State, agency: str, folder: str, documents: Sequence[CheckedDocument]) -> list[PlannedBatch]:
    """The batches of a folder that were begun, with its documents as they are now where no manifest says other."""
    by_slot = {checked.scanned.slot: checked for checked in documents}
    batches = []
    for batch in state.batches(agency, *OPEN):
        if batch.folder != folder:
            continue
        if batch.status == "uploaded":  # its manifest may be there already
            batches.append(batch)
            continue
        planned = state.documents(batch)
        left = [(one, by_slot[one.slot]) for one in planned if one.slot in by_slot]
        if not left:
            state.drop(batch)
        elif len(left) < len(planned) or not all(is_as_planned(*pair) for pair in left):
            choices = [_Choice(checked, one.document_id, one.fields.get("replaces")) for one, checked in left]
            rows, files = [choice.row for choice in choices], [row for _, checked in left for row in _files(checked)]
            batches.append(state.plan_again(batch, rows, files))
        else:
            batches.append(batch)
    return batches


def _choose(checked: CheckedDocument, last: SentDocument | None, known: Known, plan: Plan) -> _Choice | None:
    """Decide about one document: new, a new scan of one that was sent, or not to be sent."""
    own, replaces = checked.fields.get("document_id"), checked.fields.get("replaces")
    if last is not None and last.outcome != "refused":
        if last.batch.status in OPEN or is_as_planned(last, checked):
            return None
        if last.batch.status == "committed":
            words = f"Bản quét trước, lô {last.batch.batch}, chưa có giấy báo. Gửi lại khi giấy báo về."
            plan.problems.append(Problem(checked.scanned.place, words))
            return None
        assert last.document_id is not None, "what is admitted has an id"
        replaces = replaces or last.document_id
        return _Choice(checked, next_id(replaces) if own in (None, replaces) else own, replaces)
    if replaces is None:
        standing = known.standing(checked.scanned.slot)
        again = [row for row in standing if row["outcome"] in RESENT]
        if len(again) == 1:
            return _Choice(checked, own or next_id(again[0]["document_id"]), again[0]["document_id"])
        if standing:
            words = f"Đã được nhận trong lô {standing[0]['batch']}. Nếu là tài liệu khác thì hãy đặt tên khác."
            plan.problems.append(Problem(checked.scanned.place, words))
            return None
    return _Choice(checked, own, replaces)


def _sound(
    choices: list[_Choice],
    config: AgencyConfig,
    day: date,
    known: Known,
    settings: Settings,
    now: datetime,
    plan: Plan,
) -> list[_Choice]:
    """The documents that the pipeline will not refuse; the others become problems.

    Raises:
        DeskError: it would refuse the batch, whatever is in it.
    """
    if not choices:
        return []
    head = _head(config)
    batch = str(_batch_id(config.agency, day, 0))
    rows = [choice.row for choice in choices]
    _, body = make_manifest(config.agency, batch, day.isoformat(), head, rows)
    faults = find_faults(config.agency, batch, body, known, settings, now)
    whole = [fault for fault in faults if len(fault.steps) < 2 or fault.steps[0] != "documents"]
    if whole and all(fault.steps == ("scan_date",) for fault in whole):  # of these alone: others have another day
        words = (
            f"{whole[0].words.vi} {whole[0].place} Ngày quét lấy theo ngày ghi tệp: xem đồng hồ máy quét và máy này."
        )
        plan.problems += [Problem(choice.checked.scanned.place, words) for choice in choices]
        return []
    if whole:
        raise DeskError("\n".join(dict.fromkeys(f"{fault.words.vi} {fault.place}".strip() for fault in whole)))
    bad = set[int]()
    for fault in faults:
        place = int(fault.steps[1])
        bad.add(place)
        words = f"{fault.words.vi} {fault.place}".strip()
        plan.problems.append(Problem(choices[place].checked.scanned.place, words))
    for place, choice in enumerate(choices):
        if choice.bytes > settings.max_batch_bytes and place not in bad:
            bad.add(place)
            plan.problems.append(Problem(choice.checked.scanned.place, label_vi("refusals", "batch_too_large")))
    return [choice for place, choice in enumerate(choices) if place not in bad]


def _cut(choices: Sequence[_Choice]) -> Iterator[list[_Choice]]:
    group, size, files = list[_Choice](), 0, 0
    for choice in choices:
        count = len(choice.checked.scanned.files)
        is_full = len(group) == BATCH_DOCUMENTS or files + count > BATCH_FILES or size + choice.bytes > BATCH_BYTES
        if group and is_full:
            yield group
            group, size, files = [], 0, 0
        group.append(choice)
        size += choice.bytes
        files += count
    if group:
        yield group


def _head(config: AgencyConfig) -> Row:
    """What a manifest says of who scanned."""
    return config.model_dump(mode="json", include={"operator", "operator_org", "device"}, exclude_none=True)


def _batch_id(agency: str, day: date, number: int) -> str:
    return f"{agency}-{day:%Y%m%d}-{number:03d}"


def batch_id(batch: PlannedBatch, number: int) -> str:
    """Return the id of a batch under a number."""
    return _batch_id(batch.agency, date.fromisoformat(batch.scan_date), number)


def make_manifest(agency: str, batch: str, scan_date: str, head: Row, rows: Sequence[Row]) -> tuple[list[str], bytes]:
    """Make the manifest of a batch.

    Returns:
        The document ids in order, and the manifest: the same for the same batch.
    """
    ids = [row["document_id"] or f"{batch}-{place:03d}" for place, row in enumerate(rows, start=1)]
    documents = [{"document_id": name, **row["fields"]} for name, row in zip(ids, rows, strict=True)]
    head = {"schema_version": 1, "agency": agency, "batch": batch, "scan_date": scan_date, **head}
    return ids, json.dumps({**head, "documents": documents}, ensure_ascii=False, indent=1).encode()


def find_faults(agency: str, batch: str, body: bytes, known: Known, settings: Settings, now: datetime) -> list[Fault]:
    """Find all for which the pipeline would refuse a manifest that came now.

    Raises:
        DeskError: it could not even be read.
    """
    arrival = Arrival(agency, batch, now.astimezone(TIME_ZONE).date(), len(body))
    try:
        return read_and_check(arrival, body, known.find, settings).faults
    except Refusal as refusal:
        raise DeskError(label_vi("refusals", refusal.code)) from None
