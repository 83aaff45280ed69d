"""Make documents of loose scans by moving files: what a clerk has sorted lies in the folder, for any program to read.

Files come in one step: they are gathered in a folder of their own first, and that is then renamed. What a crash leaves
half gathered goes back to where it can be seen.
"""

from __future__ import annotations

import json
import re
import shutil
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path

from sohoa.desk.scans import NOTES, OWN_FOLDER, is_scan
from sohoa.dossier_code import dossier_key
from sohoa.errors import InputError

KIND_FOLDERS = {
    "thanh-phan": "component",
    "trung-gian": "interim_result",
    "ket-qua": "result",
    "ton-dong": "backlog_result",
}
"""Folder -> the kind of the documents in it."""
_FOLDERS = {kind: folder for folder, kind in KIND_FOLDERS.items()}
_GATHERED, _REMOVED = "dang-xep", "da-bo"
_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')
_DEVICES = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³]) *([.:].*)?", re.IGNORECASE)
_MAX_NAME = 80


def safe_folder_name(title: str) -> str:
    """Return a title as a folder's name that any system can have: Windows forbids the most."""
    name = _FORBIDDEN.sub("_", unicodedata.normalize("NFC", title)).strip().rstrip(". ")[:_MAX_NAME].rstrip(". ")
    return f"_{name}" if not name or _DEVICES.fullmatch(name) else name


def group_files(folder: Path, files: Sequence[str], said: Mapping[str, object]) -> Path:
    """Make a document of files, in this order; returns its folder.

    Args:
        folder: of the scans.
        files: names in the folder of loose files.
        said: dossier_code, procedure_code, kind and title; further fields of a manifest's document.

    Raises:
        InputError: a file is not there, a field is lacking or malformed, or there is such a document already.
    """
    paths = [_inside(folder, name) for name in files]
    target = folder.joinpath(*_steps(said))
    if not paths:
        raise InputError("Chưa chọn trang nào.")
    if target.exists():
        raise InputError("Hồ sơ này đã có tài liệu cùng loại, cùng tên. Hãy đặt tên khác.")
    gathered = _own(folder, _GATHERED) / safe_folder_name("-".join(target.parts[-3:]))
    gathered.mkdir(parents=True, exist_ok=True)
    width = max(2, len(str(len(paths))))
    for number, path in enumerate(paths, start=1):
        path.rename(gathered / f"{number:0{width}d}{path.suffix.lower()}")
    notes = {name: value for name, value in said.items() if name not in ("dossier_code", "procedure_code", "kind")}
    (gathered / NOTES).write_text(json.dumps(notes, ensure_ascii=False, indent=1), encoding="utf-8")
    target.parent.mkdir(parents=True, exist_ok=True)
    gathered.rename(target)
    return target


def _steps(said: Mapping[str, object]) -> tuple[str, ...]:
    """The folders in which a document lies."""
    kind, title = str(said.get("kind") or ""), str(said.get("title") or "").strip()
    if kind not in _FOLDERS:
        raise InputError("Chưa chọn loại tài liệu.")
    if not title:
        raise InputError("Chưa ghi tên tài liệu.")
    if kind == "backlog_result":
        return _FOLDERS[kind], safe_folder_name(title)
    code, procedure = str(said.get("dossier_code") or "").strip(), str(said.get("procedure_code") or "").strip()
    if dossier_key(code) is None:
        raise InputError("Mã hồ sơ sai cấu trúc. Hãy chép đúng mã trên giấy tiếp nhận.")
    if not procedure or safe_folder_name(procedure) != procedure:
        raise InputError("Chưa ghi mã thủ tục, hoặc mã có ký tự lạ.")
    return f"{code}_{procedure}", _FOLDERS[kind], safe_folder_name(title)


def ungroup_document(folder: Path, place: str) -> None:
    """Make the files of a document loose again.

    Raises:
        InputError: there is no such document.
    """
    source = _inside(folder, place)
    if not source.is_dir():
        raise InputError("Không có tài liệu này nữa.")
    _loosen(folder, source)


def replace_files(folder: Path, place: str, files: Sequence[str]) -> None:
    """Put a new scan in the place of a document's files; these are put away.

    Raises:
        InputError: there is no such document or file, or none was chosen.
    """
    target, paths = _inside(folder, place), [_inside(folder, name) for name in files]
    if not paths or not target.is_dir():
        raise InputError("Chưa chọn trang nào, hoặc tài liệu cũ không còn.")
    for path in sorted(path for path in target.iterdir() if is_scan(path)):
        path.rename(_free(_own(folder, _REMOVED) / f"{target.name}-{path.name}"))
    width = max(2, len(str(len(paths))))
    for number, path in enumerate(paths, start=1):
        path.rename(target / f"{number:0{width}d}{path.suffix.lower()}")
    if (target / NOTES).exists():
        write_notes(folder, place, send_anyway=False, ask_reviewer=None)  # it was said of the scan that was there


def remove_files(folder: Path, files: Sequence[str]) -> None:
    """Put files away, where they can still be found: ``_sohoa/da-bo``.

    Raises:
        InputError: a file is not there.
    """
    for path in [_inside(folder, name) for name in files]:
        path.rename(_free(_own(folder, _REMOVED) / path.name))


def recover(folder: Path) -> None:
    """Make loose again what a crash left half gathered."""
    gathered = folder / OWN_FOLDER / _GATHERED
    for source in sorted(gathered.iterdir()) if gathered.is_dir() else ():
        _loosen(folder, source)


def write_notes(folder: Path, place: str, **changes: object) -> None:
    """Add to what is said of a document.

    Raises:
        InputError: there is no such document, or it is a single file.
    """
    source = _inside(folder, place)
    if not source.is_dir():
        raise InputError("Không có tài liệu này nữa.")
    file = source / NOTES
    notes = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    draft = file.with_suffix(".tmp")
    draft.write_text(json.dumps({**notes, **changes}, ensure_ascii=False, indent=1), encoding="utf-8")
    draft.replace(file)


def _loosen(folder: Path, source: Path) -> None:
    for path in sorted(source.iterdir()):
        if is_scan(path):
            path.rename(_free(folder / f"{source.name}-{path.name}"))
    shutil.rmtree(source)


def _own(folder: Path, name: str) -> Path:
    found = folder / OWN_FOLDER / name
    found.mkdir(parents=True, exist_ok=True)
    return found


def _free(path: Path) -> Path:
    """The path, or one like it at which nothing lies."""
    number = 1
    found = path
    while found.exists():
        number += 1
        found = path.with_stem(f"{path.stem}-{number}")
    return found


def _inside(folder: Path, name: str) -> Path:
    """The path of a name in the folder.

    Raises:
        InputError: nothing of that name lies there.
    """
    path = folder / name
    is_inside = path.resolve().is_relative_to(folder.resolve()) and not Path(name).is_absolute()
    if not is_inside or OWN_FOLDER in Path(name).parts or not path.exists():
        raise InputError("Không có tệp này nữa. Hãy chọn lại.")
    return path
