"""The recipes of docs/upload.md, run as they stand there: upload, check, receipt."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sohoa import jobs
from sohoa.settings import child_environment
from sohoa.store import Store
from tests.batch_builder import AGENCY, document, manifest
from tests.desk.agency_folder import BAD, GOOD, OTHER, agency_keys, in_dossier, put_scan, write_config

PAGE = (Path(__file__).parents[2] / "docs" / "upload.md").read_text(encoding="utf-8")
BATCH = f"{AGENCY}-20230306-001"
COMMANDS = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
"""Where clients are looked for: those that the tests install first."""


def blocks(chapter: str, language: str = "sh") -> list[str]:
    """The blocks of a chapter of the page in a language."""
    (text,) = re.findall(rf"^## {chapter}\n(.+?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    return re.findall(rf"^```{language}\n(.+?)^```", text, re.MULTILINE | re.DOTALL)


def run(text: str, folder: Path, variables: dict[str, str]) -> None:
    environment = child_environment({"PATH": COMMANDS, "HOME": str(folder), **variables})
    environment.pop("AWS_CA_BUNDLE", None)
    done = subprocess.run(
        ["bash", "-euc", text], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.usefixtures("judged_by_numpy")
@pytest.mark.parametrize(("chapter", "program"), [("aws-cli", "aws"), ("s3cmd", "s3cmd"), ("rclone", "rclone")])
def test_a_folder(clean_store: Store, tmp_path: Path, chapter: str, program: str) -> None:
    """Page files of all sizes and names, then the manifest, and the receipt back."""
    if shutil.which(program, path=COMMANDS) is None:
        pytest.skip(f"no {program}")
    files = {"1.jpg": GOOD, "thư mục/trang 2.jpg": GOOD, "to.tif": bytes(20 << 20)}
    for name, data in files.items():
        (tmp_path / "lo" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "lo" / name).write_bytes(data)
    (tmp_path / "ban-ke").mkdir()
    documents = [
        document("D1", {"1.jpg": GOOD}),
        document("D2", {"thư mục/trang 2.jpg": GOOD}),
        document("D3", {"to.tif": files["to.tif"]}),
    ]
    body = json.dumps(manifest(documents)).encode()
    (tmp_path / "ban-ke" / f"{BATCH}.json").write_bytes(body)
    keys, endpoint = agency_keys(clean_store), str(clean_store.settings.s3_endpoint)
    host = endpoint.removeprefix("http://")
    (tmp_path / "kho.cfg").write_text(
        f"[default]\naccess_key = {keys['access_key']}\nsecret_key = {keys['secret_key']}\nhost_base = {host}\n"
        f"host_bucket = {host}\nbucket_location = us-east-1\nuse_https = False\n"
    )
    variables = {
        "AGENCY": AGENCY,
        "ENDPOINT": endpoint,
        "ACCESS_KEY": keys["access_key"],
        "SECRET_KEY": keys["secret_key"],
    }
    send, fetch = blocks(chapter)
    run(send, tmp_path, variables)
    assert jobs.check()["admitted"] == 1
    named = [line for line in send.splitlines() if line.startswith("export ")]
    run("\n".join([*named, fetch]), tmp_path, variables)
    receipt = json.loads((tmp_path / "giay-bao" / f"{hashlib.sha256(body).hexdigest()[:12]}.json").read_text())
    assert [one["document_id"] for one in receipt["documents"]] == ["D1", "D2", "D3"]


@pytest.mark.usefixtures("judged_by_numpy")
def test_a_manifest_that_the_command_wrote(clean_store: Store, tmp_path: Path) -> None:
    """``sohoa manifest`` lists a folder as another client sends it; what is bad stays out, and is told."""
    write_config(clean_store, tmp_path / ".sohoa" / "agency.toml")
    for name, data in {"Tờ khai/1.jpg": GOOD, "Tờ khai/2.jpg": OTHER, "Đơn.jpg": BAD}.items():
        put_scan(tmp_path / "lo", in_dossier(name), data)
    (make,) = blocks("Bản kê")
    keys = agency_keys(clean_store)
    variables = {"AGENCY": AGENCY, "ENDPOINT": str(clean_store.settings.s3_endpoint)}
    variables |= {"ACCESS_KEY": keys["access_key"], "SECRET_KEY": keys["secret_key"]}
    run(f"{make.strip()} > told.txt || [ $? = 1 ]", tmp_path, variables)
    told = (tmp_path / "told.txt").read_text()
    assert "Độ phân giải thấp" in told and f"landing/batches/{AGENCY}/2023-03-06/{BATCH}/" in told
    run(blocks("aws-cli")[0], tmp_path, variables)
    assert jobs.check()["admitted"] == 1
    rows = clean_store.read_table("documents").select(["title", "verdict", "pages_found"]).to_pylist()
    assert [row["title"] for row in rows] == ["Tờ khai"]
    assert (rows[0]["verdict"], rows[0]["pages_found"]) == ("accepted", 2)


@pytest.mark.usefixtures("judged_by_numpy")
@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl")
def test_curl(clean_store: Store, tmp_path: Path) -> None:
    """The page file, the manifest, and the receipt back."""
    keys = agency_keys(clean_store)
    (tmp_path / "1.jpg").write_bytes(GOOD)
    (tmp_path / "ban-ke.json").write_text(json.dumps(manifest([document("D1", {"1.jpg": GOOD})])))
    (tmp_path / "khoa.txt").write_text(f'user = "{keys["access_key"]}:{keys["secret_key"]}"')
    variables = {"AGENCY": AGENCY, "ENDPOINT": str(clean_store.settings.s3_endpoint)}
    send, fetch = blocks("curl")
    run(send, tmp_path, variables)
    assert jobs.check()["admitted"] == 1
    run(fetch, tmp_path, variables)
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
    (text,) = blocks("Python", "python")
    exec(text, {**keys, "AGENCY": AGENCY, "HOST": host, "SECURE": False})
    assert jobs.check()["admitted"] == 1
    assert [row["verdict"] for row in clean_store.read_table("documents").to_pylist()] == ["rejected"]
