"""Serves EmoVIT through JSON lines, in its own environment (see `README.md`).

    python serve.py emovit.safetensors [--describe]

Runs on Python 3.8 with LAVIS, torch and safetensors, so it imports no module of this repository.
"""

import base64
import io
import json
import sys
from pathlib import Path


def describe(weights: Path) -> dict:
    """Describe the model; the hash is the one that the conversion wrote."""
    hashes = json.loads(weights.with_suffix(".json").read_text("utf-8"))
    return {
        "id": "emovit",
        "version": "vicuna7b",
        "weights_sha256": hashes["weights_sha256"],
        "gives": ["label", "scores"],
        "trained_on": ["emoset"],
    }


def serve(weights: Path) -> None:
    """Answer every input line with one output line; standard output holds nothing else."""
    answers, sys.stdout = sys.stdout, sys.stderr  # LAVIS prints to standard output
    import torch  # pyright: ignore[reportMissingImports]
    from lavis.models import load_model_and_preprocess  # pyright: ignore[reportMissingImports]
    from PIL import Image
    from safetensors.torch import load_file  # pyright: ignore[reportMissingImports]

    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model, processors, _ = load_model_and_preprocess(
        name="blip2_vicuna_instruct", model_type="vicuna7b", is_eval=True, device=device
    )
    loaded = model.load_state_dict(load_file(str(weights)), strict=False)
    lost = [
        name for name in loaded.missing_keys if name.startswith(("Qformer", "query", "llm_proj"))
    ]
    if lost or loaded.unexpected_keys:
        sys.exit(f"{weights} is not this model's: {(lost + loaded.unexpected_keys)[:5]}")
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            with Image.open(io.BytesIO(base64.b64decode(asked["image"]))) as picture:
                image = processors["eval"](picture.convert("RGB")).unsqueeze(0).to(device)
            with torch.no_grad():
                losses = score(model, image, asked["prompt"], asked["candidates"])
            answer = {"id": asked["id"], "losses": losses}
        except Exception as error:  # noqa: BLE001 (a failed image must not affect the others)
            answer = {"id": asked["id"], "status": "error", "reason": type(error).__name__}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def score(model, image, prompt: str, candidates: list) -> dict:
    """Return the mean loss over each candidate's own tokens.

    The model's forward pass masks the prompt, so its loss is the mean over the answer alone.
    """
    return {
        name: float(model({"image": image, "text_input": [prompt], "text_output": [name]})["loss"])
        for name in candidates
    }


if __name__ == "__main__":
    if "--describe" in sys.argv[2:]:
        sys.stdout.write(json.dumps(describe(Path(sys.argv[1]))) + "\n")
    else:
        serve(Path(sys.argv[1]))
