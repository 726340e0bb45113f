"""Run lengths of masks, held against pycocotools, and polygons."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycocotools import mask as coco

from eemo_pipeline.imaging.masks import (
    Mask,
    bounds,
    compress,
    decode,
    decompress,
    encode,
    encode_compressed,
    fill,
    outline,
)


@st.composite
def masks(draw: st.DrawFn) -> Mask:
    height, width = draw(st.integers(1, 40)), draw(st.integers(1, 40))
    share, seed = draw(st.sampled_from((0.0, 0.05, 0.5, 0.95, 1.0))), draw(st.integers(0, 2**32))
    return np.random.default_rng(seed).random((height, width)) < share


@pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")  # of pycocotools
@given(masks())
def test_both_ways_as_pycocotools(mask: Mask) -> None:
    theirs: Any = coco.encode(np.asfortranarray(mask, dtype=np.uint8))
    counts, text = encode(mask), theirs["counts"].decode()
    assert compress(counts) == text == encode_compressed(mask)
    assert decompress(text) == counts
    assert (decode(counts, mask.shape) == mask).all()
    ours: Any = {"size": list(mask.shape), "counts": compress(counts).encode()}
    assert (coco.decode(ours) == mask).all()
    assert coco.area(ours) == mask.sum()
    box = bounds(mask)
    if box is not None:
        x, y, width, height = coco.toBbox(ours)
        assert box == (x, y, x + width, y + height)


@given(st.lists(st.integers(0, 2**40), max_size=30))
def test_lengths_of_any_size_come_back(counts: list[int]) -> None:
    assert decompress(compress(counts)) == counts


@pytest.mark.parametrize("text", ["é", "\x00", "0P", "P", "o" * 200, "q0"])
def test_a_text_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="compressed run length"):
        decompress(text)


@pytest.mark.parametrize("counts", [[5, -1], [1, 2], []])
def test_lengths_of_another_mask_are_refused(counts: list[int]) -> None:
    with pytest.raises(ValueError, match="the mask is 2 x 2"):
        decode(counts, (2, 2))


@given(masks())
def test_outlines_enclose_the_mask(mask: Mask) -> None:
    assert (fill(outline(mask), mask.shape) == mask).all()
