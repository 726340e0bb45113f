"""The child of `sentence_similarity.py`: sentence embeddings behind JSON lines.

    python sentence_embeddings.py MODEL [--describe]

A question has `texts`; its answer has one vector per text: the mean of the last hidden states over
the tokens of the text (Reimers and Gurevych 2019, arXiv 1908.10084), of length 1. The file runs in
any environment that has torch and transformers, so it imports nothing else but `json_lines.py`
and `model_hub.py`, from its own folder. Weights are read only from safetensors, because other
formats can run code when they are loaded.
"""

import json
import sys
from typing import Any

from json_lines import (  # pyright: ignore[reportMissingImports]
    answer_lines,
    hash_weights,
)
from model_hub import models_at_hand  # pyright: ignore[reportMissingImports]

_LONGEST = 128  # tokens of a text


def describe(name: str) -> dict[str, Any]:
    """Describe the model from its configuration, without loading the weights."""
    from transformers import AutoConfig  # pyright: ignore[reportMissingImports]

    config = AutoConfig.from_pretrained(name)
    weights = hash_weights(name) or getattr(config, "_commit_hash", None) or ""
    return {"id": config.model_type, "weights_sha256": weights}


def serve(name: str) -> None:
    """Answer every input line with one output line."""
    import torch  # pyright: ignore[reportMissingImports]
    from transformers import AutoModel, AutoTokenizer  # pyright: ignore[reportMissingImports]

    tokenizer = AutoTokenizer.from_pretrained(name)
    model = AutoModel.from_pretrained(name, use_safetensors=True).eval()

    def embed(texts: list[str]) -> list[list[float]]:
        tokens = tokenizer(
            texts, padding=True, truncation=True, max_length=_LONGEST, return_tensors="pt"
        )
        with torch.no_grad():
            states = model(**tokens).last_hidden_state
        mask = tokens["attention_mask"].unsqueeze(-1)
        means = (states * mask).sum(dim=1) / mask.sum(dim=1)
        return torch.nn.functional.normalize(means, dim=1).tolist()

    answer_lines(lambda question: {"vectors": embed([str(text) for text in question["texts"]])})


if __name__ == "__main__":
    with models_at_hand(sys.argv[1]):
        if "--describe" in sys.argv:
            sys.stdout.write(json.dumps(describe(sys.argv[1])) + "\n")
        else:
            serve(sys.argv[1])
