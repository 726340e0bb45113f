from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eemo_pipeline.aggregation.decide import decide, decide_with, latest_replies
from eemo_pipeline.aggregation.limits import DECISION_LIMITS
from eemo_pipeline.emotion.taxonomies import MIKELS_8
from eemo_pipeline.ledger.store import Ask, Ledger
from eemo_pipeline.roles.annotator import ANSWER_FIELDS, AnnotationRequest
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.schema.validate import (
    conform,
    key_violations,
    null_violations,
    vocabulary_violations,
)
from eemo_pipeline.stages.critic import judge, review
from eemo_pipeline.stages.critic.rules import FIELDS

DESCRIPTION = "A calm boat rests on blue water under a wide open sky."
NEGATIVE_WORD = "dreary"

ANSWER: dict[str, Any] = {
    "description": DESCRIPTION,
    "background": "water under a wide sky",
    "attribute": "calm",
    "subject": "boat",
    "emotion": "contentment",
    "alternatives": ["awe"],
    "alternative_probabilities": [0.2],
    "clarity": 7,
    "intensity": 6,
    "valence": 0.7,
    "arousal": 0.5,
    "dominance": 0.5,
    "evidence": ["smooth water"],
}


def keep_answer(request: AnnotationRequest) -> dict[str, Any]:
    return {"status": "ok", **(request.previous or {})}


@dataclass(frozen=True)
class Scripted:
    """An annotator that answers by a function of the request."""

    name: str
    answer: Callable[[AnnotationRequest], dict[str, Any]] = keep_answer
    heard: list[AnnotationRequest] = field(default_factory=list)
    model: str = "script"
    method: str = "a script"
    prompt_hash: str = "0"
    revision_hash: str = "0"
    provider: str = "embedded"

    def perform(self, asks: Sequence[Ask]) -> Iterator[tuple[Ask, dict[str, Any]]]:
        for ask in asks:
            self.heard.append(ask.payload)
            yield ask, self.answer(ask.payload)


def image_rows(*ids: str) -> pl.DataFrame:
    table = TABLES["dedup__images"]
    row: dict[str, Any] = {
        "source": "folder",
        "path": "a.jpg",
        "split": "train",
        "width_px": 100,
        "height_px": 80,
        "brightness": 0.5,
        "colourfulness": 40.0,
        "dominant_colours": ["#2060c0", "#808080"],
        "is_blank": False,
    }
    return pl.DataFrame([{"image_id": i, **row} for i in ids], schema=table.polars_schema)


def reply_rows(answers: Mapping[tuple[str, str], dict[str, Any]]) -> pl.DataFrame:
    fixed = {"round": 1, "model": "m", "method": "m", "prompt_hash": "p", "status": "ok"}
    rows = [
        {"image_id": image, "annotator": name, **fixed, **ANSWER, **change}
        for (image, name), change in answers.items()
    ]
    return pl.DataFrame(rows, schema=TABLES["annotation__replies"].polars_schema)


def verifier_rows(votes: Mapping[str, str | None]) -> pl.DataFrame:
    rows = [
        {
            "image_id": image,
            "verifier": "probe",
            "model": "m",
            "method": "m",
            "status": "ok" if emotion else "abstain",
            "emotion": emotion,
            "probability": 0.6 if emotion else None,
            "fold": 0,
            "training_count": 9,
        }
        for image, emotion in votes.items()
    ]
    return pl.DataFrame(rows, schema=TABLES["verification__replies"].polars_schema)


def region_rows(*ids: str) -> pl.DataFrame:
    row = {"region_no": 1, "detector": "d", "segmenter": "s", "model": "m", "method": "m"}
    box = {"status": "ok", "x1_px": 10, "y1_px": 10, "x2_px": 60, "y2_px": 60, "score": 0.8}
    rows = [{"image_id": i, **row, **box} for i in ids]
    return pl.DataFrame(rows, schema=TABLES["grounding__regions"].polars_schema)


@pytest.fixture
def ledger(tmp_path: Path):
    opened = Ledger(tmp_path / "ledger.sqlite")
    yield opened
    opened.close()


def verdict_of(frame: pl.DataFrame, name: str, round_no: int) -> str:
    rows = frame.filter((pl.col("field") == name) & (pl.col("round") == round_no))
    return rows["verdict"].item()


def test_sound_picture_is_judged_once_and_nobody_is_asked(ledger, tmp_path):
    replies = reply_rows({("i", "a"): {}, ("i", "b"): {}})
    annotators = [Scripted("a"), Scripted("b")]
    done = review(
        image_rows("i"),
        replies,
        verifier_rows({"i": "contentment"}),
        region_rows("i"),
        annotators,
        ledger,
        tmp_path,
    )
    assert done.verdicts.select("round", "verdict").unique().rows() == [(1, "valid")]
    assert done.verdicts.height == len(FIELDS)
    assert (done.work.asked, done.replies.height) == (0, 0)


def test_only_the_author_is_asked_and_only_what_was_asked_changes(ledger, tmp_path):
    def rewrite(request: AnnotationRequest) -> dict[str, Any]:
        words = {"description": DESCRIPTION, "subject": "moon", "emotion": "fear"}
        return {**keep_answer(request), **words}

    replies = reply_rows({("i", "a"): {"description": "A boat."}, ("i", "b"): {}})
    annotators = [Scripted("a", rewrite), Scripted("b", rewrite)]
    inputs = (image_rows("i"), replies, verifier_rows({"i": "contentment"}), region_rows("i"))
    done = review(*inputs, annotators, ledger, tmp_path / "sources")
    assert verdict_of(done.verdicts, "description", 1) == "revisable"
    assert verdict_of(done.verdicts, "description", 2) == "valid"
    assert done.verdicts.height == 2 * len(FIELDS)
    assert (done.work.asked, done.work.reused) == (1, 0)
    assert annotators[1].heard == []
    (request,) = annotators[0].heard
    assert request.round == 2
    assert request.path == tmp_path / "sources" / "folder" / "a.jpg"
    assert [(i.field, i.code) for i in request.instructions] == [("description", "DESC_LENGTH")]
    assert request.previous is not None
    assert request.previous["description"] == "A boat."
    revised = done.replies.row(0, named=True)
    assert revised["description"] == DESCRIPTION
    assert {n: revised[n] for n in ("subject", "emotion")} == {
        "subject": "boat",
        "emotion": "contentment",
    }
    again = review(*inputs, annotators, ledger, tmp_path / "sources")
    assert (again.work.asked, again.work.reused) == (0, 1)
    assert again.verdicts.equals(done.verdicts)
    assert again.replies.equals(done.replies)


def test_same_code_after_asking_discards_the_field(ledger, tmp_path):
    replies = reply_rows({("i", name): {"attribute": NEGATIVE_WORD} for name in "ab"})
    inputs = (image_rows("i"), replies, verifier_rows({"i": "contentment"}), region_rows("i"))
    done = review(*inputs, [Scripted("a"), Scripted("b")], ledger, tmp_path)
    assert verdict_of(done.verdicts, "attribute", 1) == "revisable"
    assert verdict_of(done.verdicts, "attribute", 2) == "discarded"
    assert done.verdicts["round"].max() == 2


def test_a_refusal_does_not_discard(ledger, tmp_path):
    def refuse(_request: AnnotationRequest) -> dict[str, Any]:
        return {"status": "refused", "reason": "unsafe"}

    replies = reply_rows({("i", name): {"attribute": NEGATIVE_WORD} for name in "ab"})
    inputs = (image_rows("i"), replies, verifier_rows({"i": "contentment"}), region_rows("i"))
    done = review(*inputs, [Scripted("a", refuse)], ledger, tmp_path)
    assert verdict_of(done.verdicts, "attribute", 2) == "revisable"
    assert done.replies.select("status", "reason", "emotion").row(0) == ("refused", "unsafe", None)


def test_of_two_texts_the_critic_keeps_the_one_that_breaks_no_rule(ledger, tmp_path):
    replies = reply_rows({("i", "a"): {"attribute": NEGATIVE_WORD}, ("i", "b"): {}})
    inputs = (image_rows("i"), replies, verifier_rows({"i": "contentment"}), region_rows("i"))
    done = review(*inputs, [Scripted("a"), Scripted("b")], ledger, tmp_path)
    (row,) = conform(done.word_choices, TABLES["critic__word_choices"]).rows(named=True)
    assert (row["field"], row["round"]) == ("attribute", 1)
    assert sorted(row["candidates"]) == ["calm", NEGATIVE_WORD]
    assert (row["annotator"], row["text"]) == ("b", "calm")
    assert row["evidence"] == ["the attribute is negative while the emotion is positive"]
    assert verdict_of(done.verdicts, "attribute", 1) == "valid"
    assert done.work.asked == 0  # no annotator need revise what another wrote right
    decide_by = decide_with(None, DECISION_LIMITS)
    none = TABLES["critic__choices"].empty()
    decided = decide_by(
        replies, verifier_rows({"i": "contentment"}), done.replies, none, done.word_choices
    )
    assert decided["attribute"].to_list() == ["calm"]


def test_nobody_is_asked_about_a_contested_emotion_without_evidence(ledger, tmp_path):
    def agree(request: AnnotationRequest) -> dict[str, Any]:
        return {**keep_answer(request), "emotion": "awe", "attribute": "calm"}

    replies = reply_rows(
        {
            ("i", "a"): {"attribute": NEGATIVE_WORD},
            ("i", "b"): {"attribute": NEGATIVE_WORD, "emotion": "excitement"},
        }
    )
    inputs = (image_rows("i"), replies, verifier_rows({"i": "awe"}), region_rows("i"))
    annotators = [Scripted("a", agree), Scripted("b", agree)]
    done = review(*inputs, annotators, ledger, tmp_path)
    asked = [item.field for name in annotators for ask in name.heard for item in ask.instructions]
    assert asked == ["attribute"]  # of the record that a person will see anyway
    assert done.replies["emotion"].to_list() == ["contentment"]
    assert verdict_of(done.verdicts, "emotion", 2) == "revisable"
    (task,) = done.queue.rows(named=True)
    assert (task["field"], task["reason"]) == ("emotion", "emotion_contested")


def test_critic_does_not_know_who_wrote_a_value():
    replies = reply_rows({("i", "a"): {"attribute": NEGATIVE_WORD}, ("i", "b"): {}})
    renamed = replies.with_columns(pl.col("annotator").replace({"a": "z"}))
    decisions = decide(replies, verifier_rows({"i": "awe"}))
    under_another_name = decisions.with_columns(pl.lit("z").alias("annotator"))
    images, regions = image_rows("i"), region_rows("i")
    assert judge(images, decisions, replies, regions).equals(
        judge(images, under_another_name, renamed, regions)
    )


def test_empty_input(ledger, tmp_path):
    done = review(
        image_rows(), reply_rows({}), verifier_rows({}), region_rows(), [], ledger, tmp_path
    )
    assert done.verdicts.height == done.replies.height == 0
    conform(done.verdicts, TABLES["critic__verdicts"])
    conform(done.replies, TABLES["_critic__replies"])


CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "emotion": st.sampled_from([*MIKELS_8, None]),
        "attribute": st.sampled_from(["calm", NEGATIVE_WORD, "awe", None]),
        "background": st.sampled_from(["open field", "boat", "red room", None]),
        "description": st.sampled_from([DESCRIPTION, "A boat.", None]),
        "subject": st.sampled_from(["boat", "moon", None]),
        "intensity": st.integers(1, 10),
        "clarity": st.integers(1, 10),
        "valence": st.sampled_from([0.1, 0.5, 0.9]),
        "status": st.sampled_from(["ok", "ok", "refused"]),
    },
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.dictionaries(st.tuples(st.sampled_from(["i1", "i2"]), st.sampled_from("ab")), CHANGES),
    st.dictionaries(st.sampled_from(["i1", "i2"]), st.sampled_from([*MIKELS_8, None])),
    st.dictionaries(
        st.tuples(st.sampled_from(["i1", "i2"]), st.sampled_from("ab"), st.integers(2, 3)), CHANGES
    ),
)
def test_laws_of_the_loop(tmp_path_factory, first, votes, script):
    def follow(name: str) -> Callable[[AnnotationRequest], dict[str, Any]]:
        def answer(request: AnnotationRequest) -> dict[str, Any]:
            change = script.get((request.image_id, name, request.round), {})
            return {**keep_answer(request), **change}

        return answer

    images, replies = image_rows("i1", "i2"), reply_rows(first)
    annotators = [Scripted(name, follow(name)) for name in "ab"]
    folder = tmp_path_factory.mktemp("loop")
    ledger = Ledger(folder / "ledger.sqlite")
    verified, regions = verifier_rows(votes), region_rows("i1")
    done = review(images, replies, verified, regions, annotators, ledger, folder)
    backwards = review(
        images.reverse(),
        replies.sort("image_id", "annotator", descending=True),
        verified.reverse(),
        regions.reverse(),
        annotators[::-1],
        ledger,
        folder,
    )
    ledger.close()
    assert backwards.verdicts.equals(done.verdicts)
    assert backwards.replies.equals(done.replies)
    assert backwards.work.asked == 0
    for frame, name in ((done.verdicts, "critic__verdicts"), (done.replies, "_critic__replies")):
        table = TABLES[name]
        lazy = conform(frame, table).lazy()
        for check in (key_violations, null_violations, vocabulary_violations):
            assert check(lazy, table) == []
    assert_rounds_are_conserved(images, done.verdicts)
    assert_only_asked_fields_change(replies, done.verdicts, done.replies)


def assert_rounds_are_conserved(images: pl.DataFrame, verdicts: pl.DataFrame) -> None:
    assert verdicts["round"].max() in (1, 2, 3)
    per_round = verdicts.group_by("image_id", "round").agg(pl.col("field").sort())
    assert all(fields == sorted(FIELDS) for fields in per_round["field"].to_list())
    assert set(per_round.filter(pl.col("round") == 1)["image_id"]) == set(images["image_id"])
    for image_id in images["image_id"]:
        rounds = sorted(per_round.filter(pl.col("image_id") == image_id)["round"])
        assert rounds == list(range(1, len(rounds) + 1))


def assert_only_asked_fields_change(
    first: pl.DataFrame, verdicts: pl.DataFrame, later: pl.DataFrame
) -> None:
    of_emotion = {"emotion", "alternatives", "alternative_probabilities", "clarity"}
    of_emotion |= {"valence", "arousal", "dominance", "evidence"}
    for answer in later.sort("round").iter_rows(named=True):
        if answer["status"] != "ok":
            continue
        is_same = (pl.col("image_id") == answer["image_id"]) & (
            pl.col("annotator") == answer["annotator"]
        )
        known = latest_replies(first, later.filter(pl.col("round") < answer["round"]))
        before = known.filter(is_same).row(0, named=True)
        in_round = (pl.col("image_id") == answer["image_id"]) & (
            pl.col("round") == answer["round"] - 1
        )
        judged = verdicts.filter(in_round & (pl.col("verdict") == "revisable"))["field"].to_list()
        allowed = set(judged) | (of_emotion if "emotion" in judged else set())
        changed = {name for name in ANSWER_FIELDS if answer[name] != before[name]}
        assert changed <= allowed


def test_what_the_loop_cannot_settle_is_a_task_for_a_person(ledger, tmp_path):
    replies = reply_rows({("i1", "a"): {"emotion": "awe"}, ("i1", "b"): {"emotion": "contentment"}})
    annotators = [Scripted("a"), Scripted("b")]
    verified = verifier_rows({"i1": "amusement"})
    done = review(
        image_rows("i1"), replies, verified, region_rows("i1"), annotators, ledger, tmp_path
    )
    conform(done.queue, TABLES["critic__queue"])
    (task,) = done.queue.filter(pl.col("field") == "emotion").rows(named=True)
    assert len(task["candidates"]) == 2
    assert "amusement" in task["candidates"]
    assert 0 < task["priority"] < 1
    assert task["reason"] == "emotion_contested"
    assert task["codes"] == ["EMO_CONFUSABLE", "EMO_UNSUPPORTED"]
    latest = done.verdicts.filter(pl.col("round") == pl.col("round").max())
    assert set(done.queue["field"]) == set(latest.filter(verdict="revisable")["field"])
