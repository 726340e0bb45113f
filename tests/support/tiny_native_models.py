"""Writes random checkpoints of the authors' Grounding DINO and SAM; runs in their environment.

    python tiny_native_models.py FOLDER

Writes `groundingdino_swint_tiny.pth` and `sam_vit_b_tiny.pth` with their settings beside them. The
image encoder of Grounding DINO has no smaller size than Swin-T; all else is tiny.
"""

import json
import sys
from pathlib import Path


def write(folder: Path) -> None:
    """Write both checkpoints, built by the classes of the served program."""
    import torch  # pyright: ignore[reportMissingImports]

    sys.path.insert(0, str(Path(__file__).parents[2] / "resources" / "child_models"))
    import groundingdino_native as native  # pyright: ignore[reportMissingImports]

    torch.manual_seed(3)
    settings = {
        "groundingdino_swint_tiny": {
            "text_encoder_type": str(_write_bert(folder / "bert")),
            "enc_layers": 1,
            "dec_layers": 1,
            "dim_feedforward": 64,
            "num_queries": 12,
            "sides": [96, 128],
        },
        "sam_vit_b_tiny": {
            "width": 32,
            "depth": 2,
            "heads": 2,
            "global_attention": [1],
            "side": 128,
            "prompt_width": 32,
            "decoder_width": 64,
        },
    }
    native._fill = lambda *_: None  # the weights stay as they were drawn
    native.read_checkpoint = lambda _: {}
    build = {"groundingdino": native._build_detector, "sam": native._build_segmenter}
    for name, own in settings.items():
        path = folder / f"{name}.pth"
        path.with_suffix(".json").write_text(json.dumps(own))
        state = build[name.split("_")[0]](path, "cpu").state_dict()
        # The authors of Grounding DINO publish theirs below `model`.
        torch.save({"model": state} if name.startswith("groundingdino") else state, path)


def _write_bert(folder: Path) -> Path:
    from transformers import (  # pyright: ignore[reportMissingImports]
        BertConfig,
        BertModel,
        BertTokenizer,
    )

    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ".", "?", "dog", "old", "sad"]
    folder.mkdir(parents=True)
    (folder / "vocab.txt").write_text("\n".join(words))
    config = BertConfig(
        vocab_size=len(words),
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=64,
    )
    BertModel(config).save_pretrained(folder)
    BertTokenizer(str(folder / "vocab.txt")).save_pretrained(folder)
    return folder


if __name__ == "__main__":
    write(Path(sys.argv[1]))
