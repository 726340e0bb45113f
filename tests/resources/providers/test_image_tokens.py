"""Tokens of a picture, by the examples that the providers' guides give."""

import pytest

from eemo_pipeline.vlm.contract import EncodedPicture
from resources.providers import compatible_vlm, gemini_vlm, openai_vlm


@pytest.mark.parametrize(
    ("model", "size", "detail", "tokens"),
    [
        # OpenAI's guide gives these three.
        ("gpt-4o", (1024, 1024), "high", 765),
        ("gpt-4o", (2048, 4096), "high", 1105),
        ("gpt-4o", (4096, 8192), "low", 85),
        ("gpt-4.1-mini", (1024, 1024), "high", 1659),  # 1024 patches x 1.62
        ("gpt-4.1-mini", (1800, 2400), "high", 2489),  # never more than 1536 patches
        ("gpt-5-nano-2025-08-07", (1024, 1024), "auto", 2520),
        ("gpt-4o-mini", (512, 512), "high", 8500),
        ("nobody-knows", (512, 512), "high", 8500),
    ],
)
def test_openai_counts_pictures_as_its_guide_says(
    model: str, size: tuple[int, int], detail: str, tokens: int
) -> None:
    sent = EncodedPicture(b"", "image/jpeg", *size)
    assert openai_vlm.picture_tokens(model, sent, detail) == tokens


@pytest.mark.parametrize(
    ("model", "size", "detail", "tokens"),
    [
        ("gemini-2.5-flash", (384, 384), "high", 258),
        ("gemini-2.5-flash", (960, 540), "high", 6 * 258),  # Google's own example: tiles of 360
        ("gemini-2.5-flash", (960, 540), "low", 258),
        ("gemini-3-pro-preview", (960, 540), "high", 1120),
        ("gemini-3-pro-preview", (960, 540), "low", 280),
        ("gemini-9", (960, 540), "high", 6 * 258),
    ],
)
def test_gemini_counts_pictures_as_its_guide_says(
    model: str, size: tuple[int, int], detail: str, tokens: int
) -> None:
    sent = EncodedPicture(b"", "image/jpeg", *size)
    assert gemini_vlm.picture_tokens(model, sent, detail) == tokens


def test_an_open_model_counts_one_token_per_patch_at_most() -> None:
    assert (
        compatible_vlm.picture_tokens(EncodedPicture(b"", "image/jpeg", 768, 576)) == 55 * 42 + 64
    )
