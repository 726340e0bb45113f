"""Models that are asked for probabilities of words, and those that reply in text, end to end."""

import json
import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import polars as pl
import pytest

from eemo_pipeline.ledger.store import Ledger
from eemo_pipeline.stages.evaluation.benchmarks import Item
from eemo_pipeline.stages.evaluation.examinee import Examinee
from eemo_pipeline.stages.evaluation.forecast import forecast_evaluation
from eemo_pipeline.stages.evaluation.judge import Judge
from eemo_pipeline.stages.evaluation.level_probabilities import KEYWORDS, read_level
from eemo_pipeline.stages.evaluation.model_runs import FOLDER, read_kept, run_models
from eemo_pipeline.stages.evaluation.predictions import tabulate
from eemo_pipeline.stages.evaluation.replay import list_benchmarks
from eemo_pipeline.stages.evaluation.responses import Response
from eemo_pipeline.stages.evaluation.rubrics import ROUNDS
from eemo_pipeline.stages.evaluation.score_table import tabulate_scores
from eemo_pipeline.vlm.contract import VisionLanguageModel
from eemo_pipeline.vlm.image_encoding import PicturePolicy
from eemo_pipeline.vlm.session import Session
from eemo_pipeline.vlm.spending.budget import Budget
from eemo_pipeline.vlm.spending.prices import read_prices
from resources.local_server import local_server
from resources.providers.openai_vlm import OpenAiVlm
from resources.providers.transformers_vlm import TransformersVlm
from tests.support.images import paint_jpeg
from tests.support.published_sets import eemo_bench_files, tables_of

CHILD = Path(__file__).parents[3] / "support" / "scripted_child.py"
NAME, IMAGES = "eemo_bench_assessment", 4
BENCHMARK = list_benchmarks()[NAME]


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with closing(Ledger(tmp_path / "ledger.sqlite")) as opened:
        yield opened


@pytest.fixture
def table(tmp_path: Path) -> Callable[[str], pl.DataFrame]:
    """EEmo-Bench's tables, of which all images but the last are on disk."""
    found = tables_of("eemo_bench", eemo_bench_files(IMAGES, 0, 0))
    images = found("ingest__records").select("image_id", "source", "path").unique().sort("path")
    renamed: dict[str, str] = {}
    for number, (image, source, path) in enumerate(images.head(IMAGES - 1).iter_rows()):
        file = tmp_path / "sources" / source / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content := paint_jpeg(number))
        renamed[image] = sha256(content).hexdigest()
    on_disk = images.head(IMAGES - 1).with_columns(width_px=64, height_px=64)

    def read(name: str) -> pl.DataFrame:
        frame = on_disk if name == "ingest__images" else found(name)
        return frame.with_columns(pl.col("image_id").replace(renamed))

    return read


def examinee(vlm: VisionLanguageModel, ledger: Ledger, root: Path) -> Examinee:
    session = Session(ledger, Budget(None), read_prices())
    return Examinee(vlm, session, root / "sources", PicturePolicy(64))


def items_of(table: Callable[[str], pl.DataFrame]) -> Sequence[Item]:
    assert BENCHMARK.prepare
    return BENCHMARK.prepare(table)


def kept(root: Path, items: Sequence[Item]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return predictions and scores of the one model whose answers are kept."""
    ((model, responses),) = read_kept(root, NAME, {item.item_id: item for item in items})
    predictions = tabulate(BENCHMARK, model, responses)
    return predictions, tabulate_scores(BENCHMARK, predictions)


def check_values(predictions: pl.DataFrame) -> None:
    """Check that every answered row has the value of its own probabilities."""
    answered = predictions.filter(pl.col("reply").is_not_null())
    for row in answered.iter_rows(named=True):
        told = json.loads(row["reply"])
        assert tuple(told["probabilities"]) == KEYWORDS[row["section"]]
        assert sum(told["probabilities"].values()) == pytest.approx(1)
        assert 0 < told["mass"] <= 1
        high, middle, _ = told["probabilities"].values()
        assert float(row["parsed_answer"]) == pytest.approx(high + middle / 2, abs=1e-8)
        assert row["strict_answer"] == row["parsed_answer"]
    missing = predictions.filter(pl.col("reply").is_null())
    assert missing["reason"].to_list() == ["image_missing"] * 3
    assert predictions["protocol"].unique().to_list() == ["probability"]


def test_a_model_in_a_folder_tells_probabilities_of_level_words(
    table: Callable[[str], pl.DataFrame],
    ledger: Ledger,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    from eemo_pipeline.stages.training.jobs.vision_language.tiny_model import save_tiny_model

    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    words = sorted({word for three in KEYWORDS.values() for word in three})
    save_tiny_model(tmp_path / "tiny", [" ".join(words), *(f" {word}" for word in words)], seed=5)
    items = items_of(table)
    asked = examinee(TransformersVlm(str(tmp_path / "tiny")), ledger, tmp_path)
    planned = forecast_evaluation(asked, BENCHMARK, items, table("ingest__images"))
    done = run_models([asked], [NAME], table, tmp_path, None)
    assert done.work.calls == planned.calls_low == 3 * (IMAGES - 1)
    predictions, scores = kept(tmp_path, items)
    assert predictions.height == 3 * IMAGES
    check_values(predictions)
    values = predictions["parsed_answer"].drop_nulls()
    assert values.n_unique() == len(values), "random weights see every image and word"
    assert set(scores["protocol"]) == {"probability"}
    assert set(scores["section"]) == {"valence", "arousal", "dominance", "overall"}
    again = run_models([asked], [NAME], table, tmp_path, None)
    assert (again.work.calls, again.work.cached) == (0, done.work.calls)
    assert kept(tmp_path, items)[0].equals(predictions)


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that passes for a model; its child tells what script.json says."""
    monkeypatch.setenv("EEMO_TRANSFORMERS_PYTHON", shlex.join([sys.executable, str(CHILD)]))
    folder = tmp_path / "scripted"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(b"weights")
    shares = dict(zip(KEYWORDS["valence"], (0.5, 0.3, 0.2), strict=True))
    usage = {"status": "ok", "input_tokens": 30, "output_tokens": 1}
    reply = {"reply": usage | {"probabilities": shares, "mass": 1.0000000001}}
    (folder / "script.json").write_text(json.dumps(reply))
    return folder


def test_a_child_is_asked_for_words_once(
    table: Callable[[str], pl.DataFrame], ledger: Ledger, script: Path, tmp_path: Path
) -> None:
    asked = examinee(TransformersVlm(str(script)), ledger, tmp_path)
    valence = [item for item in items_of(table) if item.section == "valence"]
    responses, work = asked.answer(BENCHMARK, valence, table("ingest__images"))
    assert work.calls == IMAGES - 1
    predictions = tabulate(BENCHMARK, "scripted", responses)
    assert predictions["parsed_answer"].drop_nulls().to_list() == ["0.65"] * (IMAGES - 1)
    assert set(predictions["protocol"]) == {"probability"}
    questions = [json.loads(line) for line in (script / "asked.jsonl").read_text().splitlines()]
    for question in questions:
        assert question["words"] == list(KEYWORDS["valence"])
        assert question["beginning"] == "The level of valence this image evokes in the viewer is"
        assert question["images"] == 1
    again, work = asked.answer(BENCHMARK, valence, table("ingest__images"))
    assert (work.calls, again) == (0, responses)
    assert len((script / "asked.jsonl").read_text().splitlines()) == len(questions)


def test_a_model_that_replies_in_text_writes_a_number(
    table: Callable[[str], pl.DataFrame], ledger: Ledger, tmp_path: Path
) -> None:
    items = items_of(table)
    with local_server() as server:
        vlm = OpenAiVlm("local-a", "local_openai", server.openai_url, server.key)
        asked = examinee(vlm, ledger, tmp_path)
        run_models([asked], [NAME], table, tmp_path, None)
    predictions, scores = kept(tmp_path, items)
    read = predictions.filter(pl.col("status") == "ok")
    assert read.height == 3 * (IMAGES - 1)
    assert all(read_level(*row) is None for row in read.select("section", "reply").iter_rows())
    assert set(predictions["protocol"]) == set(scores["protocol"]) == {"text"}


def test_numbers_over_both_protocols_say_so(table: Callable[[str], pl.DataFrame]) -> None:
    by_word = "positive: 1, neutral: 0, negative: -1"
    valence = [item for item in items_of(table) if item.section == "valence"]
    replies = [by_word, "Valence: 0.2", by_word, "0.4"]
    responses = [Response(item, reply) for item, reply in zip(valence, replies, strict=True)]
    predictions = tabulate(BENCHMARK, "file", responses)
    assert sorted(predictions["protocol"]) == ["probability"] * 2 + ["text"] * 2
    scores = tabulate_scores(BENCHMARK, predictions)
    assert set(scores["protocol"]) == {"mixed"}


def test_answers_that_were_kept_before_there_were_two_protocols_are_scored(
    table: Callable[[str], pl.DataFrame], tmp_path: Path
) -> None:
    item = items_of(table)[0]
    row = {"benchmark": NAME, "evaluated_model": "old", "benchmark_item": item.item_id}
    texts = row | {"reply": "Valence: 0.2", "reason": None, "given_mark": None}
    frame = pl.DataFrame(
        [texts], schema=dict.fromkeys(texts, pl.String) | {"given_mark": pl.Float64}
    )
    (tmp_path / FOLDER).mkdir()
    frame.write_parquet(tmp_path / FOLDER / f"{NAME}-old.parquet")
    ((model, responses),) = read_kept(tmp_path, NAME, {item.item_id: item})
    (predicted,) = tabulate(BENCHMARK, model, responses).to_dicts()
    assert (predicted["parsed_answer"], predicted["protocol"]) == ("0.2", "text")


def test_a_model_in_a_folder_judges_texts(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    from tests.support.speaking_model import save_speaking_model

    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    vlm = TransformersVlm(str(save_speaking_model(tmp_path / "judge", '{"score": 1}')))
    judge = Judge(vlm, Session(ledger, Budget(None), read_prices()))
    item = Item("1", "description", "other", "What do they share?", "Both evoke joy.")
    first = judge.mark([Response(item, "Joy."), Response(item, "Both are sad.")])
    assert [one.verdict for one in first.responses] == [0.5, 0.5]
    assert (first.work.calls, first.agreement) == (2 * ROUNDS, 1)
    assert judge.mark(first.responses).work.calls == 0
