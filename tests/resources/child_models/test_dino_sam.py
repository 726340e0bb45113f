"""Grounding DINO and SAM: real model classes with tiny random weights, and replies of any kind.

The weights prove the plumbing: boxes, masks, order, batches. What they would find is not seen here.
"""

import base64
import io
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from eemo_pipeline.imaging import masks
from eemo_pipeline.imaging.boxes import Box
from eemo_pipeline.lake.parquet import file_sha256
from eemo_pipeline.ledger.answering import Answers, Inquiry, answer_all
from eemo_pipeline.ledger.store import Ask, Ledger
from eemo_pipeline.roles.grounder import ROLE, STAGE, GrounderDescription, GroundingRequest
from resources.child_models.child_process import Patience
from resources.child_models.dino_sam_grounder import (
    DETECTOR,
    SEGMENTER,
    DinoSamGrounder,
    Thresholds,
    build_dino_sam,
    read_regions,
)

SENT, FULL = (100, 80), (200, 160)


def save_tiny_models(folder: Path) -> tuple[Path, Path]:
    """Write a Grounding DINO and a SAM as `save_pretrained` leaves them."""
    import torch  # pyright: ignore[reportMissingImports]
    from transformers import (  # pyright: ignore[reportMissingImports]
        BertConfig,
        BertTokenizer,
        GroundingDinoConfig,
        GroundingDinoForObjectDetection,
        GroundingDinoImageProcessorPil,
        GroundingDinoProcessor,
        SamConfig,
        SamImageProcessorPil,
        SamModel,
        SamProcessor,
        SwinConfig,
    )

    torch.manual_seed(5)
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ".", "dog", "old", "sad"]
    (folder / "vocab.txt").write_text("\n".join(words))
    swin = SwinConfig.from_dict(
        {
            "embed_dim": 16,
            "depths": [1] * 4,
            "num_heads": [1, 2, 2, 2],
            "window_size": 4,
            "image_size": 128,
            "out_features": ["stage2", "stage3", "stage4"],
        }
    )
    bert = BertConfig(
        vocab_size=len(words),
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
    )
    config = GroundingDinoConfig(
        backbone_config=swin,
        text_config=bert,
        d_model=32,
        encoder_layers=1,
        decoder_layers=2,
        encoder_ffn_dim=64,
        decoder_ffn_dim=64,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        num_queries=20,
        max_text_len=64,
        disable_custom_kernels=True,
    )
    detector, segmenter = folder / "detector", folder / "segmenter"
    GroundingDinoForObjectDetection(config).save_pretrained(detector)
    GroundingDinoProcessor(
        GroundingDinoImageProcessorPil(size={"shortest_edge": 96, "longest_edge": 128}),
        BertTokenizer(str(folder / "vocab.txt")),
    ).save_pretrained(detector)
    vision = {
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "mlp_dim": 64,
        "output_channels": 32,
        "image_size": 128,
        "patch_size": 16,
        "window_size": 4,
        "global_attn_indexes": [1],
        "num_pos_feats": 16,
    }
    decoder = {
        "hidden_size": 32,
        "mlp_dim": 64,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "iou_head_hidden_dim": 32,
    }
    prompts = {"hidden_size": 32, "image_size": 128, "patch_size": 16, "mask_input_channels": 4}
    SamModel(
        SamConfig(vision_config=vision, prompt_encoder_config=prompts, mask_decoder_config=decoder)
    ).save_pretrained(segmenter)
    SamProcessor(
        SamImageProcessorPil(
            size={"longest_edge": 128},
            pad_size={"height": 128, "width": 128},
            mask_size={"longest_edge": 32},
            mask_pad_size={"height": 32, "width": 32},
        )
    ).save_pretrained(segmenter)
    return detector, segmenter


@pytest.fixture(scope="module")
def grounder(tmp_path_factory: pytest.TempPathFactory) -> DinoSamGrounder:
    """Both models as a user names them, content with any score: random weights are sure of none."""
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    models = save_tiny_models(tmp_path_factory.mktemp("models"))
    with pytest.MonkeyPatch.context() as patch:
        for variable, folder in zip((DETECTOR, SEGMENTER), models, strict=True):
            patch.setenv(variable, str(folder))
        built = build_dino_sam(Patience(answer_s=120))
    return replace(built, thresholds=Thresholds(box=0.0001, text=0.0001, overlap=0.9))


def paint(folder: Path, seed: int, size: tuple[int, int] = (90, 60)) -> GroundingRequest:
    path = folder / f"{seed}.png"
    pixels = np.random.default_rng(seed).integers(0, 256, (6, 9, 3), dtype=np.uint8)
    Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC).save(path)
    return GroundingRequest(file_sha256(path), path, ("old dog", "sad old dog", "dog"))


def find(grounder: DinoSamGrounder, requests: list[GroundingRequest], ledger: Ledger) -> Answers:
    asks = [Ask(one.image_id, one, dict(grounder.parameters(one))) for one in requests]
    described = grounder.describe()
    return answer_all(ledger, Inquiry(ROLE, described.model, asks, grounder.perform, STAGE))


def test_real_models_find_regions_in_batches_as_they_do_alone(
    grounder: DinoSamGrounder, tmp_path: Path
) -> None:
    assert grounder.batch > 1
    assert "GroundingDinoForObjectDetection, weights " in grounder.describe().model
    assert "SamModel, weights " in grounder.describe().model
    sizes = [(90, 60), (60, 90), (300, 6), (90, 60), (2000, 1500)]
    requests = [paint(tmp_path, seed, size) for seed, size in enumerate(sizes)]
    wordless = GroundingRequest(requests[0].image_id, requests[0].path)
    gone = GroundingRequest("0" * 64, tmp_path / "gone.png", ("dog",))
    ledger, another = Ledger(tmp_path / "one.sqlite"), Ledger(tmp_path / "two.sqlite")
    found = find(grounder, [*requests, wordless, gone], ledger)
    alone = find(grounder, [requests[1]], another)
    again = find(grounder, [*requests, wordless], ledger)
    ledger.close()
    another.close()
    assert (again.work.asked, again.values) == (0, found.values[:-1])
    assert found.values[-2] == {"status": "none", "reason": "no_subject"}
    assert found.values[-1]["reason"] == "unreadable_file"
    for answer, (width, height) in zip(found.values, sizes, strict=False):
        assert answer["status"] == "ok"
        assert 1 <= len(answer["regions"]) <= 8
        assert answer["phrase"] == "old dog"
        for region in answer["regions"]:
            assert 0 <= region["x1_px"] < region["x2_px"] <= width
            assert 0 <= region["y1_px"] < region["y2_px"] <= height
            assert (region["reason"] is None) == ("mask_counts" in region)
    (one,) = alone.values
    for region, other in zip(one["regions"], found.values[1]["regions"], strict=True):
        # In a batch of another length sums are in another order.
        assert region["score"] == pytest.approx(other["score"], abs=1e-4)
        assert region["x1_px"] == pytest.approx(other["x1_px"], abs=0.1)


def test_an_interrupted_run_keeps_what_was_found(grounder: DinoSamGrounder, tmp_path: Path) -> None:
    requests = [paint(tmp_path, seed) for seed in range(40)]
    ledger = Ledger(tmp_path / "ledger.sqlite")
    asks = [Ask(one.image_id, one, dict(grounder.parameters(one))) for one in requests]
    inquiry = Inquiry(ROLE, grounder.describe().model, asks, cut_short(grounder), STAGE)
    with pytest.raises(KeyboardInterrupt):
        answer_all(ledger, inquiry)
    resumed = find(grounder, requests, ledger)
    ledger.close()
    assert resumed.work.reused >= 32
    assert resumed.work.asked + resumed.work.reused == 40
    assert {answer["status"] for answer in resumed.values} == {"ok"}


def cut_short(grounder: DinoSamGrounder) -> Any:
    def perform(asks: Any) -> Any:
        for number, pair in enumerate(grounder.perform(asks)):
            if number == 36:
                raise KeyboardInterrupt
            yield pair

    return perform


def reply(**region: Any) -> dict[str, Any]:
    return {"phrase": "dog", "regions": [{"box": [10, 20, 50, 60], "score": 0.5, **region}]}


def png(mask: np.ndarray, kind: str = "PNG") -> str:
    stream = io.BytesIO()
    Image.fromarray(mask).save(stream, kind)
    return base64.b64encode(stream.getvalue()).decode()


def square(side: int = 20, size: tuple[int, int] = (80, 100)) -> np.ndarray:
    mask = np.zeros(size, dtype=bool)
    mask[30 : 30 + side, 20 : 20 + side] = True
    return mask


def test_boxes_and_masks_are_those_of_the_full_image() -> None:
    answer = read_regions(reply(mask=png(square()), mask_score=0.9), SENT, FULL)
    (region,) = answer["regions"]
    assert [region[f"{edge}_px"] for edge in ("x1", "y1", "x2", "y2")] == [20, 40, 100, 120]
    assert (region["score"], region["mask_score"], region["mask_share"]) == (0.5, 0.9, 0.05)
    decoded = masks.decode(region["mask_counts"], region["mask_size_px"])
    assert masks.bounds(decoded) == Box(20, 30, 40, 50)


@pytest.mark.parametrize(
    ("mask", "reason"),
    [
        (png(np.zeros((80, 100), bool)), "mask_empty"),
        (png(square(2, (800 // 2, 500))), "mask_small"),
        (png(np.ones((80, 100), bool)), "mask_outside_box"),
        (png(np.ones((513, 4), bool)), "mask_unreadable"),
        (png(square(), "GIF"), "mask_unreadable"),
        (png(square())[:40], "mask_unreadable"),
        ("é", "mask_unreadable"),
        (None, "mask_unreadable"),
        (7, "mask_unreadable"),
    ],
)
def test_a_mask_that_breaks_a_rule_leaves_its_box(mask: Any, reason: str) -> None:
    (region,) = read_regions(reply(mask=mask, mask_score=0.9), SENT, FULL)["regions"]
    assert region["reason"] == reason
    assert "mask_counts" not in region


@pytest.mark.parametrize(
    "box",
    [
        [float("nan"), 0, 1, 1],
        [0, 0, float("inf"), float("nan")],
        [200, 200, 300, 300],
        [50, 50, 50, 60],
        [60, 60, 50, 50],
        [0, 0, 1],
        ["a", 0, 1, 1],
        None,
        [10**400, 0, 1, 1],
    ],
)
def test_a_box_that_is_none_is_left_out(box: Any) -> None:
    answer = read_regions(reply(box=box), SENT, FULL)
    assert answer == {"status": "none", "reason": "bad_boxes"}


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({"regions": []}, "nothing_found"),
        ({"regions": "many"}, "garbage"),
        ({}, "garbage"),
        ({"regions": [3]}, "bad_boxes"),
        (reply(score=2.0), "bad_boxes"),
        (reply(score=None), "bad_boxes"),
    ],
)
def test_what_is_no_region_is_named(told: dict[str, Any], reason: str) -> None:
    assert read_regions(told, SENT, FULL)["reason"] == reason


def test_a_thousand_boxes_are_eight() -> None:
    answer = read_regions({"regions": reply()["regions"] * 1000}, SENT, FULL)
    assert len(answer["regions"]) == 8


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=10,
)
FIELDS = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("box", "score", "mask", "mask_score"), JSON)
)


@given(st.fixed_dictionaries({}, optional={"regions": JSON | st.lists(FIELDS, max_size=3)}))
def test_any_reply_is_an_answer(told: dict[str, Any]) -> None:
    answer = read_regions(told, SENT, FULL)
    assert answer["status"] in {"ok", "none", "error"}
    for region in answer.get("regions", ()):
        assert 0 <= region["x1_px"] < region["x2_px"] <= FULL[0]


def test_a_child_that_hangs_or_dies_costs_its_image_alone(tmp_path: Path) -> None:
    script = tmp_path / "child.py"
    script.write_text(
        "import json, sys, time\n"
        "for line in sys.stdin:\n"
        "    asked = json.loads(line)\n"
        "    day = asked['phrases'][0]\n"
        "    if day == 'die': sys.exit(3)\n"
        "    if day == 'hang': time.sleep(600)\n"
        "    if day == 'flood': print('x' * 1_000_000, flush=True)\n"
        "    found = [{'box': [1, 1, 9, 9], 'score': 0.5}]\n"
        "    print(json.dumps({'id': asked['id'], 'phrase': day, 'regions': found}), flush=True)\n"
    )
    described = GrounderDescription("a", "b", "c", "d")
    grounder = DinoSamGrounder(
        described, (sys.executable, str(script)), patience=Patience(8, 2), batch=2
    )
    days = ["fine", "die", "fine", "hang", "fine", "flood", "fine"]
    asked = [
        GroundingRequest(one.image_id, one.path, (day,))
        for day, one in zip(days, (paint(tmp_path, seed) for seed in range(7)), strict=True)
    ]
    ledger = Ledger(tmp_path / "ledger.sqlite")
    told = [answer.get("reason", "ok") for answer in find(grounder, asked, ledger).values]
    ledger.close()
    assert told == ["ok", "grounder_crashed", "ok", "timed_out", "ok", "garbage", "ok"]
