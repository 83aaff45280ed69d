"""A small simulated province through the whole pipeline: verdicts and rates equal the truth, by two other ways."""

from __future__ import annotations

import csv
import os
from datetime import date
from pathlib import Path

import duckdb
import pytest

from sohoa import jobs, layout, registry
from sohoa.intake import measure_shards
from sohoa.simulate import simulate
from sohoa.simulate.upload_folder import load_folder
from sohoa.store import Store
from tests.batch_builder import AGENCY, document, manifest, page_jpeg, put_files
from tests.batch_builder import commit as commit_batch

pytestmark = [pytest.mark.store, pytest.mark.timeout(600)]
START, END = date(2023, 3, 6), date(2023, 3, 19)
REGISTRY = Path(registry.__file__).parent / "data" / "agencies.csv"


def quiet(done: int, total: int) -> None:
    """Take progress and drop it."""


@pytest.fixture(scope="module")
def province(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six agencies over two weeks, as files."""
    folder = tmp_path_factory.mktemp("province")
    simulate(folder, 6, START, END, 12, 3, quiet)
    return folder


@pytest.fixture
def counted(province: Path, clean_store: Store) -> Store:
    """The province uploaded, checked, imported and summarised; a pipe among the files is skipped."""
    pipe = province / "landing" / "batches" / "pipe.jpg"
    os.mkfifo(pipe)
    loaded = load_folder(province, clean_store.settings, quiet)
    pipe.unlink()
    assert [line.split(":")[0] for line in loaded.skipped] == [str(pipe)]
    checked = jobs.check()
    assert (checked["refused"], checked["closed"]) == (0, [])
    assert checked["admitted"] == loaded.manifests > 20
    assert jobs.import_all()["closed"] == []
    assert jobs.summarise()["closed"] == []
    return clean_store


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_page_is_judged_as_it_was_made_and_every_rate_is_the_truth(province: Path, counted: Store) -> None:
    """Each difference would be listed by its page; there is none, so every count has to be equal."""
    pages = counted.read_table("pages").to_pylist()
    found = {(page["file"].rpartition("/")[2], page["page_no"]): page["defects"] for page in pages}
    documents = counted.read_table("documents").to_pylist()
    short = {row["document_id"] for row in documents if "missing_page" in row["defects"]}
    made = {(row["file"], int(row["page"])): row["defect"] for row in read(province / "truth" / "pages.csv")}
    assert found.keys() == made.keys()
    for page, defect in made.items():
        if defect in {"", "missing_page"}:
            assert found[page] == [], page
        else:  # what spoils a page may spoil it in more than one way
            assert defect in found[page], page
    lacking = {
        page["document_id"]
        for page in pages
        if made[page["file"].rpartition("/")[2], page["page_no"]] == "missing_page"
    }
    assert lacking == short
    rates = counted_rates(counted)
    for row in read(province / "truth" / "progress.csv"):
        key = (row["unit_code"], row["dossier_date"], row["definition"], row["stage"])
        assert rates.pop(key, (0, 0)) == (int(row["numerator"]), int(row["denominator"])), key
    assert not rates, "units that the truth does not know"


def counted_rates(store: Store) -> dict[tuple[str, str, str, str], tuple[int, int]]:
    return {
        (row["unit_code"], str(row["dossier_date"]), row["definition"], row["stage"]): (
            row["numerator"],
            row["denominator"],
        )
        for row in store.read_table("progress_daily").to_pylist()
    }


SQL = """
WITH feed AS (
    SELECT *,
        regexp_extract(MaHoSo, '^000\\.(\\d+)\\.(\\d+)\\.H37-(\\d{6})-(\\d+)$', ['z', 'y', 'day', 'n']) AS old,
        regexp_extract(MaHoSo, '^H37((?:\\.\\d+)*)-(\\d{6})-(\\d+)$', ['groups', 'day', 'n']) AS new
    FROM read_csv(getvariable('feeds'), all_varchar = true, filename = true)
), keyed AS (
    SELECT *, CASE WHEN new.day <> '' THEN 'H37' || new.groups || '-' || new.day
        ELSE 'H37.' || old.y || CASE old.z WHEN '00' THEN '' ELSE '.' || old.z END || '-' || old.day
        END || '-' || coalesce(try_cast(new.n AS INT), try_cast(old.n AS INT)) AS dossier
    FROM feed WHERE try_strptime(NgayTiepNhan, '%Y%m%d%H%M%S') IS NOT NULL
        AND try_strptime(NgayCapNhat, '%Y%m%d%H%M%S') IS NOT NULL
), register AS (
    SELECT *, strptime(split_part(dossier, '-', 2), '%y%m%d')::DATE AS day FROM keyed
    QUALIFY row_number() OVER (PARTITION BY dossier ORDER BY NgayCapNhat DESC, filename DESC) = 1
), good AS (
    SELECT d.dossier_key AS dossier,
        count(*) FILTER (kind = 'component') AS components, count(*) FILTER (kind = 'result') AS results
    FROM documents d
    WHERE verdict = 'accepted'
        AND NOT EXISTS (FROM documents r WHERE r.agency = d.agency AND r.replaces = d.document_id)
    GROUP BY ALL
), counted AS (
    SELECT day,
        coalesce(nullif(MaDonViHanhChinh, ''), CASE a.kind WHEN 'commune' THEN a.unit_code ELSE a.code END) AS unit,
        SoThanhPhan::INT AS sp, CoKetQuaGiay::INT AS kq, TrangThaiHoSo IN ('9', '10') AS done,
        coalesce(components, 0) AS c, coalesce(results, 0) AS r
    FROM register JOIN read_csv(getvariable('agencies'), all_varchar = true) a ON a.code = DonViXuLy
        AND a.valid_from::DATE <= day AND coalesce(day < a.valid_to::DATE, true)
    LEFT JOIN good USING (dossier)
    WHERE TrangThaiHoSo NOT IN ('1', '3', '7') AND coalesce(MienSoHoa, '') = '' AND LoaiBo = '0'
), units AS (FROM counted UNION ALL SELECT * REPLACE ('20' AS unit) FROM counted)
SELECT unit, day::VARCHAR AS day,
    count(*) FILTER ((c > 0 OR sp = 0) AND (r > 0 OR kq = 0)) AS and_n, count(*) AS and_d,
    count(*) FILTER (c > 0 OR r > 0) AS or_n, count(*) AS or_d,
    sum(least(sp, c) + least(kq, r))::INT AS store_n, sum(sp + kq)::INT AS store_d,
    count(*) FILTER (sp > 0 AND c > 0) AS components_n, count(*) FILTER (sp > 0) AS components_d,
    count(*) FILTER (kq = 1 AND done AND r > 0) AS result_n, count(*) FILTER (kq = 1 AND done) AS result_d
FROM units GROUP BY ALL
"""
RATES = {
    "and": ("dn_and", "all"),
    "or": ("dn_or", "all"),
    "store": ("dn_store", "all"),
    "components": ("by_stage", "components"),
    "result": ("by_stage", "result"),
}


def test_the_rates_can_be_counted_again_from_raw_feeds_in_sql(province: Path, counted: Store) -> None:
    """Plain SQL on the feeds as they came and on `documents`: the same figures for the province and every leaf."""
    rates = counted_rates(counted)
    with duckdb.connect() as connection:
        connection.register("documents", counted.read_table("documents"))
        connection.execute(f"SET VARIABLE feeds = '{province}/feeds/register/*/*.csv'")
        connection.execute(f"SET VARIABLE agencies = '{REGISTRY}'")
        rows = connection.sql(SQL).to_arrow_table().to_pylist()
    assert len({row["unit"] for row in rows}) > 5
    for row in rows:
        for name, rate in RATES.items():
            expected = (row[f"{name}_n"], row[f"{name}_d"])
            assert rates[row["unit"], row["day"], *rate] == expected, (row["unit"], row["day"], rate)


def test_a_closed_gate_stops_its_batch_alone(clean_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that stands twice: its batch is not written and stays in the inbox, the one beside it goes through."""
    good = page_jpeg(1)
    names = []
    for number in (1, 2):
        body = manifest([document(f"D{number}", {"a.jpg": good})], number)
        put_files(clean_store, body["batch"], {"a.jpg": good})
        commit_batch(clean_store, body)
        names.append(body["batch"])
    load_pages = measure_shards.load_pages

    def with_a_page_twice(store: Store, work: str) -> object:
        rows = load_pages(store, work)
        return measure_shards.page_table([*rows.to_pylist(), rows.to_pylist()[0]])

    monkeypatch.setattr(measure_shards, "load_pages", with_a_page_twice)
    counts = jobs.check()
    assert [line.split(":")[0] for line in counts["closed"]] == [names[0]]
    assert "page_no" in counts["closed"][0]
    assert clean_store.read_table("batches")["batch"].to_pylist() == [names[1]]
    assert [item.key for item in clean_store.list_objects(layout.LANDING, layout.INBOX)] == [
        layout.inbox_key(AGENCY, names[0])
    ]
    monkeypatch.undo()
    assert jobs.check()["closed"] == []
    assert sorted(clean_store.read_table("batches")["batch"].to_pylist()) == names
