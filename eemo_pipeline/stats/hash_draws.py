"""Hash-based draws: deterministic pseudo-random choices that do not depend on row order."""

import hashlib

import numpy as np
import polars as pl


def unit_interval(*parts: str) -> float:
    """Return a number in [0, 1) that depends on the parts alone, uniform over parts."""
    digest = hashlib.sha256("\x1f".join(parts).encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def uniforms(count: int, *parts: str) -> np.ndarray:
    """Return `count` numbers in [0, 1), in steps of 2^-32, that depend on the parts and position.

    They are the output of SHAKE-256, so no version of numpy changes them. For choices that no row
    id can seed, such as the resamples of a bootstrap.
    """
    stream = hashlib.shake_256("\x1f".join(parts).encode()).digest(4 * count)
    return np.frombuffer(stream, dtype="<u4") / 2**32


def short_hash(*parts: str) -> str:
    """Return the first 16 hexadecimal digits of the SHA-256 of the parts."""
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:16]


def draw(key: pl.Expr, seed: str) -> pl.Expr:
    """Return a column of numbers in [0, 1), each from the SHA-256 of `seed` and the row's key.

    The values do not depend on row order, on the polars version or on the machine.
    """
    return key.map_elements(lambda value: unit_interval(seed, value), return_dtype=pl.Float64)
