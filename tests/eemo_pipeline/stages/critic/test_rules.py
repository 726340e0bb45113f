from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eemo_pipeline.emotion.attributes import ATTRIBUTE_POLARITY
from eemo_pipeline.emotion.colour import colour_names, lab_of
from eemo_pipeline.emotion.taxonomies import MIKELS_8, POSITIVE_MIKELS
from eemo_pipeline.roles.critic import Box, Facts, Look, Problem, reach_verdict
from eemo_pipeline.schema.columns import COLUMNS
from eemo_pipeline.stages.critic.colour_claims import mentions, same_phrase, unsupported_claims
from eemo_pipeline.stages.critic.limits import CRITIC_LIMITS
from eemo_pipeline.stages.critic.rules import (
    FIELDS,
    choose_emotion,
    find_problems,
    word_request,
)

LOOK = Look(0.5, 40.0, ("#2060c0", "#808080"))
SOUND = Facts(
    emotion="contentment",
    is_contested=False,
    intensity=6,
    intensity_level="medium",
    description="A calm boat rests on blue water under a wide open sky.",
    background="water under a wide sky",
    attribute="calm",
    subject="boat",
    valence=0.7,
    arousal=0.5,
    cue_count=2,
    is_blank=False,
    look=LOOK,
    width_px=100,
    height_px=80,
    boxes=(Box(10, 10, 60, 60, 0.8),),
)
POSITIVE_WORD = "joyful"
NEGATIVE_WORD = "dreary"


def codes(facts: Facts) -> dict[str, list[str]]:
    found = find_problems(facts)
    return {name: [p.code for p in problems] for name, problems in found.items() if problems}


def test_fields_are_those_of_the_schema():
    assert {*FIELDS, "scene"} == set(COLUMNS["field"].values)


def test_sound_values_have_no_problem():
    assert codes(SOUND) == {}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"emotion": "sadness", "attribute": "boaty"}, {"emotion": ["EMO_CONTRADICTED"]}),
        ({"valence": 0.2}, {"emotion": ["EMO_CONTRADICTED"]}),
        ({"valence": None}, {}),
        ({"is_contested": True}, {"emotion": ["EMO_CONFUSABLE"]}),
        (
            {"is_contested": True, "cue_count": 0},
            {"emotion": ["EMO_CONFUSABLE", "EMO_UNSUPPORTED"]},
        ),
        ({"attribute": NEGATIVE_WORD}, {"attribute": ["ATTR_POLARITY"]}),
        ({"attribute": "contentment"}, {"attribute": ["ATTR_NOT_VISIBLE"]}),
        ({"attribute": " "}, {"attribute": ["FIELD_EMPTY"]}),
        ({"background": "the boats"}, {"background": ["BAS_INCOHERENT"]}),
        ({"background": "red wall"}, {"background": ["BG_WRONG"]}),
        ({"description": "A boat on water."}, {"description": ["DESC_LENGTH"]}),
        ({"description": "A boat " * 13}, {"description": ["DESC_LENGTH"]}),
        ({"description": None}, {"description": ["FIELD_EMPTY"]}),
        (
            {"description": "A calm ship rests on blue water under a wide open sky."},
            {"description": ["DESC_OMITS_SUBJECT"]},
        ),
        (
            {"description": "A calm boat rests on red water under a wide open sky."},
            {"description": ["DESC_UNSUPPORTED_CLAIM"]},
        ),
        ({"subject": None}, {"subject": ["FIELD_EMPTY"]}),
        (
            {"subject": "the very old and worn and green and wooden fishing boat"},
            {"subject": ["SUBJ_WRONG"]},
        ),
        ({"boxes": (Box(10, 10, 60, 60, 0.2),)}, {"subject": ["SUBJ_NOT_SALIENT"]}),
        (
            {"intensity": 9, "intensity_level": "high", "arousal": 0.1},
            {"intensity": ["INT_TOO_HIGH"]},
        ),
        (
            {"intensity": 2, "intensity_level": "low", "arousal": 0.9},
            {"intensity": ["INT_TOO_LOW"]},
        ),
        ({"intensity": 9, "intensity_level": "high", "arousal": 0.5}, {}),
        ({"intensity": None, "intensity_level": None}, {"intensity": ["FIELD_EMPTY"]}),
        ({"boxes": ()}, {"box": ["BOX_MISSING"]}),
        ({"boxes": (Box(10, 10, 101, 60, 0.8),)}, {"box": ["BOX_OUT_OF_IMAGE"]}),
        ({"boxes": (Box(60, 10, 10, 60, 0.8),)}, {"box": ["BOX_OUT_OF_IMAGE"]}),
        ({"boxes": (Box(0, 0, 100, 80, 0.8),)}, {"box": ["BOX_LOOSE"]}),
        ({"boxes": (Box(1, 1, 2, 2, 0.8),)}, {"box": ["BOX_PARTIAL"]}),
        ({"boxes": (Box(None, 1, 2, 2, 0.8),)}, {"box": ["BOX_MISSING"]}),
    ],
)
def test_each_rule(change, expected):
    assert codes(replace(SOUND, **change)) == expected


def test_blank_picture_and_missing_answers_support_nothing():
    blank = find_problems(replace(SOUND, is_blank=True))
    assert {p.code for problems in blank.values() for p in problems} == {"UNREADABLE"}
    silent = find_problems(replace(SOUND, emotion=None))
    assert silent["emotion"][0].code == "EMO_UNSUPPORTED"
    assert all(p.is_final for problems in silent.values() for p in problems)
    assert silent["box"] == []


def test_missing_box_is_final_unless_the_detector_failed():
    assert find_problems(replace(SOUND, boxes=()))["box"][0].is_final
    failed = replace(SOUND, boxes=(), is_detector_down=True)
    assert not find_problems(failed)["box"][0].is_final


def test_claims_about_colour_and_light():
    assert unsupported_claims("A red, bright, colourful kite", Look(0.1, 3, ("#101010",))) == [
        "bright",
        "colourful",
        "red",
    ]
    assert unsupported_claims("a redwood in the darkroom", Look(0.9, 3, ("#ffffff",))) == []
    assert unsupported_claims("a dark hill", Look(0.8, 3, ("#eeeeee", "#101010"))) == []
    assert unsupported_claims("a red hill", Look(0.5, 3, ())) == []
    assert unsupported_claims("a red hill", Look(0.5, 3, ("red", "#12"))) == []


@pytest.mark.parametrize("level", range(0, 256, 51))
def test_what_a_dominant_colour_is_called_is_borne_out(level):
    for red, green, blue in product(range(0, 256, 51), range(0, 256, 51), [level]):
        name = colour_names(lab_of(np.array([[red, green, blue]], dtype=np.uint8)))[0]
        look = Look(0.5, 30.0, (f"#{red:02x}{green:02x}{blue:02x}",))
        assert unsupported_claims(f"a {name} thing", look) == []


def test_head_noun_may_be_plural():
    assert mentions("Two small boxes on a table", "a wooden box")
    assert mentions("A dark area", "an area at the left")
    assert not mentions("A hill at the left", "an area at the left")
    assert not mentions("A hill", "")
    assert not mentions("Two small boxers", "box")
    assert same_phrase("The old trees", "old tree")


FACTS = st.builds(
    replace,
    st.just(SOUND),
    emotion=st.sampled_from([*MIKELS_8, None]),
    is_contested=st.booleans(),
    intensity=st.sampled_from([None, 1, 6, 10]),
    intensity_level=st.sampled_from([None, "low", "medium", "high"]),
    description=st.one_of(st.none(), st.text(max_size=60), st.just("SADNESS red boat")),
    background=st.one_of(st.none(), st.text(max_size=20), st.just("dark fear")),
    attribute=st.one_of(st.none(), st.sampled_from([*MIKELS_8, NEGATIVE_WORD, POSITIVE_WORD])),
    subject=st.one_of(st.none(), st.text(max_size=20), st.just("anger boat")),
    valence=st.one_of(st.none(), st.floats(0, 1)),
    arousal=st.one_of(st.none(), st.floats(0, 1)),
    cue_count=st.integers(0, 2),
)


@settings(max_examples=100, deadline=None)
@given(FACTS)
def test_requests_name_field_and_problem_and_never_an_emotion(facts):
    for name, problems in find_problems(facts).items():
        for problem in problems:
            text = word_request(name, problem)
            assert text.startswith(f"{name}: {problem.code}")
            assert not any(emotion in text.lower() for emotion in MIKELS_8)


@given(
    st.lists(st.builds(Problem, st.sampled_from("ABC"), st.just("x"), st.booleans()), max_size=3),
    st.frozensets(st.sampled_from("ABC")),
    st.booleans(),
)
def test_verdict_rule(problems, asked, is_contested):
    verdict = reach_verdict(problems, asked, is_contested=is_contested).verdict
    assert (verdict == "valid") == (not problems)
    if any(p.is_final for p in problems):
        assert verdict == "discarded"
    elif any(p.code in asked for p in problems):
        assert verdict == ("revisable" if is_contested else "discarded")
    elif problems:
        assert verdict == "revisable"


def test_polarity_of_an_attribute_follows_the_lexicon():
    assert "sadness" not in POSITIVE_MIKELS
    for word, tone in ATTRIBUTE_POLARITY.items():
        for emotion, half in (("contentment", "positive"), ("sadness", "negative")):
            found = codes(replace(SOUND, emotion=emotion, valence=None, attribute=word))
            is_found = "ATTR_POLARITY" in found.get("attribute", [])
            assert is_found == (tone not in ("neutral", half))
    assert "ATTR_POLARITY" in codes(replace(SOUND, attribute="very dreary"))["attribute"]


@pytest.mark.parametrize(
    ("change", "choice", "cues"),
    [
        ({"rival": "fear", "valence": 0.7}, "contentment", 1),
        ({"rival": "fear", "valence": 0.2}, "fear", 1),
        ({"rival": "fear", "valence": 0.5}, None, 0),
        ({"rival": "awe", "valence": 0.2}, None, 0),  # it speaks against both
        ({"rival": "excitement", "arousal": 0.1}, "contentment", 1),
        ({"rival": "fear", "valence": 0.7, "arousal": 0.1}, "contentment", 2),
        ({"rival": None}, None, 0),
    ],
)
def test_the_rules_choose_the_candidate_against_which_nothing_speaks(change, choice, cues):
    facts = replace(SOUND, is_contested=True, **change)
    chosen, seen = choose_emotion(facts, CRITIC_LIMITS)
    assert (chosen, len(seen)) == (choice, cues)
    if facts.rival is not None:
        swapped = replace(facts, emotion=facts.rival, rival=facts.emotion)
        assert choose_emotion(swapped, CRITIC_LIMITS) == (chosen, seen)
