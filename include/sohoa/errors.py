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
    ├── StackError        a server of the embedded stack does not start, or a port is taken
    ├── MeasuringError    a process that reads pages or feeds cannot be started or does not answer
    ├── MailError         the mail server refuses or cannot be reached; worth a retry
    ├── Undelivered       a report did not reach all its recipients; names them
    ├── DeskError         an agency's own program cannot go on: its disk, its folder, another one of it at work
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


class SettingsError(SohoaError):
    """A setting is missing or malformed."""

    exit_code = 2


class NoStore(SettingsError):
    """No store has been started here, and none is set."""

    exit_code = 3


class StoreError(SohoaError):
    """The object store refuses or cannot be reached."""


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


class StackError(SohoaError):
    """A server of the embedded stack cannot be started or stopped."""


class MeasuringError(SohoaError):
    """A process that reads pages or feeds cannot be started or does not answer."""


class MailError(SohoaError):
    """The mail server refuses or cannot be reached."""


class Undelivered(SohoaError):
    """A report did not reach all its recipients; the message names them."""


class DeskError(SohoaError):
    """An agency's own program cannot go on; the message says in Vietnamese why, and what to do."""


class GateClosed(SohoaError):
    """Rows break an invariant of their table; the message names the rows."""


class TruthDiffers(SohoaError):
    """The demo's figures are not those that its simulator knows to be true."""

    exit_code = 1


class InputError(SohoaError):
    """A command was given something it cannot use."""

    exit_code = 2
