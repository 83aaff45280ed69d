"""The tables are plain Parquet: pandas, DuckDB and Polars read them as they are, without this project's code."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from sohoa import jobs, layout
from sohoa.jobs.query_tables import run_query
from sohoa.schema import TABLES
from sohoa.store import Store
from tests.batch_builder import AGENCY, DAY, page_jpeg, send

pytestmark = pytest.mark.usefixtures("judged_by_numpy")  # what is shown is what the check makes of verdicts
REGISTER = (
    "MaHoSo,MaTTHC,MaLinhVuc,KenhThucHien,DonViXuLy,MaDonViHanhChinh,NgayTiepNhan,NgayHenTra,NgayKetThucXuLy,NgayTra,"
    "TrangThaiHoSo,SoThanhPhan,CoKetQuaGiay,MienSoHoa,LoaiBo,NgayCapNhat\n"
    f"{AGENCY}-230306-0001,1.001193,LV01,1,{AGENCY},,20230306233000,,,,4,1,0,,0,20230306234500\n"
    f"{AGENCY}-230306-0002,1.001193,LV01,1,{AGENCY},,20239999000000,,,,4,1,0,,0,20230306234500\n"
)
FEEDS = {
    "portal": (
        "MaHoSo,MaTTHC,DonViXuLy,NgayTiepNhan,NgayHenTra,TrangThaiHoSo,HoSoCoThanhPhanSoHoa,DuongDanKetQua,NgayDongBo",
        f"{AGENCY}-230306-0001,1.001193,{AGENCY},20230306233000,,4,1,,20230306235000",
    ),
    "ministry/gplx": (
        "MaHoSo,MaTTHC,MaDonViHanhChinh,NgayTiepNhan,TrangThaiHoSo",
        f"{AGENCY}-230306-0009,1.001193,05971,20230306233000,4",
    ),
    "status": ("MaHoSo,TrangThai,ThoiDiem", f"{AGENCY}-230306-0001,4,20230306234500"),
    "national_report": ("MaDonVi,TuNgay,DenNgay,TiepNhan", "20,20230301,20230331,26600"),
    "backlog": ("MaDonVi,SoKetQua", f"{AGENCY},120"),
    "notices": ("MaDonVi,TuNgay,DenNgay,Loai,GhiChu", f"{AGENCY},20230306,20230307,no_work,"),
}
FROM_PEOPLE = {"visits", "audit_sample", "page_reviews", "events"}
"""Tables that come of what people do in the Airflow UI, and of its runs, not of a day's jobs."""


@pytest.fixture
def filled(clean_store: Store) -> Store:
    """Every table has at least one row."""
    clean_store.put(layout.FEEDS, "register/dt=2023-03-07/register.csv", REGISTER.encode())
    for feed, lines in FEEDS.items():
        clean_store.put(layout.FEEDS, f"{feed}/dt=2023-03-07/a.csv", "\n".join(lines).encode())
    send(clean_store, {"a.jpg": page_jpeg(1)})
    send(clean_store, {"b.jpg": page_jpeg(2)}, 2, kind="backlog_result", dossier_code=None)
    jobs.check()
    jobs.review(AGENCY, "D2", "waive", "Trần Văn A", "Bản gốc mờ", datetime(2023, 3, 8, 9))  # noqa: DTZ001 (wall clock)
    jobs.import_all()
    jobs.summarise()
    jobs.reconcile()
    jobs.keep_week(DAY)
    for back in range(30, 0, -1):  # days of one scanner, the newest unlike all others
        row = {"agency": AGENCY, "device_id": "M1", "pages_received": 2000 if back == 1 else 200, "defect_pages": []}
        rows = pa.Table.from_pylist([row], TABLES["device_daily"])
        clean_store.write_table("device_daily", DAY - timedelta(back), layout.DAY, rows)
    jobs.update_incidents()
    return clean_store


def test_every_reader_sees_every_row(filled: Store, tmp_path: Path) -> None:
    """The same rows, the path key as a date, unit and agency codes as text, the same local day."""
    for item in filled.list_objects(layout.WAREHOUSE, ""):
        if item.key.endswith(".parquet"):
            path = tmp_path / item.key
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(filled.get(layout.WAREHOUSE, item.key))
    for table in TABLES.keys() - FROM_PEOPLE:
        rows = filled.read_table(table).num_rows
        assert rows >= 1, table
        where = f"{tmp_path}/{table}/**/*.parquet"
        assert len(pd.read_parquet(tmp_path / table)) == rows
        assert duckdb.sql(f"SELECT count(*) FROM read_parquet('{where}', hive_partitioning = true)").fetchall() == [
            (rows,)
        ]
        assert pl.scan_parquet(where, hive_partitioning=True).collect().height == rows
    hour = f"SELECT hour(lodged_at), lodged_at::DATE FROM read_parquet('{tmp_path}/register/**/*.parquet')"
    assert duckdb.sql(hour).fetchall() == [(23, DAY)]
    units = pd.read_parquet(tmp_path / "progress_daily")["unit_code"]
    assert {"20", "178", "05971"} == set(units)


def test_query_knows_the_tables_and_the_path_key(filled: Store) -> None:
    """`sohoa query` sees the path key as a date column, and an empty table as no rows."""
    found = run_query(
        filled, "SELECT dossier_date, unit_code FROM progress_daily WHERE dossier_date = DATE '2023-03-06'"
    )
    assert found.num_rows == 15
    assert found["dossier_date"][0].as_py() == DAY
    assert run_query(filled, "SELECT 1 FROM PAGES").num_rows == filled.read_table("pages").num_rows
    assert run_query(filled, "SELECT count(*) AS n FROM rejects WHERE dt > '2030-01-01'").to_pylist() == [{"n": 0}]
