"""An empty working folder, and a data root whose tables are written by hand."""

from hashlib import sha256
from pathlib import Path

import pytest

from tests.support.lakes import publish_database, write_rows

HOSTILE = "[bold red]markup[/] \x1b]0;title\x07\x1b[31mred\x9b2J \u202eturned\ttab\nline"
PICTURES = {"a.jpg": b"first", "b.jpg": b"second", "sub/c.jpg": b"third"}


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Relative paths of a command line lead into the test's own folder."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data root with three images and a refused file, published; read only."""
    root = tmp_path_factory.mktemp("built")
    folder = root / "sources" / "folder"
    for name, content in {**PICTURES, "broken.jpg": b"refused"}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    images = [
        {"image_id": sha256(content).hexdigest(), "path": name}
        for name, content in PICTURES.items()
    ]
    records = [{**image, "record_id": image["path"], "source": "folder"} for image in images]
    reject = {"source": "folder", "path": "broken.jpg", "reason": "truncated", "detail": HOSTILE}
    write_rows(root, "ingest__images", images)
    write_rows(root, "ingest__records", records, "folder")
    write_rows(root, "ingest__rejects", [reject], "folder")
    publish_database(root)
    return root
