"""EEmo-Bench's descriptions, judged as EEmo-Logic does: completeness, precision, relevance.

Each has the mean of five votes of 0 to 2; conciseness follows from the number of words; a
description has half the mean of the four. Numbers and questions are those of
`benchmarks/eemo_bench_description.py`, so that a model that has answered these is judged without
being asked again.
"""

from dataclasses import replace

from eemo_pipeline.stages.evaluation.benchmarks import eemo_bench_description

BENCHMARK = replace(
    eemo_bench_description.BENCHMARK,
    name="eemo_logic_description",
    title="EEmo-Bench, descriptions, judged by EEmo-Logic's four criteria",
    citation="arXiv 2602.01173",
    rubric="criteria",
    notes="The bounds of conciseness are not published; ours are 0.8 to 1.2 and 0.5 to 1.5 times "
    "the words of the reference.",
)
