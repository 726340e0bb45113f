"""Published benchmarks: items from the owners' files, and chance where chance should be."""

import csv
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from importlib.resources import files

import polars as pl
import pytest

from eemo_pipeline.emotion.taxonomies import EKMAN_7, MIKELS_8
from eemo_pipeline.stages.evaluation.baselines import answer_by_chance
from eemo_pipeline.stages.evaluation.benchmarks import Item
from eemo_pipeline.stages.evaluation.level_probabilities import expected_level
from eemo_pipeline.stages.evaluation.predictions import tabulate
from eemo_pipeline.stages.evaluation.replay import list_benchmarks
from eemo_pipeline.stages.evaluation.responses import Response
from eemo_pipeline.stages.evaluation.scores import Score, round_half_up, score
from eemo_pipeline.stats.hash_draws import unit_interval
from tests.support.published_sets import eemo_bench_files, other_files, tables_of

BENCHMARKS = list_benchmarks()
IMAGES, PAIRS, DESCRIBED, GUESSERS = 140, 130, 40, 12
# Chance of each number, in its unit; None where a judge decides.
CHANCE = {
    ("eemo_bench_single", "Yes-or-No"): 50,
    ("eemo_bench_single", "What/How"): 100 / 3,
    ("eemo_bench_single", "Overall"): 41.67,
    ("eemo_bench_pair", "Yes-or-No"): 50,
    ("eemo_bench_pair", "What/How"): 25,
    ("eemo_bench_ranking", "Ranking"): 25.48,
    ("eemo_bench_assessment", "SRCC"): 0,
    ("eemo_bench_assessment", "PLCC"): 0,
    ("artphoto", "Accuracy"): 12.5,
    ("uniaa", "Yes-or-No"): 50,
    ("uniaa", "Overall"): 50,
    ("aigiemo", "Accuracy"): 12.5,
    ("aigiemo", "PLCC"): 0,
    ("aigiemo", "CCC"): 0,
    ("artemis", "Accuracy"): 12.5,
    ("aesbench", "AesE"): 100 / 3,
    ("emoverse_probe", "Accuracy"): 12.5,
    ("emoverse_user_study", "Evokes an emotion"): 50,
    ("held_out_assess", "Accuracy"): 12.5,
    ("held_out_assess", "Ranking"): 25.48,
    ("held_out_assess", "MAE"): 0.3125,  # of a uniform value to 0.25 and 0.75
    ("held_out_assess", "PLCC"): 0,
    ("held_out_qa", "Yes-or-No"): 50,
    ("held_out_qa", "What/How"): 25,
    ("held_out_qa", "Overall"): 37.5,
}
# Chance says no text and names no box.
SILENT = {"eemo_bench_description", "eemo_logic_description", "emoverse_grounding"}


def made_items(name: str, count: int) -> list[Item]:
    """Return items of a benchmark whose own come from other tables, or have no right answers."""

    def make(section: str, subset: str, gold: str, options: Sequence[str]) -> list[Item]:
        shown = {letter: letter for letter in options}
        return [
            Item(f"{section} {subset} {place}", section, subset, "?", gold, options=shown)
            for place in range(count)
        ]

    letters = tuple("ABCD")
    if name == "aesbench":
        return make("perception", "AesE", "B", letters[:3])
    if name == "held_out_qa":
        kinds = {"Yes-or-No": letters[:2], "What/How": letters}
        sections = "perception", "pair_perception"
        return [
            item
            for section in sections
            for kind, options in kinds.items()
            for item in make(section, kind, "A", options)
        ]
    if name == "emoverse_user_study":
        return make("evokes_emotion", "evokes_emotion", "yes", ())
    labels = make("dominant_emotion", "dominant_emotion", "awe", MIKELS_8)
    if name == "held_out_assess":
        ranked = make("ranking", "ranking", "fear, disgust, neutral", EKMAN_7)
        values = [
            replace(item, gold=("0.25", "0.75")[place % 2])
            for place, item in enumerate(make("valence", "valence", "", ()))
        ]
        return [*labels, *ranked, *values]
    return labels


def test_chance_is_known_of_every_benchmark() -> None:
    assert set(BENCHMARKS) == {name for name, _ in CHANCE} | SILENT
    for name in SILENT:
        benchmark = BENCHMARKS[name]
        section = benchmark.numbers[0].section
        items = [Item(f"{place}", section, section, "?", "{}") for place in range(9)]
        rows = tabulate(benchmark, "chance", answer_by_chance(benchmark, items))
        assert not any(found.value for found in score(benchmark, rows, resamples=20))


@pytest.fixture(scope="module")
def tables() -> dict[str, Callable[[str], pl.DataFrame]]:
    bench = tables_of("eemo_bench", eemo_bench_files(IMAGES, PAIRS, DESCRIBED))
    return {name: bench for name in BENCHMARKS if name.startswith("eemo_")} | {
        source: tables_of(source, content) for source, content in other_files(IMAGES).items()
    }


def prepared(name: str, tables: dict[str, Callable[[str], pl.DataFrame]]) -> list[Item]:
    if name not in tables or name == "aesbench":
        return made_items(name, IMAGES)
    prepare = BENCHMARKS[name].prepare
    assert prepare is not None
    items = list(prepare(tables[name]))
    assert len({item.item_id for item in items}) == len(items)
    return items


def test_every_question_of_the_files_is_an_item(
    tables: dict[str, Callable[[str], pl.DataFrame]],
) -> None:
    counts = {
        name: Counter((item.section, item.subset) for item in prepared(name, tables))
        for name in tables
    }
    assert counts["eemo_bench_single"] == {
        ("perception", "Yes-or-No"): IMAGES,
        ("perception", "What/How"): IMAGES,
    }
    assert counts["eemo_bench_pair"] == {
        ("perception", "Yes-or-No"): PAIRS,
        ("perception", "What/How"): PAIRS,
        ("description", "other"): DESCRIBED,
    }
    assert counts["eemo_bench_ranking"].total() == IMAGES
    assert counts["eemo_bench_assessment"].total() == 3 * IMAGES
    assert counts["eemo_bench_description"].total() == 2 * DESCRIBED
    assert counts["artphoto"].total() == counts["uniaa"].total() == IMAGES
    assert counts["aigiemo"].total() == 5 * IMAGES
    prepare = BENCHMARKS["aesbench"].prepare
    assert prepare
    assert not any(item.is_valid for item in prepare(tables["aesbench"])), "it has no answers"


def chance_of(
    name: str, tables: dict[str, Callable[[str], pl.DataFrame]], seed: int
) -> list[Score]:
    """Return the scores of chance; every seed is another guesser."""
    benchmark, items = BENCHMARKS[name], prepared(name, tables)
    responses = [
        Response(item, benchmark.guess(item, unit_interval(str(seed), name, item.item_id)) or None)
        for item in items
    ]
    return score(benchmark, tabulate(benchmark, "random guess", responses), resamples=200)


@pytest.mark.parametrize("name", sorted({name for name, _ in CHANCE}))
def test_chance_is_within_its_interval(
    name: str, tables: dict[str, Callable[[str], pl.DataFrame]]
) -> None:
    within: dict[str, int] = Counter()
    for seed in range(GUESSERS):
        for found in chance_of(name, tables, seed):
            expected = CHANCE.get((name, found.name))
            if found.signature:
                assert found.section in ("caption", "reason")
                assert found.value is None or found.covered == found.value == 0
            if expected is None or found.marking != "tolerant" or found.aspect:
                continue
            assert found.covered == 1
            assert found.lower is not None
            assert found.upper is not None
            within[f"{found.section} {found.name}"] += found.lower <= expected <= found.upper
    # Intervals of 95 % miss now and then; of twelve, three or fewer.
    assert within
    assert min(within.values()) >= GUESSERS - 3, within


def test_artemis_has_as_many_paintings_of_each_emotion_as_the_list_of_its_protocol() -> None:
    felt = [*["awe"] * 250, *["fear"] * 20, *["something else"] * 5]
    lines = [f"Cubism,a_{place},{emotion},x,5" for place, emotion in enumerate(felt)]
    files = {f"wikiart/Cubism/a_{place}.jpg": b"x" for place in range(len(felt))}
    csv_text = "\n".join(["art_style,painting,emotion,utterance,repetition", *lines])
    table = tables_of("artemis", {**files, "artemis_dataset_release_v0.csv": csv_text})
    prepare = BENCHMARKS["artemis"].prepare
    assert prepare
    items = prepare(table)
    assert Counter(item.gold for item in items) == {"awe": 240, "fear": 20}
    assert {tuple(item.options) for item in items} == {MIKELS_8}


def test_the_overall_of_descriptions_is_that_of_all_published_models() -> None:
    text = files("eemo_pipeline.stages.evaluation").joinpath("published_numbers.csv").read_text()
    rows = {
        (row["benchmark"], row["number"], row["model"]): Decimal(row["value"])
        for row in csv.DictReader(text.splitlines())
        if row["section"] == "description"
    }
    models = {model for name, _, model in rows if name == "eemo_bench_description"}
    assert len(models) == 19
    (number,) = (
        one for one in BENCHMARKS["eemo_bench_description"].numbers if one.name == "Overall"
    )
    for model in models:
        parts = (
            rows["eemo_bench_description", "Single", model],
            rows["eemo_bench_pair", "Overall", model],
        )
        weighted = sum(part * share for part, share in zip(parts, number.weights, strict=True))
        published = rows["eemo_bench_description", "Overall", model]
        assert abs(round_half_up(Decimal(weighted) / 801, 2) - published) <= Decimal("0.01"), model


def test_a_value_follows_from_the_logits_of_three_words() -> None:
    assert expected_level((0, 0, 0)) == pytest.approx(0.5)
    assert expected_level((1000, 0, -1000)) == 1
    item = Item("1", "valence", "valence", "?", "0.5")
    parse = BENCHMARKS["eemo_bench_assessment"].parse
    assert parse(item, "positive: 0, neutral: 0, negative: 0").tolerant == "0.5"
    assert parse(item, "Valence: 0.25").strict == "0.25"
