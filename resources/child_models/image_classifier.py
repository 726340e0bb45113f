"""The child of `classifier_verifier.py`: an image classifier behind JSON lines.

    python image_classifier.py MODEL [--describe]

Holds the model and the exchange of lines. The file runs in any environment that has torch,
transformers and Pillow, so it imports nothing else, in particular no module of this repository.
Weights are read only from safetensors, because other formats can run code when they are loaded.
"""

import base64
import io
import json
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

_BATCH = 32
_GATHERED_S = 0.005  # longest wait for the next line of a batch, in seconds


def describe(name: str) -> dict[str, Any]:
    """Describe the model from its configuration, without loading the weights."""
    from transformers import AutoConfig  # pyright: ignore[reportMissingImports]

    config = AutoConfig.from_pretrained(name)
    weights = _hash_weights(name) or getattr(config, "_commit_hash", None) or ""
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

    def classify(shown: list[Any]) -> list[dict[str, float]]:
        inputs = {name: torch.cat([one[name] for one in shown]).to(device) for name in shown[0]}
        with torch.inference_mode():
            logits = model(**inputs).logits.double()
        return [
            {labels[place]: share for place, share in enumerate(shares)}
            for shares in torch.softmax(logits, 1).tolist()
        ]

    with ThreadPoolExecutor() as threads:  # decoding and scaling release the GIL
        for lines in _read_together():
            asked = [json.loads(line) for line in lines]
            prepared = threads.map(prepare, [question["image"] for question in asked])
            for question, answer in zip(asked, _answer(list(prepared), classify), strict=True):
                sys.stdout.write(json.dumps({"id": question["id"], **answer}) + "\n")
            sys.stdout.flush()


def _answer(
    shown: list[Any], classify: Callable[[list[Any]], list[dict[str, float]]]
) -> list[dict[str, Any]]:
    """Return the scores or the error of each image; a batch that fails is retried one by one."""
    answers: list[dict[str, Any]] = [_error(one) for one in shown]
    groups = [[place for place, one in enumerate(shown) if not isinstance(one, Exception)]]
    while groups:
        if not (group := groups.pop()):
            continue
        try:
            found = [{"scores": scores} for scores in classify([shown[place] for place in group])]
        except Exception as error:  # noqa: BLE001 (a failed image must not affect the others)
            found = [_error(error)] * len(group)
            groups += [[place] for place in group] if len(group) > 1 else []
        for place, answer in zip(group, found, strict=True):
            answers[place] = answer
    return answers


def _error(problem: object) -> dict[str, Any]:
    return {"status": "error", "reason": type(problem).__name__}


def _read_together() -> Iterator[list[str]]:
    """Yield the lines of the input in batches of the lines that wait, at most _BATCH."""
    lines: SimpleQueue[str] = SimpleQueue()

    def read() -> None:
        for line in sys.stdin:
            lines.put(line)
        lines.put("")

    Thread(target=read, daemon=True).start()
    while line := lines.get():
        batch = [line]
        while len(batch) < _BATCH:
            try:
                batch.append(lines.get(timeout=_GATHERED_S))
            except Empty:
                break
        yield [one for one in batch if one]
        if not batch[-1]:
            return


def _hash_weights(name: str) -> str | None:
    """Return the hash of the weight files in a local folder, or None if there are none."""
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
