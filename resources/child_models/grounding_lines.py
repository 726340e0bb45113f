"""What the programs behind a grounder share: questions, phrases in turn, suppression, masks.

The programs `dino_sam.py` and `groundingdino_native.py` bring the models; this file imports Pillow
and `json_lines.py`, from its own folder, and nothing else.

A question has `image`, `phrases` and the thresholds `box`, `text` and `overlap`. The phrases are
tried in their order until one of them has a box. An answer has the `phrase` that was found;
`regions`: `box` in px of the image, `score`, and a `mask` as a black and white PNG with its
predicted IoU, `mask_score`; and `left_out`, the boxes that are none or exceed the eight best.
"""

import base64
import io
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import isfinite
from typing import Any, Protocol

from json_lines import (  # pyright: ignore[reportMissingImports]
    answer_each,
    read_together,
    write_answers,
)

LINES = 64  # questions that are read together
_BATCH = 8  # images of one size that a model sees together
_MOST_REGIONS = 8
_MASK_SIDE = 512  # px; SAM's own masks have 256
_LARGEST_MASK = 16_000  # bytes; an object takes one or two thousand, noise more

Found = list[tuple[list[float], float]]


@dataclass(frozen=True)
class Shown:
    """An image, and what is searched in it; `box`, `text` and `overlap` are thresholds, 0-1."""

    image: Any
    phrases: tuple[str, ...]
    box: float
    text: float
    overlap: float


class Models(Protocol):
    """A detector and a segmenter."""

    def detect(self, shown: list[Shown], phrases: list[str]) -> list[Found]:
        """Return, per image, boxes (x1, y1, x2, y2 in px) with scores above the thresholds."""
        ...

    def segment(
        self, images: list[Any], boxes: list[list[list[float]]]
    ) -> list[list[tuple[Any, float]]]:
        """Return, per image and box, the best mask (of `mask_size`) with its predicted IoU."""
        ...


def serve(models: Models) -> None:
    """Answer every input line with one output line; waiting lines are answered as a batch."""
    with ThreadPoolExecutor() as threads:
        for asked in read_together(LINES):
            prepared = list(threads.map(_prepare, asked))
            answers: dict[int, dict[str, Any]] = {}
            for part in _group(prepared):
                found = answer_each([prepared[place] for place in part], lambda s: find(models, s))
                answers.update(zip(part, found, strict=True))
            write_answers(asked, [answers[place] for place in range(len(asked))])


def find(models: Models, shown: list[Shown]) -> list[dict[str, Any]]:
    """Return the answers about images of one size."""
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
            kept, left_out = _suppress(boxes, shown[place].overlap)
            regions = [{"box": box, "score": score} for box, score in kept]
            answers[place] = {"phrase": phrase, "regions": regions, "left_out": left_out}
    _add_masks(models, shown, answers)
    return answers


def mask_size(height: int, width: int) -> list[int]:
    """Return height and width of the masks of an image, in px."""
    scale = min(1.0, _MASK_SIDE / max(height, width))
    return [max(1, round(height * scale)), max(1, round(width * scale))]


def fill_up(boxes: list[list[list[float]]]) -> list[list[list[float]]]:
    """Return equally many boxes per image, as a batch needs them: the last one is repeated."""
    most = max(map(len, boxes))
    return [given + [given[-1]] * (most - len(given)) for given in boxes]


def _add_masks(models: Models, shown: list[Shown], answers: list[dict[str, Any]]) -> None:
    seen = [place for place, answer in enumerate(answers) if answer["regions"]]
    if not seen:
        return
    boxes = [[region["box"] for region in answers[place]["regions"]] for place in seen]
    masks = models.segment([shown[place].image for place in seen], boxes)
    for place, found in zip(seen, masks, strict=True):
        for region, (mask, score) in zip(answers[place]["regions"], found, strict=True):
            region |= {"mask": _encode(mask), "mask_score": score if isfinite(score) else None}


def _prepare(question: dict[str, Any]) -> Any:
    """Return the image and what is searched in it, or the exception that reading it raised."""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(base64.b64decode(question["image"]))) as picture:
            image = picture.convert("RGB")
        thresholds = (float(question[name]) for name in ("box", "text", "overlap"))
        return Shown(image, tuple(question["phrases"]), *thresholds)
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


def _suppress(boxes: Found, overlap: float) -> tuple[Found, int]:
    """Return the best boxes without overlaps, and how many are none or exceed the eight best.

    Greedy non-maximum suppression: a box is dropped if its IoU with a better one exceeds `overlap`.
    """
    usable = [pair for pair in boxes if all(map(isfinite, (*pair[0], pair[1])))]
    kept: Found = []
    beyond = 0
    for box, score in sorted(usable, key=lambda pair: -pair[1]):
        if any(_iou(box, other) > overlap for other, _ in kept):
            continue
        if len(kept) < _MOST_REGIONS:
            kept.append((box, score))
        else:
            beyond += 1
    return kept, len(boxes) - len(usable) + beyond


def _iou(one: list[float], other: list[float]) -> float:
    def area(box: list[float]) -> float:
        return max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])

    shared = area([*map(max, one[:2], other[:2]), *map(min, one[2:], other[2:])])
    joint = area(one) + area(other) - shared
    return shared / joint if joint > 0 else 0.0


def _encode(mask: Any) -> str | None:
    """Return a mask as a PNG in Base64, or None if it is noise and no object."""
    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(mask).convert("1").save(stream, "PNG")
    content = stream.getvalue()
    return base64.b64encode(content).decode() if len(content) <= _LARGEST_MASK else None
