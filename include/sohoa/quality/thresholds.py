"""Limits on pages and documents: read from TOML, checked, compiled to the one list of rules of both engines.

``expectations/thresholds.toml`` explains its own form. Of several limits with one defect, column and severity, the
last in the file that fits a page holds; compiling writes that down in each rule as ``unless``.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from sohoa.errors import InputError, SettingsError
from sohoa.quality.limit_entry import OWN_DEFECTS, DocumentLimit, FileLimit, Limit, Scope


class Rule(Limit):
    """A limit as both engines apply it: in its scope, but in none of the scopes of ``unless``."""

    unless: tuple[Scope, ...] = ()


@dataclass(frozen=True)
class Thresholds:
    """All limits of one profile.

    Attributes:
        profile: its name.
        rules: limits on pages.
        documents: defect of a document's own -> its severity and limit.
        files: what is held against a file that is handed over; none in most profiles.
        version: first 12 hexadecimal digits of the file's SHA-256.
    """

    profile: str
    rules: tuple[Rule, ...]
    documents: Mapping[str, DocumentLimit]
    files: tuple[FileLimit, ...]
    version: str

    def own_limit(self, defect: str) -> float:
        """Return the limit of a defect of a document's own that has one."""
        limit = self.documents[defect].limit
        assert limit is not None
        return limit

    def judged_columns(self) -> dict[str, tuple[str, ...]]:
        """Return, by page defect, the columns of which one must be known to judge it; none where none must."""
        columns: dict[str, tuple[str, ...]] = {rule.defect: () for rule in self.rules}
        for rule in self.rules:
            if rule.column != "error" and rule.test != "not_null" and rule.column not in columns[rule.defect]:
                columns[rule.defect] += (rule.column,)
        return columns


def load_thresholds(profile: str) -> Thresholds:
    """Load the limits that this package ships.

    Raises:
        SettingsError: there is no such profile.
    """
    resource = resources.files("expectations").joinpath("thresholds.toml")
    return _parse(resource.read_bytes(), resource.name, profile)


def read_thresholds(path: Path, profile: str) -> Thresholds:
    """Read the limits in another file.

    Raises:
        SettingsError: the file cannot be read, breaks its form, or lacks the profile; the message names the entry.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}; name a file of limits that can be read") from None
    return _parse(data, str(path), profile)


def asked_thresholds(profile: str, file: Path | None = None) -> Thresholds:
    """Return the limits that the options of a command name: of a file, else those that this package ships.

    Raises:
        InputError: there is no such profile, or the file cannot be used; the message names the entry.
    """
    try:
        return load_thresholds(profile) if file is None else read_thresholds(file, profile)
    except SettingsError as error:
        raise InputError(str(error)) from None


def compile_rules(limits: Sequence[Limit], profile: str) -> tuple[Rule, ...]:
    """Compile the limits of a profile, each kept out of the scopes of later ones that replace it."""
    held = [limit for limit in limits if not limit.profile or profile in limit.profile]
    rules = []
    for place, limit in enumerate(held):
        later = [other.scope for other in held[place + 1 :] if other.key == limit.key]
        unless = tuple(scope for scope in later if _overlap(scope, limit.scope))
        if not any(_covers(scope, limit.scope) for scope in unless):
            rules.append(Rule(**limit.model_dump(), unless=unless))
    return tuple(rules)


def _parse(data: bytes, name: str, profile: str) -> Thresholds:
    try:
        content = tomllib.loads(data.decode("utf-8"))
    except ValueError as error:  # both TOML and UTF-8 errors
        raise SettingsError(f"{name} is not TOML: {error}") from None
    unknown = content.keys() - {"profiles", "page", "document", "file"}
    if unknown:
        raise SettingsError(f"{name}: unknown key {min(unknown)!r}; use profiles, page, document and file")
    profiles = content.get("profiles", {})
    if profile not in profiles:
        raise SettingsError(f"{name}: there is no profile {profile!r}; use one of {', '.join(profiles) or '(none)'}")
    limits = _entries(Limit, content, "page", name)
    _check_limits(limits, profiles, name)
    documents: dict[str, DocumentLimit] = {
        own.defect: own for own in _entries(DocumentLimit, content, "document", name)
    }
    for defect in set(OWN_DEFECTS) - documents.keys():
        raise SettingsError(f"{name}: add a [[document]] entry for {defect}")
    files = tuple(one for one in _entries(FileLimit, content, "file", name) if profile in one.profile)
    return Thresholds(profile, compile_rules(limits, profile), documents, files, hashlib.sha256(data).hexdigest()[:12])


_Entry = TypeVar("_Entry", Limit, DocumentLimit, FileLimit)


def _entries(model: type[_Entry], content: Mapping[str, Any], kind: str, name: str) -> list[_Entry]:
    found = []
    for number, entry in enumerate(content.get(kind, []), start=1):
        try:
            found.append(model.model_validate(entry))
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            what = first["msg"].removeprefix("Value error, ")
            raise SettingsError(f"{_title(name, kind, number, entry)}: {where + ': ' if where else ''}{what}") from None
    return found


def _title(name: str, kind: str, number: int, entry: Any) -> str:
    words = [str(entry[key]) for key in ("defect", "column", "severity") if isinstance(entry, dict) and key in entry]
    return f"{name}, [[{kind}]] number {number} ({', '.join(words)})"


def _check_limits(limits: Sequence[Limit], profiles: Collection[str], name: str) -> None:
    for number, limit in enumerate(limits, start=1):
        title = _title(name, "page", number, limit.model_dump())
        for profile in limit.profile:
            if profile not in profiles:
                raise SettingsError(f"{title}: there is no profile {profile!r}")
        if any(_hides(later, limit) for later in limits[number:]):
            raise SettingsError(f"{title}: a later entry always overrides it; write the general one first")


def _hides(later: Limit, limit: Limit) -> bool:
    profiles_covered = not later.profile or (limit.profile and set(limit.profile) <= set(later.profile))
    return bool(later.key == limit.key and profiles_covered and _covers(later.scope, limit.scope))


def _covers(wide: Scope, narrow: Scope) -> bool:
    """Return whether every page in ``narrow`` is in ``wide``."""
    return all(name in narrow and _holds(values, narrow[name]) for name, values in wide.items())


def _holds(wide: tuple[str, ...] | float, narrow: tuple[str, ...] | float) -> bool:
    if isinstance(wide, tuple) and isinstance(narrow, tuple):
        return set(narrow) <= set(wide)
    return not isinstance(wide, tuple) and not isinstance(narrow, tuple) and narrow <= wide


def _overlap(one: Scope, other: Scope) -> bool:
    """Return whether a page can be in both: below two numbers it always can."""
    pairs = [(one[name], other[name]) for name in one.keys() & other.keys()]
    return all(not isinstance(a, tuple) or not isinstance(b, tuple) or set(a) & set(b) for a, b in pairs)
