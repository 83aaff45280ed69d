"""Loading a folder: all that can go up goes up, what cannot is named."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from sohoa import layout
from sohoa.store import Store
from tests.batch_builder import AGENCY, DAY
from tests.command_line import app


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Files with good names, and names of another encoding for a page, a folder, a feed and a manifest."""
    batch = f"landing/{layout.batch_prefix(AGENCY, DAY, f'{AGENCY}-20230306-001')}".encode()
    inbox = f"landing/inbox/{AGENCY}/".encode()
    for name in (
        batch + "giấy 1.jpg".encode(), batch + b"gi\xca\xe1y 2.jpg", batch + b"c\xe3/3.jpg", batch + b"z.jpg",
        inbox + b"a.json", inbox + b"l\xf4.json", b"feeds/register/dt=2023-03-06/s\xe6.csv",
        b"feeds/register/dt=2023-03-06/z.csv",
    ):  # fmt: skip
        path = tmp_path / os.fsdecode(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"{}")
    (tmp_path / "landing/batches" / os.fsdecode(b"t\xea")).symlink_to("nowhere")
    return tmp_path


def test_a_file_name_of_another_encoding_is_named_and_skipped(clean_store: Store, folder: Path) -> None:
    """The rest goes up, and the command says which files did not."""
    done = CliRunner().invoke(app, ["load", str(folder)], catch_exceptions=False)
    assert done.exit_code == 0
    assert "2 page files, 1 feed files, 1 manifests" in done.output
    skipped = [line for line in done.output.splitlines() if "not UTF-8" in line]
    assert sorted(line.partition(": ")[0].rpartition("/")[2] for line in skipped) == [
        "3.jpg", "gi\\xca\\xe1y 2.jpg", "l\\xf4.json", "s\\xe6.csv"
    ]  # fmt: skip
    assert any("t\\xea: not a regular file" in line for line in done.output.splitlines())
    found = [item.key for bucket in (layout.LANDING, layout.FEEDS) for item in clean_store.list_objects(bucket, "")]
    assert sorted(key.rpartition("/")[2] for key in found) == ["a.json", "giấy 1.jpg", "z.csv", "z.jpg"]


@pytest.mark.parametrize("link", ["landing", "landing/batches", "landing/inbox", "feeds"])
def test_a_folder_that_is_a_link_is_named_and_skipped(
    clean_store: Store, folder: Path, tmp_path: Path, link: str
) -> None:
    """What lies elsewhere on the machine is not uploaded, whichever folder leads there; the rest is."""
    elsewhere = tmp_path / "elsewhere"
    (folder / link).rename(elsewhere)
    (folder / link).symlink_to(elsewhere)
    done = CliRunner().invoke(app, ["load", str(folder)], catch_exceptions=False)
    assert done.exit_code == 0
    assert f"{folder / link}: a link" in done.output.replace("\n", "")
    found = [item.key for bucket in (layout.LANDING, layout.FEEDS) for item in clean_store.list_objects(bucket, "")]
    hidden = {"landing": ("batches/", "inbox/"), "feeds": ("register/",)}.get(link, (f"{link.partition('/')[2]}/",))
    assert found and not [key for key in found if key.startswith(hidden)]
