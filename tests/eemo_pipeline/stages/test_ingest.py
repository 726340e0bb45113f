"""Conservation: every file and every row of any folder ends as data or as a reject."""

import io
import os
import re
import struct
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from polars.testing import assert_frame_equal

from eemo_pipeline.execution.process_pool import Workers
from eemo_pipeline.ledger.store import Ledger
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.schema.validate import conform, key_violations, null_violations
from eemo_pipeline.stages.ingest import Ingested, collect_images, ingest_each, join_sources
from eemo_pipeline.stages.sources import known_sources

FOLDER = known_sources()["folder"]
OASIS = known_sources()["oasis"]
PARTS = {
    "records": "ingest__records",
    "annotations": "ingest__annotations",
    "rejects": "ingest__rejects",
    "measurements": "_ingest__measurements",
    "counts": "_ingest__counts",
}


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    with closing(Workers(2)) as pool:
        yield pool


def picture(seed: int, file_format: str = "PNG") -> bytes:
    patches = np.random.default_rng(seed).integers(0, 256, (4, 5, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(patches).resize((40, 30)).save(buffer, file_format)
    return buffer.getvalue()


def lay(folder: Path, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def ingest(root: Path, workers: Workers, *sources: str, ledger: Path | None = None) -> Ingested:
    known = known_sources()
    with closing(Ledger(ledger or root / "ledger.sqlite")) as store:
        chosen = [known[name] for name in sources]
        return join_sources(ingest_each(chosen, root / "sources", store, workers).values())


names = st.builds(
    lambda folder, stem, ending: f"{folder}{stem}{ending}",
    st.sampled_from(["", "a/", "a/b/", "Ünï/"]),
    st.sampled_from(["one", "two", "it's; --", " blank ", "three.png"]),
    st.sampled_from([".jpg", ".png", ".JPG", ".txt", ""]),
)
contents = st.one_of(
    st.sampled_from([picture(seed) for seed in range(3)]),
    st.sampled_from([picture(9, "JPEG"), picture(9, "GIF"), picture(9, "BMP")]),
    st.builds(lambda seed, cut: picture(seed)[:cut], st.integers(0, 2), st.integers(0, 300)),
    st.binary(max_size=60),
    st.builds(lambda junk: b"\x89PNG\r\n\x1a\n" + junk, st.binary(max_size=40)),
)
damage = st.one_of(
    st.sampled_from(["joy", "fear", "hunger", "", "0.5", "7", "high", "../x", "nowhere.jpg"]),
    st.text(st.characters(codec="utf-8"), max_size=8),
)


@st.composite
def folders(draw: st.DrawFn) -> tuple[dict[str, bytes], bytes | None]:
    """Files, and a labels.csv that names most of them, damaged here and there."""
    files = draw(st.dictionaries(names, contents, max_size=8))
    # A name that is the folder of another name is no file.
    files = {n: data for n, data in files.items() if not any(m.startswith(f"{n}/") for m in files)}
    kind = draw(st.sampled_from(["none", "labels", "labels", "labels", "bytes"]))
    if kind == "none":
        return files, None
    if kind == "bytes":
        return files, draw(st.binary(max_size=80))
    header = draw(st.sampled_from([["file", "emotion", "valence"], ["valence", "file", "caption"]]))
    place = header.index("file")
    rows = draw(st.lists(st.lists(damage, min_size=3, max_size=4), max_size=6))
    for row in rows:
        if files and draw(st.integers(0, 3)):
            row[place] = draw(st.sampled_from(sorted(files)))
            row[1 - place] = draw(st.sampled_from(["joy", "0.5", "7"]))
    delimiter = draw(st.sampled_from(",;\t"))
    return files, "\n".join(delimiter.join(row) for row in [header, *rows]).encode()


@settings(max_examples=80, deadline=None)
@given(folder=folders())
def test_no_file_and_no_row_is_lost(
    folder: tuple[dict[str, bytes], bytes | None], workers: Workers
) -> None:
    files, table = folder
    with tempfile.TemporaryDirectory() as place:
        lay(Path(place) / "sources" / "folder", files)
        if table is not None:
            lay(Path(place) / "sources" / "folder", {"labels.csv": table})
        ingested = ingest(Path(place), workers, "folder")
    kept = set(ingested.records["path"])
    file_rejects = ingested.rejects.filter(pl.col("row").is_null())
    assert kept.isdisjoint(file_rejects["path"])
    assert kept | set(file_rejects["path"]) >= set(files)
    assert ingested.records.height == len(kept)
    for row in ingested.counts.to_dicts():
        assert row["found"] == row["kept"] + row["refused"], row
    counted = dict(ingested.counts.select("unit", "found").rows())
    assert counted["file"] == len(files)
    assert ingested.measured + ingested.reused == len(files)
    for part, name in PARTS.items():
        frame = getattr(ingested, part)
        conform(frame, TABLES[name])
        assert null_violations(frame.lazy(), TABLES[name]) == []
        assert key_violations(frame.lazy(), TABLES[name]) == []
    assert all(re.fullmatch("[a-z_]+", reason) for reason in ingested.rejects["reason"])
    assert ingested.measurements["occurrence_count"].sum() == ingested.records.height


def test_what_was_measured_is_not_measured_again(tmp_path: Path, workers: Workers) -> None:
    folder = tmp_path / "sources" / "folder"
    lay(folder, {f"{seed}.png": picture(seed) for seed in range(5)} | {"text.jpg": b"text"})
    first = ingest(tmp_path, workers, "folder")
    assert (first.measured, first.reused) == (6, 0)
    second = ingest(tmp_path, workers, "folder")
    assert (second.measured, second.reused) == (0, 6)  # a refusal is an answer too
    for part in PARTS:
        assert_frame_equal(getattr(second, part), getattr(first, part), check_row_order=False)
    lay(folder, {"1.png": picture(11)})
    changed = ingest(tmp_path, workers, "folder")
    assert (changed.measured, changed.reused) == (1, 5)
    assert set(changed.measurements["image_id"]) != set(first.measurements["image_id"])


def test_a_file_of_the_same_size_and_another_time_is_opened_again(
    tmp_path: Path, workers: Workers
) -> None:
    path = tmp_path / "sources" / "folder" / "a.bmp"
    lay(path.parent, {"a.bmp": picture(1, "BMP")})
    before = ingest(tmp_path, workers, "folder").records["image_id"].item()
    size = path.stat().st_size
    path.write_bytes(picture(2, "BMP"))
    os.utime(path, (1, 1))
    assert path.stat().st_size == size
    after = ingest(tmp_path, workers, "folder")
    assert after.measured == 1
    assert after.records["image_id"].item() != before


def test_the_same_bytes_in_two_sources_are_one_picture(tmp_path: Path, workers: Workers) -> None:
    sources = tmp_path / "sources"
    lay(sources / "folder", {"b.png": picture(1), "a/c.png": picture(1), "d.png": picture(2)})
    header = (
        "Theme,Category,Source,Valence_mean,Valence_SD,Valence_N,Arousal_mean,Arousal_SD,Arousal_N"
    )
    table = f"{header}\nLake 1,Scene,x,5.1,1.2,100,3.2,1.5,100\n".encode()
    lay(sources / "oasis", {"OASIS.csv": table, "images/Lake 1.jpg": picture(1)})
    ingested = ingest(tmp_path, workers, "folder", "oasis")
    assert ingested.records.height == 4, ingested.rejects
    images = collect_images(ingested.measurements.lazy()).sort("occurrence_count")
    assert images["occurrence_count"].to_list() == [1, 3]
    assert images["sources"].to_list() == [["folder"], ["folder", "oasis"]]
    assert images.select("source", "path").row(1) == ("folder", "a/c.png")
    conform(images, TABLES["ingest__images"])


def test_the_ledger_answers_for_another_place(tmp_path: Path, workers: Workers) -> None:
    """The measurement belongs to the content: it is stored once, wherever the picture lies."""
    for name in ("one", "two"):
        lay(tmp_path / name / "sources" / "folder", {"a.png": picture(1), "b.png": picture(2)})
    ledger = tmp_path / "ledger.sqlite"
    first = ingest(tmp_path / "one", workers, "folder", ledger=ledger)
    second = ingest(tmp_path / "two", workers, "folder", ledger=ledger)
    assert_frame_equal(second.measurements, first.measurements, check_row_order=False)
    again = ingest(tmp_path / "two", workers, "folder", ledger=ledger)
    assert (again.measured, again.reused) == (0, 2)


def test_no_sign_in_a_path_has_a_meaning(tmp_path: Path, workers: Workers) -> None:
    signs = "a?b\\c%41[d]*{e,f}#g=h"
    lay(tmp_path / signs, {f"{signs}/{signs}.png": picture(1), f"{signs}.png": picture(2)})
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "folder").symlink_to(tmp_path / signs)
    found = ingest(tmp_path, workers, "folder")
    assert found.rejects.is_empty()
    assert set(found.records["path"]) == {f"{signs}/{signs}.png", f"{signs}.png"}


def tiff_of_pages(count: int) -> bytes:
    """Return a TIFF whose pages, 8 x 8 pixels, share one block of pixels."""
    # tag (TIFF 6.0), type (3 short, 4 long), value
    tags = [
        (256, 4, 8), (257, 4, 8), (258, 3, 8), (259, 3, 1), (262, 3, 1),
        (273, 4, 8), (277, 3, 1), (278, 4, 8), (279, 4, 64),
    ]  # fmt: skip
    page = struct.pack("<H", len(tags))
    page += b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags)
    first, size = 8 + 64, len(page) + 4
    following = [first + number * size for number in range(1, count)] + [0]
    pages = b"".join(page + struct.pack("<I", place) for place in following)
    return b"II*\0" + struct.pack("<I", first) + bytes(range(64)) + pages


def test_an_image_that_takes_too_long_is_refused_once_and_for_all(tmp_path: Path) -> None:
    files = {f"{n}.png": picture(n) for n in range(3)}
    lay(tmp_path / "sources" / "folder", files | {"1a.tif": tiff_of_pages(200_000)})  # minutes
    with closing(Workers(1, time_limit_s=1)) as hurried:
        started = time.monotonic()
        first = ingest(tmp_path, hurried, "folder")
        assert time.monotonic() - started < 60
        second = ingest(tmp_path, hurried, "folder")
    assert first.rejects.select("path", "reason").rows() == [("1a.tif", "took_too_long")]
    assert sorted(first.records["path"]) == sorted(files)
    assert (first.measured, second.measured) == (4, 0)
    assert_frame_equal(second.rejects, first.rejects)
    lay(tmp_path / "sources" / "folder", {"1a.tif": tiff_of_pages(3)})
    with closing(Workers(1)) as workers:
        assert ingest(tmp_path, workers, "folder").rejects.is_empty()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_is_refused_and_asked_again(tmp_path: Path, workers: Workers) -> None:
    path = tmp_path / "sources" / "folder" / "a.png"
    lay(path.parent, {"a.png": picture(1)})
    path.chmod(0)
    refused = ingest(tmp_path, workers, "folder")
    assert refused.rejects["reason"].to_list() == ["unreadable_file"]
    path.chmod(0o600)
    assert ingest(tmp_path, workers, "folder").records.height == 1


def test_rows_of_a_refused_image_have_their_line(tmp_path: Path, workers: Workers) -> None:
    text = b"\xef\xbb\xbf\r\nfile,emotion\r\n\r\na.png,awe\r\nbroken.jpg,joy\r\n"
    files = {"a.png": picture(1), "broken.jpg": b"no image", "labels.csv": text}
    lay(tmp_path / "sources" / "folder", files)
    rejects = ingest(tmp_path, workers, "folder").rejects.select("path", "row", "line", "reason")
    assert rejects.filter(pl.col("row").is_not_null()).rows() == [
        ("labels.csv", 2, 5, "picture_refused")
    ]
    (file,) = rejects.filter(pl.col("row").is_null()).rows()
    assert file[:3] == ("broken.jpg", None, None)


def test_a_source_without_a_folder_has_no_rows(tmp_path: Path, workers: Workers) -> None:
    ingested = ingest(tmp_path, workers, *known_sources())
    for part, name in PARTS.items():
        frame = getattr(ingested, part)
        conform(frame, TABLES[name])
        assert frame.is_empty() or part == "counts"
    assert ingested.counts.select("found", "kept", "refused").sum().row(0) == (0, 0, 0)
    assert collect_images(ingested.measurements.lazy()).is_empty()


def test_pictures_that_no_annotation_names_are_refused_as_such(
    tmp_path: Path, workers: Workers
) -> None:
    lay(tmp_path / "sources" / "oasis", {"images/stray.jpg": picture(1, "JPEG")})
    ingested = ingest(tmp_path, workers, OASIS.name)
    assert ingested.rejects.select("path", "reason").rows() == [
        ("images/stray.jpg", "unreferenced")
    ]
    assert ingested.measured == 0
