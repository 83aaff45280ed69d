"""Who may do what in the store: one identity for each agency, each feed's writer, the reader of reports, the pipeline.

The embedded store reads its identities from a file; for SeaweedFS elsewhere the same is said to ``weed shell``, for any
other store as an IAM policy. A key is handed out once: only the store itself keeps it.
"""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sohoa import layout, registry
from sohoa.errors import InputError, StackError
from sohoa.feeds.sources import SOURCES, Source
from sohoa.settings import TIME_ZONE, Settings
from sohoa.stack import production, seaweed
from sohoa.stack.processes import only_one

REPORTS_READER = "reports-reader"

_OWN = {seaweed.PIPELINE, seaweed.ADMINISTRATOR}
"""Whose keys come and go with the store itself."""
_IAM_ACTIONS = {
    "Write": ["s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"],
    "Read": ["s3:GetObject"],
}
_IAM_OF_PIPELINE = [
    *(name for names in _IAM_ACTIONS.values() for name in names),
    "s3:DeleteObjectVersion",
    "s3:GetObjectVersion",
]
_IAM_OF_BUCKETS = ["s3:ListBucket", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads", "s3:GetBucketPolicy"]


@dataclass(frozen=True)
class Identity:
    """Somebody who has a key: an agency by its code, or a system.

    ``actions`` are SeaweedFS's: Write, Read or List, a colon, bucket and prefix.
    """

    name: str
    what: str
    actions: tuple[str, ...]


@dataclass(frozen=True)
class Listed:
    """An identity that is wanted or that the store has: whether it has a key, and the last signs of that."""

    name: str
    what: str
    state: str
    """``in force``, ``no key``, ``ended``."""
    key_ends_with: str


@dataclass(frozen=True)
class Applied:
    """Keys that are new, by name; names whose keys ended."""

    issued: dict[str, dict[str, str]]
    ended: list[str]


def wanted_identities(day: date) -> list[Identity]:
    """List who is to have a key on a day: agencies that exist then, whoever writes feeds, who reads reports."""
    agencies = [
        Identity(agency.code, agency.name, tuple(seaweed.agency_actions(agency.code)))
        for agency in registry.agencies_at(day)
    ]
    systems = [one.system for one in registry.ministry_systems(day)]
    places = [place for source in SOURCES.values() for place in _places(source, systems)]
    feeds = [
        Identity(f"feeds-{place.replace('/', '-')}", f"writes {place}", _under(f"{layout.FEEDS}/{place}", "Write"))
        for place in places
    ]
    return [*agencies, *feeds, Identity(REPORTS_READER, "reads reports", _under(layout.REPORTS, "Read"))]


def _places(source: Source, systems: list[str]) -> list[str]:
    """The folders of a feed: one, or where several systems export it one for each."""
    return [f"{source.name}/{system}" for system in systems] if source.has_systems else [source.name]


def _under(place: str, action: str) -> tuple[str, ...]:
    return f"{action}:{place}/*", f"List:{place}/*"


def choose_identities(day: date, names: Collection[str]) -> list[Identity]:
    """Return the identities of these names, all where there are none.

    Raises:
        InputError: a name is nobody's on that day.
    """
    wanted = wanted_identities(day)
    unknown = sorted(set(names) - {one.name for one in wanted})
    if unknown:
        raise InputError(
            f"{', '.join(unknown)}: no agency of {day.isoformat()} and no system; see `sohoa agencies list`"
        )
    return [one for one in wanted if not names or one.name in names]


# the embedded store


def list_identities(settings: Settings, day: date) -> list[Listed]:
    """List who is wanted on a day, and who else has a key in the embedded store."""
    kept = {one["name"]: one for one in seaweed.read_identities(settings)}
    wanted = {one.name: one.what for one in wanted_identities(day)}
    listed = []
    for name in [*wanted, *(name for name in kept if name not in wanted and name not in _OWN)]:
        credentials = kept.get(name, {}).get("credentials", [])
        state = "no key" if not credentials and name in wanted else "in force" if credentials else "ended"
        ends_with = credentials[0]["accessKey"][-4:] if credentials else ""
        listed.append(Listed(name, wanted.get(name, "not wanted any more"), state, ends_with))
    return listed


def apply_identities(
    settings: Settings,
    day: date,
    names: Collection[str],
    is_rotating: bool,
    hand_over: Callable[[str, dict[str, str]], None] = lambda *_: None,
) -> Applied:
    """Give a key to each of these names, or of all, that has none; of all, end the keys of who is not wanted any more.

    A key that is in force stays unless it is rotated; the rights are written anew either way. Nobody's key ends who is
    wanted on ``day`` or today: what is prepared for a merger takes nothing from those who still work.

    Args:
        settings: of the embedded store.
        day: day on which the agencies exist.
        names: whose keys; none: all.
        is_rotating: whether who has a key gets another.
        hand_over: takes name and new keys before they are in force; where it fails nothing has changed.

    Raises:
        InputError: a name is nobody's on that day.
        StackError: the store of the settings is not the embedded one.
    """
    chosen = choose_identities(day, names)
    with only_one(settings.home):
        kept = _kept(settings)
        issued = {}
        for one in chosen:
            credentials = kept.get(one.name, {}).get("credentials", [])
            if is_rotating or not credentials:
                issued[one.name] = seaweed.new_keys()
                kept[one.name] = seaweed.identity(one.name, issued[one.name], list(one.actions))
            else:
                kept[one.name]["actions"] = list(one.actions)
        wanted = {one.name for when in (day, datetime.now(TIME_ZONE).date()) for one in wanted_identities(when)}
        wanted |= _OWN
        ended = [] if names else [name for name, one in kept.items() if name not in wanted and one["credentials"]]
        _end(kept, ended)
        for name, keys in issued.items():
            hand_over(name, keys)
        _write(settings, kept, [*issued, *ended])
    return Applied(issued, ended)


def revoke_identities(settings: Settings, names: Collection[str]) -> list[str]:
    """End the keys of these names at once, until ``apply_identities`` gives them others.

    Raises:
        InputError: a name has no key.
        StackError: the store of the settings is not the embedded one.
    """
    with only_one(settings.home):
        kept = _kept(settings)
        unknown = sorted(name for name in names if name in _OWN or not kept.get(name, {}).get("credentials"))
        if unknown:
            raise InputError(f"{', '.join(unknown)}: has no key; see `sohoa agencies list`")
        _end(kept, names)
        _write(settings, kept, names)
    return sorted(names)


def _kept(settings: Settings) -> dict[str, dict[str, Any]]:
    if not settings.uses_embedded_store:
        raise StackError("this store is not the embedded one: use --shell for SeaweedFS, --policies for another")
    return {one["name"]: one for one in seaweed.read_identities(settings)}


def _end(kept: dict[str, dict[str, Any]], names: Iterable[str]) -> None:
    """Leave the names without keys: a running store forgets nobody that its file no longer names."""
    for name in names:
        kept[name] = {**kept[name], "credentials": [], "actions": []}


def _write(settings: Settings, kept: dict[str, dict[str, Any]], changed: Iterable[str]) -> None:
    seaweed.replace_identities(settings, list(kept.values()), changed)
    for process in (*seaweed.server(settings).processes(), *production.store_processes(settings)):
        process.send_signal(signal.SIGHUP)


# other stores


def shell_lines(identities: Iterable[Identity], keys: dict[str, dict[str, str]]) -> list[str]:
    """What ``weed shell`` has to be told to give these identities their new keys, in place of those that they had."""
    lines = []
    for one in identities:
        pair = keys[one.name]
        configure = f"s3.configure -apply -user={one.name}"
        given = f"-access_key={pair['access_key']} -secret_key={pair['secret_key']} -actions={','.join(one.actions)}"
        # who is not there cannot be deleted, and who is keeps former keys beside a new one
        lines += [f"{configure} {given}", f"{configure} -delete", f"{configure} {given}"]
    return lines


def iam_policy(identity: Identity) -> dict[str, Any]:
    """Return the rights of an identity as an IAM policy, for a store that knows these."""
    statements: list[dict[str, Any]] = []
    for action in identity.actions:
        kind, _, place = action.partition(":")
        bucket, _, prefix = place.partition("/")
        if kind == "List":
            condition = {"StringLike": {"s3:prefix": [prefix]}}
            resource = f"arn:aws:s3:::{bucket}"
            statements.append(
                {"Effect": "Allow", "Action": ["s3:ListBucket"], "Resource": resource, "Condition": condition}
            )
        else:
            resource = f"arn:aws:s3:::{place}"
            statements.append({"Effect": "Allow", "Action": _IAM_ACTIONS[kind], "Resource": resource})
    return {"Version": "2012-10-17", "Statement": statements}


def pipeline_policy() -> dict[str, Any]:
    """Return the rights of the pipeline as an IAM policy: all that it does with the objects of its buckets."""
    buckets = [f"arn:aws:s3:::{bucket}" for bucket in layout.BUCKETS]
    statements = [
        {"Effect": "Allow", "Action": _IAM_OF_BUCKETS, "Resource": buckets},
        {"Effect": "Allow", "Action": _IAM_OF_PIPELINE, "Resource": [f"{one}/*" for one in buckets]},
    ]
    return {"Version": "2012-10-17", "Statement": statements}


def policies_text(identities: Iterable[Identity], is_whole: bool) -> str:
    """Write the IAM policies of these identities as JSON, by name; with the pipeline's where they are all."""
    own = {seaweed.PIPELINE: pipeline_policy()} if is_whole else {}
    found = {one.name: iam_policy(one) for one in identities}
    return json.dumps({**own, **found}, ensure_ascii=False, indent=1)
