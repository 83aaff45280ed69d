"""The recipes of docs/upload.md, run as they stand there: upload, check, receipt."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from sohoa import jobs
from sohoa.settings import child_environment
from sohoa.store import Store
from tests.batch_builder import AGENCY, document, manifest
from tests.desk.agency_folder import BAD, GOOD, agency_keys

PAGE = (Path(__file__).parents[2] / "docs" / "upload.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """The blocks of the page in a language."""
    return re.findall(rf"^```{language}\n(.+?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.usefixtures("judged_by_numpy")
@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl")
def test_curl(clean_store: Store, tmp_path: Path) -> None:
    """The page file, the manifest, and the receipt back."""
    keys = agency_keys(clean_store)
    (tmp_path / "1.jpg").write_bytes(GOOD)
    (tmp_path / "ban-ke.json").write_text(json.dumps(manifest([document("D1", {"1.jpg": GOOD})])))
    (tmp_path / "khoa.txt").write_text(f'user = "{keys["access_key"]}:{keys["secret_key"]}"')
    environment = child_environment({"AGENCY": AGENCY, "ENDPOINT": str(clean_store.settings.s3_endpoint)})
    send, fetch = blocks("sh")
    for text in (send, fetch):
        done = subprocess.run(
            ["bash", "-euc", text], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        if text is send:
            assert jobs.check()["admitted"] == 1
    told = json.loads((tmp_path / "giay-bao.json").read_text())
    assert [one["outcome"] for one in told["documents"]] == ["accepted"]


@pytest.mark.usefixtures("judged_by_numpy")
def test_python(clean_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK that the product itself uses; a name with a space, a page that fails."""
    monkeypatch.chdir(tmp_path)
    Path("1.jpg").write_bytes(BAD)
    Path("ban-ke-2.json").write_text(json.dumps(manifest([document("D2", {"trang 1.jpg": BAD})], 2)))
    keys = {name.upper(): value for name, value in agency_keys(clean_store).items()}
    host = str(clean_store.settings.s3_endpoint).removeprefix("http://")
    (text,) = blocks("python")
    exec(text, {**keys, "AGENCY": AGENCY, "HOST": host, "SECURE": False})
    assert jobs.check()["admitted"] == 1
    assert [row["verdict"] for row in clean_store.read_table("documents").to_pylist()] == ["rejected"]
