"""Reads Python literals in the cells of datasets: lists and dictionaries as written by `repr`."""

import ast
import warnings
from typing import Any


def parse_literal(text: str, longest: int) -> Any:
    """Return the literal, as data, never code; None where it is none or longer than `longest`."""
    if len(text) > longest:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a literal like `1and 2` makes the compiler warn
            return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return None
