"""The mail about a weekly report: figures and links in plain text, never a page image and nothing attached."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Any, NamedTuple

from sohoa import layout
from sohoa.clean_text import clean
from sohoa.errors import SettingsError
from sohoa.format_value import day, week
from sohoa.labels import label_vi
from sohoa.notify.smtp import is_address
from sohoa.registry import bearer_at, find_agency, units_of
from sohoa.report.model import Column, Row
from sohoa.settings import TIME_ZONE

_CODE_DIGITS = 5
"""Of a commune's code, which begins with zeros that spreadsheets drop."""
_FILES = ("report.pdf", "report.html", "report.xlsx")


@dataclass(frozen=True)
class Recipient:
    """Who gets the report, with the figures of which unit: province, district, commune, department or office."""

    unit_code: str
    name: str
    address: str


class Recipients(NamedTuple):
    """Who gets the report, and what is wrong with the lines of the file that name nobody."""

    usable: list[Recipient]
    faults: list[str]


def read_recipients(file: Path | None) -> Recipients:
    """The recipients in the order of their file, an address once for each unit; a line that is no use stops no other.

    Args:
        file: CSV with the columns unit_code, name, address.

    Raises:
        SettingsError: the file is not set, missing or malformed.
    """
    if file is None:
        raise SettingsError("SOHOA_SMTP_HOST is set: name the recipients in SOHOA_RECIPIENTS_FILE")
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines, restval="")
            rows = [(_recipient(row), reader.line_num - "".join(map(str, row.values())).count("\n")) for row in reader]
    except (OSError, UnicodeDecodeError, KeyError, csv.Error) as error:
        raise SettingsError(f"SOHOA_RECIPIENTS_FILE: {file} cannot be used: {error!r}") from error
    checked = [(recipient, number, list(_faults(recipient))) for recipient, number in rows]
    usable = {(row.unit_code, row.address): row for row, _, faults in checked if not faults}
    unusable = [f"line {number}: {'; '.join(faults)}" for _, number, faults in checked if faults]
    return Recipients(list(usable.values()), unusable)


def _recipient(row: dict[str, str]) -> Recipient:
    return Recipient(row["unit_code"].strip(), row["name"], row["address"].strip())


def _faults(recipient: Recipient) -> Iterator[str]:
    code, agency = recipient.unit_code, find_agency(recipient.unit_code)
    if not units_of(code) and (agency is None or agency.kind == "commune"):
        meant = agency.unit_code if agency is not None else code.zfill(_CODE_DIGITS)
        yield f"{code!r} is no unit" + (f", {meant} is one" if units_of(meant) else "")
    if not is_address(recipient.address):
        yield f"{recipient.address!r} is no address"


def message_id(week: str, content_hash: str, recipient: Recipient, domain: str) -> str:
    """The same for the same report and recipient, so that a mail program shows a repeat once."""
    who = hashlib.sha256(f"{recipient.unit_code} {recipient.address}".encode()).hexdigest()
    return f"<{week}.{content_hash[:12]}.{who[:12]}@{domain}>"


def compose(report: dict[str, Any], recipient: Recipient, sender: str, reports_url: str | None) -> EmailMessage:
    """The mail to one recipient.

    Args:
        report: a report as ``WeekReport.to_json`` writes it.
        recipient: who gets it.
        sender: the address it comes from.
        reports_url: where the bucket ``reports`` can be opened; None: the mail names the keys in it.
    """
    mail = EmailMessage()
    mail["From"] = sender
    mail["To"] = recipient.address
    mail["Subject"] = f"Báo cáo số hóa hồ sơ {week(report['week'])}"
    mail["Date"] = format_datetime(datetime.now(TIME_ZONE))
    mail["Message-ID"] = message_id(report["week"], report["content_hash"], recipient, sender.rpartition("@")[2])
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content("\n".join(_lines(report, recipient, reports_url)) + "\n", cte="quoted-printable")
    return mail


def _lines(report: dict[str, Any], recipient: Recipient, reports_url: str | None) -> Iterator[str]:
    first, last = (date.fromisoformat(report[name]) for name in ("first_day", "last_day"))
    unit = bearer_at(recipient.unit_code, last)
    names = set() if unit is None else {unit.name, unit.name_within(first, last)}
    name = recipient.unit_code if unit is None else f"{unit.name} ({unit.code})"
    yield f"Kính gửi: {clean(recipient.name)}"
    yield ""
    yield f"Báo cáo số hóa hồ sơ, {week(report['week'])} ({day(first)} – {day(last)}), tỉnh Lạng Sơn."
    yield ""
    yield f"Số liệu của {name}:"
    yield from list(_figures(report, recipient.unit_code, names)) or ["  Không có số liệu trong tuần này."]
    yield ""
    for paragraph in report["sections"][0]["paragraphs"] if report["sections"] else ():
        yield clean(paragraph)
    yield ""
    yield "Báo cáo đầy đủ:" if reports_url else f"Báo cáo đầy đủ, trong kho lưu trữ `{layout.REPORTS}`:"
    for file in _FILES:
        key = layout.report_key(report["week"], file)
        yield f"  {label_vi('report_files', file)}: {reports_url.rstrip('/') + '/' if reports_url else ''}{key}"
    yield ""
    yield "Thư do hệ thống lập và gửi tự động; xin không trả lời thư này."


def _figures(report: dict[str, Any], unit_code: str, names: set[str]) -> Iterator[str]:
    """Each value of the unit's row in the tables of the annex that have one row per unit.

    Where the code passed on within the week there is a row for each that bore it: the letter is to the last one.
    """
    for table in report["annex"]:
        rows = [row for row in table["rows"] if row.get("unit_code") == unit_code]
        if len(rows) > 1 and names:
            rows = [row for row in rows if row.get("unit") in names]
        if len(rows) != 1:  # several rows are a list of cases: that is what the report is for
            continue
        yield f"  {table['title_vi']}"
        for column in (Column(**about) for about in table["columns"]):
            if column.key not in {"unit_code", "unit"}:
                yield f"    {column.label_vi}: {clean(_text(column, rows[0]))}"


def _text(column: Column, row: Row) -> str:
    """A value with its unit; a percentage is written with its sign."""
    value = row[column.key]
    if column.kind == "date" and value is not None:
        row = {column.key: date.fromisoformat(value)}
    is_bare = not column.unit or value is None or column.kind == "percent"
    return column.text(row) + ("" if is_bare else f" {column.unit}")
