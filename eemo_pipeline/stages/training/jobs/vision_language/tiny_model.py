"""A Qwen2.5-VL of 0.1 million random weights, of the real classes, for trials without a download.

Its classes, tokens and image grid are those of the real model, so that the same scripts run; its
answers mean nothing. The tokenizer is trained on the texts of the job itself.
"""

import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

NAME = "tiny-random-qwen2.5-vl"
_SPECIAL = (
    *("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>"),
    *("<|vision_pad|>", "<|image_pad|>", "<|video_pad|>"),
)
_WORDS = 512
_WIDTH = 32
_PATCH = 4
# Chat layout of Qwen2.5-VL: turns between <|im_start|> and <|im_end|>, an image as its pad token.
_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
    "{% if message['content'] is string %}{{ message['content'] }}{% else %}"
    "{% for part in message['content'] %}{% if part['type'] == 'image' %}"
    "<|vision_start|><|image_pad|><|vision_end|>{% else %}{{ part['text'] }}{% endif %}"
    "{% endfor %}{% endif %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def save_tiny_model(folder: Path, texts: Iterable[str], seed: int) -> None:
    """Save model, tokenizer and image processor into `folder`, in the layout of transformers.

    Args:
        folder: created if missing.
        texts: what the tokenizer is trained on.
        seed: the seed of the weights.
    """
    import torch  # pyright: ignore
    from transformers import (  # pyright: ignore
        Qwen2_5_VLForConditionalGeneration,
        Qwen2VLImageProcessor,
    )

    tokenizer = _train_tokenizer(texts)
    tokenizer.save_pretrained(folder)
    size = {"shortest_edge": 16 * _PATCH**2, "longest_edge": 64 * _PATCH**2}
    Qwen2VLImageProcessor(
        patch_size=_PATCH, merge_size=2, temporal_patch_size=2, size=size
    ).save_pretrained(folder)
    ids = {token: tokenizer.convert_tokens_to_ids(token) for token in _SPECIAL}
    torch.manual_seed(seed)
    model = Qwen2_5_VLForConditionalGeneration(_configure(ids, len(tokenizer)))
    model.generation_config.eos_token_id = ids["<|im_end|>"]
    model.generation_config.pad_token_id = ids["<|endoftext|>"]
    model.save_pretrained(folder)


def _configure(ids: Mapping[str, int], vocabulary: int) -> Any:
    """Return the configuration: four layers of text, two of vision."""
    from transformers import Qwen2_5_VLConfig  # pyright: ignore

    return Qwen2_5_VLConfig(
        text_config={
            "vocab_size": vocabulary,
            "hidden_size": _WIDTH,
            "intermediate_size": 2 * _WIDTH,
            "num_hidden_layers": 4,
            "num_attention_heads": 4,
            "num_key_value_heads": 2,
            "max_position_embeddings": 4096,
            "rope_parameters": {
                "rope_type": "default",
                "rope_theta": 10_000.0,
                "mrope_section": [1, 1, 2],
            },
            "bos_token_id": ids["<|endoftext|>"],
            "eos_token_id": ids["<|im_end|>"],
            "pad_token_id": ids["<|endoftext|>"],
        },
        vision_config={
            "depth": 2,
            "hidden_size": _WIDTH,
            "intermediate_size": 2 * _WIDTH,
            "num_heads": 4,
            "patch_size": _PATCH,
            "spatial_merge_size": 2,
            "temporal_patch_size": 2,
            "window_size": 4 * _PATCH,
            "out_hidden_size": _WIDTH,
            "fullatt_block_indexes": [1],
        },
        image_token_id=ids["<|image_pad|>"],
        video_token_id=ids["<|video_pad|>"],
        vision_start_token_id=ids["<|vision_start|>"],
        vision_end_token_id=ids["<|vision_end|>"],
    )


def _train_tokenizer(texts: Iterable[str]) -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers  # pyright: ignore
    from transformers import PreTrainedTokenizerFast  # pyright: ignore

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=_WORDS,
        special_tokens=list(_SPECIAL),
        initial_alphabet=alphabet,
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token="<|im_end|>",  # noqa: S106 (a token of text)
        pad_token="<|endoftext|>",  # noqa: S106
        chat_template=_TEMPLATE,
    )


def find_base(folder: Path, parameters: Mapping[str, Any], texts: Iterable[str]) -> str:
    """Return where the base model is: in the job folder, or what the recipe names.

    The tiny model is made where the recipe names it.

    Args:
        folder: the job folder.
        parameters: the recipe, with base and seed.
        texts: what a tiny model's tokenizer is trained on.
    """
    linked = folder / "base"
    if parameters["base"] == "tiny":
        if not linked.is_dir():
            building = folder / ".base.tmp"
            shutil.rmtree(building, ignore_errors=True)
            save_tiny_model(building, texts, parameters["seed"])
            building.rename(linked)
        return str(linked)
    return str(linked) if linked.is_dir() else str(parameters["base"])
