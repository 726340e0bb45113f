"""Names of the colours of images, in words.

Turns a column of #rrggbb codes into names. The colour terms and their prototypes are in
`emotion/colour.py`.
"""

import numpy as np
import polars as pl

from eemo_pipeline.emotion.colour import colour_names, lab_of, rgb_of

# CIE lightness, 0-100, beyond which a term gets "dark" or "light" where that is usual in English.
_DARK_BELOW, _LIGHT_ABOVE = 32.0, 74.0
_MAY_BE_DARK = ("red", "green", "blue", "grey", "brown", "purple")
_MAY_BE_LIGHT = ("green", "blue", "grey", "purple", "brown")
# Colours named in one batch: their distances to all prototypes take about 30 MB.
_BATCH = 20_000


def name_colours(codes: pl.Series) -> pl.DataFrame:
    """Return `code` and `name` of each distinct #rrggbb code; malformed codes have no row."""
    distinct = codes.filter(codes.str.contains(r"^#[0-9a-fA-F]{6}$")).unique().sort()
    names = [
        name
        for start in range(0, distinct.len(), _BATCH)
        for name in _named(distinct[start : start + _BATCH])
    ]
    return pl.DataFrame(
        {"code": distinct, "name": names}, schema={"code": pl.String, "name": pl.String}
    )


def _named(codes: pl.Series) -> list[str]:
    lab = lab_of(np.array([rgb_of(code) for code in codes], dtype=np.uint8))
    return [
        f"{_shade(term, lightness)}{term}"
        for term, lightness in zip(colour_names(lab), lab[:, 0].tolist(), strict=True)
    ]


def _shade(term: str, lightness: float) -> str:
    if lightness < _DARK_BELOW and term in _MAY_BE_DARK:
        return "dark "
    if lightness > _LIGHT_ABOVE and term in _MAY_BE_LIGHT:
        return "light "
    return ""
