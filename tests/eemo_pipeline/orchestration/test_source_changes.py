"""Changes of sources: what counts as one, and that a look stays within its time."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from eemo_pipeline.orchestration.source_changes import SourceLook, look_at_sources
from eemo_pipeline.readers.listing import fingerprint, list_files

NAMES = ("a", "b", "c")
BLOCK = 8 * 2**20


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two sources with files; the third has no folder."""
    write(tmp_path, "a/1.jpg", b"one")
    write(tmp_path, "a/deep/2.jpg", b"two")
    write(tmp_path, "b/1.jpg", b"three")
    return tmp_path


def write(folder: Path, name: str, content: bytes) -> Path:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)
    return folder / name


def stamps(folder: Path) -> dict[str, str]:
    """The fingerprints of the sources, as ingest leaves them behind when it has read them."""
    return {name: fingerprint(list_files(folder / name)) for name in NAMES}


def look(folder: Path, cursor: str | None, limit_s: float = 60) -> SourceLook:
    """Look at sources that were read just before the first look and never after."""
    read = stamps(folder) if cursor is None else {}
    return look_at_sources(folder, NAMES, cursor, limit_s, read)


def look_without_time(folder: Path, cursor: str | None) -> tuple[list[SourceLook], str]:
    """Many looks, each of which lists one source and hashes one block of it at most."""
    read = stamps(folder) if cursor is None else {}
    looks = [look_at_sources(folder, NAMES, cursor, 0, read)]
    for _ in range(20):
        looks.append(look_at_sources(folder, NAMES, looks[-1].cursor, 0, read))
    return looks, looks[-1].cursor


def remembered(cursor: str) -> dict[str, object]:
    return json.loads(cursor)["sources"]


def test_the_first_look_remembers_every_source(folder: Path) -> None:
    first = look(folder, None)
    assert (first.changed, first.pending) == ([], [])
    assert first.first_seen == list(NAMES)
    second = look(folder, first.cursor)
    assert (second.changed, second.first_seen, second.pending) == ([], [], [])
    assert second.summary == "Nothing changed."


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: write(folder, "a/1.jpg", b"eno"),
        lambda folder: write(folder, "a/3.jpg", b""),
        lambda folder: (folder / "a/1.jpg").rename(folder / "a/0.jpg"),
        lambda folder: (folder / "a/deep/2.jpg").unlink(),
        lambda folder: shutil.rmtree(folder / "a"),
        # The bytes of all files together are the same.
        lambda folder: (write(folder, "a/1.jpg", b"on"), write(folder, "a/deep/2.jpg", b"etwo")),
    ],
    ids=["content", "new file", "name", "file gone", "source gone", "moved bytes"],
)
def test_names_and_contents_make_a_change(folder: Path, change: Callable[[Path], object]) -> None:
    cursor = look(folder, None).cursor
    change(folder)
    assert look(folder, cursor).changed == ["a"]


def test_times_alone_do_not_make_a_change_and_are_remembered(folder: Path) -> None:
    first = look(folder, None)
    os.utime(folder / "a" / "1.jpg", ns=(1, 1))
    second = look(folder, first.cursor)
    assert second.changed == []
    assert remembered(second.cursor)["a"] != remembered(first.cursor)["a"]


def test_a_source_that_appears_is_a_change_and_an_empty_one_that_is_new_to_the_code_is_not(
    folder: Path,
) -> None:
    cursor = look(folder, None).cursor
    write(folder, "c/1.jpg", b"four")
    write(folder, "d/1.jpg", b"five")
    again = look_at_sources(folder, (*NAMES, "d", "e"), cursor, 60, {})
    assert (again.changed, again.first_seen) == (["c", "d"], ["e"])


@pytest.mark.parametrize(
    ("change", "changed"),
    [
        (lambda _: None, []),
        (lambda folder: write(folder, "b/2.jpg", b"new"), ["b"]),
        (lambda folder: shutil.rmtree(folder / "a"), ["a"]),
        (lambda folder: write(folder, "c/1.jpg", b"new"), ["c"]),
    ],
    ids=["nothing", "new file", "source gone", "source appears"],
)
def test_the_first_look_compares_with_what_was_read(
    folder: Path, change: Callable[[Path], object], changed: list[str]
) -> None:
    read = {name: stamp for name, stamp in stamps(folder).items() if name != "c"}
    change(folder)
    first = look_at_sources(folder, NAMES, None, 60, read)
    assert first.changed == changed
    again = look_at_sources(folder, NAMES, first.cursor, 60, read)
    assert again.summary == "Nothing changed.", "the run that was asked for may still wait"


def test_a_source_that_was_never_read_is_a_change(folder: Path) -> None:
    assert look_at_sources(folder, NAMES, None, 60, {}).changed == ["a", "b"]


def test_a_source_that_the_code_no_longer_knows_is_forgotten(folder: Path) -> None:
    cursor = look(folder, None).cursor
    fewer = look_at_sources(folder, ("b",), cursor, 60, {})
    assert fewer.changed == []
    assert set(remembered(fewer.cursor)) == {"b"}


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "{",
        "[]",
        "null",
        '"text"',
        json.dumps({"stamp": "0", "content": "0"}),  # of a sensor per source
        json.dumps({"sources": ["a"]}),
        json.dumps({"sources": {"a": {"stamp": 1, "content": []}}}),
        json.dumps({"sources": {"a": {"hashing": {"stamp": "0", "file_no": -1}}}}),
        json.dumps({"sources": {"a": {}}, "begin_with": "gone"}),
    ],
)
def test_a_cursor_that_cannot_be_used_starts_anew(folder: Path, cursor: str) -> None:
    found = look_at_sources(folder, NAMES, cursor, 60, stamps(folder))
    assert (found.changed, sorted(found.first_seen)) == ([], list(NAMES))
    assert look(folder, found.cursor).summary == "Nothing changed."


def test_a_stopped_look_is_continued_with_the_same_result(folder: Path) -> None:
    write(folder, "a/large.bin", bytes(range(256)) * (5 * BLOCK // 512))  # two blocks and a half
    write(folder, "b/exact.bin", b"x" * BLOCK)
    whole = look(folder, None)
    looks, cursor = look_without_time(folder, None)
    assert remembered(cursor) == remembered(whole.cursor)
    assert all(one.changed == [] for one in looks)
    assert sorted(name for one in looks for name in one.first_seen) == list(NAMES)


def test_a_change_is_found_by_stopped_looks_once(folder: Path) -> None:
    cursor = look(folder, None).cursor
    write(folder, "a/large.bin", b"x" * (3 * BLOCK))
    looks, cursor = look_without_time(folder, cursor)
    assert [name for one in looks for name in one.changed] == ["a"]
    assert look(folder, cursor).changed == []


def test_a_large_source_delays_no_other(folder: Path) -> None:
    cursor = look(folder, None).cursor
    write(folder, "a/large.bin", b"x" * (30 * BLOCK))
    write(folder, "b/2.jpg", b"new")
    looks, _ = look_without_time(folder, cursor)
    assert [name for one in looks for name in one.changed] == ["b"]
    assert "a" in looks[-1].pending
    assert "Continued at the next look" in looks[-1].summary


def test_a_source_that_changes_while_it_is_hashed_is_hashed_anew(folder: Path) -> None:
    write(folder, "a/large.bin", b"x" * (2 * BLOCK))
    begun = look(folder, None, limit_s=0)
    assert "hashing" in json.dumps(remembered(begun.cursor)["a"])
    write(folder, "a/large.bin", b"y" * (2 * BLOCK))
    done = look(folder, begun.cursor)
    assert remembered(done.cursor) == remembered(look(folder, None).cursor)


def test_a_source_that_is_what_it_was_is_not_hashed_on(folder: Path) -> None:
    cursor = look(folder, None).cursor
    large = write(folder, "a/large.bin", b"x" * (2 * BLOCK))
    begun = look(folder, cursor, limit_s=0)
    assert begun.pending == list(NAMES)
    large.unlink()
    done = look(folder, begun.cursor)
    assert (done.changed, done.pending) == ([], [])
    assert remembered(done.cursor) == remembered(cursor)
