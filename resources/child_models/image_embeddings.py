"""The child of `image_embedder.py`: image embeddings behind JSON lines.

    python image_embeddings.py MODEL [--describe]

The vector of an image is the model's own image features where it has them (CLIP, SigLIP), else its
pooled output, else the mean of its last hidden states (DINOv2, ViT). The file runs in any
environment that has torch, transformers and Pillow, so it imports nothing else but `json_lines.py`
and `model_hub.py`, from its own folder. Weights are read only from safetensors, because other
formats can run code when they are loaded.
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
    return {"id": config.model_type, "weights_sha256": weights, "batch": _BATCH}


def serve(name: str) -> None:
    """Answer every input line with one output line; waiting lines are answered as a batch."""
    import torch  # pyright: ignore[reportMissingImports]
    from PIL import Image
    from transformers import (  # pyright: ignore[reportMissingImports]
        AutoConfig,
        AutoImageProcessor,
        AutoModel,
    )

    config = AutoConfig.from_pretrained(name)
    # timm saves the number of classes among the arguments, and transformers gives it a second time.
    (getattr(config, "model_args", None) or {}).pop("num_classes", None)
    processor = AutoImageProcessor.from_pretrained(name)
    model = AutoModel.from_pretrained(name, config=config, use_safetensors=True).eval()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model.to(device)

    def prepare(image: str) -> Any:
        """Return the model's input for an image, or the exception that preparing it raised."""
        try:
            with Image.open(io.BytesIO(base64.b64decode(image))) as picture:
                return processor(images=picture.convert("RGB"), return_tensors="pt")
        except Exception as error:  # noqa: BLE001 (a failed image must not affect the others)
            return error

    def embed(shown: list[Any]) -> list[dict[str, Any]]:
        inputs = {part: torch.cat([one[part] for one in shown]).to(device) for part in shown[0]}
        with torch.inference_mode():
            if hasattr(model, "get_image_features"):
                found = model.get_image_features(**inputs)
                vectors = found if torch.is_tensor(found) else found.pooler_output
            else:
                output = model(**inputs)
                pooled = getattr(output, "pooler_output", None)
                vectors = output.last_hidden_state.mean(dim=1) if pooled is None else pooled
            unit = torch.nn.functional.normalize(vectors.float().flatten(1), dim=1).cpu().numpy()
        return [
            {"status": "ok", "vector": base64.b64encode(row.astype("<f4").tobytes()).decode()}
            for row in unit
        ]

    with ThreadPoolExecutor() as threads:  # decoding and scaling release the GIL
        for asked in read_together(_BATCH):
            prepared = threads.map(prepare, [question["image"] for question in asked])
            write_answers(asked, answer_each(list(prepared), embed))


if __name__ == "__main__":
    with models_at_hand(sys.argv[1]):
        if "--describe" in sys.argv[2:]:
            sys.stdout.write(json.dumps(describe(sys.argv[1])) + "\n")
        else:
            serve(sys.argv[1])
