"""Valence, arousal and dominance from words: tokens, lemmas, negation, phrases, trials, sheet."""

from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.schema.validate import conform, key_violations, null_violations
from eemo_pipeline.stages.labels import lexicon as lexicon_module
from eemo_pipeline.stages.labels.lexicon import LexiconRules, Negation, parse_rules, score_comments
from eemo_pipeline.stages.labels.lexicon_trials import build_trials
from eemo_pipeline.stages.labels.lexicon_words import middle_of_scale
from eemo_pipeline.stages.labels.vad import build_vad
from eemo_pipeline.stages.labels.validation import build_validation_items, write_blind_sheet

# Made up, on 1-9: valence, arousal, dominance.
RATED = {
    "happy": (8.0, 6.0, 7.0),
    "dog": (7.0, 5.0, 6.0),
    "scary": (2.0, 7.0, 3.0),
    "null": (4.0, 3.0, 5.0),
    "true": (6.0, 3.0, 6.0),
    "false": (3.0, 4.0, 4.0),
    "nan": (5.0, 4.0, 5.0),
    "not": (3.0, 4.0, 4.0),
    "run": (6.0, 7.0, 6.0),
}
PHRASES = {"hot dog": (9.0, 5.0, 5.0), "hot dog stand": (1.0, 1.0, 1.0)}


def words(
    rated: dict[str, tuple[float, ...]], source: str = "warriner", **scale: float
) -> pl.DataFrame:
    rows = [
        {
            "source": source,
            "word": word,
            "table_path": "words.csv",
            "row": number,
            "native_valence": values[0],
            "native_arousal": values[1],
            "native_dominance": values[2],
            "scale_min": scale.get("low", 1.0),
            "scale_max": scale.get("high", 9.0),
        }
        for number, (word, values) in enumerate(rated.items(), 1)
    ]
    return pl.DataFrame(rows, schema=TABLES["ingest__words"].polars_schema)


def comments(*texts: str | None, **fields: Any) -> pl.DataFrame:
    rows = [
        {
            "image_id": "a",
            "source": "affection",
            "record_id": "a",
            "annotation_no": number,
            "annotator_id": f"worker {number}",
            "label_space": "affection9",
            "semantics": "evoked",
            "comment": text,
        }
        | fields
        for number, text in enumerate(texts)
    ]
    return pl.DataFrame(rows, schema=TABLES["ingest__annotations"].polars_schema)


def score(
    *texts: str | None, negation: Negation = "left_out", rated: dict[str, Any] = RATED
) -> dict[str, Any] | None:
    scored = score_comments(comments(*texts), words(rated), LexiconRules(negation=negation))
    return scored.row(0, named=True) if scored.height else None


def found(*texts: str | None, **rules: Any) -> dict[str, Any]:
    row = score(*texts, **rules)
    assert row is not None
    return row


def test_a_value_is_the_mean_over_all_words_with_their_number_and_spread() -> None:
    row = found("Happy dogs; HAPPY!", "a table", None, "")
    assert (row["valence"], row["arousal"], row["dominance"]) == pytest.approx(
        (23 / 30, 17 / 30, 20 / 30), abs=1e-6
    )
    assert row["valence_sd"] == pytest.approx((0.01 / 3) ** 0.5, abs=1e-6)  # 0.8, 0.7, 0.8
    assert (row["lexicon_word_count"], row["rater_count"], row["lexicon"]) == (3, 1, "warriner")
    assert found("happy")["valence_sd"] is None


def test_words_that_parsers_swallow_are_words() -> None:
    row = found("null true false NaN")
    assert (row["lexicon_word_count"], row["valence"]) == (4, 0.45)


def test_lemmas_are_looked_up_where_the_form_is_unknown() -> None:
    assert found("running, ran, runs")["lexicon_word_count"] == 3
    assert found("running", rated={**RATED, "running": (1.0, 1.0, 1.0)})["valence"] == 0.1


@pytest.mark.parametrize(
    ("text", "left_out", "mirrored"),
    [
        ("not happy", None, 0.2),
        ("isn't happy", None, 0.2),
        ("isn\u2019t very happy", None, 0.2),
        ("not a very big happy", 0.8, 0.8),  # the fourth word on
        ("not, happy", 0.8, 0.8),  # another clause
        ("never. happy", 0.8, 0.8),
        ("nothing scary", None, 0.8),
    ],
)
def test_negation_bears_on_three_words_of_its_clause(
    text: str, left_out: float | None, mirrored: float
) -> None:
    row = score(text)
    assert (row["valence"] if row else None) == left_out
    assert found(text, negation="mirrored")["valence"] == pytest.approx(mirrored)
    assert (
        found(text, negation="mirrored")["arousal"]
        == found(
            text,
            negation="counted",
            rated={word: values for word, values in RATED.items() if word != "not"},
        )["arousal"]
    )


def test_counted_is_the_plain_mean_and_negators_are_words_there() -> None:
    assert found("not happy", negation="counted")["valence"] == 0.55
    assert found("not a happy dog. happy")["lexicon_word_count"] == 1


def test_negation_ends_with_the_comment() -> None:
    assert found("I would not", "happy")["valence"] == 0.8


def test_the_longest_phrase_counts_as_one_word() -> None:
    rated = {**RATED, **PHRASES}
    assert found("a hot dog!", rated=rated)["valence"] == 0.9
    assert found("Hot dog stand", rated=rated)["lexicon_word_count"] == 1
    assert found("hot dog stand", rated=rated)["valence"] == 0.1
    assert found("hot, dog", rated=rated)["valence"] == 0.7  # another clause
    assert found("hot dog hot dog happy", rated=rated)["lexicon_word_count"] == 3
    assert score("no hot dog", rated=rated) is None
    assert found("hot", "dog", rated=rated)["valence"] == 0.7  # two comments


def test_compounds_are_cut_where_the_lexicon_does_not_know_them() -> None:
    assert found("happy-scary")["lexicon_word_count"] == 2
    assert found("happy-scary", rated={**RATED, "happy-scary": (5.0, 5.0, 5.0)})["valence"] == 0.5
    assert found("happy/scary,dog")["lexicon_word_count"] == 3


@pytest.mark.parametrize(
    "text",
    [
        "\u044d\u0442\u043e \u0441\u0442\u0440\u0430\u0448\u043d\u043e",
        "\u3053\u308c\u306f\u6016\u3044\u3067\u3059\u3002",
        "!!! 123 :-)",
        " ",
        "x" * 100_000,
        "\u0000\ud7ff \U0001f600",
    ],
)
def test_comments_without_a_known_word_give_no_row(text: str) -> None:
    assert score(text) is None


def test_a_comment_of_ten_thousand_words() -> None:
    row = found("happy scary\n" * 5_000)
    assert (row["lexicon_word_count"], row["valence"]) == (10_000, 0.5)


def test_scales_and_preference() -> None:
    both = pl.concat(
        [words(RATED), words({"happy": (0.5, 1.0, -1.0)}, "nrc_vad", low=-1.0, high=1.0)]
    )
    happy = comments("happy")

    def values(**rules: Any) -> tuple[float, ...]:
        row = score_comments(happy, both, LexiconRules(**rules)).row(0, named=True)
        return row["valence"], row["arousal"], row["dominance"]

    assert values() == (0.8, 0.6, 0.7)
    assert values(scaling="stretched") == (0.875, 0.625, 0.75)
    assert values(preference=("nrc_vad", "warriner")) == (0.75, 1.0, 0.0)
    assert values(preference=("absent", "nrc_vad")) == (0.75, 1.0, 0.0)
    assert score_comments(happy, both, LexiconRules(preference=("absent",))).is_empty()


def test_the_middle_of_a_scale_may_be_zero() -> None:
    least = 5e-324  # half of the least number is 0
    scales = {"tenths": (1.0, 9.0), "flat": (3.0, 3.0), "least": (0.0, least)}
    frame = pl.DataFrame(
        [(name, *ends) for name, ends in scales.items()],
        schema=["source", "scale_min", "scale_max"],
        orient="row",
    )
    middles = {name: middle_of_scale(frame, name, "tenth") for name in scales}
    assert middles == {"tenths": 0.5, "flat": 0.5, "least": 0.0}


def test_an_entry_without_all_ratings_says_nothing() -> None:
    partial = words({"happy": (8.0, 6.0, 7.0), "dog": (7.0, 5.0, 99.0)})
    row = score_comments(comments("happy dog"), partial, LexiconRules()).row(0, named=True)
    assert row["lexicon_word_count"] == 1


def test_unknown_settings_are_named() -> None:
    assert parse_rules(["x"], "tenth", "counted").preference == ("x",)
    with pytest.raises(ValueError, match="one of counted, left_out, mirrored"):
        parse_rules(["x"], "tenth", "ignored")


_TEXTS = st.lists(
    st.text(st.sampled_from("not happy scary dogs hot. ,-'\n\u00e9"), max_size=30), max_size=8
)


@settings(max_examples=50, deadline=None)
@given(_TEXTS, st.randoms(), st.integers(1, 4))
def test_neither_order_nor_batches_change_a_value(
    texts: list[str], random: Any, batch: int
) -> None:
    rated = words({**RATED, **PHRASES})
    whole = score_comments(comments(*texts), rated, LexiconRules())
    shuffled = list(texts)
    random.shuffle(shuffled)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lexicon_module, "_BATCH", batch)
        assert score_comments(comments(*shuffled), rated, LexiconRules()).equals(whole)
    for row in whole.iter_rows(named=True):
        assert 0 <= row["valence"] <= 1
        assert row["rater_count"] <= len(texts)


# --- among ratings -------------------------------------------------------------------------------


def images(count: int) -> pl.DataFrame:
    rows = [
        {"image_id": f"{number:02}", "source": "affection", "path": f"{number}.jpg"}
        for number in range(count)
    ]
    return pl.DataFrame(rows, schema=TABLES["dedup__images"].polars_schema)


def commented_and_rated(count: int) -> pl.DataFrame:
    """Pictures with a comment each, the first half of them rated as the comment says."""
    said = ["happy", "dog", "scary", "happy dog"]
    parts = [
        comments(said[number % 4], image_id=f"{number:02}", record_id=f"{number}")
        for number in range(count)
    ]
    parts += [
        comments(
            None,
            image_id=f"{number:02}",
            record_id=f"{number}",
            source="oasis",
            semantics="evoked" if number % 2 else "apparent",
            native_valence=[8.0, 7.0, 2.0, 7.5][number % 4],
            native_arousal=5.0,
            scale_min=1.0,
            scale_max=9.0,
        )
        for number in range(count // 2)
    ]
    return pl.concat(parts)


def test_ratings_are_best_and_words_speak_where_there_are_none() -> None:
    vad = build_vad(images(8), commented_and_rated(8), words(RATED), LexiconRules())
    best = vad.filter("is_best")
    assert best["origin"].to_list() == ["rated:oasis"] * 4 + ["lexicon:affection"] * 4
    assert vad.height == 12
    lexicon = vad.filter(pl.col("origin") == "lexicon:affection")
    assert lexicon["lexicon"].unique().to_list() == ["warriner"]
    assert lexicon["rule"].unique().to_list() == ["mean of words; negated left_out; scale tenth"]
    assert vad.filter(origin="rated:oasis")["lexicon_word_count"].null_count() == 4


def test_trials_compare_every_rule_where_a_picture_has_both() -> None:
    annotations = commented_and_rated(16)
    vad = build_vad(images(16), annotations, words(RATED), LexiconRules())
    trials = build_trials(annotations, words({**RATED, **PHRASES}), vad, LexiconRules())
    assert not key_violations(
        conform(trials, TABLES["labels__lexicon_trials"]).lazy(), TABLES["labels__lexicon_trials"]
    )
    assert trials.height == 3 * 2 * 2  # rules, with and without phrases, valence and arousal
    used = trials.filter("is_used")
    assert used.select("negation", "has_phrases").unique().rows() == [("left_out", True)]
    valence = used.filter(dimension="valence").row(0, named=True)
    assert (valence["image_count"], valence["mean_absolute_error"]) == (8, 0.0)
    assert (valence["pearson"], valence["spearman"]) == (1.0, 1.0)
    constant = used.filter(dimension="arousal").row(0, named=True)
    assert (constant["pearson"], constant["spearman"]) == (None, None)


def test_the_sheet_is_stratified_seeded_and_blind() -> None:
    scale = [
        comments("happy " * high + "scary " * (30 - high), image_id=f"{high:02}", record_id="r")
        for high in range(30)
    ]
    vad = build_vad(images(30), pl.concat(scale), words(RATED), LexiconRules())
    items = build_validation_items(vad, "seed", per_tertile=4)
    table = TABLES["labels__validation_items"]
    assert not null_violations(conform(items, table).lazy(), table)
    assert items.group_by("dimension", "tertile").len()["len"].to_list() == [4] * 9
    assert items["sheet_no"].to_list() == list(range(1, 37))
    valence = items.filter(dimension="valence")
    low, high = (valence.filter(tertile=name)["lexicon_value"] for name in ("low", "high"))
    assert low.max() < high.min()  # pyright: ignore[reportOperatorIssue]
    assert items.equals(build_validation_items(vad[::-1], "seed", per_tertile=4))
    assert not items.equals(build_validation_items(vad, "other", per_tertile=4))
    lines = write_blind_sheet(items, images(30)).decode().splitlines()
    assert lines[0] == "sheet_no,picture,rate,answer,image_id"
    assert len(lines) == 37
    shown = items.row(0, named=True)
    assert lines[1].startswith(f"1,sources/affection/{int(shown['image_id'])}.jpg,")
    assert {line.partition(".jpg,")[2].rpartition(",")[0] for line in lines[1:]} == {
        f'{dimension},""' for dimension in ("valence", "arousal", "dominance")
    }


def test_nothing_in_gives_empty_tables() -> None:
    empty = {name: table.empty() for name, table in TABLES.items()}
    vad = build_vad(
        empty["dedup__images"], empty["ingest__annotations"], empty["ingest__words"], LexiconRules()
    )
    assert vad.schema == TABLES["labels__vad"].polars_schema
    trials = build_trials(comments("happy"), words(RATED), vad, LexiconRules())
    assert trials.schema == TABLES["labels__lexicon_trials"].polars_schema
    assert trials.is_empty()
    items = build_validation_items(vad, "seed")
    assert items.schema == TABLES["labels__validation_items"].polars_schema
    assert write_blind_sheet(items, empty["dedup__images"]) == (
        b"sheet_no,picture,rate,answer,image_id\n"
    )
