"""EmoVerse's Table 5: golden values of boxes, and what the strict rules add."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eemo_pipeline.stages.evaluation.grounding_marks import (
    Box,
    boxes_of,
    centre_score,
    dice,
    iou,
    published_marks,
    read_record,
    strict_marks,
)
from tests.support.commands import call_eemo

GOLD = (0.0, 0.0, 100.0, 100.0)
SIDE = st.floats(0, 1000, allow_nan=False)
BOXES = st.tuples(SIDE, SIDE, SIDE, SIDE).map(
    lambda b: (min(b[0], b[2]), min(b[1], b[3]), max(b[0], b[2]) + 1, max(b[1], b[3]) + 1)
)


@pytest.mark.parametrize(
    ("gold", "named", "expected"),
    [
        (GOLD, (10.0, 10.0, 110.0, 110.0), (0.6807, 0.9091, 0.81)),
        (GOLD, (0.0, 0.0, 50.0, 100.0), (0.5, 0.8232, 0.6667)),
        ((0.0, 0.0, 10.0, 10.0), (90.0, 90.0, 100.0, 100.0), (0.0, 0.1, 0.0)),
    ],
)
def test_golden_boxes(gold: Box, named: Box, expected: tuple[float, float, float]) -> None:
    found = iou(gold, named), centre_score(gold, named), dice(gold, named)
    assert tuple(round(value, 4) for value in found) == expected


def record(*boxes: Box, emotion: str = "awe", intensity: object = 7) -> dict[str, object]:
    return {
        "emotion": emotion,
        "intensity": intensity,
        "objects": [{"bbox": list(b)} for b in boxes],
    }


def test_a_box_without_a_partner_costs_nothing_as_published_and_something_strictly() -> None:
    far = (500.0, 500.0, 600.0, 600.0)
    published, strict = (
        rules(record(GOLD), record(GOLD, far)) for rules in (published_marks, strict_marks)
    )
    assert published["iou"] == published["f1"] == published["centre"] == 1
    assert strict["iou"] == strict["f1"] == strict["centre"] == 0.5
    assert published_marks(record(GOLD), record())["iou"] == 0
    assert strict_marks(record(), record())["iou"] == 1


def test_the_best_assignment_is_not_always_the_greedy_one() -> None:
    gold = [(0.0, 0.0, 10.0, 10.0), (6.0, 0.0, 16.0, 10.0)]
    named = [(4.0, 0.0, 14.0, 10.0), (12.0, 0.0, 22.0, 10.0)]
    greedy = published_marks(record(*gold), record(*named))["iou"]
    best = strict_marks(record(*gold), record(*named))["iou"]
    assert greedy == pytest.approx(8 / 12)
    assert best == pytest.approx((6 / 14 + 4 / 16) / 2)


def test_emotion_and_intensity() -> None:
    marks = published_marks(record(emotion="awe"), record(emotion="Awe", intensity="5"))
    assert marks["emotion"] == 0
    assert marks["intensity"] == pytest.approx(0.8)
    assert strict_marks(record(emotion="awe"), record(emotion="Awe"))["emotion"] == 1
    assert published_marks(record(intensity=99), record(intensity=10))["intensity"] == 1
    assert published_marks(record(), record(intensity=None))["intensity"] == 0


@given(st.lists(BOXES, min_size=1, max_size=4), st.lists(BOXES, min_size=1, max_size=4))
def test_marks_are_shares_and_a_copy_is_perfect(gold: list[Box], named: list[Box]) -> None:
    for rules in (published_marks, strict_marks):
        marks = rules(record(*gold), record(*named))
        assert all(0 <= value <= 1 + 1e-9 for value in marks.values())
        assert all(
            value == pytest.approx(1) for value in rules(record(*gold), record(*gold)).values()
        )


@pytest.mark.parametrize(
    "box",
    [
        {"bbox": [10, 20, 0, 0]},
        {"bbox_2d": {"x1": 10, "y1": "20", "x2": 0, "y2": 0}},
        {"a": [{"b": {"bbox": [[0, 0, 10, 20]]}}]},
    ],
)
def test_boxes_are_found_in_every_form(box: dict[str, object]) -> None:
    assert boxes_of(box) == [(0, 0, 10, 20)]


def test_damaged_boxes_are_left_out() -> None:
    for value in ([1, 2, 3], [1, 2, 3, "x"], [True, 0, 1, 1], "1,2", None, [1e300, 0, 1, 1]):
        assert boxes_of({"bbox": value}) == []
    assert read_record("no record") is None
    assert read_record('{"a": 1} so {"emotion": "awe"}') == {"emotion": "awe"}


def test_a_response_file_is_scored_both_ways(tmp_path: Path) -> None:
    rows = [
        {"gold": record(GOLD), "response": json.dumps(record((0.0, 0.0, 50.0, 100.0)))},
        {"gold": json.dumps(record(GOLD)), "response": "no idea"},
        {"gold": "nothing", "response": "{}"},
    ]
    path = tmp_path / "replies.json"
    path.write_text(json.dumps(rows))
    done = call_eemo("evaluate", "--benchmark", "emoverse_grounding", "--replay", path, "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["numbers"]["iou"]["IoU"] == 25
    assert told["numbers"]["f1 strict"]["F1 strict"] == 33.33
    assert [refusal["reason"] for refusal in told["refusals"]] == ["bad_gold"]
    assert [line.partition(":")[0] for line in told["missing"]] == [
        "CLIP of descriptions",
        "CLIP of triplets",
    ]


def test_texts_are_compared_by_a_clip_model_in_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    folder = save_tiny_clip(tmp_path / "clip")
    truth = {**record(GOLD), "description": "a calm lake", "background": "Park", "subject": "Lake"}
    replies = [
        truth | {"attribute": "calm"},
        {**truth, "description": "a busy street", "noun": "Lake", "subject": None},
        {key: value for key, value in truth.items() if key != "description"},
    ]
    rows = [{"gold": truth, "response": json.dumps(reply)} for reply in replies]
    path = tmp_path / "replies.json"
    path.write_text(json.dumps(rows))
    ask = ("evaluate", "--benchmark", "emoverse_grounding", "--replay", path, "--json")
    done = call_eemo(*ask, "--similarity", folder)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    values = {row["number"]: row for row in told["scores"] if row["marking"] == "given"}
    other = 3 * values["CLIP of descriptions"]["unrounded"] / 100 - 1
    assert 0 < other < 1, "the same text has 1, a missing one 0, and another lies between"
    assert values["CLIP of triplets"]["unrounded"] > 100 * 2 / 3, "two of three are the same"
    both = [values[name]["value"] for name in ("CLIP of descriptions", "CLIP of triplets")]
    assert values["CLIP"]["unrounded"] == pytest.approx(sum(both) / 2)
    assert told["numbers"]["iou"]["IoU"] == 100
    assert told["missing"] == []
    (folder / "model.safetensors").unlink()
    done = call_eemo(*ask, "--similarity", folder)
    assert done.returncode == 5
    assert "no *.safetensors" in done.stderr


def save_tiny_clip(folder: Path) -> Path:
    """Save a CLIP of real classes and random weights, with a tokenizer of whole words."""
    import torch  # pyright: ignore
    from tokenizers import Tokenizer  # pyright: ignore
    from tokenizers.models import WordLevel  # pyright: ignore
    from tokenizers.pre_tokenizers import Whitespace  # pyright: ignore
    from transformers import (  # pyright: ignore
        CLIPConfig,
        CLIPModel,
        PreTrainedTokenizerFast,
    )

    words = ["[UNK]", "[PAD]", "a", "calm", "lake", "busy", "street", "Park", "Lake"]
    split = Tokenizer(WordLevel({word: place for place, word in enumerate(words)}, "[UNK]"))
    split.pre_tokenizer = Whitespace()
    small = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1}
    small |= {"num_attention_heads": 2, "projection_dim": 8}
    text = small | {"vocab_size": len(words), "max_position_embeddings": 16, "eos_token_id": 2}
    config = CLIPConfig(
        text_config=text | {"bos_token_id": 0, "pad_token_id": 1},
        vision_config=small | {"image_size": 8, "patch_size": 4},
        projection_dim=8,
    )
    torch.manual_seed(1)
    CLIPModel(config).save_pretrained(folder)
    marks = {"unk_token": "[UNK]", "pad_token": "[PAD]"}
    PreTrainedTokenizerFast(tokenizer_object=split, **marks).save_pretrained(folder)
    return folder
