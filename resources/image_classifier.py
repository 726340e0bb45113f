"""The child of `classifier_verifier.py`: an image classifier behind JSON lines.

    python image_classifier.py MODEL [--describe]

Belongs here: the model and the lines. Does not belong here: anything of ours: this file runs in
whatever environment has torch, transformers and Pillow, so it imports nothing else. Weights are
read as safetensors alone, since every other format runs code when it is opened.
"""

import base64
import io
import json
import sys
from typing import Any


def describe(name: str) -> dict[str, Any]:
    """What the model is, from its configuration; no weights are read."""
    from transformers import AutoConfig  # pyright: ignore[reportMissingImports]

    config = AutoConfig.from_pretrained(name)
    weights = _hash_weights(name) or getattr(config, "_commit_hash", None) or ""
    return {
        "id": config.architectures[0] if config.architectures else "image classifier",
        "version": f"{len(config.id2label)} labels",
        "weights_sha256": weights,
        "gives": ["label", "scores"],
        "trained_on": [],
    }


def serve(name: str) -> None:
    """Answer one line per line, until the input ends."""
    import torch  # pyright: ignore[reportMissingImports]
    from PIL import Image
    from transformers import AutoImageProcessor, AutoModelForImageClassification  # pyright: ignore[reportMissingImports]

    processor = AutoImageProcessor.from_pretrained(name)
    model = AutoModelForImageClassification.from_pretrained(name, use_safetensors=True).eval()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model.to(device)
    for line in sys.stdin:
        asked = json.loads(line)
        answer: dict[str, Any] = {"id": asked["id"]}
        try:
            with Image.open(io.BytesIO(base64.b64decode(asked["image"]))) as picture:
                inputs = processor(images=picture.convert("RGB"), return_tensors="pt")
            with torch.inference_mode():
                logits = model(**inputs.to(device)).logits[0].double()
            shares = torch.softmax(logits, 0).tolist()
            labels = model.config.id2label
            answer["scores"] = {labels[place]: share for place, share in enumerate(shares)}
        except Exception as error:  # noqa: BLE001 (one picture's failure is its own)
            answer |= {"status": "error", "reason": type(error).__name__}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def _hash_weights(name: str) -> str | None:
    """The hash of the weight files of a local folder, None where the name is no folder."""
    from hashlib import sha256
    from pathlib import Path

    files = sorted(Path(name).glob("*.safetensors"))
    if not files:
        return None
    digest = sha256()
    for path in files:
        with path.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


if __name__ == "__main__":
    if "--describe" in sys.argv[2:]:
        sys.stdout.write(json.dumps(describe(sys.argv[1])) + "\n")
    else:
        serve(sys.argv[1])
