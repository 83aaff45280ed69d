"""The outbox: a report that lies in the store is mailed once to each recipient, whatever goes wrong on the way.

A marker ``_outbox/<week>.json`` says that a week's report waits. What became of it is one object per recipient and
content, written before and after the final dot of each mail, so that a process which dies knows afterwards what is
certain. ``uncertain`` counts the mails whose answer never came; after the second nothing more is sent.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import perf_counter
from typing import Any

from sohoa import layout
from sohoa.days import ONE_DAY, Week
from sohoa.errors import MailError, ObjectMissing
from sohoa.logs import get_logger, seconds_since
from sohoa.notify.smtp import Account, Connection, Refused, Unanswered, mail_account
from sohoa.report.mail.compose_letter import FILES, Site, compose, plain_links
from sohoa.report.mail.recipients import Recipient, Recipients, read_recipients
from sohoa.settings import TIME_ZONE
from sohoa.store import Store

log = get_logger(__name__)

SENT, REFUSED, FAILED, UNCERTAIN = "sent", "refused", "failed", "uncertain"
STATES = (SENT, REFUSED, FAILED, UNCERTAIN)
"""The server has taken it | answered that it does not | not now, or the connection failed first | no answer came."""
_MAX_UNCERTAIN = 2
"""Mails without an answer to one recipient: the first, and one repeat with the same Message-ID."""
_SIGNED = timedelta(7)
"""For so long a link in a mail opens the report: the most that S3 signs, and until the next one comes."""


@dataclass(frozen=True)
class Delivery:
    """One report on its way to one recipient."""

    report: dict[str, Any]
    recipient: Recipient
    state: str | None
    """One of ``STATES``; None where nothing was tried yet."""
    uncertain: int
    """Mails whose answer never came."""
    reply: str
    """What the server said last, or why it said nothing."""

    @property
    def key(self) -> str:
        """Key of its record in ``warehouse``."""
        week, content = self.report["week"], self.report["content_hash"]
        return layout.delivery_key(week, content, self.recipient.key)

    @property
    def is_done(self) -> bool:
        """Whether nothing more is to be sent."""
        return self.state == SENT or self.uncertain >= _MAX_UNCERTAIN


def queue_report(store: Store, week: str) -> None:
    """Mark the week's report, which lies in the store, as waiting to be mailed."""
    store.put_json(layout.WAREHOUSE, layout.outbox_key(week), {"week": week})


def deliver_reports(store: Store) -> dict[str, int]:
    """Mail every report that waits to every recipient that has not got it; on a site without mail, do nothing.

    A line of the recipients' file that names no unit or no address is told before anything is sent, and all others
    get theirs.

    Returns:
        How many mails of the waiting reports are in each state: ``sent`` counts those of now, ``sent_before`` those
        that had gone out already; and how many lines of the file are no use.

    Raises:
        MailError: something is worth another try: no connection, or a mail without an answer.
        SettingsError: the settings of mail or the file of recipients cannot be used.
    """
    account = mail_account(store.settings)
    if account is None:
        log.info("mail_is_off", reason="SOHOA_SMTP_HOST is not set")
        return {}
    faults = _faults(store)
    for fault in faults:
        log.warning("recipient_unusable", file=store.settings.recipients_file, fault=fault)
    deliveries = list(_deliveries(store))
    before = sum(delivery.state == SENT for delivery in deliveries)
    _send_all(store, account, deque(delivery for delivery in deliveries if not delivery.is_done))
    deliveries = list(_deliveries(store))
    again = [delivery for delivery in deliveries if not delivery.is_done and delivery.state != REFUSED]
    if again:
        raise MailError(f"{len(again)} mails to send again: {_names(again)}")
    counts = {state: sum(delivery.state == state for delivery in deliveries) for state in STATES}
    return counts | {SENT: counts[SENT] - before, "sent_before": before, "unusable_lines": len(faults)}


def settle_outbox(store: Store) -> list[str]:
    """Take the marker of each report that no recipient waits for any more; who is not known to have theirs.

    While a line of the recipients' file is no use the markers stay: whom it means waits for the report. On a site
    without mail they stay too, and nobody is named.
    """
    if mail_account(store.settings) is None:
        return []
    deliveries, weeks = list(_deliveries(store)), _weeks(store)
    faults = _faults(store)
    waiting = {delivery.report["week"] for delivery in deliveries if not delivery.is_done}
    for week in weeks:
        if week not in waiting and not faults:
            store.delete(layout.WAREHOUSE, layout.outbox_key(week))
    missing = [_line(delivery) for delivery in deliveries if delivery.state != SENT]
    return [*missing, *(f"{store.settings.recipients_file}, {fault}" for fault in faults)]


def _send_all(store: Store, account: Account, deliveries: deque[Delivery]) -> None:
    while deliveries:
        with Connection(account) as connection:
            while deliveries and _send(store, account, connection, deliveries.popleft()):
                pass


def _send(store: Store, account: Account, connection: Connection, delivery: Delivery) -> bool:
    """Send one mail and record what became of it; whether the session can go on."""
    mail = compose(delivery.report, delivery.recipient, _site(store, account, delivery.report["week"]))

    def record(state: str, uncertain: int, reply: str) -> None:
        body = {
            "week": delivery.report["week"],
            "content_hash": delivery.report["content_hash"],
            "unit_code": delivery.recipient.unit.code,
            "valid_from": delivery.recipient.unit.valid_from.isoformat(),
            "address": delivery.recipient.address,
            "message_id": mail["Message-ID"],
            "state": state,
            "uncertain": uncertain,
            "reply": reply,
        }
        store.put_json(layout.WAREHOUSE, delivery.key, body)

    def end(state: str, uncertain: int, reply: str) -> None:
        record(state, uncertain, reply)
        week, unit_code, seconds = delivery.report["week"], delivery.recipient.unit.code, seconds_since(start)
        if state == SENT:
            log.info("mail_sent", week=week, unit_code=unit_code, seconds=seconds)
        else:
            log.warning("mail_not_sent", week=week, unit_code=unit_code, state=state, reply=reply, seconds=seconds)

    start, unanswered = perf_counter(), delivery.uncertain + 1
    try:
        connection.send(mail, delivery.recipient.address, lambda: record(UNCERTAIN, unanswered, "no answer yet"))
    except Refused as error:
        end(REFUSED if error.is_final else FAILED, delivery.uncertain, str(error))
        return True
    except MailError as error:
        end(FAILED, delivery.uncertain, str(error))
        return False
    except Unanswered as error:
        end(UNCERTAIN, unanswered, str(error))
        return False
    end(SENT, delivery.uncertain, "")
    return True


def _weeks(store: Store) -> list[str]:
    return [layout.outbox_week(item.key) for item in store.list_objects(layout.WAREHOUSE, layout.OUTBOX)]


def _recipients(store: Store, week: str) -> Recipients:
    return read_recipients(store.settings.recipients_file, Week.parse(week))


def _faults(store: Store) -> list[str]:
    """What is wrong with lines of the recipients' file, for any week that waits, each once."""
    return list(dict.fromkeys(fault for week in _weeks(store) for fault in _recipients(store, week).faults))


def _site(store: Store, account: Account, week: str) -> Site:
    """Signed addresses where readers reach the store, else plain ones where they open the bucket, else none."""
    settings = store.settings
    if settings.s3_public_endpoint is not None:
        links = {
            name: store.signed_address(
                layout.REPORTS, layout.report_key(week, name), _SIGNED, f"so-hoa-{week}.{name.rpartition('.')[2]}"
            )
            for name in FILES
        }
        return Site(account.sender, links, (datetime.now(TIME_ZONE) + _SIGNED).date() - ONE_DAY)
    return Site(account.sender, plain_links(settings.reports_url, week) if settings.reports_url else {})


def _deliveries(store: Store) -> Iterator[Delivery]:
    """The newest report of each waiting week, to each recipient, with what is recorded of it."""
    for week in _weeks(store):
        recipients = _recipients(store, week).usable
        report = store.get_json(layout.REPORTS, layout.report_key(week, "report.json"))
        for recipient in recipients:
            delivery = Delivery(report, recipient, None, 0, "not tried yet")
            yield _with_record(store, delivery)


def _with_record(store: Store, delivery: Delivery) -> Delivery:
    try:
        found = store.get_json(layout.WAREHOUSE, delivery.key)
    except ObjectMissing:
        return delivery
    return Delivery(delivery.report, delivery.recipient, found["state"], found["uncertain"], found["reply"])


def _names(deliveries: list[Delivery]) -> str:
    shown = "; ".join(map(_line, deliveries[:5]))
    return shown + (f"; and {len(deliveries) - 5} more" if len(deliveries) > 5 else "")


def _line(delivery: Delivery) -> str:
    return f"{delivery.report['week']} {delivery.recipient.address}: {delivery.state or 'waits'}, {delivery.reply}"
