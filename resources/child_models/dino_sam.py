"""The child of `dino_sam_grounder.py`: Grounding DINO with SAM or SAM 2 behind JSON lines.

    python dino_sam.py DETECTOR SEGMENTER [--describe]

Finds boxes for phrases, and a mask for each box. The file runs in any environment that has torch,
transformers and Pillow, so it imports nothing else but `json_lines.py`, `grounding_lines.py` and
`model_hub.py`, from its own folder. Weights are read only from safetensors, because other formats
can run code when they are loaded.
"""

import json
import sys
from typing import Any

from grounding_lines import (  # pyright: ignore[reportMissingImports]
    LINES,
    Found,
    Shown,
    fill_up,
    mask_size,
    serve,
)
from json_lines import hash_weights  # pyright: ignore[reportMissingImports]
from model_hub import models_at_hand  # pyright: ignore[reportMissingImports]

# What SAM 2's processor subtracts from pixels of 0-1, and divides them by: those of ImageNet.
_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def describe(detector: str, segmenter: str) -> dict[str, Any]:
    """Describe both models from their configurations, without loading the weights."""
    from transformers import AutoConfig  # pyright: ignore[reportMissingImports]

    told = {}
    for part, name in (("detector", detector), ("segmenter", segmenter)):
        config = AutoConfig.from_pretrained(name)
        told[part] = config.architectures[0] if config.architectures else config.model_type
        told[f"{part}_sha256"] = hash_weights(name) or getattr(config, "_commit_hash", None) or ""
        if part == "segmenter" and config.model_type not in SEGMENTERS:
            sys.exit(
                f"the segmenter {name} is a {config.model_type}. Choose one of "
                f"{', '.join(SEGMENTERS)}"
            )
    return {**told, "batch": LINES}


class DinoSam:
    """Both models on the best device; implements `Models` of `grounding_lines.py`."""

    def __init__(self, detector: str, segmenter: str) -> None:
        """Load both from folders, or by names of the hub."""
        import torch  # pyright: ignore[reportMissingImports]
        from transformers import (  # pyright: ignore[reportMissingImports]
            AutoConfig,
            AutoModelForZeroShotObjectDetection,
            AutoProcessor,
        )

        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.reader = AutoProcessor.from_pretrained(detector)
        self.detector = _load(AutoModelForZeroShotObjectDetection, detector, self.device)
        kind = AutoConfig.from_pretrained(segmenter).model_type
        self.segmenter = SEGMENTERS[kind](segmenter, self.device)

    def detect(self, shown: list[Shown], phrases: list[str]) -> list[Found]:
        """Return the boxes of each image with their scores."""
        inputs = self.reader(
            images=[one.image for one in shown],
            text=[f"{phrase.lower()}." for phrase in phrases],
            return_tensors="pt",
            padding=True,
        ).to(self.device)
        outputs = _run(self.detector, self.device, **inputs)
        found = []
        for place, one in enumerate(shown):
            (told,) = self.reader.post_process_grounded_object_detection(
                _only(outputs, place),
                inputs["input_ids"][place : place + 1],
                threshold=one.box,
                text_threshold=one.text,
                target_sizes=[one.image.size[::-1]],
            )
            boxes = told["boxes"].double().tolist()
            triples = zip(boxes, told["scores"].tolist(), told["text_labels"], strict=True)
            # A box without a word above the threshold is a box of nothing that was asked for.
            found.append([(box, score) for box, score, words in triples if words])
        return found

    def segment(
        self, images: list[Any], boxes: list[list[list[float]]]
    ) -> list[list[tuple[Any, float]]]:
        """Return the best mask of every box with its predicted IoU."""
        return self.segmenter.segment(images, boxes)


class Sam:
    """SAM (Kirillov et al. 2023), with the processor of transformers."""

    def __init__(self, name: str, device: str) -> None:
        """Load the model from a folder, or by a name of the hub."""
        from transformers import (  # pyright: ignore[reportMissingImports]
            AutoModelForMaskGeneration,
            AutoProcessor,
        )

        self.device = device
        self.cutter = AutoProcessor.from_pretrained(name)
        self.model = _load(AutoModelForMaskGeneration, name, device)

    def segment(
        self, images: list[Any], boxes: list[list[list[float]]]
    ) -> list[list[tuple[Any, float]]]:
        """Return the best mask of every box with its predicted IoU."""
        inputs = self.cutter(images=images, input_boxes=fill_up(boxes), return_tensors="pt").to(
            self.device
        )
        sizes = {
            name: inputs.pop(name).tolist() for name in list(inputs) if name.endswith("_sizes")
        }
        chosen, scores = _choose(_run(self.model, self.device, **inputs, multimask_output=True))
        found = []
        for place, given in enumerate(boxes):
            # Only the masks of one image are large at a time.
            own = {name: [rows[place]] for name, rows in sizes.items()}
            own["original_sizes"] = [mask_size(*own["original_sizes"][0])]
            (masks,) = self.cutter.image_processor.post_process_masks(
                chosen[place : place + 1], *own.values()
            )
            pairs = zip(masks[:, 0].numpy(), scores[place], strict=True)
            found.append(list(pairs)[: len(given)])
        return found


class Sam2:
    """SAM 2 (Ravi et al. 2024, arXiv 2408.00714).

    The processor of transformers needs torchvision, which breaks transformers where its operators
    do not match torch. So images are scaled and normalised here: to a square, as SAM 2 sees them.
    """

    def __init__(self, name: str, device: str) -> None:
        """Load the model from a folder, or by a name of the hub."""
        from transformers import Sam2Model  # pyright: ignore[reportMissingImports]

        self.device = device
        self.model = _load(Sam2Model, name, device)
        self.side = self.model.config.prompt_encoder_config.image_size

    def segment(
        self, images: list[Any], boxes: list[list[list[float]]]
    ) -> list[list[tuple[Any, float]]]:
        """Return the best mask of every box with its predicted IoU."""
        import numpy as np
        import torch  # pyright: ignore[reportMissingImports]
        from torch.nn.functional import interpolate  # pyright: ignore[reportMissingImports]

        # Bilinear, and smoothed where an image shrinks.
        squares = [image.resize((self.side, self.side), resample=2) for image in images]
        pixels = torch.from_numpy(np.stack([np.asarray(one) for one in squares]))
        pixels = pixels.to(self.device).permute(0, 3, 1, 2).float() / 255
        mean, deviation = (
            torch.tensor(values, device=self.device)[:, None, None]
            for values in (_MEAN, _DEVIATION)
        )
        scaled = [
            [
                [
                    edge * self.side / length
                    for edge, length in zip(box, image.size * 2, strict=True)
                ]
                for box in own
            ]
            for image, own in zip(images, fill_up(boxes), strict=True)
        ]
        outputs = _run(
            self.model,
            self.device,
            pixel_values=(pixels - mean) / deviation,
            input_boxes=torch.tensor(scaled, dtype=torch.float32, device=self.device),
            multimask_output=True,
        )
        chosen, scores = _choose(outputs)
        found = []
        for place, (image, given) in enumerate(zip(images, boxes, strict=True)):
            size = mask_size(*image.size[::-1])
            masks = interpolate(chosen[place], size, mode="bilinear", align_corners=False)
            pairs = zip((masks[:, 0] > 0).numpy(), scores[place], strict=True)
            found.append(list(pairs)[: len(given)])
        return found


# Model types of transformers. The released SAM 2 configures itself for videos; images need a part.
SEGMENTERS = {"sam": Sam, "sam2": Sam2, "sam2_video": Sam2}


def _load(kind: Any, name: str, device: str) -> Any:
    return kind.from_pretrained(name, use_safetensors=True).eval().to(device)


def _run(model: Any, device: str, **inputs: Any) -> Any:
    import torch  # pyright: ignore[reportMissingImports]

    half = torch.autocast("cuda", torch.float16, enabled=device == "cuda")
    with torch.inference_mode(), half:
        return model(**inputs)


def _choose(outputs: Any) -> tuple[Any, list[list[float]]]:
    """Return the best of the masks of each box by predicted IoU, and that IoU.

    The masks are logits, of shape (images, boxes, 1, height, width).
    """
    import torch  # pyright: ignore[reportMissingImports]

    best = outputs.iou_scores.argmax(dim=-1, keepdim=True)
    chosen = torch.take_along_dim(outputs.pred_masks, best[..., None, None], dim=2).float().cpu()
    return chosen, torch.take_along_dim(outputs.iou_scores, best, dim=-1)[..., 0].tolist()


def _only(outputs: Any, place: int) -> Any:
    """Return the outputs of one image of a batch, in single precision."""
    from types import SimpleNamespace

    return SimpleNamespace(
        logits=outputs.logits[place : place + 1].float(),
        pred_boxes=outputs.pred_boxes[place : place + 1].float(),
    )


if __name__ == "__main__":
    with models_at_hand(*sys.argv[1:3]):
        if "--describe" in sys.argv[3:]:
            sys.stdout.write(json.dumps(describe(*sys.argv[1:3])) + "\n")
        else:
            serve(DinoSam(*sys.argv[1:3]))
