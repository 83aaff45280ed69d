"""A small province, and on top of it a batch of real scans whose every text tries to be markup."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import pytest

from sohoa import jobs
from sohoa.store import Store
from sohoa.web import visits
from tests.batch_builder import AGENCY, DAY, commit, document, manifest, page_jpeg, put_files
from tests.province.report_province import fill
from tests.servers import empty_buckets
from tests.web.pages_server import Pages, open_pages

END = date(2023, 3, 26)
MARKUP = "<script>window.hacked=1</script>\"'><img src=x onerror=alert(1)>"
BATCH = f"{AGENCY}-{DAY:%Y%m%d}-001"
REFUSED = f"{AGENCY}-{DAY:%Y%m%d}-002"


@dataclass(frozen=True)
class Province:
    """The store and its pages."""

    store: Store
    pages: Pages


@pytest.fixture(autouse=True)
def _visits_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """No visit is sent by itself: it would come some seconds later, into the empty store of another test."""
    monkeypatch.setattr(visits, "WAIT_SECONDS", 3_600.0)


@pytest.fixture(scope="session")
def province(store: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Province]:
    """The province's store with everything counted, and its pages."""
    empty_buckets(store)
    fill(store, tmp_path_factory.mktemp("web") / "province", end=END, weeks=1, dossiers=60)
    send_hostile(store)
    from sohoa.quality import gate, rules

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gate, "judge_pages", lambda rows, thresholds: rules.judge_pages(rows, thresholds.rules))
        jobs.check()
    jobs.summarise()
    jobs.reconcile()
    pages = open_pages(store, tmp_path_factory.mktemp("home"))
    yield Province(store, pages)
    pages.close()
    empty_buckets(store)


def send_hostile(store: Store) -> None:
    """A batch with sound, blurred and skewed pages, all its texts markup; a second one that is refused."""
    files = {"tốt <b>.jpg": page_jpeg(1), "thấp.jpg": page_jpeg(2, dpi=90), "cut.jpg": page_jpeg(3)[:-9_000]}
    documents = [
        document(f"D{number}", {name: data}, title=f"{MARKUP} {number}", procedure_code="1.001193")
        for number, (name, data) in enumerate(files.items())
    ]
    device = {"id": MARKUP, "model": MARKUP, "kind": "adf"}
    body = manifest(documents, operator=MARKUP, operator_org=MARKUP, device=device)
    put_files(store, body["batch"], files)
    commit(store, body)
    commit(store, manifest([], 2), REFUSED)
