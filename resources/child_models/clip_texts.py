"""The child of `clip_similarity.py`: CLIP's text encoder behind JSON lines.

    python clip_texts.py MODEL

A question has `texts`; its answer has one vector per text. The vector is CLIP's projected text
feature of length 1 with a 1 appended, over the root of 2, so that the product of two vectors is
(cosine + 1) / 2, as EmoVerse's scoring has it. The file runs in any environment that has torch and
transformers, so it imports nothing else but `json_lines.py` and `model_hub.py`, from its own
folder. Weights are read only from safetensors, because other formats can run code when they are
loaded.
"""

import sys
from typing import Any

from json_lines import answer_lines  # pyright: ignore[reportMissingImports]
from model_hub import models_at_hand  # pyright: ignore[reportMissingImports]


def serve(name: str) -> None:
    """Answer every input line with one output line."""
    import torch  # pyright: ignore[reportMissingImports]
    from transformers import AutoTokenizer, CLIPModel  # pyright: ignore[reportMissingImports]

    tokenizer = AutoTokenizer.from_pretrained(name)
    model = CLIPModel.from_pretrained(name, use_safetensors=True).eval()
    config: Any = model.config  # transformers types its part for texts as possibly none
    longest = config.text_config.max_position_embeddings

    def embed(texts: list[str]) -> list[list[float]]:
        tokens = tokenizer(
            texts, padding=True, truncation=True, max_length=longest, return_tensors="pt"
        )
        with torch.no_grad():
            pooled = model.text_model(
                input_ids=tokens["input_ids"], attention_mask=tokens["attention_mask"]
            ).pooler_output
            features = torch.nn.functional.normalize(model.text_projection(pooled), dim=1)
        ones = torch.ones(len(texts), 1)
        return (torch.cat([features, ones], dim=1) / 2**0.5).tolist()

    answer_lines(lambda question: {"vectors": embed([str(text) for text in question["texts"]])})


if __name__ == "__main__":
    with models_at_hand(sys.argv[1]):
        serve(sys.argv[1])
