"""Tiny models of transformers with random weights, of the classes that a grounder uses.

Random weights prove the plumbing: boxes, masks, order, batches. What they find means nothing.
"""

from pathlib import Path


def save_tiny_models(folder: Path, queries: int = 20, side: int = 96) -> tuple[Path, Path]:
    """Write a Grounding DINO and a SAM as `save_pretrained` leaves them.

    Args:
        folder: where to write.
        queries: boxes that the detector proposes.
        side: short side in px at which it sees an image.
    """
    import torch  # pyright: ignore[reportMissingImports]
    from transformers import (  # pyright: ignore[reportMissingImports]
        BertConfig,
        BertTokenizer,
        GroundingDinoConfig,
        GroundingDinoForObjectDetection,
        GroundingDinoImageProcessorPil,
        GroundingDinoProcessor,
        SamConfig,
        SamImageProcessorPil,
        SamModel,
        SamProcessor,
        SwinConfig,
    )

    torch.manual_seed(5)
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ".", "dog", "old", "sad"]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.txt").write_text("\n".join(words))
    swin = SwinConfig.from_dict(
        {
            "embed_dim": 16,
            "depths": [1] * 4,
            "num_heads": [1, 2, 2, 2],
            "window_size": 4,
            "image_size": 128,
            "out_features": ["stage2", "stage3", "stage4"],
        }
    )
    bert = BertConfig(
        vocab_size=len(words),
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
    )
    config = GroundingDinoConfig(
        backbone_config=swin,
        text_config=bert,
        d_model=32,
        encoder_layers=1,
        decoder_layers=2,
        encoder_ffn_dim=64,
        decoder_ffn_dim=64,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        num_queries=queries,
        max_text_len=64,
        disable_custom_kernels=True,
    )
    detector, segmenter = folder / "detector", folder / "segmenter"
    GroundingDinoForObjectDetection(config).save_pretrained(detector)
    GroundingDinoProcessor(
        GroundingDinoImageProcessorPil(
            size={"shortest_edge": side, "longest_edge": max(side, 128)}
        ),
        BertTokenizer(str(folder / "vocab.txt")),
    ).save_pretrained(detector)
    vision = {
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "mlp_dim": 64,
        "output_channels": 32,
        "image_size": 128,
        "patch_size": 16,
        "window_size": 4,
        "global_attn_indexes": [1],
        "num_pos_feats": 16,
    }
    decoder = {
        "hidden_size": 32,
        "mlp_dim": 64,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "iou_head_hidden_dim": 32,
    }
    prompts = {"hidden_size": 32, "image_size": 128, "patch_size": 16, "mask_input_channels": 4}
    SamModel(
        SamConfig(vision_config=vision, prompt_encoder_config=prompts, mask_decoder_config=decoder)
    ).save_pretrained(segmenter)
    SamProcessor(
        SamImageProcessorPil(
            size={"longest_edge": 128},
            pad_size={"height": 128, "width": 128},
            mask_size={"longest_edge": 32},
            mask_pad_size={"height": 32, "width": 32},
        )
    ).save_pretrained(segmenter)
    return detector, segmenter


def save_tiny_sam2(folder: Path) -> Path:
    """Write a SAM 2 as `save_pretrained` leaves it, without a processor."""
    import torch  # pyright: ignore[reportMissingImports]
    from transformers import (  # pyright: ignore[reportMissingImports]
        Sam2Config,
        Sam2HieraDetConfig,
        Sam2MaskDecoderConfig,
        Sam2Model,
        Sam2PromptEncoderConfig,
        Sam2VisionConfig,
    )

    torch.manual_seed(6)
    hiera = Sam2HieraDetConfig(
        hidden_size=8,
        num_attention_heads=1,
        image_size=[128, 128],
        blocks_per_stage=[1, 2, 2, 2],
        embed_dim_per_stage=[8, 16, 32, 64],
        num_attention_heads_per_stage=[1, 2, 4, 8],
        window_size_per_stage=[8, 4, 4, 4],
        global_attention_blocks=[4],
        window_positional_embedding_background_size=[4, 4],
    )
    vision = Sam2VisionConfig(
        backbone_config=hiera,
        backbone_channel_list=[64, 32, 16, 8],
        backbone_feature_sizes=[[32, 32], [16, 16], [8, 8]],
        fpn_hidden_size=32,
    )
    prompts = Sam2PromptEncoderConfig(hidden_size=32, image_size=128, mask_input_channels=4)
    decoder = Sam2MaskDecoderConfig(
        hidden_size=32, mlp_dim=64, num_attention_heads=2, iou_head_hidden_dim=32
    )
    config = Sam2Config(
        vision_config=vision, prompt_encoder_config=prompts, mask_decoder_config=decoder
    )
    Sam2Model(config).save_pretrained(folder)
    return folder
