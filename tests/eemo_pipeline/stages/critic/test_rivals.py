from typing import Any

import polars as pl

from eemo_pipeline.emotion.taxonomies import MIKELS_8
from eemo_pipeline.roles.critic import Facts, Look
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stages.critic.rivals import (
    Candidates,
    find_unsettled,
    list_candidates,
    name_rivals,
)

CHOICES = TABLES["critic__choices"]


def facts_of(emotion: str | None, rival: str | None, *, is_contested: bool = True) -> Facts:
    words = dict.fromkeys(("description", "background", "attribute", "subject"))
    return Facts(
        emotion=emotion,
        rival=rival,
        is_contested=is_contested,
        intensity=None,
        intensity_level=None,
        valence=None,
        arousal=None,
        cue_count=0,
        is_blank=False,
        look=Look(0.5, 40.0, ()),
        width_px=10,
        height_px=10,
        **words,
    )


def choices(*pairs: tuple[str, str, str | None]) -> pl.DataFrame:
    """One choice per round about image i: emotion, rival, what was chosen."""
    rows = [
        {"image_id": "i", "round": place, "emotion": emotion, "rival": rival, "chosen": chosen}
        for place, (emotion, rival, chosen) in enumerate(pairs, 1)
    ]
    return pl.DataFrame(rows, schema=CHOICES.polars_schema)


def rival_after(
    *pairs: tuple[str, str, str | None],
    candidates: Candidates,
    is_contested: bool = True,
    is_doubted: bool = False,
) -> tuple[str | None, bool]:
    facts = {"i": facts_of("fear", "awe", is_contested=is_contested)}
    doubted = {"i"} if is_doubted else set[str]()
    named = name_rivals(facts, choices(*pairs), {"i": candidates}, doubted)["i"]
    return named.rival, named.is_contested


def test_the_likeliest_other_emotion_is_compared_first():
    assert rival_after(candidates=Candidates(("fear", "sadness"))) == ("awe", True)


def test_the_vote_that_is_left_is_compared_where_the_critic_could_not_tell():
    named = Candidates(("fear", "awe", "sadness"), ("anger",), ("disgust",))
    undecided = ("fear", "awe", None)
    assert rival_after(undecided, candidates=named) == ("sadness", True)
    second = ("fear", "sadness", None)
    assert rival_after(undecided, second, candidates=named) == ("anger", True)
    third = ("fear", "anger", None)
    assert rival_after(undecided, second, third, candidates=named) == ("disgust", True)
    # Nothing is left: the pair stays, and a person decides.
    last = ("fear", "disgust", None)
    assert rival_after(undecided, second, third, last, candidates=named) == ("disgust", True)


def test_a_choice_ends_the_search():
    named = Candidates(("fear", "awe", "sadness"))
    assert rival_after(("fear", "awe", "fear"), candidates=named) == ("awe", True)
    assert find_unsettled(choices(("fear", "awe", "fear")), {"i": named}) == frozenset()
    assert find_unsettled(choices(("fear", "awe", None)), {"i": named}) == {"i"}
    both = choices(("fear", "awe", None), ("fear", "sadness", None))
    assert find_unsettled(both, {"i": named}) == frozenset()


def test_a_rejected_emotion_is_compared_with_the_dissenting_vote():
    named = Candidates(("fear", "sadness"))
    sure = rival_after(candidates=named, is_contested=False)
    assert sure == ("awe", False)
    assert rival_after(candidates=named, is_contested=False, is_doubted=True) == ("sadness", True)
    alone = Candidates(("fear",))
    assert rival_after(candidates=alone, is_contested=False, is_doubted=True) == ("awe", False)


def test_an_answer_that_was_asked_for_keeps_no_image_in_the_loop():
    asked_for = {"i": Candidates(("fear", "awe"), (), ("sadness",))}
    assert find_unsettled(choices(("fear", "awe", None)), asked_for) == frozenset()


def reply(annotator: str, emotion: str, *alternatives: tuple[str, float]) -> dict[str, Any]:
    return {
        "image_id": "i",
        "annotator": annotator,
        "status": "ok",
        "emotion": emotion,
        "alternatives": [label for label, _ in alternatives],
        "alternative_probabilities": [share for _, share in alternatives],
    }


def test_candidates_are_ranked_votes_then_likely_ones_then_answers_asked_for():
    shares = dict.fromkeys(MIKELS_8, 0.0) | {"anger": 0.4, "awe": 0.3, "disgust": 0.2, "fear": 0.1}
    verified = {
        "image_id": "i",
        "verifier": "v",
        "status": "ok",
        "emotion": "anger",
        "probability": 0.4,
        "distribution": [shares[label] for label in MIKELS_8],
    }
    first = [reply("a", "sadness", ("contentment", 0.25)), reply("b", "sadness")]
    named = list_candidates(
        pl.DataFrame(first, schema=TABLES["annotation__replies"].polars_schema),
        pl.DataFrame([verified], schema=TABLES["verification__replies"].polars_schema),
        pl.DataFrame(
            [reply("a", "excitement"), reply("b", "awe")],
            schema=TABLES["_critic__replies"].polars_schema,
        ),
    )
    # The verifier's 0.1 for fear is below chance.
    assert named == {
        "i": Candidates(("sadness", "anger"), ("awe", "contentment", "disgust"), ("excitement",))
    }
