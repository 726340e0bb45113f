"""Image embeddings by real model classes with tiny random weights, in a child process."""

import sys
from collections.abc import Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from eemo_pipeline.ledger.store import Ledger
from eemo_pipeline.stages.dedup.embeddings import embed_images, read_embeddings
from eemo_pipeline.stages.evaluation.studies.backbones import Backbones
from resources.child_models.child_process import ChildProblem
from resources.child_models.image_embedder import ChildEmbedder, build_image_embedder
from resources.roles.visual_baselines import BACKBONES, find_baselines
from tests.support.images import encode, paint, paint_jpeg

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A CLIP and a ViT, as `save_pretrained` leaves them."""
    base = tmp_path_factory.mktemp("embedders")
    torch.manual_seed(7)
    vision = {
        **{"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4},
        **{"intermediate_size": 64, "image_size": 32, "patch_size": 8},
    }
    text = {**vision, "vocab_size": 50, "max_position_embeddings": 16}
    del text["image_size"], text["patch_size"]
    clip = transformers.CLIPConfig(text_config=text, vision_config=vision, projection_dim=16)
    transformers.CLIPModel(clip).save_pretrained(base / "clip")
    transformers.ViTModel(transformers.ViTConfig(**vision)).save_pretrained(base / "vit")
    for name in ("clip", "vit"):
        sized = transformers.ViTImageProcessor(size={"height": 32, "width": 32})
        sized.save_pretrained(base / name)
    return {name: base / name for name in ("clip", "vit")}


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with closing(Ledger(tmp_path / "ledger.sqlite")) as opened:
        yield opened


def lay_out(folder: Path, files: dict[str, bytes]) -> pl.DataFrame:
    place = folder / "sources" / "folder"
    place.mkdir(parents=True)
    rows = []
    for name, content in files.items():
        (place / name).write_bytes(content)
        rows.append((sha256(content).hexdigest(), "folder", name))
    return pl.DataFrame(rows, schema=("image_id", "source", "path"), orient="row")


@pytest.mark.parametrize("name", ["clip", "vit"])
def test_a_copy_is_nearer_than_another_image(
    models: dict[str, Path], ledger: Ledger, tmp_path: Path, name: str
) -> None:
    files = {
        "one.png": encode(paint(1), "PNG"),
        "copy.jpg": paint_jpeg(1),
        "other.jpg": paint_jpeg(2),
        "broken.jpg": b"no image",
    }
    images = lay_out(tmp_path, files)
    embedder = build_image_embedder(str(models[name]))
    assert embedder.model.startswith(f"image embeddings {name} ")
    done = embed_images(images, embedder, tmp_path / "sources", ledger)
    by_path = dict(images.select("image_id", "path").iter_rows())
    status = {by_path[row["image_id"]]: row["reason"] for row in done.frame.to_dicts()}
    assert status == dict.fromkeys(files) | {"broken.jpg": "not_a_picture"}
    vectors = {by_path[image]: vector for image, vector in read_embeddings(done.frame).items()}
    assert all(abs(float(vector @ vector) - 1) < 1e-5 for vector in vectors.values())
    alike = float(vectors["one.png"] @ vectors["copy.jpg"])
    assert alike > 0.99
    assert alike > float(vectors["one.png"] @ vectors["other.jpg"])
    # A second run asks for nothing but the file that could not be read.
    again = embed_images(images, embedder, tmp_path / "sources", ledger)
    assert (again.work.asked, again.work.reused) == (1, 3)
    assert again.frame.equals(done.frame)


def test_a_model_that_cannot_be_loaded_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(ChildProblem, match="EEMO_IMAGE_EMBEDDER"):
        build_image_embedder(str(tmp_path))


def test_a_vector_of_nonsense_is_no_embedding(tmp_path: Path, ledger: Ledger) -> None:
    images = lay_out(tmp_path, {"one.jpg": paint_jpeg(1)})
    program = tmp_path / "child.py"
    nan = np.full(4, np.nan, "<f4").tobytes().hex()
    program.write_text(
        "import sys, json, base64\n"
        f"vector = base64.b64encode(bytes.fromhex('{nan}')).decode()\n"
        "for line in sys.stdin:\n"
        "    print(json.dumps({'id': json.loads(line)['id'], 'status': 'ok', 'vector': vector}))\n"
        "    sys.stdout.flush()\n"
    )
    embedder = ChildEmbedder("nonsense", (sys.executable, str(program)), 1)
    done = embed_images(images, embedder, tmp_path / "sources", ledger)
    assert done.frame.select("status", "reason", "image_embedding").rows() == [
        ("error", "bad_embedding", None)
    ]


def test_backbones_on_disk_are_compared_and_others_say_what_is_missing(
    models: dict[str, Path], ledger: Ledger, tmp_path: Path
) -> None:
    folder = tmp_path / "baselines"
    folder.mkdir()
    (folder / "vit_base_patch16_224").symlink_to(models["vit"])
    found = find_baselines(folder)
    assert set(found.embedders) == {"vit_base_patch16_224"}
    assert set(found.missing) == {"convnext_tiny", "resnet50"}

    images = lay_out(tmp_path, {"one.png": encode(paint(1), "PNG"), "bad.png": b"no image"})
    backbones = Backbones(found.embedders, found.missing, tmp_path / "sources", ledger)
    features, work = backbones.embed(images)
    (matrix,) = features.values()
    assert np.isfinite(matrix).all(axis=1).tolist() == [True, False]
    assert matrix.shape == (2, 32)
    assert work.asked >= 1
    assert backbones.embed(images)[1].reused >= 1


def test_a_backbone_as_timm_saves_it_has_features(ledger: Ledger, tmp_path: Path) -> None:
    timm = import_timm()
    folder = tmp_path / "baselines"
    made = timm.create_model("test_resnet", pretrained=False, num_classes=8)
    timm.models.save_for_hf(made, folder / "resnet50", safe_serialization=True)
    found = find_baselines(folder)
    images = lay_out(tmp_path, {"one.png": encode(paint(1), "PNG"), "two.jpg": paint_jpeg(2)})
    backbones = Backbones(found.embedders, found.missing, tmp_path / "sources", ledger)
    (matrix,) = backbones.embed(images)[0].values()
    assert matrix.shape == (2, made.num_features), "features, and not the values of classes"
    assert np.linalg.norm(matrix, axis=1) == pytest.approx(1, abs=1e-5)
    assert np.abs(matrix[0] - matrix[1]).max() > 1e-3


def import_timm() -> Any:
    try:
        import timm  # pyright: ignore[reportMissingImports]
    except (ImportError, RuntimeError) as error:  # a torchvision for another torch
        pytest.skip(f"timm is not here, or its torchvision fits another torch: {error}")
    return timm


def test_a_backbone_whose_environment_is_not_there_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EEMO_IMAGE_EMBEDDER_PYTHON", str(tmp_path / "python"))
    (tmp_path / "resnet50").mkdir()
    reason, told = find_baselines(tmp_path).missing["resnet50"]
    assert reason == "model_unusable"
    assert "No such file" in told


def test_without_a_folder_every_backbone_is_missing() -> None:
    found = find_baselines(None)
    assert not found.embedders
    assert {reason for reason, _ in found.missing.values()} == {"weights_missing"}
    assert set(found.missing) == set(BACKBONES)
