"""A Qwen2.5-VL of real classes and tiny weights that answers every question with one reply."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from eemo_pipeline.stages.training.jobs.vision_language.tiny_model import save_tiny_model


def save_speaking_model(folder: Path, reply: str, words: Sequence[str] = ()) -> Path:
    """Save the model; its greedy answer to any text, with or without images, is `reply`.

    The reply is one token. Weights are set so that the token of a text leads to it, and it leads to
    the end. The probabilities of `words` after any text are equal.
    """
    import torch  # pyright: ignore
    from transformers import AutoTokenizer, Qwen2_5_VLForConditionalGeneration  # pyright: ignore

    save_tiny_model(folder, [reply, *(f" {word}" for word in words)], seed=3)
    tokenizer: Any = AutoTokenizer.from_pretrained(folder)
    tokenizer.add_tokens([reply])
    model: Any = Qwen2_5_VLForConditionalGeneration.from_pretrained(folder)
    model.resize_token_embeddings(len(tokenizer), mean_resizing=False)
    said = tokenizer.convert_tokens_to_ids(reply)
    end = tokenizer.convert_tokens_to_ids("<|im_end|>")
    with torch.no_grad():
        tokens, head = model.get_input_embeddings().weight, model.get_output_embeddings().weight
        tokens.zero_()
        head.zero_()
        tokens[:, 0] = 100.0
        tokens[said, 0], tokens[said, 1] = 0.0, 100.0
        head[said, 0] = head[end, 1] = 10.0
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
