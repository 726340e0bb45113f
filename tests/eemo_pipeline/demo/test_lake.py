"""The demo lake: equal bytes every time, read by the real adapters, with what was planted."""

import io
import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image

from eemo_pipeline import sources
from eemo_pipeline.demo import find_planted, lay_out
from eemo_pipeline.demo.lake import MANIFEST, Planted
from eemo_pipeline.demo.photographs import PHOTOGRAPHS, load_part
from eemo_pipeline.demo.pictures import Recipe, make_file, person_boxes
from eemo_pipeline.demo.plan import plan_lake
from eemo_pipeline.discovery import discover
from eemo_pipeline.readers.contract import SourceTables
from eemo_pipeline.readers.listing import list_files
from eemo_pipeline.sources import SourceDataset

SOURCES = discover(sources, "SOURCE", SourceDataset)
SEED = 7


@pytest.fixture(scope="session")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("lake") / "sources"
    lay_out(root, SEED)
    return root


@pytest.fixture(scope="session")
def planted() -> Planted:
    return find_planted(SEED)


@pytest.fixture(scope="session")
def tables(lake: Path, planted: Planted) -> dict[str, SourceTables]:
    return {name: SOURCES[name].read(list_files(lake / name)) for name in planted.picture_counts}


def state(root: Path) -> dict[str, tuple[bytes, int]]:
    return {
        path.relative_to(root).as_posix(): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def test_the_adapters_read_every_picture_and_row(
    tables: dict[str, SourceTables], planted: Planted
) -> None:
    for name, read in tables.items():
        assert read.records.height == planted.picture_counts[name]
        rows = {path: n for path, n in planted.row_counts.items() if path.startswith(f"{name}/")}
        assert read.row_count == sum(rows.values())
        assert read.annotations.height + read.rejects.height == read.row_count


def test_the_lexicon_knows_the_words_of_feeling_and_no_common_word(lake: Path) -> None:
    read = SOURCES["warriner"].read(list_files(lake / "warriner"))
    assert read.rejects.is_empty()
    rated = {row["word"]: row["native_valence"] for row in read.words.to_dicts()}
    assert len(rated) > 150
    assert rated["lonely"] < 4 < 6 < rated["playful"]
    assert "feel" not in rated
    assert "makes" not in rated


def test_the_refused_rows_are_the_planted_ones(
    tables: dict[str, SourceTables], planted: Planted
) -> None:
    refused = {
        (f"{name}/{path}", row): reason
        for name, read in tables.items()
        for path, row, reason in read.rejects.select("path", "row", "reason").rows()
    }
    assert refused == planted.bad_rows
    assert set(refused.values()) >= {"bad_number", "out_of_range", "unsafe_path", "picture_missing"}


def test_every_file_is_a_named_picture_a_table_or_a_planted_stray(
    lake: Path, tables: dict[str, SourceTables], planted: Planted
) -> None:
    strays = set()
    for name, read in tables.items():
        known = read.table_paths | set(read.records["path"])
        strays |= {f"{name}/{path}" for path in list_files(lake / name).paths if path not in known}
    assert strays == set(planted.unreferenced)


def test_labels_follow_what_is_visible(tables: dict[str, SourceTables]) -> None:
    """The invented ratings differ between families far more than within one."""
    means: dict[str, list[float]] = {}
    valence = dict(tables["oasis"].annotations.select("record_id", "native_valence").rows())
    for item in plan_lake(SEED):
        if item.dataset == "oasis" and item.name in valence:
            means.setdefault(item.recipe.subject, []).append(valence[item.name])
    assert min(means["balloons"]) > 5 > 3.5 > max(means["mould"])


def test_quirks_of_the_originals_are_there(lake: Path, tables: dict[str, SourceTables]) -> None:
    assert b"\n" not in (lake / "oasis/OASIS.csv").read_bytes()
    ways = tables["oasis"].records["resolved_by"].value_counts()
    assert dict(ways.rows()) == {"exact": tables["oasis"].records.height - 2, "stripped": 2}
    weights = tables["emotion6"].annotations["native_weights"].to_list()
    ties = [w for w in weights if sorted(w)[-1] == sorted(w)[-2]]
    assert len(ties) >= 5
    comments = tables["affection"].annotations["comment"]
    assert comments.str.contains("<script>", literal=True).sum() == 1
    assert comments.str.contains("\n", literal=True).sum() == 1
    per_picture = tables["affection"].annotations.group_by("record_id").len()["len"]
    assert pl.Series(per_picture).min() == 5


def test_copies_are_equal_and_near_duplicates_are_not(lake: Path, planted: Planted) -> None:
    assert len(planted.exact_copies) >= 8
    for first, second in planted.exact_copies:
        assert (lake / first).read_bytes() == (lake / second).read_bytes()
        assert first.split("/")[0] != second.split("/")[0]
    assert len(planted.near_duplicates) >= 20
    for first, second in planted.near_duplicates:
        assert (lake / first).read_bytes() != (lake / second).read_bytes()


def test_awkward_pictures_are_what_they_claim(lake: Path, planted: Planted) -> None:
    opened = {}
    for path, kind in planted.awkward.items():
        with Image.open(lake / path) as picture:
            frames = getattr(picture, "n_frames", 1)
            opened[kind] = (picture.format, picture.mode, frames, picture.getexif().get(0x0112))
    assert opened["cmyk"] == ("JPEG", "CMYK", 1, None)
    assert opened["rotated"] == ("JPEG", "RGB", 1, 6)
    assert opened["palette"][:2] == ("PNG", "P")
    assert opened["animated"] == ("GIF", "P", 4, None)
    assert opened["deep"][:2] == ("PNG", "I;16")


def test_broken_files_are_broken_in_their_own_way(lake: Path, planted: Planted) -> None:
    assert set(planted.broken.values()) == {
        "truncated",
        "too_many_pixels",
        "not_a_picture",
        "empty_file",
    }
    for path, reason in planted.broken.items():
        data = (lake / path).read_bytes()
        if reason == "empty_file":
            assert data == b""
        elif reason == "not_a_picture":
            with pytest.raises(Image.UnidentifiedImageError):
                Image.open(io.BytesIO(data))
        elif reason == "too_many_pixels":
            assert len(data) < 1000
            assert int.from_bytes(data[16:20], "big") * int.from_bytes(data[20:24], "big") == 9e8
        else:
            with Image.open(io.BytesIO(data)) as picture, pytest.raises(OSError, match="truncated"):
                picture.load()


def test_a_second_layout_writes_nothing_and_repairs_what_was_changed(
    lake: Path, tmp_path: Path, planted: Planted
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(lake, copy)  # copy2 keeps the times
    before = state(copy)
    assert {mtime for _, mtime in before.values()} == {1_767_225_600 * 10**9}
    inodes = {path: (copy / path).stat().st_ino for path in before}
    (copy / "own.jpg").write_bytes(b"somebody's")
    lay_out(copy, SEED)
    assert {path: (copy / path).stat().st_ino for path in before} == inodes
    spoilt, lost = planted.near_duplicates[0]
    (copy / spoilt).write_bytes(b"spoilt")
    (copy / lost).unlink()
    torn = [path.with_name(f".{path.name}.99999.tmp") for path in (copy / lost, copy / MANIFEST)]
    own = (copy / lost).with_name(".own.jpg.99999.tmp")
    for path in (*torn, own):
        path.write_bytes(b"cut short")
    lay_out(copy, SEED)  # paints everything anew: two layouts with equal bytes
    assert [path for path in torn if path.exists()] == []
    own.unlink()
    after = state(copy)
    assert after.pop("own.jpg")[0] == b"somebody's"
    assert after == before


def test_a_picture_depends_on_its_recipe_and_the_seed_alone() -> None:
    recipe = Recipe("scene", "calm_lake", 0, figures=2)
    data = make_file(recipe, 1)
    assert data == make_file(recipe, 1)
    assert data != make_file(recipe, 2)
    with Image.open(io.BytesIO(data)) as picture:
        boxes = person_boxes(recipe, 1)
        assert len(boxes) == 2
        for left, top, right, bottom in boxes:
            coat = np.asarray(picture.convert("L"))[(2 * top + bottom) // 3, (left + right) // 2]
            assert coat < 60
            assert 0 < top < bottom <= picture.height


def test_each_photograph_has_a_free_licence_and_every_part_is_a_picture() -> None:
    for photograph in PHOTOGRAPHS:
        assert photograph.licence.startswith(("CC0", "public domain"))
        for part in range(len(photograph.parts)):
            assert min(load_part(photograph.name, part).size) >= 90
