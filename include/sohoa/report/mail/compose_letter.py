"""The mail about a weekly report: the recipient's own unit in words, as plain text and as a page; nothing attached.

All that the recipient has to know stands in it, so that it serves where the report itself cannot be opened.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from functools import cache
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined

from sohoa import layout
from sohoa.clean_text import clean, shorten
from sohoa.format_value import count, day, percent, week
from sohoa.labels import label_vi
from sohoa.report.mail.recipients import Recipient
from sohoa.report.model import Row
from sohoa.report.sentences import against_path, points
from sohoa.report.unit_view import Figures, UnitView, view_unit
from sohoa.settings import TIME_ZONE

FILES = ("report.pdf", "report.html", "report.xlsx")
MAX_FILES = 15
"""Faulty files that a mail names, or agencies with some; of the others it says how many there are."""
_OF_AGENCIES = "Tệp lỗi của các cơ quan"
_MAX_TEXT = 120


@dataclass(frozen=True)
class Site:
    """What the mails of a site have in common."""

    sender: str
    links: Mapping[str, str]
    """File of the report -> the address at which it opens; none where it can be opened nowhere."""
    last_day: date | None = None
    """On which the addresses still open it; None: as long as it is there."""


def message_id(week: str, content_hash: str, recipient: Recipient, domain: str) -> str:
    """The same for the same report and recipient, so that a mail program shows a repeat once."""
    who = hashlib.sha256(recipient.key.encode()).hexdigest()
    return f"<{week}.{content_hash[:12]}.{who[:12]}@{domain}>"


def compose(report: dict[str, Any], recipient: Recipient, site: Site) -> EmailMessage:
    """The mail to one recipient.

    Args:
        report: a report as ``WeekReport.to_json`` writes it.
        recipient: who gets it.
        site: who sends it, and where the report opens.
    """
    view = view_unit(report, recipient.unit)
    mail = EmailMessage()
    mail["From"] = site.sender
    mail["To"] = recipient.address
    mail["Subject"] = _subject(view)
    mail["Date"] = format_datetime(datetime.now(TIME_ZONE))
    mail["Message-ID"] = message_id(report["week"], report["content_hash"], recipient, site.sender.rpartition("@")[2])
    mail["Auto-Submitted"] = "auto-generated"
    files = list(_by_agency(view) if len(view.agencies) > 1 else map(_file, view.files))
    said = _Said(
        to=clean(recipient.name),
        title=clean(f"{view.name}, {week(view.week.name).lower()}"),
        days=f"{day(view.week.first)} – {day(view.week.last)}",
        verdict=clean(_verdict(view)),
        facts=tuple(map(clean, _facts(view))),
        note=clean(view.note),
        to_do=tuple(map(clean, view.to_do)),
        files_title=_OF_AGENCIES if len(view.agencies) > 1 else "Tệp lỗi",
        files=tuple(map(clean, files[:MAX_FILES])),
        more_files=max(0, len(files) - MAX_FILES),
        links={label_vi("report_files", name): _at_unit(name, site.links[name], view) for name in site.links},
        last_day=day(site.last_day) if site.last_day else "",
    )
    mail.set_content("\n".join(_lines(said)) + "\n", cte="quoted-printable")
    page = _environment().get_template("letter.html").render(said=said, view=view, more=_more(said))
    mail.add_alternative(page, subtype="html", cte="quoted-printable")
    return mail


@dataclass(frozen=True)
class _Said:
    """The words of one mail, clean."""

    to: str
    title: str
    days: str
    verdict: str
    facts: tuple[str, ...]
    note: str
    """What the report says of its figures."""
    to_do: tuple[str, ...]
    files_title: str
    files: tuple[str, ...]
    more_files: int
    """Lines that are left out."""
    links: dict[str, str]
    last_day: str


@cache
def _environment() -> Environment:
    loader = PackageLoader("sohoa.report")
    found = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    found.filters |= {"percent": percent, "count": count}
    return found


def _subject(view: UnitView) -> str:
    when = f"số hóa hồ sơ {week(view.week.name).lower()}"
    so_far = view.so_far
    if so_far is not None and view.is_judged:
        met = against_path(so_far.rate_percent, so_far.expected_percent)
        return clean(f"{view.name}: lũy kế {percent(so_far.rate_percent)}, {met} – {when}")
    told = view.figures or so_far
    if told is None:
        return clean(f"{view.name}: không có hồ sơ phải số hóa – {when}")
    return clean(f"{view.name}: {percent(told.rate_percent)}, chưa kết luận – {when}")


def _verdict(view: UnitView) -> str:
    """Where the unit stands on the path, as the first page says it of the province."""
    so_far = view.so_far
    if view.figures is None and so_far is None:
        return "Không có hồ sơ nào thuộc diện phải số hóa."
    if so_far is None and not view.has_settled:
        return "Chưa kết luận được so với lộ trình: chưa có tuần nào đủ thời gian để số liệu ổn định."
    if so_far is None:
        return "Chưa kết luận được so với lộ trình: trong các tuần đã ổn định, đơn vị không có hồ sơ phải số hóa."
    said = (
        f"Lũy kế từ {week(so_far.since.name).lower()} đến hết {week(so_far.settled.name).lower()}: "
        f"{count(so_far.numerator)} trong {count(so_far.denominator)} hồ sơ đã số hóa đạt yêu cầu, tỷ lệ "
        f"{percent(so_far.rate_percent)}"
    )
    met = against_path(so_far.rate_percent, so_far.expected_percent, so_far.settled.last)
    return f"{said}: {met}." if view.is_judged else f"{said}; quá ít hồ sơ để kết luận."


def _facts(view: UnitView) -> Iterator[str]:
    """What stands around the verdict, a line each: the week, rank, what is missing, files, queue, silence."""
    if view.figures is not None:
        yield _week_vi(view, view.figures)
    if view.rank is not None:
        yield f"Xếp thứ {count(view.rank[0])} trong {count(view.rank[1])} {view.rank[2]} theo tuần đó."
    if view.is_judged and view.missing and not view.has_ended:
        yield (
            f"Còn thiếu {count(view.missing)} hồ sơ để kịp lộ trình; đến kỳ báo cáo sau còn "
            f"{count(len(view.days_left))} ngày làm việc."
        )
    verdicts = view.verdicts()
    yield (
        f"Tệp lỗi trong tuần: {count(verdicts['rejected'])} phải quét lại, {count(verdicts['review'])} chờ người kiểm "
        "tra."
    )
    yield f"Đang chờ quét: {count(view.waiting('documents'))} tài liệu của {count(view.waiting('dossiers'))} hồ sơ."
    yield from _inherited(view)
    yield from _sending(view)


def _inherited(view: UnitView) -> Iterator[str]:
    """Of what waits, what came from agencies that are no more; their names where the unit is one agency."""
    documents = sum(row.get("inherited") or 0 for row in view.agencies)
    names = [row["inherited_from"] for row in view.agencies if row.get("inherited_from")]
    if names and len(view.agencies) == 1:
        waiting = f"; trong số đang chờ quét có {count(documents)} tài liệu của nơi đó" if documents else ""
        yield f"Nhận việc từ {names[0]}{waiting}."
    elif documents:
        yield f"Trong đó {count(documents)} tài liệu nhận từ cơ quan đã kết thúc hoạt động."


def _week_vi(view: UnitView, figures: Figures) -> str:
    """The settled week; where none is, the newest one, whose rate still rises."""
    is_settled = figures.is_settled and view.so_far is not None
    which = view.so_far.settled if is_settled and view.so_far is not None else view.week
    name = f"{week(which.name)}{', tuần ổn định mới nhất' if is_settled else ', tỷ lệ còn tăng'}"
    changed = ""
    if figures.change_points is not None:
        against = "tuần trước đó" if is_settled else "tuần trước ở cùng độ tuổi số liệu"
        changed = f", {points(figures.change_points)} so với {against}"
    return (
        f"{name}: {count(figures.numerator)}/{count(figures.denominator)} hồ sơ, "
        f"{percent(figures.rate_percent)}{changed}."
    )


def _sending(view: UnitView) -> Iterator[str]:
    if len(view.agencies) == 1:
        (row,) = view.agencies
        last = f"; lô cuối ngày {day(date.fromisoformat(row['last_batch']))}" if row["last_batch"] else ""
        yield f"Việc gửi lô: {label_vi('activity_states', row['state']).lower()}{last}."
    elif view.agencies:
        yield f"Việc gửi lô: {count(len(view.silent))} trong {count(len(view.standing))} cơ quan im lặng."


def _file(row: Row) -> str:
    """A faulty file: whose, which pages of what, what is wrong with it, and what follows."""
    pages = f", trang {row['pages']}" if row["pages"] else ""
    defects = "; ".join(label_vi("defects", name) for name in row["defects"] or ()) or "không rõ lỗi"
    what = shorten(row["title"] or row["file"], _MAX_TEXT)
    verdict = label_vi("verdicts", row["verdict"]).lower()
    dossier = f" (hồ sơ {row['dossier']})" if row["dossier"] else ""
    return f"{what}{dossier}, tệp {shorten(row['file'], _MAX_TEXT)}{pages}: {defects} – {verdict}"


def _by_agency(view: UnitView) -> Iterator[str]:
    """Who has most faulty files: a unit with agencies below it reads of them, not of their files."""
    files: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for row in view.files:
        files[row["agency_name"], row.get("district") or ""][row["verdict"]] += 1
    for (name, district), verdicts in sorted(files.items(), key=lambda item: (-item[1]["rejected"], item[0])):
        where = (
            f", {district}"
            if district and district != view.unit.name and district.casefold() not in name.casefold()
            else ""
        )
        yield (
            f"{name}{where}: {count(verdicts['rejected'])} phải quét lại, {count(verdicts['review'])} chờ người "
            "kiểm tra"
        )


def _more(said: _Said) -> str:
    what = "cơ quan" if said.files_title == _OF_AGENCIES else "tệp"
    return f"và {count(said.more_files)} {what} khác, có trong báo cáo đầy đủ"


def _at_unit(name: str, address: str, view: UnitView) -> str:
    """The page opens at the unit's own rows."""
    return (
        f"{address}#tim={quote(view.name.partition(',')[0].partition(' (')[0])}" if name == "report.html" else address
    )


def _lines(said: _Said) -> Iterator[str]:
    yield f"Kính gửi: {said.to}"
    yield ""
    yield f"{said.title} ({said.days})"
    yield said.verdict
    yield ""
    yield from (f"  {fact}" for fact in said.facts)
    if said.to_do:
        yield ""
        yield "Việc cần làm:"
        yield from (f"  {number}. {line}" for number, line in enumerate(said.to_do, start=1))
    if said.files:
        yield ""
        yield f"{said.files_title}:"
        yield from (f"  – {line}" for line in said.files)
    if said.more_files:
        yield f"  – {_more(said)}"
    yield ""
    if said.note:
        yield said.note
        yield ""
    if said.links:
        until = f" (mở được đến hết ngày {said.last_day})" if said.last_day else ""
        yield f"Báo cáo đầy đủ của tỉnh{until}:"
        yield from (f"  {name}: {address}" for name, address in said.links.items())
        yield ""
    yield "Thư do hệ thống lập và gửi tự động; xin không trả lời thư này."


def plain_links(reports_url: str, week: str) -> dict[str, str]:
    """The addresses of a week's files where people open the bucket ``reports``."""
    return {name: f"{reports_url.rstrip('/')}/{layout.report_key(week, name)}" for name in FILES}
