"""What waits, what is closed and what wants a person, as far as the store knows: the morning's one look."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import get_args

from sohoa import layout
from sohoa.capacity.inbox import list_inbox, local_minute
from sohoa.capacity.space import describe_space, measure_space
from sohoa.imported_files import closed_feeds
from sohoa.last_runs import LastRun, read_runs
from sohoa.notify.alerts import read_standing
from sohoa.registry.check_site import wrong_site
from sohoa.store import Store
from sohoa.work import Job

MAX_WAIT = timedelta(hours=26)
"""How long a day, a change or a mail may wait until somebody should look: a day and some."""
MAX_CHECKS_MISSED, MAX_CHECKS_QUIET = 2, 4
"""Schedules of the check that a batch may wait for, and after which it has failed to run."""
_QUEUES = {"to count": layout.PENDING, "to reconcile": layout.UNRECONCILED}
_NOTHING = "nothing waits"
MAX_QUIET = {"import": timedelta(hours=26), "upkeep": timedelta(hours=3)}
"""After how long without an end another job has failed to run: those of the clock that end each time."""


@dataclass(frozen=True)
class Line:
    """One thing to know."""

    topic: str
    text: str
    wants_person: bool = False


def read_status(store: Store, now: datetime) -> list[Line]:
    """Read from the store what somebody should know in the morning.

    Args:
        store: the store; only read.
        now: with its zone.

    Returns:
        In the order in which one asks: the site's own files where they are wrong, space, who may not send, queues,
        damaged batches, closed gates, alerts, mail, last runs.
    """
    runs, max_quiet = read_runs(store), {"check": _of_checks(store, MAX_CHECKS_QUIET), **MAX_QUIET}
    wrong = wrong_site(store.settings.site)
    return [
        *([Line("site", wrong, True)] if wrong else []),
        _space(store),
        *(Line("stopped", f"{code} fills the store: it may not send", True) for code in store.stopped_agencies()),
        _inbox(store, now),
        *(_waiting(store, topic, prefix, now) for topic, prefix in _QUEUES.items()),
        _mail(store, now),
        *_damaged(store),
        *_closed(store, runs),
        *(
            Line("alert", f"{alert.subject} (since {local_minute(alert.since)})", True)
            for alert in read_standing(store)
        ),
        *(_last_run(job, runs.get(job), now, max_quiet.get(job)) for job in get_args(Job)),
    ]


def _space(store: Store) -> Line:
    space = measure_space(store.settings)
    is_filling = space is not None and space.used_percent >= store.settings.space_warn_percent
    return Line("store", describe_space(space, store.settings), is_filling)


def _inbox(store: Store, now: datetime) -> Line:
    inbox = list_inbox(store)
    is_late = bool(inbox.taken) and now - inbox.taken[0].last_modified > _of_checks(store, MAX_CHECKS_MISSED)
    return Line("inbox", inbox.in_words, is_late)


def _mail(store: Store, now: datetime) -> Line:
    """The reports that are to be mailed; on a site without mail they wait until it is set up, and nobody has to act."""
    found = _waiting(store, "mail", layout.OUTBOX, now)
    if store.settings.smtp_host is not None or found.text == _NOTHING:
        return found
    return Line("mail", f"{found.text}: no mail server is set up (SOHOA_SMTP_HOST)")


def _waiting(store: Store, topic: str, prefix: str, now: datetime) -> Line:
    waiting = [info.last_modified for info in store.list_objects(layout.WAREHOUSE, prefix)]
    if not waiting:
        return Line(topic, _NOTHING)
    oldest = min(waiting)
    return Line(topic, f"{len(waiting):,} since {local_minute(oldest)}", now - oldest > MAX_WAIT)


def _damaged(store: Store) -> list[Line]:
    """Batches of which accepted files are no longer in the store as they were accepted."""
    keys = [info.key for info in store.list_objects(layout.WAREHOUSE, layout.DAMAGED)]
    found = store.each(lambda key: store.get_json(layout.WAREHOUSE, key), keys)
    return [
        Line("damaged", f"{one['batch']}: {problem}; restore it from a backup (docs/runbook.md)", True)
        for one in found
        for problem in one["problems"]
    ]


def _closed(store: Store, runs: dict[str, LastRun]) -> list[Line]:
    """Gates that stayed closed; files of feeds whose corrected content has not come, whichever run it was."""
    unusable = {
        file["key"]: f"{file['key']}: {file['rejects']:,} of {file['rows']:,} rows unusable; send it corrected"
        for file in closed_feeds(store)
    }
    problems = [line for run in runs.values() for line in run["problems"] if line.partition(": ")[0] not in unusable]
    return [Line("closed", text, True) for text in dict.fromkeys([*unusable.values(), *problems])]


def _of_checks(store: Store, count: int) -> timedelta:
    """How long so many schedules of the check are."""
    return timedelta(minutes=count * store.settings.check_minutes)


def _last_run(job: str, run: LastRun | None, now: datetime, max_quiet: timedelta | None) -> Line:
    if run is None:
        return Line("last run", f"{job}: never")
    ended = datetime.fromisoformat(run["ended_at"])
    done = f"{run['settled']:,} done" if run["settled"] else "nothing to do"
    if run["problems"]:
        done += f", faults: {len(run['problems'])}"
    is_late = max_quiet is not None and now - ended > max_quiet
    return Line("last run", f"{job}: {local_minute(ended)}, {done}" + (", and none since" if is_late else ""), is_late)
