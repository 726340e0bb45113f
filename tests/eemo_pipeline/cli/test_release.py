"""`eemo release`: numbered folders that check themselves, and what is refused."""

import json
import shutil
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest

from eemo_pipeline.lake.warehouse import query
from eemo_pipeline.orchestration.jobs import build_release
from eemo_pipeline.orchestration.runs import run_assets
from eemo_pipeline.stages.release.image_files import wrong_bytes
from resources.instance.dagster_home import open_instance
from tests.support.commands import call_eemo
from tests.support.hashing import hash_files, stamp_files
from tests.support.lakes import write_rows
from tests.support.releases import FILES, IMAGES, lay_release_root, record


def build(root: Path, *more: str) -> dict:
    words = ("release", "build", "--redistributable-only", *more, "--data", root, "--json")
    answer = call_eemo(*words)
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)


def findings(folder: Path) -> list[tuple[str, str]]:
    answer = call_eemo("release", "check", folder, "--json")
    found = [(one["check"], one["path"]) for one in json.loads(answer.stdout)["findings"]]
    assert answer.returncode == (3 if found else 0)
    return found


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data root with one release; never changed."""
    root = lay_release_root(tmp_path_factory.mktemp("released") / "root")
    build(root)
    return root


@pytest.fixture
def folder(shared: Path, tmp_path: Path) -> Path:
    """A copy of the release that may be tampered with."""
    copy = tmp_path / "received" / "1"
    shutil.copytree(shared / "releases" / "1", copy)
    for path in copy.rglob("*"):
        path.chmod(0o755)
    return copy


def test_a_release_is_whole_and_allowed(shared: Path) -> None:
    folder = shared / "releases" / "1"
    assert findings(folder) == []
    records = pl.read_parquet(folder / "records" / "*.parquet")
    assert set(records["image_id"]) == {IMAGES[name] for name in "abc"}
    assert set(pl.read_parquet(folder / "qa" / "*.parquet")["item_id"]) == {
        *(f"question {name}" for name in "abc")
    }
    for config in ("records", "qa", "assess", "regions", "images"):
        licences = pl.read_parquet(folder / config / "*.parquet")["licences"]
        assert licences.to_list() == [["CC0-1.0"]] * len(licences)
    withheld = json.loads((folder / "manifest.json").read_text())["withheld"]
    assert {(row["config"], row["source"]): row["rows"] for row in withheld} == {
        ("records", "closed"): 1,
        ("qa", "closed"): 2,
        ("assess", "closed"): 1,
    }
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert not any(path.stat().st_mode & 0o222 for path in files)


def test_the_same_rows_make_no_new_release_and_the_same_bytes(tmp_path: Path) -> None:
    roots = [lay_release_root(tmp_path / name) for name in ("one", "other")]
    assert [build(root)["is_new"] for root in roots] == [True, True]
    assert build(roots[0])["is_new"] is False
    assert [path.name for path in (roots[0] / "releases").iterdir()] == ["1"]
    hashes = [hash_files(root, ("releases",)) for root in roots]
    assert hashes[0] == hashes[1]
    assert {"releases/1/README.md", "releases/1/croissant.json"} < set(hashes[0])


def test_changed_rows_are_a_new_release_and_the_old_one_stays(tmp_path: Path) -> None:
    root = lay_release_root(tmp_path / "root")
    first = build(root)
    before = stamp_files(root / "releases" / "1")
    write_rows(root, "records__emoverse", [record(name, emotion="fear") for name in IMAGES])
    write_rows(root, "ingest__images", [{"image_id": image} for image in IMAGES.values()])
    second = build_from_the_pages(root, {"rows": "redistributable"})
    assert build(root)["digest"] == second["digest"]  # the command would make the same
    assert stamp_files(root / "releases" / "1") == before
    manifest = json.loads((root / "releases" / "2" / "manifest.json").read_text())
    assert manifest["previous"] == first["digest"]
    listed = json.loads(call_eemo("release", "list", "--data", root, "--json").stdout)
    assert [(one["release"], one["rows"], one["images"]) for one in listed] == [
        (1, 12, 3),
        (2, 12, 3),
    ]
    assert_database_knows(root, [first["digest"], second["digest"]])


def build_from_the_pages(root: Path, settings: dict[str, object]) -> dict[str, Any]:
    """Run the job with settings of the launchpad; return what its asset's page shows."""
    outcome = run_assets(root, job=build_release.name, settings={"release__builds": settings})
    with open_instance(root) as instance:
        event = instance.get_latest_materialization_event(dg.AssetKey("release__builds"))
    assert outcome.is_success, outcome.failed_steps
    assert event is not None
    assert event.asset_materialization is not None
    return {name: found.value for name, found in event.asset_materialization.metadata.items()}


def assert_database_knows(root: Path, digests: list[str]) -> None:
    """The view `releases` and `eemo explain` say which image and row is in which."""
    database = root / "eemo.duckdb"
    asked = "select release_no, digest, record_count, question_count, image_count from releases"
    assert query(database, asked)[1] == [(no, digests[no - 1], 3, 3, 3) for no in (1, 2)]
    held = "select list(distinct row_id order by row_id), licences from release__rows where "
    [(rows, licences)] = query(database, held + "release_no = 2 and config = 'qa' group by 2")[1]
    assert (rows, licences) == ([f"question {name}" for name in "abc"], ["CC0-1.0"])
    told = " ".join(call_eemo("explain", IMAGES["a"], "--data", root).stdout.split())
    assert "released release 1: 1 record, 1 question, 1 item; release 2: 1 record" in told
    assert "released" not in call_eemo("explain", IMAGES["d"], "--data", root).stdout


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("README.md", "refers to 3 images"),
        ("DATASHEET.md", "3 images are referred to"),
        ("croissant.json", "of 3 records"),
    ],
)
def test_a_tampered_page_fails(folder: Path, name: str, words: str) -> None:
    """A number that was changed is found by its hash, and by computing it from the data."""
    page = folder / name
    lines = page.read_text().splitlines(keepends=True)
    place = next(no for no, line in enumerate(lines) if words in line)
    lines[place] = lines[place].replace("3", "4")
    page.write_text("".join(lines))
    assert findings(folder) == [("files_are_unchanged", name), ("card_matches_data", name)]
    said = call_eemo("release", "check", folder).stderr
    assert f"line {place + 1}: says" in said


def test_other_tampering_fails(folder: Path) -> None:
    manifest = folder / "manifest.json"
    told = manifest.read_text()
    manifest.write_text(told.replace("CC0-1.0", "CC0-1.1"))
    assert findings(folder) == [("manifest_is_whole", "manifest.json")]
    manifest.write_text(told)
    (folder / "more.txt").write_text("more")
    assert findings(folder) == [("files_are_unchanged", "more.txt")]
    (folder / "more.txt").unlink()
    rows = folder / "records" / "train.parquet"
    pl.read_parquet(rows).with_columns(emotion=pl.lit("fear")).write_parquet(rows)
    assert findings(folder)[0] == ("files_are_unchanged", "records/train.parquet")
    rows.unlink()
    assert findings(folder)[0] == ("files_are_unchanged", "records/train.parquet")


def test_what_a_killed_build_leaves_is_no_release(tmp_path: Path) -> None:
    root = lay_release_root(tmp_path / "root")
    (root / "releases" / ".building" / "qa").mkdir(parents=True)
    (root / "releases" / ".building" / "qa" / "train.parquet").write_bytes(b"half")
    assert call_eemo("release", "check", "--data", root).returncode == 1
    assert build(root)["release"] == 1
    assert [path.name for path in (root / "releases").iterdir()] == ["1"]
    assert findings(root / "releases" / "1") == []


def test_images_are_released_as_they_were_read_or_not_at_all(tmp_path: Path) -> None:
    root = lay_release_root(tmp_path / "root")
    assert build(root, "--with-images")["release"] == 1
    [listed] = json.loads(call_eemo("release", "list", "--data", root, "--json").stdout)
    assert listed["image_files"] is True
    folder = root / "releases" / "1"
    assert findings(folder) == []
    assert "holds the image files" in (folder / "README.md").read_text()
    held = pl.read_parquet(folder / "images" / "*.parquet", columns=["image_id", "image"])
    assert {one["image_id"]: one["image"]["bytes"] for one in held.to_dicts()} == {
        IMAGES[name]: FILES[name] for name in "abc"
    }
    assert build(root, "--with-images")["is_new"] is False
    assert build(root)["release"] == 2  # without the files it is another release
    difference = call_eemo("release", "diff", "1", "2", "--data", root)
    assert difference.returncode == 0, difference.stderr
    (root / "sources" / "open" / "a.jpg").write_bytes(FILES["b"])
    (root / "sources" / "open" / "c.jpg").unlink()
    words = ("release", "build", "--redistributable-only", "--with-images", "--data", root)
    refused = call_eemo(*words)
    assert refused.returncode == 1
    assert "sources/open/a.jpg: the file has changed since it was read" in refused.stderr
    assert sorted(path.name for path in (root / "releases").iterdir()) == ["1", "2"]
    other = folder / "images" / "test.parquet"
    other.chmod(0o644)
    frame = pl.read_parquet(other).with_columns(image_id=pl.lit(IMAGES["d"]))
    frame.write_parquet(other)
    assert findings(folder)[0] == ("files_are_unchanged", "images/test.parquet")
    assert wrong_bytes(other) == 1


def test_terms_are_named_and_nothing_is_written(tmp_path: Path) -> None:
    root = lay_release_root(tmp_path / "root")
    refused = call_eemo("release", "build", "--data", root)
    assert refused.returncode == 1
    assert "closed: no redistribution (4 items)" in refused.stderr
    assert "release build --permitted closed" in refused.stderr
    assert not (root / "releases").exists()


@pytest.mark.parametrize(
    ("declared", "words"),
    [
        (None, "nobody has stated the licence"),
        ("title: Mine\n", "the key licence is missing"),
        ("licence: mit\nlisense: mit\n", "unknown key 'lisense'"),
        ("licence: [\n", "while parsing"),
        ("just text", "it has no keys"),
        ("licence: mit\ndate: yesterday\n", "date: "),
    ],
)
def test_what_is_not_declared_is_said(tmp_path: Path, declared: str | None, words: str) -> None:
    root = lay_release_root(tmp_path / "root")
    file = root / "release.yaml"
    file.unlink()
    if declared is not None:
        file.write_text(declared)
    answer = call_eemo("release", "build", "--redistributable-only", "--data", root)
    assert (answer.returncode, words in answer.stderr) == (1, True), answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_source_without_licence_and_an_empty_dataset_are_refused(tmp_path: Path) -> None:
    root = lay_release_root(tmp_path / "root")
    write_rows(root, "sources__datasets", [{"source": "open", "licence": " ", "title": "Open"}])
    answer = call_eemo("release", "build", "--redistributable-only", "--data", root)
    assert (answer.returncode, "the sources closed, open state none" in answer.stderr) == (1, True)
    for name in ("records__emoverse", "qa__items", "assess__items"):
        write_rows(root, name, [])
    empty = call_eemo("release", "build", "--redistributable-only", "--data", root)
    assert (empty.returncode, "the tables are empty" in empty.stderr) == (1, True)
    nothing = call_eemo("release", "build", "--data", tmp_path / "nowhere")
    assert (nothing.returncode, "there is no data root yet" in nothing.stderr) == (1, True)


def test_unknown_releases_and_sources_are_said(shared: Path) -> None:
    unknown = call_eemo("release", "check", "7", "--data", shared)
    assert (unknown.returncode, "there is no release 7" in unknown.stderr) == (2, True)
    nowhere = call_eemo("release", "check", "no/such", "--data", shared)
    assert (nowhere.returncode, "neither a number nor a folder" in nowhere.stderr) == (2, True)
    near = call_eemo("release", "build", "--permitted", "emotio6", "--data", shared)
    assert (near.returncode, "did you mean emotion6?" in near.stderr) == (2, True)
