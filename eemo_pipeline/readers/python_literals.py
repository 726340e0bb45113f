"""Python literals in the cells of datasets: lists and dictionaries written as `repr` writes them.

Belongs here: reading one as data. Does not belong here: what shape a dataset's literal must have.
"""

import ast
import warnings
from typing import Any


def parse_literal(text: str, longest: int) -> Any:
    """The literal, which is data and never code; None where it is none, or over `longest` long."""
    if len(text) > longest:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a literal like `1and 2` makes the compiler warn
            return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return None
