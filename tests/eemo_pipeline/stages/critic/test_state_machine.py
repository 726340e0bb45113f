from hypothesis import given
from hypothesis import strategies as st

from eemo_pipeline.stages.critic.limits import CRITIC_LIMITS, CriticLimits
from eemo_pipeline.stages.critic.rules import FIELDS
from eemo_pipeline.stages.critic.state_machine import (
    Pass,
    Step,
    next_step,
    revisable_fields,
)

MAX_CALLS, MAX_ROUNDS = CRITIC_LIMITS.max_calls, CRITIC_LIMITS.max_rounds
VERDICTS = ["valid", "revisable", "discarded", "unjudged"]
PASSES = st.lists(
    st.builds(
        lambda values, verdicts: Pass(
            dict(zip(FIELDS, values, strict=True)),
            dict(zip(FIELDS, verdicts, strict=True)),
            {
                name: frozenset() if verdict == "valid" else frozenset({"X"})
                for name, verdict in zip(FIELDS, verdicts, strict=True)
            },
        ),
        st.lists(st.integers(0, 2), min_size=7, max_size=7),
        st.lists(
            st.sampled_from(["valid", "revisable", "discarded", "unjudged"]), min_size=7, max_size=7
        ),
    ),
    min_size=1,
    max_size=MAX_ROUNDS,
)


@given(PASSES, st.frozensets(st.sampled_from(FIELDS)), st.integers(0, 20), st.integers(0, 6))
def test_state_machine_laws(passes, askable, calls, ahead):
    step = next_step(passes, askable, calls, ahead)
    verdicts = passes[-1].verdicts
    if step.state == "annotating":
        assert len(passes) < MAX_ROUNDS
        assert calls + ahead <= MAX_CALLS
        assert revisable_fields(passes[-1]) & askable
        assert verdicts["emotion"] != "discarded"
        assert "unjudged" not in verdicts.values()
    if step.state == "preserved":
        assert not {"revisable", "unjudged"} & {*verdicts.values()}
        assert verdicts["emotion"] == "valid"
    if verdicts["emotion"] == "discarded":
        assert step.state == "dropped"
    assert next_step(passes, askable, calls, ahead) == step  # a function of its arguments


@given(PASSES, st.frozensets(st.sampled_from(FIELDS)))
def test_every_open_picture_comes_to_an_end(passes, askable):
    """However often the critic is asked, a picture leaves the loop within three rounds."""
    rounds = [passes[0]]
    while next_step(rounds, askable).state == "annotating":
        rounds.append(passes[len(rounds) % len(passes)])
        assert len(rounds) <= MAX_ROUNDS


def one_pass(value: object, verdict: str, *found: str, is_undecided: bool = False) -> Pass:
    codes = {"emotion": frozenset(found)}
    return Pass({"emotion": value}, {"emotion": verdict}, codes, is_undecided)


ASKABLE = {"emotion"}
FIRST = one_pass("awe", "revisable", "X")
HUMAN = "human"


def test_the_loop_stops_where_it_leads_nowhere():
    assert next_step([FIRST], ASKABLE) == Step("annotating", "instructed")
    assert next_step([FIRST], set()) == Step(HUMAN, "nobody_to_ask")
    same_value = one_pass("awe", "revisable", "Y")
    assert next_step([FIRST, same_value], ASKABLE) == Step(HUMAN, "no_progress")
    same_code = one_pass("fear", "revisable", "X")
    assert next_step([FIRST, same_code], ASKABLE) == Step(HUMAN, "no_progress")
    assert next_step([FIRST, one_pass("fear", "revisable", "Y")], ASKABLE).state == "annotating"
    assert next_step([FIRST, one_pass("awe", "valid")], ASKABLE) == Step("preserved", "all_valid")
    third = [FIRST, one_pass("fear", "revisable", "Y"), one_pass("anger", "revisable", "Z")]
    assert next_step(third, ASKABLE) == Step(HUMAN, "rounds_spent")
    assert next_step([one_pass("awe", "discarded", "X")], ASKABLE) == Step("dropped", "discarded")


def test_a_critic_that_fails_or_cannot_tell_preserves_nothing():
    failed = one_pass("awe", "unjudged", "CRITIC_FAILED")
    assert next_step([failed], ASKABLE) == Step(HUMAN, "critic_failed")
    nothing = Pass({}, {}, {})
    assert next_step([nothing], ASKABLE) == Step(HUMAN, "critic_failed")
    undecided = one_pass("awe", "revisable", "EMO_CONFUSABLE", is_undecided=True)
    assert next_step([undecided], ASKABLE) == Step(HUMAN, "emotion_contested")


def test_twelve_calls_are_the_most():
    assert next_step([FIRST], ASKABLE, 8, 4).state == "annotating"
    assert next_step([FIRST], ASKABLE, 9, 4) == Step(HUMAN, "call_limit")


def test_oscillation_is_a_return_to_an_earlier_value():
    long = CriticLimits(max_rounds=9)
    back = [
        FIRST,
        one_pass("fear", "revisable", "Y"),
        one_pass("awe", "revisable", "Z"),
    ]
    assert next_step(back, ASKABLE, limits=long) == Step(HUMAN, "oscillation")
    on = [*back[:2], one_pass("anger", "revisable", "Z")]
    assert next_step(on, ASKABLE, limits=long).state == "annotating"


def test_an_undecided_emotion_is_never_asked_about_and_other_fields_are():
    both = Pass(
        {"emotion": "awe", "attribute": "dim"},
        {"emotion": "revisable", "attribute": "revisable"},
        {"emotion": frozenset({"EMO_CONFUSABLE"}), "attribute": frozenset({"ATTR_POLARITY"})},
        is_undecided=True,
    )
    assert next_step([both], {"attribute"}) == Step("annotating", "instructed")
    assert next_step([both], {"emotion"}) == Step(HUMAN, "emotion_contested")


def test_a_changed_emotion_is_judged_again_without_a_question():
    changed = Pass(
        {"emotion": "awe"},
        {"emotion": "revisable"},
        {"emotion": frozenset({"EMO_CONTRADICTED"})},
        is_changed=True,
    )
    assert next_step([changed], set()) == Step("annotating", "emotion_changed")
    once = CriticLimits(max_rounds=1)
    assert next_step([changed], set(), limits=once) == Step(HUMAN, "rounds_spent")


def test_a_candidate_that_is_left_is_shown_next_within_the_rounds():
    undecided = Pass(
        {"emotion": "awe"},
        {"emotion": "revisable"},
        {"emotion": frozenset({"EMO_CONFUSABLE"})},
        is_undecided=True,
        has_candidate_left=True,
    )
    assert next_step([undecided], set()) == Step("annotating", "candidate_left")
    assert next_step([undecided, undecided], set()) == Step("annotating", "candidate_left")
    assert next_step([undecided] * 3, set()) == Step(HUMAN, "emotion_contested")
    assert next_step([undecided], set(), 12, 2) == Step(HUMAN, "emotion_contested")
