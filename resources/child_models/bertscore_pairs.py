"""The child of `bertscore.py`: BERTScore F1 of pairs of texts behind JSON lines.

    python bertscore_pairs.py MODEL [--describe]

A question has `pairs` of a text and its reference; its answer has one F1 per pair (Zhang et al.
2020, arXiv 1904.09675, section 3): each token is matched with the most similar one of the other
text, by the cosine of their hidden states, without inverse document frequencies and without
rescaling. As in the authors' package, a token may be matched with the marks around the other text,
which are not matched themselves.

The file runs in any environment that has torch and transformers, so it imports nothing else but
`json_lines.py` and `model_hub.py`, from its own folder. Weights are read only from safetensors,
because other formats can run code when they are loaded.
"""

import json
import sys
from typing import Any

from json_lines import (  # pyright: ignore[reportMissingImports]
    answer_lines,
    hash_weights,
)
from model_hub import models_at_hand  # pyright: ignore[reportMissingImports]

_LONGEST = 512  # tokens of a text
# (type, number of layers) -> the layer whose states agree best with people, by the table
# `model2layers` of the authors' package bert_score 0.3.13; of other models it is the last one.
_BEST_LAYERS = {
    ("bert", 12): 9,
    ("bert", 24): 18,
    ("roberta", 12): 10,
    ("roberta", 24): 17,
    ("distilbert", 6): 5,
    ("deberta", 48): 40,
}
_BYTE_PAIRS = ("roberta", "gpt2")  # their tokens of a first word differ without a space before it


def describe(name: str) -> dict[str, Any]:
    """Describe the model from its configuration, without loading the weights."""
    from transformers import AutoConfig  # pyright: ignore[reportMissingImports]

    config = AutoConfig.from_pretrained(name)
    weights = hash_weights(name) or ""
    return {"id": config.model_type, "layer": _choose_layer(config), "weights_sha256": weights}


def serve(name: str) -> None:
    """Answer every input line with one output line."""
    import torch  # pyright: ignore[reportMissingImports]
    from transformers import AutoModel, AutoTokenizer  # pyright: ignore[reportMissingImports]

    tokenizer = AutoTokenizer.from_pretrained(name)
    model = AutoModel.from_pretrained(name, use_safetensors=True).eval()
    layer = _choose_layer(model.config)
    longest = min(_LONGEST, tokenizer.model_max_length)
    before = " " if model.config.model_type in _BYTE_PAIRS else ""

    def embed(texts: list[str]) -> list[tuple[Any, Any]]:
        """Return the directions of each text's tokens, and which of them are words."""
        tokens = tokenizer(
            [before + text.strip() for text in texts],
            padding=True,
            truncation=True,
            max_length=longest,
            return_special_tokens_mask=True,
            return_tensors="pt",
        )
        is_special = tokens.pop("special_tokens_mask").bool()
        with torch.no_grad():
            states = model(**tokens, output_hidden_states=True).hidden_states[layer]
        directions = torch.nn.functional.normalize(states, dim=-1)
        kept = tokens["attention_mask"].bool()
        parts = zip(directions, kept, is_special, strict=True)
        return [(rows[keep], ~special[keep]) for rows, keep, special in parts]

    def match(text: tuple[Any, Any], reference: tuple[Any, Any]) -> float:
        (told, is_told), (known, is_known) = text, reference
        if not is_told.any() or not is_known.any():
            return 0.0
        cosines = told @ known.T
        precision = float(cosines.max(dim=1).values[is_told].mean())
        recall = float(cosines.max(dim=0).values[is_known].mean())
        total = precision + recall
        return 2 * precision * recall / total if total else 0.0

    def measure(question: dict[str, Any]) -> dict[str, Any]:
        pairs = question["pairs"]
        told = embed([str(text) for text, _ in pairs])
        known = embed([str(reference) for _, reference in pairs])
        return {"f1": list(map(match, told, known))}

    answer_lines(measure)


def _choose_layer(config: Any) -> int:
    layers = int(config.num_hidden_layers)
    return _BEST_LAYERS.get((config.model_type, layers), layers)


if __name__ == "__main__":
    with models_at_hand(sys.argv[1]):
        if "--describe" in sys.argv:
            sys.stdout.write(json.dumps(describe(sys.argv[1])) + "\n")
        else:
            serve(sys.argv[1])
