"""The child of `groundingdino_native_grounder.py`: the authors' own models behind JSON lines.

    python groundingdino_native.py DETECTOR SEGMENTER [--describe]

Runs in the environment of `groundingdino_native.txt`, so it imports nothing of this repository but
`json_lines.py`, `grounding_lines.py` and `model_hub.py`, from its own folder.

DETECTOR and SEGMENTER are checkpoint files: `.safetensors`, or `.pth` that torch loads with
`weights_only`. A checkpoint that holds more than tensors, which only code could load, is refused.
What a checkpoint is built as follows from its name, as published: `swint` or `swinb` for Grounding
DINO, `vit_h`, `vit_l` or `vit_b` for SAM. A file `NAME.json` beside a checkpoint `NAME.pth` changes
settings of that model, such as `text_encoder_type`, a local folder with BERT in safetensors.
"""

import json
import os
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

from grounding_lines import (  # pyright: ignore[reportMissingImports]
    LINES,
    Found,
    Shown,
    fill_up,
    mask_size,
    serve,
)
from model_hub import models_at_hand  # pyright: ignore[reportMissingImports]

_CONFIGS = {"swint": "GroundingDINO_SwinT_OGC", "swinb": "GroundingDINO_SwinB_cfg"}
# type -> width, depth, heads and layers with global attention of the image encoder
_ENCODERS = {
    "vit_h": (1280, 32, 16, (7, 15, 23, 31)),
    "vit_l": (1024, 24, 16, (5, 11, 17, 23)),
    "vit_b": (768, 12, 12, (2, 5, 8, 11)),
}
_WORDS = "bert-base-uncased"  # reads the phrases in both published configurations
_SHORT_SIDE, _LONG_SIDE = 800, 1333  # px of an image as Grounding DINO sees it
_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def describe(detector: Path, segmenter: Path) -> dict[str, Any]:
    """Describe both models; the checkpoints are opened, so that one with code is refused here."""
    told: dict[str, Any] = {}
    for part, name, path in (
        ("detector", "groundingdino-py", detector),
        ("segmenter", "segment-anything", segmenter),
    ):
        read_checkpoint(path)
        told |= {part: f"{name} {path.stem}", f"{part}_sha256": _hash(path)}
    return {**told, "batch": LINES}


def read_checkpoint(path: Path) -> dict[str, Any]:
    """Return the tensors of a checkpoint by name; ends the process if it holds anything else."""
    if path.suffix == ".safetensors":
        from safetensors.torch import load_file  # pyright: ignore[reportMissingImports]

        return load_file(str(path))
    import torch  # pyright: ignore[reportMissingImports]

    try:
        loaded = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except Exception as error:  # noqa: BLE001 (a file that is no checkpoint fails in many ways)
        sys.exit(
            f"the checkpoint {path} is refused: it holds more than tensors, or is damaged "
            f"({type(error).__name__}). To load it would run its code. Convert it to safetensors "
            "in a sandbox"
        )
    tensors = loaded.get("model", loaded) if isinstance(loaded, dict) else None
    if not isinstance(tensors, dict) or not all(
        isinstance(t, torch.Tensor) for t in tensors.values()
    ):
        sys.exit(f"the checkpoint {path} is refused: it is no table of tensors")
    # The prefix is of training on several devices.
    return {name.removeprefix("module."): tensor for name, tensor in tensors.items()}


class NativeModels:
    """Both models on the best device; implements `Models` of `grounding_lines.py`."""

    def __init__(self, detector: Path, segmenter: Path) -> None:
        """Load both from checkpoints."""
        import torch  # pyright: ignore[reportMissingImports]

        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        # Both libraries print to standard output, which holds nothing but answers.
        answers, sys.stdout = sys.stdout, sys.stderr
        self.detector = _build_detector(detector, self.device)
        self.segmenter = _build_segmenter(segmenter, self.device)
        sys.stdout = answers
        self.sides = _settings(detector).get("sides", (_SHORT_SIDE, _LONG_SIDE))

    def detect(self, shown: list[Shown], phrases: list[str]) -> list[Found]:
        """Return the boxes of each image with their scores."""
        import numpy as np
        import torch  # pyright: ignore[reportMissingImports]

        size = _resized(*shown[0].image.size, *self.sides)
        scaled = [np.asarray(one.image.resize(size, resample=2)) for one in shown]
        pixels = torch.from_numpy(np.stack(scaled)).to(self.device).permute(0, 3, 1, 2).float()
        mean, deviation = (
            torch.tensor(values, device=self.device)[:, None, None]
            for values in (_MEAN, _DEVIATION)
        )
        captions = [f"{phrase.lower()}." for phrase in phrases]
        with torch.inference_mode():
            outputs = self.detector((pixels / 255 - mean) / deviation, captions=captions)
        logits, boxes = outputs["pred_logits"].float().sigmoid().cpu(), outputs["pred_boxes"].cpu()
        return [
            _read_boxes(logits[place], boxes[place].double(), one)
            for place, one in enumerate(shown)
        ]

    def segment(
        self, images: list[Any], boxes: list[list[list[float]]]
    ) -> list[list[tuple[Any, float]]]:
        """Return the best mask of every box with its predicted IoU; images have one size."""
        import numpy as np
        import torch  # pyright: ignore[reportMissingImports]

        width, height = images[0].size
        side = self.segmenter.image_encoder.img_size
        inner = _scaled(width, height, side / max(width, height))
        scaled = [np.asarray(image.resize(inner, resample=2)) for image in images]
        pixels = torch.from_numpy(np.stack(scaled)).to(self.device).permute(0, 3, 1, 2).float()
        ratio = torch.tensor([inner[0] / width, inner[1] / height] * 2, device=self.device)
        found = []
        with torch.inference_mode():
            seen = self.segmenter.image_encoder(self.segmenter.preprocess(pixels))
            for place, own in enumerate(fill_up(boxes)):
                prompts = torch.tensor(own, dtype=torch.float32, device=self.device) * ratio
                found.append(
                    self._cut(seen[place : place + 1], prompts, inner, (width, height))[
                        : len(boxes[place])
                    ]
                )
        return found

    def _cut(
        self, seen: Any, prompts: Any, inner: tuple[int, int], size: tuple[int, int]
    ) -> list[tuple[Any, float]]:
        import torch  # pyright: ignore[reportMissingImports]

        sparse, dense = self.segmenter.prompt_encoder(points=None, boxes=prompts, masks=None)
        masks, scores = self.segmenter.mask_decoder(
            image_embeddings=seen,
            image_pe=self.segmenter.prompt_encoder.get_dense_pe(),
            sparse_prompt_embeddings=sparse,
            dense_prompt_embeddings=dense,
            multimask_output=True,
        )
        best = scores.argmax(dim=1, keepdim=True)
        chosen = torch.take_along_dim(masks, best[..., None, None], dim=1)
        whole = self.segmenter.postprocess_masks(chosen, inner[::-1], tuple(mask_size(*size[::-1])))
        is_object = (whole[:, 0] > self.segmenter.mask_threshold).cpu().numpy()
        return list(zip(is_object, scores.gather(1, best)[:, 0].tolist(), strict=True))


def _read_boxes(logits: Any, boxes: Any, one: Shown) -> Found:
    """Return the boxes of one image in px: those that a word of the phrase names.

    Args:
        logits: probabilities, one row per query and one column per token.
        boxes: centre, width and height as shares of the image, one row per query.
        one: image and thresholds.
    """
    scores = logits.max(dim=1).values
    # The first token is no word. Beyond the caption, probabilities are 0.
    is_kept = (scores > one.box) & (logits[:, 1:] > one.text).any(dim=1)
    width, height = one.image.size
    found = []
    for (x, y, wide, high), score in zip(
        boxes[is_kept].tolist(), scores[is_kept].tolist(), strict=True
    ):
        edges = [x - wide / 2, y - high / 2, x + wide / 2, y + high / 2]
        lengths = (width, height, width, height)
        box = [edge * length for edge, length in zip(edges, lengths, strict=True)]
        found.append((box, score))
    return found


def _build_detector(path: Path, device: str) -> Any:
    """Build Grounding DINO from its published configuration and the checkpoint's settings."""
    from functools import partial

    import groundingdino.config  # pyright: ignore[reportMissingImports]
    from groundingdino.models import build_model  # pyright: ignore[reportMissingImports]
    from groundingdino.util import get_tokenlizer  # pyright: ignore[reportMissingImports]
    from groundingdino.util.slconfig import SLConfig  # pyright: ignore[reportMissingImports]
    from transformers import BertModel  # pyright: ignore[reportMissingImports]

    # BERT's own weights too are read from safetensors alone.
    get_tokenlizer.BertModel.from_pretrained = partial(
        BertModel.from_pretrained, use_safetensors=True
    )
    configs = Path(groundingdino.config.__file__).parent
    settings = SLConfig.fromfile(str(configs / f"{_choose(path, _CONFIGS)}.py"))
    settings.merge_from_dict({**_settings(path), "device": device, "use_checkpoint": False})
    model = build_model(settings)
    _fill(model, read_checkpoint(path), path)
    return model.eval().to(device)


def _build_segmenter(path: Path, device: str) -> Any:
    """Build SAM as `segment_anything.build_sam` does, with the checkpoint's settings."""
    from functools import partial

    import torch  # pyright: ignore[reportMissingImports]
    from segment_anything.modeling import (  # pyright: ignore[reportMissingImports]
        ImageEncoderViT,
        MaskDecoder,
        PromptEncoder,
        Sam,
        TwoWayTransformer,
    )

    width, depth, heads, spanning = _ENCODERS[_choose(path, {name: name for name in _ENCODERS})]
    own = {
        "width": width,
        "depth": depth,
        "heads": heads,
        "global_attention": spanning,
        "side": 1024,
        "prompt_width": 256,
        "decoder_width": 2048,
        **_settings(path),
    }
    side, prompt_width = own["side"], own["prompt_width"]
    grid = side // 16
    model = Sam(
        ImageEncoderViT(
            img_size=side,
            patch_size=16,
            embed_dim=own["width"],
            depth=own["depth"],
            num_heads=own["heads"],
            out_chans=prompt_width,
            norm_layer=partial(torch.nn.LayerNorm, eps=1e-6),
            use_rel_pos=True,
            window_size=14,
            global_attn_indexes=tuple(own["global_attention"]),
        ),
        PromptEncoder(prompt_width, (grid, grid), (side, side), 16),
        MaskDecoder(
            transformer_dim=prompt_width,
            transformer=TwoWayTransformer(2, prompt_width, 8, own["decoder_width"]),
        ),
    )
    _fill(model, read_checkpoint(path), path)
    return model.eval().to(device)


def _fill(model: Any, tensors: dict[str, Any], path: Path) -> None:
    """Load the weights; ends the process if they are another model's.

    BERT counts its positions in a tensor that its releases keep or leave out.
    """
    loaded = model.load_state_dict(tensors, strict=False)
    lost = [name for name in loaded.missing_keys if not name.endswith("position_ids")]
    unknown = [name for name in loaded.unexpected_keys if not name.endswith("position_ids")]
    if lost or unknown:
        sys.exit(
            f"the checkpoint {path} is not of the model that its name says: missing {lost[:3]}, "
            f"unknown {unknown[:3]}"
        )


def _choose(path: Path, kinds: dict[str, str]) -> str:
    """Return the kind that the checkpoint's name says; ends the process if it says none."""
    for mark, kind in kinds.items():
        if mark in path.name.casefold():
            return kind
    return sys.exit(f"the name of {path} says none of {', '.join(kinds)}. Rename it as published")


def _settings(path: Path) -> dict[str, Any]:
    beside = path.with_suffix(".json")
    return json.loads(beside.read_text("utf-8")) if beside.is_file() else {}


def _resized(width: int, height: int, short: int, long: int) -> tuple[int, int]:
    """Return width and height with the short side given, unless the long one were too long."""
    scale = min(short / min(width, height), long / max(width, height))
    return _scaled(width, height, scale)


def _scaled(width: int, height: int, scale: float) -> tuple[int, int]:
    return max(1, round(width * scale)), max(1, round(height * scale))


def _hash(path: Path) -> str:
    digest = sha256()
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    beside = path.with_suffix(".json")
    if beside.is_file():  # settings are part of the model
        digest.update(beside.read_bytes())
    return digest.hexdigest()


if __name__ == "__main__":
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    files = Path(sys.argv[1]), Path(sys.argv[2])
    if "--describe" in sys.argv[3:]:
        sys.stdout.write(json.dumps(describe(*files)) + "\n")
    else:
        with models_at_hand(_settings(files[0]).get("text_encoder_type", _WORDS)):
            serve(NativeModels(*files))
