"""`eemo fetch` through the real command, against a server on this machine."""

import io
import json
import subprocess
import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.support.commands import call_eemo

TABLE = b",Word,V.Mean.Sum,A.Mean.Sum,D.Mean.Sum\n1,joy,8,6,7\n"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base's name)
        pass


@pytest.fixture
def offered(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder whose files are offered, and the address of the folder."""
    folder = tmp_path / "offered"
    folder.mkdir()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield folder, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def fetch(*words: str) -> subprocess.CompletedProcess[str]:
    return call_eemo("fetch", *words, "--data", "d", no_proxy="127.0.0.1")


def make_zip(files: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return made.getvalue()


def test_a_file_lands_in_the_source_and_nowhere_else(
    offered: tuple[Path, str], tmp_path: Path
) -> None:
    folder, address = offered
    (folder / "words.csv").write_bytes(TABLE)
    answer = fetch("warriner", "--url", f"{address}/words.csv", "--json")
    assert answer.returncode == 0, answer.stderr
    (file,) = json.loads(answer.stdout)["files"]
    assert (file["name"], file["size_bytes"], file["placed"]) == ("words.csv", len(TABLE), 1)
    assert file["is_new"]
    assert not file["is_verified"]
    assert (tmp_path / "d/sources/warriner/words.csv").read_bytes() == TABLE
    assert [path for path in (tmp_path / "d/downloads").rglob("*") if path.is_file()] == []
    assert "terms of Norms of valence" in answer.stderr
    again = fetch("warriner", "--url", f"{address}/words.csv", "--json")
    (file,) = json.loads(again.stdout)["files"]
    assert (file["is_new"], file["placed"], file["unchanged"]) == (False, 0, 1)


def test_an_archive_is_unpacked_once_and_kept_outside_the_lake(
    offered: tuple[Path, str], tmp_path: Path
) -> None:
    folder, address = offered
    files = {"images/joy/1.jpg": b"pixels", "ground_truth.txt": b"text"}
    (folder / "Emotion6.zip").write_bytes(make_zip(files))
    words = ("emotion6", "--url", f"{address}/Emotion6.zip")
    answer = fetch(*words)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.splitlines()[1].split("\t")[-2:] == ["2", "0"]
    assert "next: " in answer.stderr
    source = tmp_path / "d/sources/emotion6"
    found = {p.relative_to(source).as_posix() for p in source.rglob("*") if p.is_file()}
    assert found == set(files)
    assert [path.name for path in (tmp_path / "d/downloads/emotion6").iterdir()] == ["Emotion6.zip"]
    (source / "images/joy/1.jpg").unlink()
    assert fetch(*words).stdout.splitlines()[1].split("\t")[-2:] == ["1", "1"]


def test_nothing_is_overwritten_and_nothing_half_moved(
    offered: tuple[Path, str], tmp_path: Path
) -> None:
    folder, address = offered
    (folder / "Emotion6.zip").write_bytes(make_zip({"a.jpg": b"theirs", "b.jpg": b"theirs"}))
    source = tmp_path / "d/sources/emotion6"
    source.mkdir(parents=True)
    (source / "b.jpg").write_bytes(b"mine")
    answer = fetch("emotion6", "--url", f"{address}/Emotion6.zip")
    assert answer.returncode == 1
    assert "where: d/sources/emotion6/b.jpg" in answer.stderr
    assert [path.name for path in source.iterdir()] == ["b.jpg"]
    assert (source / "b.jpg").read_bytes() == b"mine"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (make_zip({"../../../evil.txt": b"x"}), "would leave its folder"),
        (make_zip({"a.jpg": b"x" * 5000})[:2000], "damaged or cut off"),
        (b"<!doctype html><form>", "web page"),
    ],
)
def test_a_bad_archive_is_told_with_a_way_out(
    content: bytes, words: str, offered: tuple[Path, str], tmp_path: Path
) -> None:
    folder, address = offered
    (folder / "set.zip").write_bytes(content)
    answer = fetch("emotion6", "--url", f"{address}/set.zip")
    assert answer.returncode == 1
    assert "Traceback" not in answer.stderr
    for line in ("error: the archive was not unpacked", "where: d/downloads/emotion6/set.zip"):
        assert line in answer.stderr
    assert words in answer.stderr
    assert "rm d/downloads/emotion6/set.zip && " in answer.stderr
    assert not list(tmp_path.rglob("evil.txt"))
    assert not (tmp_path / "d/sources/emotion6").exists()


def test_an_address_that_does_not_answer_is_told(offered: tuple[Path, str]) -> None:
    answer = fetch("warriner", "--url", f"{offered[1]}/gone.csv")
    assert answer.returncode == 1
    assert "why: the server answers 404" in answer.stderr
    assert "\nfix: " in answer.stderr


def test_where_a_form_stands_before_it_the_steps_are_shown(tmp_path: Path) -> None:
    answer = fetch("emotic")
    assert answer.returncode == 0
    assert "not offered for direct download" in answer.stdout
    for words in ("Request the dataset", "https://s3.sunai.uoc.edu", "non-commercial", "d/sources"):
        assert words in answer.stdout
    facts = json.loads(fetch("emotic", "--json").stdout)
    assert facts["files"] == []
    assert facts["place"] == "d/sources/emotic"
    assert not (tmp_path / "d").exists()


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("emotoin6",), "fetch emotion6"),
        (("warriner", "--url", "https://example.org/"), "does not name a file"),
        (("warriner", "--url", "https://example.org/..%2f"), "does not name a file"),
        (("warriner", "--url", "https://[x/a.csv"), "does not name a file"),
    ],
)
def test_wrong_words_are_usage_errors(words: tuple[str, ...], hint: str) -> None:
    answer = fetch(*words)
    assert answer.returncode == 2
    assert hint in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_file_of_this_machine_is_not_fetched() -> None:
    answer = fetch("warriner", "--url", "file:///etc/passwd")
    assert answer.returncode == 1
    assert "only http and https" in answer.stderr
