"""Captions and reasons are measured, with intervals, and what is missing is named."""

import polars as pl
import pytest

from eemo_pipeline.aggregation.text_similarity import LemmaOverlap
from eemo_pipeline.stages.evaluation.predictions import tabulate
from eemo_pipeline.stages.evaluation.replay import list_benchmarks
from eemo_pipeline.stages.evaluation.responses import Response
from eemo_pipeline.stages.evaluation.score_table import tabulate_scores
from eemo_pipeline.stages.evaluation.text_measures import with_bertscore
from eemo_pipeline.stats.text_overlap import cider_d
from tests.support.published_sets import other_files, tables_of

IMAGES = 24
BENCHMARK = list_benchmarks()["aigiemo"]


def test_texts_are_measured_beside_their_reference() -> None:
    sacrebleu = pytest.importorskip("sacrebleu")
    assert BENCHMARK.prepare
    items = BENCHMARK.prepare(tables_of("aigiemo", other_files(IMAGES)["aigiemo"]))
    captions = [item for item in items if item.section == "caption"]
    assert len(captions) == IMAGES
    told = [
        None if place == 3 else f"A lake with {place % 5} boats at dusk, and a tree by the water."
        for place in range(IMAGES)
    ]
    responses = [Response(item, text) for item, text in zip(captions, told, strict=True)]
    predictions = tabulate(BENCHMARK, "m", responses)
    assert sorted(predictions["status"].unique()) == ["ok", "unanswered"], "no judge is needed"
    rows = {row["number"]: row for row in tabulate_scores(BENCHMARK, predictions).to_dicts()}
    texts = [text or "" for text in told]
    references = [[item.gold] for item in captions]
    corpus = sacrebleu.corpus_bleu(texts, [[row[0] for row in references]])
    assert rows["BLEU-4"]["score_value"] == pytest.approx(corpus.score, abs=1e-6)
    assert rows["BLEU-4"]["score_signature"].startswith("nrefs:1|case:mixed|eff:no|tok:13a|")
    assert rows["CIDEr-D"]["score_value"] == pytest.approx(cider_d(texts, references).mean())
    # Thirteen words or twelve, all different but for one: no text has a factor.
    assert rows["Words"]["score_value"] == pytest.approx(12)
    for name in ("BLEU-4", "CIDEr-D", "Words", "Entropy", "MTLD"):
        assert rows[name]["score_lower"] <= rows[name]["score_value"] <= rows[name]["score_upper"]
        assert rows[name]["marking"] == "tolerant"
        assert rows[name]["covered_share"] == pytest.approx(1 - 1 / IMAGES)
    for name, words in (("BERTScore F1", "EEMO_BERTSCORE"), ("SPICE", "needs Java")):
        assert rows[name]["score_value"] is None
        assert words in rows[name]["score_signature"]
    measures = with_bertscore(LemmaOverlap())
    table = tabulate_scores(BENCHMARK, predictions, measures)
    (row,) = table.filter(pl.col("number") == "BERTScore F1").to_dicts()
    alike = LemmaOverlap().compare(
        [(text, row[0]) for text, row in zip(texts, references, strict=True)]
    )
    assert row["score_value"] == pytest.approx(sum(alike) / IMAGES, abs=1e-6)
    assert row["score_lower"] < row["score_value"] < row["score_upper"]
    assert row["score_signature"] == LemmaOverlap.name
