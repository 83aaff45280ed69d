"""The outbox: a report that lies in the store is mailed once to each recipient, whatever goes wrong on the way.

A marker ``_outbox/<week>.json`` says that a week's report waits. What became of it is one object a recipient and
content, written before and after the final dot of each mail, so that a process which dies knows afterwards what is
certain. ``uncertain`` counts the mails whose answer never came; after the second nothing more is sent.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from sohoa import layout
from sohoa.errors import MailError, ObjectMissing
from sohoa.logs import get_logger, seconds_since
from sohoa.report.mail.compose_letter import Recipient, compose, read_recipients
from sohoa.report.mail.smtp import Account, Connection, Refused, Unanswered, mail_account
from sohoa.store import Store

log = get_logger(__name__)

SENT, REFUSED, FAILED, UNCERTAIN = "sent", "refused", "failed", "uncertain"
STATES = (SENT, REFUSED, FAILED, UNCERTAIN)
"""The server has taken it | answered that it does not | not now, or the connection failed first | no answer came."""
_MOST_UNCERTAIN = 2
"""Mails without an answer to one recipient: the first, and one repeat with the same Message-ID."""


@dataclass(frozen=True)
class Letter:
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
        return layout.delivery_key(week, content, f"{self.recipient.unit_code} {self.recipient.address}")

    @property
    def is_done(self) -> bool:
        """Whether nothing more is to be sent."""
        return self.state == SENT or self.uncertain >= _MOST_UNCERTAIN


def queue_report(store: Store, week: str) -> None:
    """Mark the week's report, which lies in the store, as waiting to be mailed."""
    store.put_json(layout.WAREHOUSE, layout.outbox_key(week), {"week": week})


def deliver_reports(store: Store) -> dict[str, int]:
    """Mail every report that waits to every recipient that has not got it; on a site without mail, do nothing.

    Returns:
        How many letters of the waiting reports are in each state.

    Raises:
        MailError: something is worth another try: no connection, or a mail without an answer.
        SettingsError: the settings of mail or the recipients cannot be used.
    """
    account = mail_account(store.settings)
    if account is None:
        log.info("mail_is_off", reason="SOHOA_SMTP_HOST is not set")
        return {}
    letters = list(_letters(store))
    _send_all(store, account, deque(letter for letter in letters if not letter.is_done))
    letters = list(_letters(store))
    again = [letter for letter in letters if not letter.is_done and letter.state != REFUSED]
    if again:
        raise MailError(f"{len(again)} mails to send again: {_names(again)}")
    return {state: sum(letter.state == state for letter in letters) for state in STATES}


def settle_outbox(store: Store) -> list[str]:
    """Take the marker of each report that no recipient waits for any more; who is not known to have theirs.

    On a site without mail the markers stay, and nobody is named.
    """
    if mail_account(store.settings) is None:
        return []
    letters = list(_letters(store))
    waiting = {letter.report["week"] for letter in letters if not letter.is_done}
    for week in _weeks(store):
        if week not in waiting:
            store.delete(layout.WAREHOUSE, layout.outbox_key(week))
    return [_line(letter) for letter in letters if letter.state != SENT]


def _send_all(store: Store, account: Account, letters: deque[Letter]) -> None:
    while letters:
        with Connection(account) as connection:
            while letters and _send(store, account, connection, letters.popleft()):
                pass


def _send(store: Store, account: Account, connection: Connection, letter: Letter) -> bool:
    """Send one letter and record what became of it; whether the session can go on."""
    mail = compose(letter.report, letter.recipient, account.sender, store.settings.reports_url)

    def record(state: str, uncertain: int, reply: str) -> None:
        body = {
            "week": letter.report["week"],
            "content_hash": letter.report["content_hash"],
            "unit_code": letter.recipient.unit_code,
            "address": letter.recipient.address,
            "message_id": mail["Message-ID"],
            "state": state,
            "uncertain": uncertain,
            "reply": reply,
        }
        store.put_json(layout.WAREHOUSE, letter.key, body)

    def end(state: str, uncertain: int, reply: str) -> None:
        record(state, uncertain, reply)
        week, unit_code, seconds = letter.report["week"], letter.recipient.unit_code, seconds_since(start)
        if state == SENT:
            log.info("mail_sent", week=week, unit_code=unit_code, seconds=seconds)
        else:
            log.warning("mail_not_sent", week=week, unit_code=unit_code, state=state, reply=reply, seconds=seconds)

    start, unanswered = perf_counter(), letter.uncertain + 1
    try:
        connection.send(mail, letter.recipient.address, lambda: record(UNCERTAIN, unanswered, "no answer yet"))
    except Refused as error:
        end(REFUSED if error.is_final else FAILED, letter.uncertain, str(error))
        return True
    except MailError as error:
        end(FAILED, letter.uncertain, str(error))
        return False
    except Unanswered as error:
        end(UNCERTAIN, unanswered, str(error))
        return False
    end(SENT, letter.uncertain, "")
    return True


def _weeks(store: Store) -> list[str]:
    return [layout.outbox_week(item.key) for item in store.list_objects(layout.WAREHOUSE, layout.OUTBOX)]


def _letters(store: Store) -> Iterator[Letter]:
    """The newest report of each waiting week, to each recipient, with what is recorded of it."""
    recipients = read_recipients(store.settings.recipients_file)
    for week in _weeks(store):
        report = store.get_json(layout.REPORTS, layout.report_key(week, "report.json"))
        for recipient in recipients:
            letter = Letter(report, recipient, None, 0, "not tried yet")
            yield _with_record(store, letter)


def _with_record(store: Store, letter: Letter) -> Letter:
    try:
        found = store.get_json(layout.WAREHOUSE, letter.key)
    except ObjectMissing:
        return letter
    return Letter(letter.report, letter.recipient, found["state"], found["uncertain"], found["reply"])


def _names(letters: list[Letter]) -> str:
    shown = "; ".join(map(_line, letters[:5]))
    return shown + (f"; and {len(letters) - 5} more" if len(letters) > 5 else "")


def _line(letter: Letter) -> str:
    return f"{letter.report['week']} {letter.recipient.address}: {letter.state or 'waits'}, {letter.reply}"
