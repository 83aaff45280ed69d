"""One notifier for whoever is woken: an alert is told once to each address and to the webhook, again each day while it
stands, and once when it is over.

What became of it is one object, ``_alerts/<key>.json``, written before and after each message, so that a process that
dies knows afterwards what is certain: a message whose answer never came is repeated once. A mail server or a webhook
that is down stops nothing: it is logged, and tried again at the next run.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any, Literal, NamedTuple, TypedDict

import urllib3

from sohoa import layout
from sohoa.errors import MailError, SettingsError, StoreError
from sohoa.logs import get_logger
from sohoa.notify.smtp import Account, Connection, Refused, Unanswered, is_address, mail_account
from sohoa.settings import TIME_ZONE, Settings
from sohoa.store import Store

log = get_logger(__name__)

TOLD_AGAIN = timedelta(hours=24)
"""While an alert stands it is told again after this time; one that does not stand is forgotten."""
_MAX_UNANSWERED = 2
"""Messages without an answer: the first, and one repeat."""
_WEBHOOK = "webhook"
_WEBHOOK_TIMEOUT = urllib3.Timeout(connect=5, read=10)
Outcome = Literal["sent", "not_sent", "uncertain", "given_up"]


@dataclass(frozen=True)
class Alert:
    """What somebody should know. The key is the same as long as it is the same matter: ``store_space``."""

    key: str
    subject_vi: str
    text_vi: str
    text_en: str
    stands: bool = True
    """Whether it stands until ``notify_over``; else it is an event, told once."""


class Standing(NamedTuple):
    """An alert that stands."""

    subject: str
    since: datetime


class Target(TypedDict):
    """What one address, or the webhook, knows of an alert."""

    told_at: str | None
    """When it was last told that the alert stands; null where it does not know, or knows that it is over."""
    unanswered: int
    """Messages sent now whose answer never came."""


class State(TypedDict):
    """What became of an alert."""

    alert: dict[str, Any]
    since: str
    is_over: bool
    targets: dict[str, Target]


class Message(TypedDict):
    """What the webhook gets, as JSON."""

    key: str
    subject_vi: str
    text_vi: str
    text_en: str
    at: str


def notify(store: Store, alert: Alert, now: datetime | None = None) -> None:
    """Tell everybody of an alert who does not know of it, or has not heard of it for a day."""
    now = now or datetime.now(TIME_ZONE)
    known = _load(store, alert.key)
    new: State = {"alert": asdict(alert), "since": now.isoformat(), "is_over": False, "targets": {}}
    if known is not None:
        new["since"], new["targets"] = known["since"], known["targets"]
    _tell(store, new, now)


def notify_over(store: Store, key: str, now: datetime | None = None) -> None:
    """Tell everybody who knows of an alert that it is over; nothing where it does not stand."""
    state = _load(store, key)
    if state is not None:
        state["is_over"] = True
        _tell(store, state, now or datetime.now(TIME_ZONE))


def tell_waiting(store: Store, now: datetime | None = None) -> int:
    """Try again to tell whom a message could not reach, of whatever alert; forget events of the day before.

    Returns:
        How many alerts there are.
    """
    now = now or datetime.now(TIME_ZONE)
    found = _load_all(store)
    for state in found:
        _tell(store, state, now, is_repeating=False)
    return len(found)


def read_standing(store: Store) -> list[Standing]:
    """Read the alerts that stand, the oldest first."""
    standing = [state for state in _load_all(store) if _alert(state).stands and not state["is_over"]]
    found = [Standing(_alert(state).subject_vi, datetime.fromisoformat(state["since"])) for state in standing]
    return sorted(found, key=lambda alert: alert.since)


def _load(store: Store, key: str) -> State | None:
    nothing: State | None = None
    return store.find_json(layout.WAREHOUSE, layout.alert_key(key), nothing)


def _load_all(store: Store) -> list[State]:
    """All that have been told; of a damaged one nobody can say who knows: it is told anew where it still stands."""
    keys = [item.key for item in store.list_objects(layout.WAREHOUSE, layout.ALERTS)]
    nothing: State | None = None
    found = store.each(lambda key: store.find_json(layout.WAREHOUSE, key, nothing), keys)
    return [state for state in found if state is not None]


def _tell(store: Store, state: State, now: datetime, is_repeating: bool = True) -> None:
    """Send what is to be sent, and keep the state as long as somebody has something to hear."""
    settings, alert = store.settings, _alert(state)
    known = {name: state["targets"].get(name, Target(told_at=None, unanswered=0)) for name in _targets(settings)}
    state["targets"] = known
    with ExitStack() as session:
        mail = _Mail(settings, session)
        for name, target in known.items():
            if _waits(target, state, now, is_repeating):
                _tell_one(store, state, name, mail, now)
    told = [target["told_at"] is not None for target in known.values()]
    is_old = now - datetime.fromisoformat(state["since"]) >= TOLD_AGAIN
    if (state["is_over"] and not any(told)) or (not alert.stands and all(told) and is_old):
        store.delete(layout.WAREHOUSE, layout.alert_key(alert.key))
    elif known:
        _save(store, state)


def _alert(state: State) -> Alert:
    return Alert(**state["alert"])


def _targets(settings: Settings) -> Iterator[str]:
    for address in dict.fromkeys(settings.operators):
        if is_address(address):
            yield address
        else:
            log.warning("operator_unusable", address=address)
    if settings.webhook_url is not None:
        yield _WEBHOOK


def _waits(target: Target, state: State, now: datetime, is_repeating: bool) -> bool:
    """Whether something is to be said now."""
    if state["is_over"] or target["told_at"] is None:
        return state["is_over"] == (target["told_at"] is not None)
    is_due = now - datetime.fromisoformat(target["told_at"]) >= TOLD_AGAIN
    return is_repeating and is_due and _alert(state).stands


def _tell_one(store: Store, state: State, name: str, mail: _Mail, now: datetime) -> None:
    target, key = state["targets"][name], _alert(state).key
    unanswered = target["unanswered"]

    def record() -> None:
        target["unanswered"] = unanswered + 1
        _save(store, state)

    outcome: Outcome = "given_up"
    if unanswered < _MAX_UNANSWERED:
        message = _message(state, now)
        if name == _WEBHOOK:
            outcome = _post(store.settings, message, record)
        else:
            outcome = mail.send(name, message, f"{name} {key} {state['since']} {target['told_at']}", record)
    if outcome == "not_sent":
        target["unanswered"] = unanswered
    elif outcome != "uncertain":
        target["told_at"], target["unanswered"] = None if state["is_over"] else now.isoformat(), 0
        log.info("alert_told", key=key, to=name, outcome=outcome, is_over=state["is_over"])
    _save(store, state)


def _message(state: State, now: datetime) -> Message:
    alert = _alert(state)
    message = Message(
        key=alert.key,
        subject_vi=alert.subject_vi,
        text_vi=alert.text_vi,
        text_en=alert.text_en,
        at=now.astimezone(TIME_ZONE).isoformat(timespec="seconds"),
    )
    if state["is_over"]:
        message["subject_vi"] = f"Đã hết: {alert.subject_vi}"
        message["text_vi"] = f"Không còn nữa: {alert.subject_vi}. Lần báo gần nhất ghi: {alert.text_vi}"
        message["text_en"] = f"This is over. The last alert said: {alert.text_en}"
    return message


def _save(store: Store, state: State) -> None:
    """A store that takes no more writes may be what the alert is about: it is told all the same."""
    key = _alert(state).key
    try:
        store.put_json(layout.WAREHOUSE, layout.alert_key(key), state)
    except StoreError as error:
        log.warning("alert_not_recorded", key=key, reason=error)


class _Mail:
    """One session with the mail server, opened for the first mail, and again where one broke it."""

    def __init__(self, settings: Settings, session: ExitStack) -> None:
        """Nothing is opened yet."""
        self._settings, self._session = settings, session
        self._connection: Connection | None = None
        self._is_down = False

    def send(self, address: str, message: Message, identity: str, before_end: Callable[[], None]) -> Outcome:
        """Send one mail; once the server could not be reached no other is tried."""
        if self._is_down:
            return "not_sent"
        try:
            account = mail_account(self._settings)
            if account is None:
                raise SettingsError("SOHOA_OPERATORS is set: set SOHOA_SMTP_HOST too")
            if self._connection is None:
                self._is_down = True
                self._connection = self._session.enter_context(Connection(account))
                self._is_down = False
            self._connection.send(_compose(message, address, account, identity), address, before_end)
        except Refused as error:
            return _not_told(message, address, error)
        except (MailError, SettingsError) as error:
            self._connection = None
            return _not_told(message, address, error)
        except Unanswered as error:
            self._connection = None
            return _not_told(message, address, error, "uncertain")
        return "sent"


def _not_told(message: Message, to: str, reason: object, outcome: Outcome = "not_sent") -> Outcome:
    log.warning("alert_not_told", key=message["key"], to=to, outcome=outcome, reason=reason)
    return outcome


def _compose(message: Message, address: str, account: Account, identity: str) -> EmailMessage:
    """Vietnamese first, English below it; the same message has the same Message-ID."""
    mail = EmailMessage()
    mail["From"], mail["To"] = account.sender, address
    mail["Subject"] = " ".join(f"[Số hóa] {message['subject_vi']}".split())
    mail["Date"] = format_datetime(datetime.fromisoformat(message["at"]))
    name = hashlib.sha256(f"{identity} {message['subject_vi']}".encode()).hexdigest()[:24]
    mail["Message-ID"] = f"<alert.{name}@{account.domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(f"{message['text_vi']}\n\n{message['text_en']}\n", cte="quoted-printable")
    return mail


def _post(settings: Settings, message: Message, before: Callable[[], None]) -> Outcome:
    """Post the message to the webhook; of its address nothing is logged, for it may hold a secret."""
    assert settings.webhook_url is not None
    before()
    try:
        answer = urllib3.request(
            "POST",
            settings.webhook_url.get_secret_value(),
            body=json.dumps(message, ensure_ascii=False).encode(),
            headers={"Content-Type": "application/json; charset=utf-8"},
            timeout=_WEBHOOK_TIMEOUT,
            retries=False,
            redirect=False,
            preload_content=False,
        )
        answer.close()
    except (urllib3.exceptions.ReadTimeoutError, urllib3.exceptions.ProtocolError) as error:
        return _not_told(message, _WEBHOOK, type(error).__name__, "uncertain")  # it may have been taken
    except urllib3.exceptions.HTTPError as error:  # its text holds the address
        return _not_told(message, _WEBHOOK, type(error).__name__)
    return "sent" if 200 <= answer.status < 300 else _not_told(message, _WEBHOOK, f"status {answer.status}")
