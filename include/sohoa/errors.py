"""One exception per cause; each message says what to do next.

    SohoaError
    ├── SettingsError     a setting is missing or malformed
    │   └── NoStore           no store has been started here, and none is set
    ├── StoreError        the object store refuses or cannot be reached; worth a retry
    │   ├── ObjectMissing     there is no object under that key
    │   │   └── WorkGone          another run has settled the work of this one
    │   ├── KeysRefused       the store refuses the keys, or the clock of who asks
    │   ├── ObjectTooLarge    the object is larger than the caller allows
    │   └── ObjectRefused     the store answers, and refuses this one object
    ├── ObjectDamaged     the bytes of a table's object are not those that were written
    ├── TableBeingRead    a page of the UI has to wait for a table that is read behind it
    ├── StackError        a server of the embedded stack does not start, or a port is taken
    ├── MeasuringError    a process that reads pages or feeds cannot be started or does not answer
    ├── MailError         the mail server refuses or cannot be reached; worth a retry
    ├── Undelivered       a report did not reach all its recipients; names them
    ├── DeskError         an agency's own program cannot go on: its disk, its folder, another one of it at work
    ├── ArchiveError      a package for the archive cannot be written, or is not what was written
    ├── GateClosed        rows break an invariant of their table; names the rows
    ├── TruthDiffers      the demo's figures are not what its simulator knows to be true
    └── InputError        a command was given something it cannot use

Bad scans, manifests and feed rows are never exceptions: they become rows and receipts.
"""

from __future__ import annotations

from typing import ClassVar


class SohoaError(Exception):
    """Base of every error this package raises on purpose."""

    exit_code: ClassVar[int] = 3
    """With which the command ends: 2 for wrong usage or settings, 3 for all else; 1 where something wants a person."""
    next_step: ClassVar[str] = "Do what the message says, then run it again; `sohoa status` says what waits"
    """What whoever watches the runs does about it."""


class SettingsError(SohoaError):
    """A setting is missing or malformed."""

    exit_code = 2
    next_step = "Correct the setting that is named, then start Airflow again"


class NoStore(SettingsError):
    """No store has been started here, and none is set."""

    exit_code = 3


class StoreError(SohoaError):
    """The object store refuses or cannot be reached."""

    next_step = "See whether the store answers (`sohoa stack status`); nothing is lost, the next run does what is left"


class ObjectMissing(StoreError):
    """There is no object under that key."""


class WorkGone(ObjectMissing):
    """Another run has settled the work of this one."""


class KeysRefused(StoreError):
    """The store refuses the keys, what they ask for, or the clock of who asks."""


class ObjectTooLarge(StoreError):
    """The object is larger than the caller allows."""


class ObjectRefused(StoreError):
    """The store answers, and refuses this one object: it is encrypted with another's key, or was put there oddly."""


class ObjectDamaged(SohoaError):
    """The bytes of an object are not those that were written."""

    next_step = "Do with the object that is named as docs/runbook.md#a-damaged-object says"

    def __init__(self, key: str, why: object) -> None:
        """Name the object, bucket and key, and say what is wrong with it."""
        super().__init__(f"{key} is damaged ({why}): docs/runbook.md#a-damaged-object says what to do")
        self.key = key


class TableBeingRead(SohoaError):
    """A page has to wait: so much of a table is new to this machine that it is read behind the request."""

    next_step = "Open the page again in some seconds"

    def __init__(self, table: str, objects: int) -> None:
        """Name the table, and how many of its objects are new."""
        super().__init__(f"{objects} objects of {table} are being read; open the page again in some seconds")
        self.objects = objects


class StackError(SohoaError):
    """A server of the embedded stack cannot be started or stopped."""


class MeasuringError(SohoaError):
    """A process that reads pages or feeds cannot be started or does not answer."""

    next_step = "See whether the machine has memory and disk left; the next run measures what is left"


class MailError(SohoaError):
    """The mail server refuses or cannot be reached."""

    next_step = "See whether the mail server answers; the report waits, and the next run mails it"


class Undelivered(SohoaError):
    """A report did not reach all its recipients; the message names them."""

    next_step = "Correct the recipients that are named, then run it again: only they get the mail"


class DeskError(SohoaError):
    """An agency's own program cannot go on; the message says in Vietnamese why, and what to do."""


class ArchiveError(SohoaError):
    """A package for the archive cannot be written, or is not what was written; the message says what to do."""


class GateClosed(SohoaError):
    """Rows break an invariant of their table; the message names the rows."""

    next_step = "Look at the rows that are named: all else is written, these wait, and the next run tries them again"


class TruthDiffers(SohoaError):
    """The demo's figures are not those that its simulator knows to be true."""

    exit_code = 1


class InputError(SohoaError):
    """A command was given something it cannot use."""

    exit_code = 2
    next_step = "Trigger it again with other parameters"


def describe_failure(error: BaseException | str | None) -> str:
    """Say on one line why something failed, the next step first."""
    if isinstance(error, SohoaError):
        step = error.next_step
    else:
        step = _UNFORESEEN if isinstance(error, BaseException) else _KILLED
    kind = f"{type(error).__name__}: " if isinstance(error, BaseException) else ""
    return f"{step}. {kind}{' '.join(str(error).split())}"


_KILLED = "Its process ended before it could say why: see the memory and the load of the machine"
_UNFORESEEN = "Nobody foresaw this: run it again, and send its log to whoever maintains sohoa"
