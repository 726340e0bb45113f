"""Data roots that tests share, each built once per session, and the real command.

Belongs here: what several folders of tests need. A shared root is never changed; a test that
changes one copies it first.
"""

import csv
import fcntl
import io
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

EEMO = Path(sys.executable).parent / "eemo"
PUBLISHED = ("tables", "exports", "training")

Row = tuple[str, str, str, str, str]


def pytest_configure() -> None:
    """Let interrupts through: what a shell starts in the background would ignore them."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whole runs come first: a long test that begins last keeps one core waiting for the other."""
    items.sort(key=lambda item: "tests/pipeline/" not in item.nodeid)


# What labels.csv says, and the code that the row is refused with.
LABELS: tuple[tuple[Row, str], ...] = (
    (("alps.jpg", "contentment", "0.8", "0.2", "Snow, and quiet"), ""),
    (("beach photo.jpg", "joy", "0.9", "0.6", "<script>alert(1)</script>"), ""),
    (("nested/deep/city.png", "fear", "0.2", "0.7", "'); drop table ingest__images; --"), ""),
    (("rotated.jpg", "amusement", "0.7", "", "{image_id} %s $1 {{"), ""),
    (("waves.gif", "sadness", "0.1", "0.3", ""), ""),
    (("ink.jpg", "anger", "2.5", "", ""), "out_of_range"),
    (("nested/it's; drop table.jpg", "joy", "high", "", ""), "bad_number"),
    (("ghost.png", "hunger", "", "", ""), "unknown_label"),
    (("missing.jpg", "joy", "", "", ""), "picture_missing"),
    (("../outside.jpg", "joy", "", "", ""), "unsafe_path"),
    (("alps.jpg", "fear", "", "", ""), "duplicate_row"),
    (("empty.png", "joy", "", "", ""), "picture_refused"),
    (("", "joy", "", "", ""), "missing_value"),
)


@pytest.fixture(scope="session")
def refused_rows() -> dict[int, str]:
    """Row of the shared folder's labels.csv -> the code it must be refused with."""
    return {row: reason for row, (_, reason) in enumerate(LABELS, 1) if reason}


@pytest.fixture(scope="session")
def refused_files() -> dict[str, str]:
    """File of the shared folder -> the code it must be refused with."""
    return {
        "notes.txt": "not_a_picture",
        "nested/web page.jpg": "not_a_picture",
        "empty.png": "empty_file",
        "cut.jpg": "truncated",
        "bomb.png": "too_many_pixels",
        "outside.jpg": "link_outside",
        "gone.jpg": "broken_link",
        "loop": "link_to_folder",
        "nested/pipe.jpg": "not_a_file",
    }


def paint(seed: int) -> Image.Image:
    """A picture of 160 x 120 smooth patches that depends on the seed alone."""
    patches = np.random.default_rng(seed).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    return Image.fromarray(patches).resize((160, 120), Image.Resampling.BICUBIC)


def encode(image: Image.Image, file_format: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, file_format, **options)
    return buffer.getvalue()


@pytest.fixture(scope="session")
def fill_pictures() -> Callable[[Path], None]:
    """Make another folder like the shared one; the files are new, their bytes the same."""
    return fill_folder


@pytest.fixture(scope="session")
def paint_jpeg() -> Callable[[int], bytes]:
    """The bytes of a JPEG that depends on the seed alone."""
    return lambda seed: encode(paint(seed), "JPEG", quality=92)


def fill_folder(folder: Path) -> None:
    """Eleven readable pictures, of which two have equal bytes, among files that are none."""
    exif = Image.Exif()
    exif[0x0112] = 6
    ghost = paint(7).convert("RGBA")
    ghost.putalpha(Image.linear_gradient("L").resize(ghost.size))
    alps = encode(paint(1), "JPEG", quality=92)
    frames = [paint(seed).quantize(64) for seed in (8, 9)]
    contents = {
        "alps.jpg": alps,
        "nested/copy of alps.jpg": alps,
        "alps small.jpg": encode(paint(1).resize((120, 90)), "JPEG", quality=70),
        "beach photo.jpg": encode(paint(2), "JPEG"),
        "nested/deep/city.png": encode(paint(3), "PNG"),
        "nested/Ünïcode ☃.webp": encode(paint(4), "WEBP"),
        "nested/it's; drop table.jpg": encode(paint(5), "JPEG"),
        "rotated.jpg": encode(paint(6), "JPEG", exif=exif),
        "ink.jpg": encode(paint(10).convert("CMYK"), "JPEG"),
        "ghost.png": encode(ghost, "PNG"),
        "waves.gif": encode(frames[0], "GIF", save_all=True, append_images=frames[1:]),
        "notes.txt": b"A picture is worth a thousand words.\n",
        "nested/web page.jpg": b"<!DOCTYPE html><title>404</title>",
        "empty.png": b"",
        "cut.jpg": encode(paint(11), "JPEG")[:1500],
        "bomb.png": encode(Image.new("1", (30_000, 30_000)), "PNG")[:200],
        "labels.csv": _labels(),
    }
    for name, content in contents.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    (folder.parent / "outside.jpg").write_bytes(alps)
    (folder / "outside.jpg").symlink_to("../outside.jpg")
    (folder / "gone.jpg").symlink_to("nowhere.jpg")
    (folder / "loop").symlink_to("nested")
    os.mkfifo(folder / "nested" / "pipe.jpg")


def _labels() -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("file", "emotion", "valence", "arousal", "caption"))
    writer.writerows(row for row, _ in LABELS)
    return text.getvalue().encode()


def environment() -> dict[str, str]:
    """The caller's variables, less those that choose a data root or the shape of an answer."""
    ours = {"EEMO_DATA", "EEMO_TRACEBACK", "DAGSTER_HOME"}
    return {name: text for name, text in os.environ.items() if name not in ours}


def command_line(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [EEMO, *words],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.fixture(scope="session")
def run_eemo() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the real command to its end."""
    return command_line


@pytest.fixture
def start_eemo(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Start the real command as the leader of its own process group; its output goes to a file."""
    started: list[subprocess.Popen[bytes]] = []

    def start(*words: str | Path) -> subprocess.Popen[bytes]:
        with (tmp_path / "output").open("ab") as output:
            process = subprocess.Popen(
                [EEMO, *words],
                env=environment(),
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, 9)
            process.wait()


def build_once(factory: pytest.TempPathFactory, name: str, build: Callable[[Path], None]) -> Path:
    """A folder that the first of the test processes builds while the others wait."""
    base = factory.getbasetemp()
    place = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / name
    finished = place.with_name(f"{name}.finished")
    with place.with_name(f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not finished.exists():
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir()
            build(place)
            finished.touch()
    return place


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of pictures as a person would have it; never changed."""

    def build(place: Path) -> None:
        fill_folder(place / "mine")
        (place / "stamps.json").write_text(json.dumps(stamp(place / "mine")))

    return build_once(tmp_path_factory, "shared_pictures", build) / "mine"


def stamp(folder: Path) -> dict[str, int]:
    """Path -> time of the last change of everything below the folder that is no folder."""
    return {
        path.relative_to(folder).as_posix(): path.lstat().st_mtime_ns
        for path in sorted(folder.rglob("*"))
        if path.is_symlink() or not path.is_dir()
    }


@pytest.fixture(scope="session")
def stamp_files() -> Callable[[Path], dict[str, int]]:
    """Path -> time of the last change of everything below a folder."""
    return stamp


@pytest.fixture(scope="session")
def small_lake(tmp_path_factory: pytest.TempPathFactory, pictures: Path) -> Path:
    """The data root of one undisturbed `eemo run --images pictures`; never changed."""

    def build(place: Path) -> None:
        answer = command_line("run", "--images", pictures, "--data", place, "--json")
        (place / "answer.json").write_text(answer.stdout)
        assert answer.returncode == 0, answer.stderr

    return build_once(tmp_path_factory, "shared_small_lake", build)


@pytest.fixture(scope="session")
def demo_lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data root of one `eemo demo`; never changed."""

    def build(place: Path) -> None:
        answer = command_line("demo", "--data", place, "--json")
        (place / "answer.json").write_text(answer.stdout)
        assert answer.returncode == 0, answer.stderr

    return build_once(tmp_path_factory, "shared_demo_lake", build)


@pytest.fixture(scope="session")
def copy_lake() -> Callable[[Path, Path], Path]:
    """Copy a data root, links as links and with all times."""

    def copy(lake: Path, to: Path) -> Path:
        return shutil.copytree(lake, to, symlinks=True)

    return copy


@pytest.fixture(scope="session")
def hash_files() -> Callable[..., dict[str, str]]:
    """Path -> SHA-256 of every published file of a data root, or of those below `parts`."""

    def hash_below(root: Path, parts: tuple[str, ...] = PUBLISHED) -> dict[str, str]:
        return {
            path.relative_to(root).as_posix(): sha256(path.read_bytes()).hexdigest()
            for part in parts
            for path in sorted((root / part).rglob("*"))
            if path.is_file() and not path.name.startswith(".")
        }

    return hash_below
