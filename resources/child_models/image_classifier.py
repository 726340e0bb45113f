"""The child of `classifier_verifier.py`: an image classifier behind JSON lines.

    python image_classifier.py MODEL [--describe]

Holds the model and the exchange of lines. The file runs in any environment that has torch,
transformers and Pillow, so it imports nothing else but `json_lines.py` and `model_hub.py`, from its
own folder. Weights are read only from safetensors, because other formats can run code when they are
loaded.
"""

import base64
import io
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from json_lines import (  # pyright: ignore[reportMissingImports]
    answer_each,
    hash_weights,
    read_together,
    write_answers,
)
from model_hub import models_at_hand  # pyright: ignore[reportMissingImports]

_BATCH = 32


def describe(name: str) -> dict[str, Any]:
    """Describe the model from its configuration, without loading the weights."""
    from transformers import AutoConfig  # pyright: ignore[reportMissingImports]

    config = AutoConfig.from_pretrained(name)
    weights = hash_weights(name) or getattr(config, "_commit_hash", None) or ""
    return {
        "id": config.architectures[0] if config.architectures else "image classifier",
        "version": f"{len(config.id2label or ())} labels",
        "weights_sha256": weights,
        "gives": ["label", "scores"],
        "trained_on": [],
        "batch": _BATCH,
    }


def serve(name: str) -> None:
    """Answer every input line with one output line; waiting lines are answered as a batch."""
    import torch  # pyright: ignore[reportMissingImports]
    from PIL import Image
    from transformers import AutoImageProcessor, AutoModelForImageClassification  # pyright: ignore[reportMissingImports]

    processor = AutoImageProcessor.from_pretrained(name)
    model = AutoModelForImageClassification.from_pretrained(name, use_safetensors=True).eval()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model.to(device)
    labels = model.config.id2label

    def prepare(image: str) -> Any:
        """Return the model's input for an image, or the exception that preparing it raised."""
        try:
            with Image.open(io.BytesIO(base64.b64decode(image))) as picture:
                return processor(images=picture.convert("RGB"), return_tensors="pt")
        except Exception as error:  # noqa: BLE001 (a failed image must not affect the others)
            return error

    def classify(shown: list[Any]) -> list[dict[str, Any]]:
        inputs = {name: torch.cat([one[name] for one in shown]).to(device) for name in shown[0]}
        with torch.inference_mode():
            logits = model(**inputs).logits.double()
        return [
            {"scores": {labels[place]: share for place, share in enumerate(shares)}}
            for shares in torch.softmax(logits, 1).tolist()
        ]

    with ThreadPoolExecutor() as threads:  # decoding and scaling release the GIL
        for asked in read_together(_BATCH):
            prepared = threads.map(prepare, [question["image"] for question in asked])
            write_answers(asked, answer_each(list(prepared), classify))


if __name__ == "__main__":
    with models_at_hand(sys.argv[1]):
        if "--describe" in sys.argv[2:]:
            sys.stdout.write(json.dumps(describe(sys.argv[1])) + "\n")
        else:
            serve(sys.argv[1])
