"""The judge over HTTP: five rounds a text, each paid once, and no mark where a round is missing."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from eemo_pipeline.ledger.store import open_ledger
from eemo_pipeline.stages.evaluation.benchmarks import Item
from eemo_pipeline.stages.evaluation.benchmarks.eemo_bench_pair import BENCHMARK as PAIRS
from eemo_pipeline.stages.evaluation.forecast import forecast_judge
from eemo_pipeline.stages.evaluation.judge import Judge
from eemo_pipeline.stages.evaluation.responses import Response
from eemo_pipeline.stages.evaluation.rubrics import (
    CRITERIA,
    ONE_SCORE,
    ROUNDS,
    Rubric,
    conciseness,
)
from eemo_pipeline.vlm.session import Session
from eemo_pipeline.vlm.spending.budget import Budget
from eemo_pipeline.vlm.spending.prices import read_prices
from resources.local_server import LocalServer, local_server
from resources.providers.openai_vlm import OpenAiVlm

TEXTS = [f"Both images evoke joy, and the {place}. more so." for place in range(6)]


def response(text: str | None, gold: str = "Both evoke joy.") -> Response:
    return Response(Item("1", "description", "other", "What do they share?", gold), text)


def test_four_criteria_give_half_of_their_mean() -> None:
    item = Item("1", "description", "other", "?", "one two three four five six seven eight")
    votes = [{"completeness": 2, "precision": 1, "relevance": 2}] * 4
    votes.append({"completeness": 0, "precision": 1, "relevance": 2})
    # Means 1.6, 1 and 2; as many words as the reference have 2, and one word has none.
    assert CRITERIA.mark(item, item.gold, votes) == pytest.approx((1.6 + 1 + 2 + 2) / 8)
    assert CRITERIA.mark(item, "one", votes) == pytest.approx((1.6 + 1 + 2) / 8)
    assert ONE_SCORE.mark(item, "one", [{"score": vote} for vote in (2, 2, 1, 0, 2)]) == 0.7


@pytest.mark.parametrize(
    ("words", "points"),
    [(0, 0), (4, 0), (5, 1), (7, 1), (8, 2), (12, 2), (13, 1), (15, 1), (16, 0)],
)
def test_conciseness_counts_words_beside_the_reference(words: int, points: int) -> None:
    assert conciseness("w " * words, "w " * 10) == points
    assert conciseness("w " * words, "") == 0


@pytest.fixture(scope="module")
def server() -> Iterator[LocalServer]:
    with local_server() as running:
        yield running


@pytest.mark.parametrize("rubric", [ONE_SCORE, CRITERIA])
def test_five_rounds_are_asked_once(server: LocalServer, tmp_path: Path, rubric: Rubric) -> None:
    before = server.account()["billed"]
    vlm = OpenAiVlm("local-critic", "local_openai", server.openai_url, server.key)
    given = [*map(response, TEXTS), response(None), response("Joy.", gold="")]
    with closing(open_ledger(tmp_path / "ledger.sqlite")) as ledger:
        judge = Judge(vlm, Session(ledger, Budget(), read_prices()))
        first, again = judge.mark(given, rubric), judge.mark(given, rubric)
    assert first.work.calls == ROUNDS * len(TEXTS) == server.account()["billed"] - before
    assert again.work.calls == 0
    assert again.responses == first.responses
    marks = [one.verdict for one in first.responses]
    assert marks[-2:] == [None, None]
    assert all(mark is not None and 0 <= mark <= 1 for mark in marks[:-2])
    assert len(set(marks[:-2])) > 1, "texts differ, and so do their marks"
    assert first.agreement is not None
    assert 0 <= first.agreement <= 1


def test_a_forecast_bounds_what_the_rounds_cost(server: LocalServer, tmp_path: Path) -> None:
    server.follow({})
    vlm = OpenAiVlm("local-critic", "local_openai", server.openai_url, server.key)
    given = [response(f"Joy in {place} images.") for place in range(3)]
    before = server.account()["nano_usd"]
    with closing(open_ledger(tmp_path / "ledger.sqlite")) as ledger:
        judge = Judge(vlm, Session(ledger, Budget(), read_prices()))
        line = forecast_judge(judge, PAIRS, [one.item for one in given])
        judge.mark(given)
    assert line.calls_low == ROUNDS * len(given)
    assert (server.account()["nano_usd"] - before) / 1e9 <= line.usd_high


def test_a_text_without_all_its_votes_has_no_mark(server: LocalServer, tmp_path: Path) -> None:
    server.follow({"rules": [{"fault": "refused", "share": 0.3}]})
    vlm = OpenAiVlm("local-critic", "local_openai", server.openai_url, server.key)
    with closing(open_ledger(tmp_path / "ledger.sqlite")) as ledger:
        done = Judge(vlm, Session(ledger, Budget(), read_prices())).mark([*map(response, TEXTS)])
    assert None in {one.verdict for one in done.responses}
