"""Pages of benchmarks: what the tables say, and nothing of it as markup."""

from pathlib import Path

import polars as pl

from eemo_pipeline.stages.evaluation.answer_parsing import Parsed
from eemo_pipeline.stages.evaluation.benchmarks import Benchmark, Item, Number, Prompt
from eemo_pipeline.stages.evaluation.comparisons import compare
from eemo_pipeline.stages.evaluation.pages import write_pages
from eemo_pipeline.stages.evaluation.predictions import tabulate
from eemo_pipeline.stages.evaluation.responses import Response
from eemo_pipeline.stages.evaluation.score_table import tabulate_scores

HOSTILE = "<script>alert(1)</script>"
BENCHMARK = Benchmark(
    name="made",
    title="A made <b>benchmark</b>",
    citation="none",
    numbers=(Number("choice", "Accuracy"),),
    prompt=lambda item: Prompt("choose-1", item.question),
    parse=lambda _, reply: Parsed(reply, reply),
    mark=lambda item, answer: float(answer == item.gold),
    guess=lambda *_: "A",
)


def test_texts_are_escaped_and_differences_are_told(tmp_path: Path) -> None:
    items = [Item(str(place), "choice", "choice", "?", "A", aspect=HOSTILE) for place in range(20)]
    predictions = pl.concat(
        tabulate(BENCHMARK, model, [Response(item, answer) for item in items])
        for model, answer in ((f"bad {HOSTILE}", "B"), ("good", "A"))
    )
    scores = tabulate_scores(BENCHMARK, predictions)
    compared = compare(BENCHMARK, predictions)
    (row,) = compared.to_dicts()
    assert (row["gained_count"], row["lost_count"], row["mark_difference"]) == (20, 0, 1)
    assert row["test_p_adjusted"] < 0.001
    (page,) = write_pages(tmp_path, {"made": BENCHMARK}, scores, compared)
    text = page.read_text()
    assert "<script" not in text
    assert "<b>" not in text
    assert "&lt;script&gt;" in text
    assert "+1.000" in text
    assert text.index("good") < text.index("bad &lt;"), "the best stands first"
