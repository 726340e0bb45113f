"""The child of `dino_sam_grounder.py`: Grounding DINO and SAM behind JSON lines.

    python dino_sam.py DETECTOR SEGMENTER [--describe]

Finds boxes for phrases, and a mask for each box. The file runs in any environment that has torch,
transformers and Pillow, so it imports nothing else but `json_lines.py`, from its own folder.
Weights are read only from safetensors, because other formats can run code when they are loaded.

A question has `image`, `phrases` and the thresholds `box`, `text` and `overlap`. The phrases are
tried in their order until one of them has a box. An answer has the `phrase` that was found, and
`regions`: `box` in px of the image, `score`, and a `mask` as a black and white PNG with its
predicted IoU, `mask_score`.
"""

import base64
import io
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import isfinite
from typing import Any

from json_lines import (  # pyright: ignore[reportMissingImports]
    answer_each,
    hash_weights,
    read_together,
    write_answers,
)

_LINES = 64  # questions that are read together
_BATCH = 8  # images of one size that a model sees together
_MOST_REGIONS = 8
_MASK_SIDE = 512  # px; SAM's own masks have 256
_LARGEST_MASK = 16_000  # bytes; an object takes one or two thousand, noise more


@dataclass(frozen=True)
class _Shown:
    """An image and what is searched in it."""

    image: Any
    phrases: tuple[str, ...]
    thresholds: tuple[float, float, float]


def describe(detector: str, segmenter: str) -> dict[str, Any]:
    """Describe both models from their configurations, without loading the weights."""
    from transformers import AutoConfig  # pyright: ignore[reportMissingImports]

    told = {}
    for part, name in (("detector", detector), ("segmenter", segmenter)):
        config = AutoConfig.from_pretrained(name)
        told[part] = config.architectures[0] if config.architectures else config.model_type
        told[f"{part}_sha256"] = hash_weights(name) or getattr(config, "_commit_hash", None) or ""
    return {**told, "batch": _LINES}


class _Models:
    """Both models on the best device."""

    def __init__(self, detector: str, segmenter: str) -> None:
        import torch  # pyright: ignore[reportMissingImports]
        from transformers import (  # pyright: ignore[reportMissingImports]
            AutoModelForMaskGeneration,
            AutoModelForZeroShotObjectDetection,
            AutoProcessor,
        )

        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.reader, self.cutter = map(AutoProcessor.from_pretrained, (detector, segmenter))
        self.detector, self.segmenter = (
            kind.from_pretrained(name, use_safetensors=True).eval().to(self.device)
            for kind, name in (
                (AutoModelForZeroShotObjectDetection, detector),
                (AutoModelForMaskGeneration, segmenter),
            )
        )

    def detect(
        self, shown: list[_Shown], phrases: list[str]
    ) -> list[list[tuple[list[float], float]]]:
        """Return the boxes of each image with their scores, best first, without overlaps."""
        inputs = self.reader(
            images=[one.image for one in shown],
            text=[f"{phrase.lower()}." for phrase in phrases],
            return_tensors="pt",
            padding=True,
        ).to(self.device)
        outputs = self._run(self.detector, inputs)
        found = []
        for place, one in enumerate(shown):
            box, text, overlap = one.thresholds
            (told,) = self.reader.post_process_grounded_object_detection(
                _only(outputs, place),
                inputs["input_ids"][place : place + 1],
                threshold=box,
                text_threshold=text,
                target_sizes=[one.image.size[::-1]],
            )
            boxes = zip(told["boxes"].double().tolist(), told["scores"].tolist(), strict=True)
            found.append(
                _suppress([pair for pair in boxes if all(map(isfinite, pair[0]))], overlap)
            )
        return found

    def segment(
        self, images: list[Any], boxes: list[list[list[float]]]
    ) -> list[list[tuple[Any, float]]]:
        """Return the best mask of every box with its predicted IoU."""
        import torch  # pyright: ignore[reportMissingImports]

        # A batch needs equally many boxes per image: the last one fills up.
        most = max(map(len, boxes))
        filled = [given + [given[-1]] * (most - len(given)) for given in boxes]
        inputs = self.cutter(images=images, input_boxes=filled, return_tensors="pt").to(self.device)
        sizes = {
            name: inputs.pop(name).tolist() for name in list(inputs) if name.endswith("_sizes")
        }
        outputs = self._run(self.segmenter, inputs, multimask_output=True)
        best = outputs.iou_scores.argmax(dim=-1, keepdim=True)
        chosen = (
            torch.take_along_dim(outputs.pred_masks, best[..., None, None], dim=2).float().cpu()
        )
        scores = torch.take_along_dim(outputs.iou_scores, best, dim=-1)[..., 0].tolist()
        found = []
        for place, given in enumerate(boxes):
            # Only the masks of one image are large at a time.
            own = {name: [rows[place]] for name, rows in sizes.items()}
            own["original_sizes"] = [_mask_size(*own["original_sizes"][0])]
            (masks,) = self.cutter.image_processor.post_process_masks(
                chosen[place : place + 1], *own.values()
            )
            pairs = zip(masks[:, 0].numpy(), scores[place], strict=True)
            found.append(list(pairs)[: len(given)])
        return found

    def _run(self, model: Any, inputs: Any, **options: Any) -> Any:
        import torch  # pyright: ignore[reportMissingImports]

        half = torch.autocast("cuda", torch.float16, enabled=self.device == "cuda")
        with torch.inference_mode(), half:
            return model(**inputs, **options)


def serve(detector: str, segmenter: str) -> None:
    """Answer every input line with one output line; waiting lines are answered as a batch."""
    models = _Models(detector, segmenter)

    def find(shown: list[_Shown]) -> list[dict[str, Any]]:
        answers: list[dict[str, Any]] = [{"regions": []} for _ in shown]
        for turn in range(max(len(one.phrases) for one in shown)):
            open_ = [
                place
                for place, one in enumerate(shown)
                if turn < len(one.phrases) and not answers[place]["regions"]
            ]
            if not open_:
                break
            phrases = [shown[place].phrases[turn] for place in open_]
            found = models.detect([shown[place] for place in open_], phrases)
            for place, phrase, boxes in zip(open_, phrases, found, strict=True):
                regions = [{"box": box, "score": score} for box, score in boxes]
                answers[place] = {"phrase": phrase, "regions": regions}
        _add_masks(models, shown, answers)
        return answers

    with ThreadPoolExecutor() as threads:
        for asked in read_together(_LINES):
            prepared = list(threads.map(_prepare, asked))
            answers: dict[int, dict[str, Any]] = {}
            for part in _group(prepared):
                found = answer_each([prepared[place] for place in part], find)
                answers.update(zip(part, found, strict=True))
            write_answers(asked, [answers[place] for place in range(len(asked))])


def _add_masks(models: _Models, shown: list[_Shown], answers: list[dict[str, Any]]) -> None:
    seen = [place for place, answer in enumerate(answers) if answer["regions"]]
    if not seen:
        return
    boxes = [[region["box"] for region in answers[place]["regions"]] for place in seen]
    masks = models.segment([shown[place].image for place in seen], boxes)
    for place, found in zip(seen, masks, strict=True):
        for region, (mask, score) in zip(answers[place]["regions"], found, strict=True):
            region |= {"mask": _encode(mask), "mask_score": score}


def _prepare(question: dict[str, Any]) -> Any:
    """Return the image and what is searched in it, or the exception that reading it raised."""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(base64.b64decode(question["image"]))) as picture:
            image = picture.convert("RGB")
        box, text, overlap = (float(question[name]) for name in ("box", "text", "overlap"))
        return _Shown(image, tuple(question["phrases"]), (box, text, overlap))
    except Exception as error:  # noqa: BLE001 (a failed image must not affect the others)
        return error


def _group(prepared: list[Any]) -> list[list[int]]:
    """Return the places of images that share a batch: of one size, since padding moves boxes."""
    sized: dict[Any, list[int]] = {}
    for place, one in enumerate(prepared):
        size = None if isinstance(one, Exception) else one.image.size
        sized.setdefault(size, []).append(place)
    return [
        places[start : start + _BATCH]
        for places in sized.values()
        for start in range(0, len(places), _BATCH)
    ]


def _only(outputs: Any, place: int) -> Any:
    """Return the outputs of one image of a batch, in single precision."""
    from types import SimpleNamespace

    return SimpleNamespace(
        logits=outputs.logits[place : place + 1].float(),
        pred_boxes=outputs.pred_boxes[place : place + 1].float(),
    )


def _suppress(
    boxes: list[tuple[list[float], float]], overlap: float
) -> list[tuple[list[float], float]]:
    """Return the best boxes, none of which overlaps a better one by more than the given IoU."""
    kept: list[tuple[list[float], float]] = []
    for box, score in sorted(boxes, key=lambda pair: -pair[1]):
        if all(_iou(box, other) <= overlap for other, _ in kept):
            kept.append((box, score))
        if len(kept) == _MOST_REGIONS:
            break
    return kept


def _iou(one: list[float], other: list[float]) -> float:
    def area(box: list[float]) -> float:
        return max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])

    shared = area([*map(max, one[:2], other[:2]), *map(min, one[2:], other[2:])])
    joint = area(one) + area(other) - shared
    return shared / joint if joint > 0 else 0.0


def _mask_size(height: int, width: int) -> list[int]:
    scale = min(1.0, _MASK_SIDE / max(height, width))
    return [max(1, round(height * scale)), max(1, round(width * scale))]


def _encode(mask: Any) -> str | None:
    """Return a mask as a PNG in Base64, or None if it is noise and no object."""
    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(mask).convert("1").save(stream, "PNG")
    content = stream.getvalue()
    return base64.b64encode(content).decode() if len(content) <= _LARGEST_MASK else None


if __name__ == "__main__":
    if "--describe" in sys.argv[3:]:
        sys.stdout.write(json.dumps(describe(*sys.argv[1:3])) + "\n")
    else:
        serve(*sys.argv[1:3])
