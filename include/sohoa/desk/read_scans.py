"""Find the documents in a folder of scans: by its list, else by its dossier folders.

    <dossier code>[_<procedure code>]/<kind>/<title>.pdf        one file
    <dossier code>[_<procedure code>]/<kind>/<title>/1.jpg …    several
    ton-dong/<title>.pdf                                        a result of earlier years without a dossier

Kinds: ``thanh-phan``, ``trung-gian``, ``ket-qua``, ``ton-dong``.
"""

from __future__ import annotations

import json
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from sohoa.clean_text import clean, escape_name
from sohoa.desk.read_list import read_list
from sohoa.desk.scans import (
    LIST_NAMES,
    NOTED,
    NOTES,
    Problem,
    ScanFile,
    ScannedDocument,
    Scans,
    name_in_batch,
    natural_key,
    scans_below,
    slot_of,
)
from sohoa.desk.sort_scans import KIND_FOLDERS
from sohoa.dossier_code import dossier_key
from sohoa.errors import InputError
from sohoa.format_value import count
from sohoa.intake.manifest import MAX_FILES


def read_scans(folder: Path, declared: Mapping[str, object]) -> Scans:
    """Read a folder: its list where there is one, else its dossier folders.

    Args:
        folder: of an agency's scans.
        declared: procedure_code, content, paper and cover of documents whose folder or list does not tell them; None
            where they are not known.

    Raises:
        InputError: there is no such folder, or its list cannot be read.
    """
    if not folder.is_dir():
        raise InputError(f"{escape_name(folder)}: không có thư mục này (there is no such folder)")
    paths, problems = _usable(folder, scans_below(folder))
    lists = [path for path in paths if path.parent == folder and path.name.lower() in LIST_NAMES]
    paths = [path for path in paths if path not in lists]
    if len(lists) > 1:
        raise InputError(f"{escape_name(folder)}: chỉ để một danh sách, danh-sach.xlsx hoặc danh-sach.csv")
    scans = read_list(folder, lists[0], paths, declared) if lists else _read_folders(folder, paths, declared)
    scans.problems[:0] = problems
    scans.documents = _unlike(scans)
    return scans


def _usable(folder: Path, paths: Iterable[Path]) -> tuple[list[Path], list[Problem]]:
    """Leave out files whose names no batch can hold."""
    paths = list(paths)
    twins = Counter(name_in_batch(folder, path) for path in paths)
    usable, problems = [], []
    for path in paths:
        name, below = escape_name(path.relative_to(folder)), str(path.relative_to(folder))
        if name != below:
            problems.append(Problem(name, "Tên tệp không phải UTF-8. Hãy đổi tên tệp."))
        elif clean(below) != below or "\\" in path.relative_to(folder).as_posix():
            problems.append(Problem(clean(below), "Tên tệp có ký tự không in được. Hãy đổi tên tệp."))
        elif twins[name_in_batch(folder, path)] > 1:
            problems.append(Problem(name, "Có hai tệp trông cùng tên, chỉ khác cách mã hóa dấu. Hãy đổi tên một tệp."))
        else:
            usable.append(path)
    return usable, problems


def _unlike(scans: Scans) -> list[ScannedDocument]:
    """The documents of not too many files that no other is called like: which was sent before could not be told."""
    counts, kept = Counter(document.slot for document in scans.documents), []
    for document in scans.documents:
        if counts[document.slot] > 1:
            words = "Một hồ sơ có hai tài liệu cùng loại, cùng tên. Hãy đặt tên khác nhau."
            scans.problems.append(Problem(document.place, words))
        elif len(document.files) > MAX_FILES:  # told before all of them are measured
            words = f"Có {count(len(document.files))} tệp; một tài liệu có tối đa {count(MAX_FILES)}. Hãy chia ra."
            scans.problems.append(Problem(document.place, words))
        else:
            kept.append(document)
    return kept


def _read_folders(folder: Path, paths: Iterable[Path], declared: Mapping[str, object]) -> Scans:
    scans, groups = Scans(), defaultdict[tuple[str, ...], list[Path]](list)
    for path in paths:
        steps = path.relative_to(folder).parts
        depth = _depth(steps)
        if depth is None:
            scans.loose.append(ScanFile(path, name_in_batch(folder, path)))
        else:
            groups[steps[:depth]].append(path)
    for steps, found in groups.items():
        scans.documents.append(_document(folder, steps, found, declared))
    return scans


def _depth(steps: tuple[str, ...]) -> int | None:
    """How many steps of a path name its document; None where it lies in none."""
    if len(steps) > 1 and KIND_FOLDERS.get(_plain(steps[0])) == "backlog_result":
        return 2
    is_of_dossier = len(steps) > 2 and dossier_key(_split(steps[0])[0]) is not None
    return 3 if is_of_dossier and _plain(steps[1]) in KIND_FOLDERS else None


def _plain(name: str) -> str:
    return unicodedata.normalize("NFC", name).strip().lower()


def _split(name: str) -> tuple[str, str | None]:
    """Dossier and procedure code of a dossier folder's name."""
    code, _, procedure = name.strip().partition("_")
    return code.strip(), procedure.strip() or None


def _document(
    folder: Path, steps: tuple[str, ...], paths: list[Path], declared: Mapping[str, object]
) -> ScannedDocument:
    code, procedure = _split(steps[0]) if len(steps) > 2 else (None, None)
    is_file = paths[0] == folder.joinpath(*steps)
    title = unicodedata.normalize("NFC", Path(steps[-1]).stem if is_file else steps[-1]).strip()
    fields = {
        **declared,
        "dossier_code": code,
        "procedure_code": procedure or declared.get("procedure_code"),
        "kind": KIND_FOLDERS[_plain(steps[-2])],
        "title": title,
        **({} if is_file else _read_notes(folder.joinpath(*steps) / NOTES)),
    }
    files = [ScanFile(path, name_in_batch(folder, path)) for path in sorted(paths, key=natural_key)]
    return ScannedDocument(slot_of(fields), "/".join(steps), fields, tuple(files))


def _read_notes(file: Path) -> dict[str, object]:
    """What was said of a document at the desk; nothing where the file is absent or was written by somebody else."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {name: found[name] for name in NOTED if name in found} if isinstance(found, dict) else {}
