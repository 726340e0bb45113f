"""A release as its consumers see it: `datasets`, mlcroissant and a DuckLake read it."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from eemo_pipeline.stages.release import image_files
from eemo_pipeline.stages.release.build import build_release
from eemo_pipeline.stages.release.check import check_release
from eemo_pipeline.stages.release.contents import select_contents
from eemo_pipeline.stages.release.declaration import Declaration
from eemo_pipeline.stages.release.manifest import Code
from tests.support.lakes import write_rows
from tests.support.releases import FILES, IMAGES, lay_release_root

DOCUMENTED = Path(__file__).parents[4] / "docs" / "analyst.md"
DECLARED = Declaration(
    licence="cc-by-4.0",
    title="Felt | *images*",
    summary="What images <b>evoke</b>.",
    citation="@misc{felt, title={Felt}}",
    homepage="https://example.org",
    date="2026-01-31",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = lay_release_root(tmp_path_factory.mktemp("consumed") / "root")
    contents = select_contents(root / "tables", leave_out=True)
    code = Code(package="1", parts={}, assets={}, seeds={})
    return build_release(root / "tables", root / "releases", contents, DECLARED, code).folder


def test_every_configuration_loads(folder: Path, tmp_path: Path) -> None:
    import datasets

    cache = str(tmp_path)
    records = datasets.load_dataset(str(folder), cache_dir=cache)
    assert {split: len(rows) for split, rows in records.items()} == {"train": 2, "test": 1}
    assert records["train"][0]["licences"] == ["CC0-1.0"]
    names = datasets.get_dataset_config_names(str(folder))
    assert names == ["records", "qa", "assess", "regions", "images"]
    loaded = {name: datasets.load_dataset(str(folder), name, cache_dir=cache) for name in names}
    assert {name: len(parts["test"]) for name, parts in loaded.items()} == dict.fromkeys(names, 1)


def test_a_ducklake_catalogues_the_files_as_documented(folder: Path, tmp_path: Path) -> None:
    """The script of the documentation, in an environment of its own."""
    [script] = re.findall(r"```python\n(# pip install duckdb.*?)```", DOCUMENTED.read_text(), re.S)
    packages = script.splitlines()[0].removeprefix("# pip install ").split()
    other = str(tmp_path / "other")
    options = ["--quiet", "--no-deps", "--only-binary", ":all:", "--retries", "0"]
    install = [sys.executable, "-m", "pip", "install", *options, "--target", other, *packages]
    if subprocess.run(install, check=False, capture_output=True).returncode:
        pytest.skip(f"{' '.join(packages)} cannot be installed here: no network")
    (tmp_path / "my-data" / "releases").mkdir(parents=True)
    (tmp_path / "my-data" / "releases" / "1").symlink_to(folder)
    asked = "\nprint(lake.sql('select image_id, licences from emo.images').fetchall())"
    answer = subprocess.run(
        [sys.executable, "-c", script + asked],
        env={"PYTHONPATH": other, "HOME": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    printed, listed = answer.stdout.rsplit("\n[", 1)
    assert re.search(r"awe\W+3\b", printed)
    images = {image for image, _ in ast.literal_eval(f"[{listed}")}
    assert images == {IMAGES[name] for name in "abc"}
    assert not list(tmp_path.glob("emo-files/**/*.parquet"))


def test_croissant_is_valid_and_reads_the_rows(folder: Path) -> None:
    import mlcroissant

    dataset = mlcroissant.Dataset(jsonld=folder / "croissant.json")
    assert (dataset.metadata.issues.errors, dataset.metadata.issues.warnings) == (set(), set())
    assert dataset.metadata.data_biases
    assert dataset.metadata.data_collection
    (row,) = dataset.records("qa_test")
    assert row["qa_test/item_id"] == b"question c"
    assert row["qa_test/licences"] == [b"CC0-1.0"]


@pytest.fixture(scope="module")
def with_images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release with image files, in as many Parquet files as images."""
    root = lay_release_root(tmp_path_factory.mktemp("pictured") / "root")
    contents = select_contents(root / "tables", leave_out=True)
    code = Code(package="1", parts={}, assets={}, seeds={})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(image_files, "_GROUP_BYTES", 1)
        patch.setattr(image_files, "_FILE_BYTES", 1)
        places = root / "tables", root / "releases"
        return build_release(*places, contents, DECLARED, code, image_root=root).folder


def test_images_load_and_decode(with_images: Path, tmp_path: Path) -> None:
    import datasets

    images = datasets.load_dataset(str(with_images), "images", cache_dir=str(tmp_path))
    assert {split: len(rows) for split, rows in images.items()} == {"train": 2, "test": 1}
    names = ["train-00001.parquet", "train.parquet", "test.parquet"]
    assert {path.name for path in (with_images / "images").iterdir()} == set(names)
    for split, count in (("train", 2), ("test", 1)):
        assert [image.size for image in images[split]["image"]] == [(40, 30)] * count
    undecoded = images["test"].cast_column("image", datasets.Image(decode=False))
    assert undecoded[0]["image"] == {"bytes": FILES["c"], "path": "c.jpg"}
    assert check_release(with_images) == []


def test_pytorch_trains_an_epoch_on_a_release(with_images: Path, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    import datasets

    cache = str(tmp_path)
    records = datasets.load_dataset(str(with_images), "records", split="train", cache_dir=cache)
    images = datasets.load_dataset(str(with_images), "images", split="train", cache_dir=cache)
    place = {image: number for number, image in enumerate(images["image_id"])}
    pixels = images.with_format("torch")["image"]
    model = torch.nn.Linear(3 * 30 * 40, 8)
    before = model.weight.detach().clone()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for batch in torch.utils.data.DataLoader(records.select_columns("image_id"), batch_size=2):
        shown = torch.stack([pixels[place[one]].flatten() / 255 for one in batch["image_id"]])
        loss = torch.nn.functional.cross_entropy(model(shown), torch.tensor([2, 2]))
        loss.backward()
        optimizer.step()
    assert not torch.equal(before, model.weight)


def test_croissant_reads_the_images(with_images: Path) -> None:
    import mlcroissant

    dataset = mlcroissant.Dataset(jsonld=with_images / "croissant.json")
    assert (dataset.metadata.issues.errors, dataset.metadata.issues.warnings) == (set(), set())
    (row,) = dataset.records("images_test")
    assert row["images_test/image"].size == (40, 30)


def test_what_people_said_is_on_the_card(tmp_path: Path) -> None:
    root = lay_release_root(tmp_path / "root")
    votes = [
        {"image_id": IMAGES[name], "rater_id": rater, "phase": "blind", "said_json": '"awe"'}
        | {"reviewed_field": "emotion", "vote": "said", "is_counted": True}
        for name in "ad"
        for rater in ("r1", "r2")
    ]
    measures = [
        {"measure": "alpha", "judged_field": "emotion", "estimate": 0.5, "counted": 4}
        | {"estimate_lower": 0.25, "estimate_upper": 0.75, "is_too_few": True},
        {"measure": "alpha", "judged_field": "valence", "counted": 1, "is_too_few": True},
        {"measure": "alpha", "judged_field": "arousal", "counted": 0, "is_too_few": True},
    ]
    write_rows(root, "review__votes", votes)
    write_rows(root, "review__agreement", measures)
    contents = select_contents(root / "tables", leave_out=True)
    code = Code(package="1", parts={}, assets={}, seeds={})
    built = build_release(root / "tables", root / "releases", contents, DECLARED, code)
    card = (built.folder / "README.md").read_text()
    assert "| alpha | emotion | 0.500 | 0.250 to 0.750 | 4 |" in card
    assert "| alpha | valence | too few |  | 1 |" in card
    assert "alpha | arousal" not in card
    assert "2 people judged records of this release" in card
    assert {row["image_id"] for row in contents.frames["votes"].to_dicts()} == {IMAGES["a"]}
    assert check_release(built.folder) == []


def test_foreign_text_is_no_markup_on_the_card(folder: Path) -> None:
    card = (folder / "README.md").read_text()
    assert "# Felt \\| \\*images\\*\n" in card
    assert "What images &lt;b&gt;evoke&lt;/b&gt;." in card
