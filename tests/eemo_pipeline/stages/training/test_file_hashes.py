"""Hashes of large files: kept, and never kept longer than the content."""

import json
import os
import time
from hashlib import sha256
from pathlib import Path

from eemo_pipeline.stages.training.file_hashes import CACHE_FILE, hash_files

SIZE = 2 * 1024 * 1024


def settle(folder: Path) -> None:
    """Hash until the hashes are kept: a file that was just written is not settled."""
    deadline = time.monotonic() + 60
    while not (folder / CACHE_FILE).is_file():
        assert time.monotonic() < deadline
        hash_files(folder, ["model"])
        time.sleep(0.1)


def test_a_hash_is_kept_until_the_file_is_touched(tmp_path: Path) -> None:
    model = tmp_path / "model"
    model.write_bytes(b"a" * SIZE)
    (tmp_path / "small").write_bytes(b"a")
    right = sha256(model.read_bytes()).hexdigest()
    names = ["model", "small", "missing"]
    told = {"model": right, "small": sha256(b"a").hexdigest(), "missing": None}
    assert hash_files(tmp_path, names) == told
    settle(tmp_path)
    kept = json.loads((tmp_path / CACHE_FILE).read_text())
    assert list(kept) == ["model"]
    kept["model"][-1] = "what the file says"
    (tmp_path / CACHE_FILE).write_text(json.dumps(kept))
    assert hash_files(tmp_path, ["model"]) == {"model": "what the file says"}  # it was not read

    before = model.stat()
    with model.open("r+b") as file:  # one byte, of the same size, with the old times
        file.write(b"b")
    os.utime(model, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (model.stat().st_size, model.stat().st_mtime_ns) == (SIZE, before.st_mtime_ns)
    changed = sha256(model.read_bytes()).hexdigest()
    assert hash_files(tmp_path, ["model"]) == {"model": changed} != {"model": right}


def test_a_copied_or_replaced_file_is_hashed_again(tmp_path: Path) -> None:
    (tmp_path / "model").write_bytes(b"a" * SIZE)
    settle(tmp_path)
    (tmp_path / "other").write_bytes(b"b" * SIZE)
    (tmp_path / "other").replace(tmp_path / "model")
    assert hash_files(tmp_path, ["model"]) == {"model": sha256(b"b" * SIZE).hexdigest()}


def test_a_spoilt_cache_is_no_cache(tmp_path: Path) -> None:
    (tmp_path / "model").write_bytes(b"a" * SIZE)
    for spoilt in ("[1]", "{", '{"model": 7}', '{"model": []}'):
        (tmp_path / CACHE_FILE).write_text(spoilt)
        assert hash_files(tmp_path, ["model"]) == {"model": sha256(b"a" * SIZE).hexdigest()}
