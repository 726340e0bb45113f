"""Functions that the statements of the report call: measures of one text, made by Python."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import duckdb
from duckdb.sqltypes import BIGINT, DOUBLE, VARCHAR, DuckDBPyType

from eemo_pipeline.stats.lexical_diversity import entropy_bits, mtld, split_words


@contextmanager
def text_functions(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Make `text_words`, `text_entropy_bits` and `text_mtld` known to the connection.

    They are taken away again, since all connections of a process share one database.
    """
    functions: dict[str, tuple[Callable[[str], float], DuckDBPyType]] = {
        "text_words": (_count_words, BIGINT),
        "text_entropy_bits": (_measure_entropy, DOUBLE),
        "text_mtld": (_measure_mtld, DOUBLE),
    }
    for name, (function, kind) in functions.items():
        connection.create_function(name, function, [VARCHAR], kind)
    try:
        yield
    finally:
        for name in functions:
            connection.remove_function(name)


def _count_words(text: str) -> int:
    return len(split_words(text))


def _measure_entropy(text: str) -> float:
    return entropy_bits(split_words(text))


def _measure_mtld(text: str) -> float:
    return mtld(split_words(text))
