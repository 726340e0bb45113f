"""Marks of texts by their similarity to the right ones, where a measure of similarity is there.

A benchmark says which texts of an item are compared. Two empty texts agree, and a text that is
missing on one side is worth nothing, as EmoVerse's scoring has it.
"""

from collections.abc import Sequence
from dataclasses import replace

from eemo_pipeline.aggregation.text_similarity import TextSimilarity
from eemo_pipeline.stages.evaluation.benchmarks import Benchmark
from eemo_pipeline.stages.evaluation.responses import Response

MISSING = "the similarity of texts needs a CLIP model in a folder: --similarity FOLDER"


def mark_texts(
    benchmark: Benchmark, responses: Sequence[Response], similarity: TextSimilarity
) -> list[Response]:
    """Return the responses, those whose texts are compared with their mark.

    Args:
        benchmark: says which texts are compared.
        responses: what was answered; a response without an answer has the mark 0.
        similarity: compares two texts, 0 to 1.
    """
    pairs = {
        place: benchmark.compared(one.item, one.text or "") for place, one in enumerate(responses)
    }
    found = {place: pair for place, pair in pairs.items() if pair is not None}
    whole = [pair for pair in found.values() if all(pair)]
    alike = dict(zip(whole, similarity.compare(whole), strict=True)) if whole else {}
    marked = list(responses)
    for place, pair in found.items():
        verdict = alike[pair] if all(pair) else float(not any(pair))
        marked[place] = replace(responses[place], verdict=verdict)
    return marked
