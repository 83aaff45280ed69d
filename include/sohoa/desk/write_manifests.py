"""Write the manifests of a folder for who sends its files with another program: ``sohoa manifest``."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

from sohoa import layout
from sohoa.desk.config import AgencyConfig
from sohoa.desk.judge_scans import Checkup
from sohoa.desk.plan_batches import Known, list_manifests
from sohoa.desk.scans import Problem
from sohoa.desk.state import State
from sohoa.desk.upload import Screen, check_folder
from sohoa.errors import DeskError
from sohoa.settings import TIME_ZONE, Settings


@dataclass
class Written:
    """What was made of a folder.

    Attributes:
        checkup: what was found.
        files: batch -> its manifest.
        problems: why documents are in none.
    """

    checkup: Checkup
    files: dict[str, Path] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    @property
    def is_bad(self) -> bool:
        """Whether anything is left to be put right."""
        return bool(self.problems) or self.checkup.is_bad


def write_manifests(
    folder: Path,
    config: AgencyConfig,
    settings: Settings,
    screen: Screen,
    out: Path,
    number: int,
    scan_date: date | None,
    with_bad: bool,
) -> Written:
    """Check a folder and write the manifests of what is good in it; nothing is sent, and no network is needed.

    Args:
        folder: of scans.
        config: of the agency.
        settings: bounds and profile, as the pipeline has them.
        screen: shows the progress, and asks whether pages that were counted are all that lie on paper.
        out: folder for the manifests, not in ``folder``: each is named like its batch.
        number: of the first batch; the agency has used none from it on that day.
        scan_date: of all documents; else the day on which the newest file was written.
        with_bad: list documents too that will have to be scanned again.

    Raises:
        DeskError: the pages were not confirmed, or the pipeline would refuse the manifest whatever is in it.
        InputError: there is no such folder, or its list cannot be read.
    """
    checkup = check_folder(folder, config.documents, config.device.kind, settings, screen.checking)
    good = [one for one in checkup.documents if with_bad or not one.is_bad or one.scanned.fields.get("send_anyway")]
    counted = [one for one in good if one.scanned.fields.get("physical_pages") is None]
    if counted and not screen.confirm(counted):
        raise DeskError("Số trang chưa được xác nhận nên chưa lập bản kê. Kiểm tra số trang rồi chạy lại.")
    state = State(config.state)
    try:
        known = Known(state, config.agency)
    finally:
        state.close()
    found, problems = list_manifests(config, known, good, settings, datetime.now(TIME_ZONE), number, scan_date)
    written = Written(checkup, problems=problems)
    out.mkdir(parents=True, exist_ok=True)
    for batch, body in found.items():
        written.files[batch] = out / f"{batch}.json"
        written.files[batch].write_bytes(body)
    return written


def places_of(agency: str, batch: str) -> tuple[str, str]:
    """Where the files of a batch go, and then its manifest, in the store."""
    found = layout.BatchId.parse(batch)
    assert found is not None, "it was made here"
    folder = layout.batch_prefix(agency, found.scan_date, batch)
    return f"{layout.LANDING}/{folder}", f"{layout.LANDING}/{layout.inbox_key(agency, batch)}"
